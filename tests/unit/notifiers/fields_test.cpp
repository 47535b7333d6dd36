// The tables of fields: what upstream refuses, and what is filled in from `global`.
#include <string>
#include <utility>
#include <vector>

#include "notifiers/notification_template.hpp"
#include "notifiers/registry.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace tocsin;
using namespace tocsin::notifiers;
using templates::List;
using templates::Map;
using templates::Value;

using Given = std::vector<std::pair<const char*, Value>>;

Settings settings(const Given& given) {
  Settings result;
  for (const auto& [name, value] : given) result.set(name, value);
  return result;
}

std::vector<std::string> texts(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const Problem& problem : problems) out.push_back(problem.field + ": " + problem.text);
  return out;
}

struct Row {
  const char* rule;
  const char* kind;
  Given given;
  std::vector<std::string> problems;
};

Value objects(List elements) {
  return Value::anys(std::move(elements));
}

std::vector<Row> rows() {
  const Value action_without_text = Value::any_map({{"type", "button"}});
  const Value action_without_name = Value::any_map({{"type", "button"}, {"text", "x"}});
  const Value field_without_value = Value::any_map({{"title", "x"}});
  return {
      {"SlackNeedsNothingOfItsOwn", "slack", {}, {}},
      {"SlackApiUrlAndFile",
       "slack",
       {{"api_url", "https://x"}, {"api_url_file", "/x"}},
       {"api_url_file: at most one of api_url & api_url_file must be configured"}},
      {"SlackTokenAndFile",
       "slack",
       {{"app_token", "x"}, {"app_token_file", "/x"}},
       {"app_token_file: at most one of app_token & app_token_file must be configured"}},
      {"SlackTokenAndUrl",
       "slack",
       {{"app_token", "x"}, {"api_url", "https://x"}},
       {"app_token: at most one of api_url/api_url_file & app_token/app_token_file must be configured"}},
      {"SlackUpdateNeedsPostMessage",
       "slack",
       {{"update_message", true}, {"api_url", "https://hooks.slack.com/x"}},
       {"update_message: update_message can only be used with bot tokens. api_url must be set to "
        "https://slack.com/api/chat.postMessage"}},
      {"SlackFieldNeedsValue",
       "slack",
       {{"fields", objects({field_without_value})}},
       {"fields[0].value: missing value in Slack field configuration"}},
      {"SlackActionNeedsText",
       "slack",
       {{"actions", objects({action_without_text})}},
       {"actions[0].text: missing text in Slack action configuration"}},
      {"SlackActionNeedsNameOrUrl",
       "slack",
       {{"actions", objects({action_without_name})}},
       {"actions[0]: missing name or url in Slack action configuration"}},
      {"PagerDutyNeedsKey", "pagerduty", {}, {": missing service or routing key in PagerDuty config"}},
      {"PagerDutyRoutingKeyAndFile",
       "pagerduty",
       {{"routing_key", "x"}, {"routing_key_file", "/x"}},
       {"routing_key_file: at most one of routing_key & routing_key_file must be configured"}},
      {"PagerDutyServiceKeyAndFile",
       "pagerduty",
       {{"service_key", "x"}, {"service_key_file", "/x"}},
       {"service_key_file: at most one of service_key & service_key_file must be configured"}},
      {"WebhookNeedsUrl", "webhook", {}, {": one of url or url_file must be configured"}},
      {"WebhookUrlAndFile",
       "webhook",
       {{"url", "https://x"}, {"url_file", "/x"}},
       {"url_file: at most one of url & url_file must be configured"}},
  };
}

// Applies Slack's globals and gives what came of them.
std::pair<Settings, std::vector<std::string>> with_globals(const Given& own, const Given& global,
                                                           bool authorization) {
  Settings result = settings(own);
  Settings globals = settings(global);
  if (!globals.has("slack_app_url"))
    globals.set("slack_app_url", Value("https://slack.com/api/chat.postMessage"));
  const auto problems =
      find_service("slack")->table.apply_globals(result, {globals, authorization, authorization});
  return {result, texts(problems)};
}

}  // namespace

TEST_CASE("fields are checked with upstream's texts", "[notifiers]") {
  for (const Row& row : rows()) {
    INFO(row.rule);
    Settings given = settings(row.given);
    CHECK(texts(find_service(row.kind)->table.check(given)) == row.problems);
  }
}

TEST_CASE("Slack takes its address or token from global", "[notifiers]") {
  CHECK(with_globals({}, {{"slack_api_url", "https://hooks/1"}}, false).first.text("api_url") ==
        "https://hooks/1");
  CHECK(with_globals({{"api_url", "https://own"}}, {{"slack_api_url", "https://hooks/1"}}, false)
            .first.text("api_url") == "https://own");
  const auto token = with_globals({}, {{"slack_app_token", "xoxb"}}, false);
  CHECK(token.first.text("app_token") == "xoxb");
  CHECK(token.first.text("api_url") == "https://slack.com/api/chat.postMessage");
  // An address of its own keeps the token of global away.
  CHECK_FALSE(with_globals({{"api_url", "https://own"}}, {{"slack_app_token", "xoxb"}}, false)
                  .first.has_text("app_token"));
  CHECK(with_globals({}, {}, false).second ==
        std::vector<std::string>{": no Slack API URL nor App token set either inline or in a file"});
  CHECK(with_globals({{"app_token", "x"}}, {}, true).second ==
        std::vector<std::string>{"http_config: http authorization can't be set when using Slack App tokens"});
}

TEST_CASE("PagerDuty's source and details have defaults", "[notifiers]") {
  Settings given = settings({{"routing_key", "x"},
                             {"client", "{{ template \"pagerduty.default.client\" . }}"},
                             {"details", Value::any_map({{"firing", "mine"}, {"own", 1}})}});
  CHECK(find_service("pagerduty")->table.check(given).empty());
  CHECK(given.text("source") == "{{ template \"pagerduty.default.client\" . }}");
  const Map details = given.value("details").map();
  CHECK(details.size() == 5);
  CHECK(details.at("firing").string() == "mine");
  CHECK(details.at("num_firing").string() == "{{ .Alerts.Firing | len }}");
}

TEST_CASE("the default text of each field is a template that renders", "[notifiers]") {
  const templates::TemplateSet set = notification_templates();
  Notification notification;
  const Value data = notification_data(notification);
  for (const Service& service : services()) {
    for (const FieldSpec& field : service.table.fields) {
      INFO(service.table.kind << "." << field.name);
      CHECK(execute_text(set, field.default_text, notification, data));
    }
  }
}

TEST_CASE("secrets are known to be secrets", "[notifiers]") {
  const auto secrets = [](std::string_view kind) {
    std::vector<std::string> names;
    for (const FieldSpec& field : find_service(kind)->table.fields) {
      if (field.is_secret()) names.push_back(field.name);
    }
    return names;
  };
  CHECK(secrets("slack") == std::vector<std::string>{"api_url", "app_token"});
  CHECK(secrets("pagerduty") == std::vector<std::string>{"service_key", "routing_key"});
  CHECK(secrets("webhook") == std::vector<std::string>{"url"});
}
