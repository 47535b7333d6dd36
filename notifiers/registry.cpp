// The one place that lists the services.
#include "notifiers/registry.hpp"

#include <algorithm>

#include "notifiers/pagerduty.hpp"
#include "notifiers/slack.hpp"
#include "notifiers/webhook.hpp"

namespace tocsin::notifiers {

const std::vector<Service>& services() {
  static const std::vector<Service> kServices{webhook_service(), pagerduty_service(), slack_service()};
  return kServices;
}

const Service* find_service(std::string_view kind) {
  const auto found = std::find_if(services().begin(), services().end(),
                                  [&](const Service& service) { return service.table.kind == kind; });
  return found == services().end() ? nullptr : &*found;
}

const std::vector<std::string>& unserved_config_keys() {
  static const std::vector<std::string> kKeys{
      "discord_configs", "email_configs",     "incidentio_configs", "jira_configs",     "mattermost_configs",
      "msteams_configs", "msteamsv2_configs", "opsgenie_configs",   "pushover_configs", "rocketchat_configs",
      "sns_configs",     "telegram_configs",  "victorops_configs",  "webex_configs",    "wechat_configs"};
  return kKeys;
}

}  // namespace tocsin::notifiers
