#include "engine/config/receiver_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/config/http_client_reader.hpp"
#include "engine/config/settings_reader.hpp"
#include "engine/config/upstream_keys.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

using notifiers::FieldSpec;
using notifiers::Service;
using yaml::MapReader;

// Upstream's keys of `global` that belong to a service (config.GlobalConfig); those that no service of this
// version claims are not served yet.
constexpr std::string_view kServiceKeys[] = {"jira_api_url",
                                             "smtp_from",
                                             "smtp_hello",
                                             "smtp_smarthost",
                                             "smtp_auth_username",
                                             "smtp_auth_password",
                                             "smtp_auth_password_file",
                                             "smtp_auth_secret",
                                             "smtp_auth_secret_file",
                                             "smtp_auth_identity",
                                             "smtp_require_tls",
                                             "smtp_tls_config",
                                             "smtp_force_implicit_tls",
                                             "slack_api_url",
                                             "slack_api_url_file",
                                             "slack_app_token",
                                             "slack_app_token_file",
                                             "slack_app_url",
                                             "pagerduty_url",
                                             "opsgenie_api_url",
                                             "opsgenie_api_key",
                                             "opsgenie_api_key_file",
                                             "wechat_api_url",
                                             "wechat_api_secret",
                                             "wechat_api_secret_file",
                                             "wechat_api_corp_id",
                                             "victorops_api_url",
                                             "victorops_api_key",
                                             "victorops_api_key_file",
                                             "telegram_api_url",
                                             "telegram_bot_token",
                                             "telegram_bot_token_file",
                                             "webex_api_url",
                                             "rocketchat_api_url",
                                             "rocketchat_token",
                                             "rocketchat_token_file",
                                             "rocketchat_token_id",
                                             "rocketchat_token_id_file",
                                             "mattermost_webhook_url",
                                             "mattermost_webhook_url_file"};

std::vector<FieldSpec> all_global_fields() {
  std::vector<FieldSpec> fields;
  for (const Service& service : notifiers::services()) {
    fields.insert(fields.end(), service.table.global_fields.begin(), service.table.global_fields.end());
  }
  return fields;
}

// A secret and the file that holds it exclude each other, for all services.
void allow_one_form(MapReader& map, std::string_view key) {
  const std::string file = std::string(key) + "_file";
  const yaml::Node* inline_form = map.node().find(key);
  const yaml::Node* file_form = map.node().find(file);
  if (inline_form == nullptr || file_form == nullptr) return;
  if (inline_form->value.empty() || file_form->value.empty()) return;
  map.scope().error(map.position_of_key(file),
                    format("global: at most one of {} & {} must be configured", key, file));
}

void report_global_problems(MapReader& map, const notifiers::Settings& settings) {
  for (const Service& service : notifiers::services()) {
    if (service.table.check_globals) report_problems(map, service.table.check_globals(settings));
  }
}

class IntegrationReader {
 public:
  IntegrationReader(const yaml::Scope& scope, const AlertmanagerGlobal& global, const std::string& directory,
                    std::vector<Diagnostic>& lint)
      : scope_(scope), global_(global), directory_(directory), lint_(lint) {}

  Integration read(const Service& service, const yaml::Node& node, const std::string& subject) {
    MapReader map(scope_, node, subject);
    Integration integration;
    integration.position = node.position;
    integration.service = &service;
    integration.kind = service.table.kind;
    integration.send_resolved = service.table.send_resolved;
    map.boolean("send_resolved", integration.send_resolved);
    const HttpClientPtr own = read_http_config(map, "http_config", directory_);
    map.known("http_config");
    integration.http = own ? own : global_.http;
    const std::size_t errors_before = scope_.diagnostics.errors();
    integration.settings = read_settings(map, service.table.fields, lint_);
    // A field that could not be read would only be reported again, as missing.
    const bool readable = scope_.diagnostics.errors() == errors_before && map.valid();
    map.finish();
    if (!readable) return integration;
    if (service.table.check) report_problems(map, service.table.check(integration.settings));
    if (service.table.apply_globals) {
      const notifiers::Globals globals{global_.services, own != nullptr,
                                       integration.http->authorization.has_value()};
      report_problems(map, service.table.apply_globals(integration.settings, globals));
    }
    return integration;
  }

 private:
  const yaml::Scope& scope_;
  const AlertmanagerGlobal& global_;
  const std::string& directory_;
  std::vector<Diagnostic>& lint_;
};

// Labels of a receiver; "name" is always the receiver's own.
void read_labels(MapReader& map, Receiver& receiver) {
  map.string_map("labels", receiver.labels);
  const auto name = receiver.labels.find("name");
  if (name != receiver.labels.end() && name->second != receiver.name) {
    map.error("labels", format("label \"name\" must be the receiver's name \"{}\", found \"{}\"",
                               receiver.name, name->second));
  }
  receiver.labels.insert_or_assign("name", receiver.name);
}

}  // namespace

std::span<const std::string_view> service_global_keys() {
  return kServiceKeys;
}

notifiers::Settings default_service_globals() {
  const yaml::Document document;
  Diagnostics diagnostics;
  const yaml::Scope scope{document, diagnostics, {}, false};
  yaml::Node nothing;
  nothing.kind = yaml::NodeKind::mapping;
  MapReader map(scope, nothing, "");
  std::vector<Diagnostic> lint;
  return read_settings(map, all_global_fields(), lint);
}

notifiers::Settings read_service_globals(MapReader& map, const std::string& directory,
                                         std::vector<Diagnostic>& lint) {
  const std::vector<FieldSpec> fields = all_global_fields();
  notifiers::Settings settings = read_settings(map, fields, lint);
  report_global_problems(map, settings);
  for (const std::string_view key : kServiceKeys) {
    if (std::ranges::find(fields, key, &FieldSpec::name) != fields.end()) continue;
    if (key == "smtp_tls_config") {
      TlsConfig unused;
      read_tls(map, key, directory, unused);
    }
    map.not_yet(key);
    allow_one_form(map, key);
  }
  return settings;
}

Receiver read_receiver(const yaml::Scope& scope, const yaml::Node& node, std::size_t index,
                       const AlertmanagerGlobal& global, const std::string& directory,
                       std::vector<Diagnostic>& lint) {
  MapReader map(scope, node, format("receivers[{}]", index));
  Receiver receiver;
  receiver.position = node.position;
  map.string("name", receiver.name);
  if (map.valid() && receiver.name.empty()) map.error_here("missing name");
  if (!receiver.name.empty()) map.set_subject(format("receiver \"{}\"", receiver.name));
  read_labels(map, receiver);
  IntegrationReader reader(scope, global, directory, lint);
  for (const Service& service : notifiers::services()) {
    const std::vector<const yaml::Node*> items = map.list(service.table.config_key);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string subject = map.subject_of(format("{}[{}]", service.table.config_key, i));
      if (yaml::is_null(*items[i], yaml::Dialect::v2)) {
        scope.error(*items[i], subject + ": expected a mapping, found nothing");
        continue;
      }
      Integration integration = reader.read(service, *items[i], subject);
      integration.index = static_cast<int>(i);
      receiver.integrations.push_back(std::move(integration));
    }
  }
  for (const std::string& key : notifiers::unserved_config_keys()) read_not_yet(map, key);
  map.finish();
  return receiver;
}

}  // namespace tocsin::config
