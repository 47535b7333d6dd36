// Alertmanager's template functions, data and default templates against upstream's answers, recorded in
// tests/golden/notifiers/functions.txt.
#include <string>

#include "notifiers/notification_template.hpp"
#include "promql/time.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden_table.hpp"
#include "tests/unit/template/local_zone.hpp"

namespace {

using namespace tocsin;
using namespace tocsin::notifiers;

NotifiedAlert alert(std::initializer_list<LabelView> labels, std::map<std::string, std::string> annotations,
                    WallTime ends_at) {
  NotifiedAlert alert;
  alert.labels = Labels(labels);
  alert.annotations = std::move(annotations);
  alert.starts_at = *parse_rfc3339("2026-11-22T03:12:07.5Z");
  alert.ends_at = ends_at;
  alert.resolved = ends_at != kNoTime;
  alert.generator_url = "http://prom/g?a=1&b=2";
  alert.fingerprint = fingerprint(alert.labels);
  return alert;
}

Notification recorded_notification() {
  Notification notification;
  notification.receiver = "team-x/y.z";
  notification.external_url = "http://alertmanager.example:9093";
  notification.reason = NotifyReason::first_notification;
  notification.group_labels = Labels{{"alertname", "NATSDisconnected"}};
  notification.route_labels = {{"team", "infra"}};
  notification.now = *parse_rfc3339("2026-11-22T04:00:00Z");
  notification.alerts = {
      alert(
          {{"alertname", "NATSDisconnected"}, {"severity", "critical"}, {"instance", "a:1"}, {"zone", "<x>"}},
          {{"summary", "it's \"down\""}, {"runbook", "http://r/?x=1&y=2"}}, kNoTime),
      alert({{"alertname", "NATSDisconnected"}, {"severity", "warning"}, {"instance", "b:2"}},
            {{"summary", "it's \"down\""}}, *parse_rfc3339("2026-11-22T03:40:07Z"))};
  return notification;
}

Notification with_route_labels(std::map<std::string, std::string> labels) {
  Notification notification = recorded_notification();
  notification.route_labels = std::move(labels);
  return notification;
}

}  // namespace

TEST_CASE("notification templates give what Alertmanager gives", "[notifiers][template]") {
  const templates::TemplateSet set = notification_templates();
  const Notification notification = recorded_notification();
  const templates::Value data = notification_data(notification);
  const auto lines = testing::read_golden_table("tests/golden/notifiers/functions.txt");
  CHECK(lines.size() > 400);
  for (const testing::GoldenLine& line : lines) {
    INFO(line.literal);
    CHECK(testing::golden_answer(execute_text(set, line.input, notification, data)) == line.answer);
  }
}

TEST_CASE("now and since come from the notification's time", "[notifiers][template]") {
  const testing::LocalZone utc("UTC");
  const templates::TemplateSet set = notification_templates();
  const Notification notification = recorded_notification();
  const templates::Value data = notification_data(notification);
  CHECK(*execute_text(set, "{{ now }}", notification, data) == "2026-11-22 04:00:00 +0000 UTC");
  CHECK(*execute_text(set, "{{ since (index .Alerts 0).StartsAt }}", notification, data) == "47m52.5s");
}

TEST_CASE("now is a time of the machine's zone, and so is what is asked for in Local",
          "[notifiers][template]") {
  const testing::LocalZone local("America/New_York");
  const templates::TemplateSet set = notification_templates();
  const Notification notification = recorded_notification();
  const templates::Value data = notification_data(notification);
  const auto shown = [&](std::string_view text) { return *execute_text(set, text, notification, data); };
  CHECK(shown("{{ now }}") == "2026-11-21 23:00:00 -0500 EST");
  CHECK(shown("{{ (index .Alerts 0).StartsAt }}") == "2026-11-22 03:12:07.5 +0000 UTC");
  CHECK(shown("{{ (index .Alerts 0).StartsAt.Local }}") == "2026-11-21 22:12:07.5 -0500 EST");
  CHECK(shown("{{ (index .Alerts 0).StartsAt | tz \"Local\" }}") == "2026-11-21 22:12:07.5 -0500 EST");
}

TEST_CASE("route labels may refer to each other, each rendered once", "[notifiers][template]") {
  const templates::TemplateSet set = notification_templates();
  std::vector<RouteLabelError> errors;
  const std::map<std::string, std::string> labels{
      {"owner", "{{ .GroupLabels.alertname }} of {{ routeLabels \"team\" }}"},
      {"team", "{{ .Status | toUpper }}"},
      {"plain", "text"},
      {"unknown", "[{{ routeLabels \"nope\" }}]"}};
  const auto rendered = render_route_labels(set, labels, with_route_labels(labels), errors);
  CHECK(errors.empty());
  CHECK(rendered == std::map<std::string, std::string>{{"owner", "NATSDisconnected of FIRING"},
                                                       {"plain", "text"},
                                                       {"team", "FIRING"},
                                                       {"unknown", "[]"}});
}

TEST_CASE("route labels that need each other are left out and reported", "[notifiers][template]") {
  const templates::TemplateSet set = notification_templates();
  std::vector<RouteLabelError> errors;
  const std::map<std::string, std::string> labels{
      {"a", "{{ routeLabels \"b\" }}"}, {"b", "{{ routeLabels \"a\" }}"}, {"c", "x"}};
  const auto rendered = render_route_labels(set, labels, with_route_labels(labels), errors);
  CHECK(rendered == std::map<std::string, std::string>{{"c", "x"}});
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].error ==
        "template: :1:3: executing \"\" at <routeLabels \"b\">: error calling routeLabels: template: :1:3: "
        "executing "
        "\"\" at <routeLabels \"a\">: error calling routeLabels: route label cycle detected: a -> b -> a");
}

TEST_CASE("user templates replace the defaults of their name", "[notifiers][template]") {
  templates::TemplateSet set = notification_templates();
  const Notification notification = recorded_notification();
  const templates::Value data = notification_data(notification);
  REQUIRE(set.add("mine.tmpl", R"({{ define "slack.default.title" }}mine: {{ .Status }}{{ end }})"));
  CHECK(*execute_text(set, R"({{ template "slack.default.title" . }})", notification, data) ==
        "mine: firing");
  const auto bad = set.add("bad.tmpl", "{{ define \"x\" }}\n{{ .Foo }");
  REQUIRE(!bad);
  CHECK(bad.error().text == "template: bad.tmpl:2: unexpected \"}\" in operand");
  CHECK(*execute_text(set, R"({{ template "slack.default.title" . }})", notification, data) ==
        "mine: firing");
}
