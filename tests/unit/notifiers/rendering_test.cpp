// What happens when a template fails, when a text is too long, and what of a request may be shown.
#include <string>

#include "notifiers/notification_template.hpp"
#include "notifiers/registry.hpp"
#include "notifiers/rendering.hpp"
#include "promql/format.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace tocsin;
using namespace tocsin::notifiers;
using templates::Value;

Notification one_alert() {
  Notification notification;
  notification.receiver = "team";
  notification.group_key = "{}:{alertname=\"X\"}";
  notification.group_labels = Labels{{"alertname", "X"}};
  NotifiedAlert alert;
  alert.labels = Labels{{"alertname", "X"}};
  notification.alerts.push_back(std::move(alert));
  notification.external_url = "http://am";
  return notification;
}

Settings defaults(std::string_view kind) {
  Settings settings;
  for (const FieldSpec& field : find_service(kind)->table.fields) {
    if (!field.default_text.empty()) settings.set(field.name, Value(field.default_text));
  }
  return settings;
}

ReadFile files(std::map<std::string, std::string> contents) {
  return [contents = std::move(contents)](const std::string& path) -> Result<std::string> {
    const auto found = contents.find(path);
    if (found == contents.end()) return Error("open " + path + ": no such file or directory");
    return found->second;
  };
}

Result<Rendered> render(std::string_view kind, const Settings& settings, bool fall_back = true,
                        ReadFile read = {}) {
  const templates::TemplateSet set = notification_templates();
  return find_service(kind)->render(one_alert(), settings, {set, std::move(read), fall_back});
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("a failed field gets its default text and the error in brackets", "[notifiers]") {
  Settings settings = defaults("slack");
  settings.set("api_url", Value("https://hooks.slack.com/services/T/B/x"));
  settings.set("title", Value("{{ .Nope.More }}"));
  settings.set("text", Value("{{ .Status"));
  settings.set("title_link", Value("{{ nosuch }}"));
  const auto rendered = render("slack", settings);
  REQUIRE(rendered);
  const std::string& body = rendered->request.body;
  CHECK(contains(
      body,
      R"("title":"[FIRING:1] X  [template: :1:8: executing \"\" at \u003c.Nope.More\u003e: can't evaluate )"
      R"(field Nope in type *template.Data]")"));
  CHECK(contains(body, R"("text":"[template: :1: unclosed action]")"));
  CHECK(contains(body, R"("title_link":"http://am/#/alerts?receiver=team")"));
  REQUIRE(rendered->failures.size() == 3);
  CHECK(rendered->failures[0].field == "title");
  CHECK(rendered->failures[1].field == "title_link");
  CHECK(rendered->failures[1].error == "template: :1: function \"nosuch\" not defined");
}

TEST_CASE("as upstream, PagerDuty and webhook fail for good where a template fails", "[notifiers]") {
  Settings pagerduty = defaults("pagerduty");
  pagerduty.set("routing_key", Value("k"));
  pagerduty.set("url", Value("http://pd"));
  pagerduty.set("details", Value::any_map({{"a", "{{ .Nope }}"}}));
  const auto details = render("pagerduty", pagerduty, false);
  REQUIRE(!details);
  CHECK(details.error().text ==
        "failed to render details: template: :1:3: executing \"\" at <.Nope>: can't evaluate field Nope in "
        "type "
        "*template.Data");
  CHECK(render("pagerduty", pagerduty, true));

  Settings webhook;
  webhook.set("url", Value("http://x/{{ .Nope }}"));
  const auto url = render("webhook", webhook, true);
  REQUIRE(!url);
  CHECK(contains(url.error().text, "failed to template webhook URL: template: :1:12:"));
}

TEST_CASE("a key must not be empty after templating", "[notifiers]") {
  Settings settings = defaults("pagerduty");
  settings.set("routing_key", Value("{{ .CommonLabels.nope }}"));
  CHECK(render("pagerduty", settings).error().text == "routing key cannot be empty");
  settings.set("service_key", Value("{{ .CommonLabels.nope }}"));
  CHECK(render("pagerduty", settings).error().text == "service key cannot be empty");
  Settings webhook;
  webhook.set("url", Value("{{ .CommonLabels.nope }}"));
  CHECK(render("webhook", webhook).error().text == "webhook URL is empty after templating");
}

TEST_CASE("a severity whose template fails becomes error", "[notifiers]") {
  Settings settings = defaults("pagerduty");
  settings.set("routing_key", Value("k"));
  settings.set("severity", Value("{{ .Nope }}"));
  CHECK(contains(render("pagerduty", settings)->request.body, R"("severity":"error")"));
}

TEST_CASE("a detail that JSON cannot hold is sent as text", "[notifiers]") {
  Settings settings = defaults("pagerduty");
  settings.set("routing_key", Value("k"));
  settings.set("details", Value::any_map({{"a", ".inf"}, {"b", "[1, .nan]"}}));
  CHECK(contains(render("pagerduty", settings)->request.body,
                 R"("custom_details":{"a":".inf","b":"[1, .nan]"})"));
  CHECK(render("pagerduty", settings, false).error().text ==
        "failed to encode PagerDuty message: json: unsupported value: +Inf");
}

TEST_CASE("names of details are sent as they are written, those further down are rendered", "[notifiers]") {
  Settings settings = defaults("pagerduty");
  settings.set("routing_key", Value("k"));
  const std::string name = "{{ .Receiver }}";
  settings.set("details", Value::any_map({{name, Value::any_map({{name, name}})}, {"{{ nosuch }}", "x"}}));
  const auto rendered = render("pagerduty", settings, false);
  REQUIRE(rendered);
  CHECK(contains(rendered->request.body,
                 R"("custom_details":{"{{ .Receiver }}":{"team":"team"},"{{ nosuch }}":"x"})"));
}

TEST_CASE("of a key that stands twice in a rendered detail the last counts", "[notifiers]") {
  Settings settings = defaults("pagerduty");
  settings.set("routing_key", Value("k"));
  settings.set("details", Value::any_map({{"log", "step: a\nstep: b"}, {"deep", "- {x: {a: 1, a: [2]}}"}}));
  CHECK(contains(render("pagerduty", settings)->request.body,
                 R"("custom_details":{"deep":[{"x":{"a":[2]}}],"log":{"step":"b"}})"));
}

TEST_CASE("what Slack refuses is said of the channel that was asked for", "[notifiers]") {
  Settings settings = defaults("slack");
  settings.set("api_url", Value("https://slack.com/api/chat.postMessage"));
  settings.set("channel", Value("#{{ .Receiver }}"));
  CHECK(render("slack", settings)->request.subject == R"(channel "#team")");

  settings.set("update_message", Value(true));
  Notification again = one_alert();
  again.remembered = {{"channelId", "C1"}, {"threadTs", "1503435956.000247"}};
  const templates::TemplateSet set = notification_templates();
  CHECK(find_service("slack")->render(again, settings, {set, {}})->request.subject == R"(channel "C1")");
}

TEST_CASE("secrets may lie in files, read when the notification is made", "[notifiers]") {
  Settings settings = defaults("pagerduty");
  settings.set("routing_key_file", Value("/run/key"));
  settings.set("url", Value("http://pd/v2"));
  const auto rendered = render("pagerduty", settings, true, files({{"/run/key", " abc\n"}}));
  REQUIRE(rendered);
  CHECK(contains(rendered->request.body, R"("routing_key":"abc")"));
  CHECK(render("pagerduty", settings, true, files({})).error().text ==
        "failed to read routing key from file: open /run/key: no such file or directory");
  Settings slack = defaults("slack");
  slack.set("api_url_file", Value("/run/url"));
  CHECK(render("slack", slack, true, files({{"/run/url", "https://hooks/x\n"}}))->request.url ==
        "https://hooks/x");
}

TEST_CASE("what is shown of a request holds no secret", "[notifiers]") {
  Settings settings = defaults("pagerduty");
  settings.set("routing_key", Value("0123secret"));
  settings.set("url", Value("https://events.pagerduty.com/v2/enqueue"));
  const auto rendered = render("pagerduty", settings);
  CHECK_FALSE(contains(shown_body(rendered->request), "0123secret"));
  CHECK(contains(shown_body(rendered->request), R"("routing_key":"<secret>")"));
  CHECK(rendered->request.shown_url == "https://events.pagerduty.com/v2/enqueue");

  const std::pair<const char*, const char*> urls[] = {
      {"https://hooks.slack.com/services/T0/B0/x", "https://hooks.slack.com/<secret>"},
      {"http://user:password@host:8080/", "http://host:8080"},
      {"http://host", "http://host"},
      {"http://host?token=x", "http://host/<secret>"},
      {"not a url", "<secret>"},
  };
  for (const auto& [url, shown] : urls) CHECK(hide_url_path(url) == shown);
}

TEST_CASE("texts are cut to characters, the last an ellipsis", "[notifiers]") {
  CHECK(truncate_characters("abc", 3).text == "abc");
  CHECK_FALSE(truncate_characters("abc", 3).cut);
  CHECK(truncate_characters("abcd", 3).text == "ab…");
  CHECK(truncate_characters("éèàù", 4).text == "éèàù");
  CHECK(truncate_characters("éèàùx", 4).text == "éèà…");
  CHECK(truncate_characters("", 4).text.empty());
}

TEST_CASE("alerts are told in order of job, instance and labels", "[notifiers]") {
  const auto alert = [](std::initializer_list<LabelView> labels) {
    NotifiedAlert made;
    made.labels = Labels(labels);
    return made;
  };
  std::vector<NotifiedAlert> alerts{
      alert({{"alertname", "nojob"}}),
      alert({{"alertname", "a"}, {"job", "b"}}),
      alert({{"alertname", "a"}, {"instance", "2"}, {"job", "a"}}),
      alert({{"alertname", "a"}, {"instance", "1"}, {"job", "a"}, {"zone", "z"}}),
      alert({{"alertname", "b"}, {"instance", "1"}, {"job", "a"}}),
      alert({{"alertname", "a"}, {"instance", "1"}, {"job", "a"}}),
  };
  sort_for_notification(alerts);
  std::string order;
  for (const NotifiedAlert& sorted : alerts) order += sorted.labels.to_string() + "\n";
  CHECK(order ==
        "{alertname=\"a\", instance=\"1\", job=\"a\"}\n{alertname=\"b\", instance=\"1\", job=\"a\"}\n"
        "{alertname=\"a\", instance=\"1\", job=\"a\", zone=\"z\"}\n{alertname=\"a\", instance=\"2\", "
        "job=\"a\"}\n"
        "{alertname=\"a\", job=\"b\"}\n{alertname=\"nojob\"}\n");
}
