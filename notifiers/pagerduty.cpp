#include "notifiers/pagerduty.hpp"

#include <boost/json.hpp>

#include "notifiers/classification.hpp"
#include "notifiers/notification_template.hpp"
#include "notifiers/rendering.hpp"
#include "promql/format.hpp"
#include "rules/template/json.hpp"

namespace tocsin::notifiers {
namespace {

using templates::json_array;
using templates::JsonObject;
using templates::Map;
using templates::Value;

constexpr std::size_t kMaxEventBytes = 512'000;
constexpr std::size_t kMaxSummary = 1024;  // characters, in both APIs
// The v1 API has one address; upstream does not let it be configured.
constexpr std::string_view kV1Url = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";

std::vector<FieldSpec> pagerduty_fields() {
  return {
      {"service_key", FieldType::secret, "", true, {}},
      {"service_key_file", FieldType::file, "", true, {}},
      {"routing_key", FieldType::secret, "", true, {}},
      {"routing_key_file", FieldType::file, "", true, {}},
      {"url", FieldType::url, "", false, {}},
      templated("client", R"({{ template "pagerduty.default.client" . }})"),
      templated("client_url", R"({{ template "pagerduty.default.clientURL" . }})"),
      templated("description", R"({{ template "pagerduty.default.description" .}})"),
      {"details", FieldType::data_map, "", true, {}},
      {"images", FieldType::object_list, "", true, {templated("src"), templated("alt"), templated("href")}},
      {"links", FieldType::object_list, "", true, {templated("href"), templated("text")}},
      templated("source"),
      templated("severity"),
      templated("class"),
      templated("component"),
      templated("group"),
      {"timeout", FieldType::duration, "", false, {}},
  };
}

// Details that are sent unless the user gives others of the same name.
Map default_details() {
  return {{"firing", "{{ .Alerts.Firing | toJson }}"},
          {"resolved", "{{ .Alerts.Resolved | toJson }}"},
          {"num_firing", "{{ .Alerts.Firing | len }}"},
          {"num_resolved", "{{ .Alerts.Resolved | len }}"}};
}

std::vector<Problem> check_pagerduty(Settings& settings) {
  std::vector<Problem> problems;
  const auto has = [&](std::string_view name) { return settings.has_text(name); };
  if (!has("routing_key") && !has("service_key") && !has("routing_key_file") && !has("service_key_file")) {
    problems.push_back({"", "missing service or routing key in PagerDuty config"});
  }
  if (has("routing_key") && has("routing_key_file")) {
    problems.push_back(
        {"routing_key_file", "at most one of routing_key & routing_key_file must be configured"});
  }
  if (has("service_key") && has("service_key_file")) {
    problems.push_back(
        {"service_key_file", "at most one of service_key & service_key_file must be configured"});
  }
  if (!has("source")) settings.set("source", Value(settings.text("client")));
  Map details = default_details();
  const Value own = settings.value("details");
  if (own.kind() == templates::Kind::map) {
    for (const auto& [name, value] : own.map()) details.insert_or_assign(name, value);
  }
  settings.set("details", Value::any_map(std::move(details)));
  return problems;
}

std::vector<Problem> apply_pagerduty_globals(Settings& settings, const Globals& globals) {
  if (settings.has_text("url")) return {};
  if (!globals.settings.has_text("pagerduty_url")) return {{"url", "no global PagerDuty URL set"}};
  settings.set("url", Value(globals.settings.text("pagerduty_url")));
  return {};
}

FieldTable pagerduty_table() {
  FieldTable table;
  table.kind = "pagerduty";
  table.config_key = "pagerduty_configs";
  table.send_resolved = true;
  table.fields = pagerduty_fields();
  table.global_fields = {
      {"pagerduty_url", FieldType::url, "https://events.pagerduty.com/v2/enqueue", false, {}}};
  table.check = check_pagerduty;
  table.apply_globals = apply_pagerduty_globals;
  return table;
}

bool uses_v1(const Settings& settings) {
  return settings.has_text("service_key") || settings.has_text("service_key_file");
}

// One notification on its way to becoming an event. The body is built twice if it is too large with its
// details.
struct Event {
  bool v1 = false;
  bool trigger = true;
  std::string key;  // routing or service key
  std::string dedup_key;
  std::string description;
  std::string client;
  std::string client_url;
  std::string source;
  std::string severity;
  std::string event_class;
  std::string component;
  std::string group;
  std::vector<std::string> images;  // JSON
  std::vector<std::string> links;   // JSON
};

std::string event_json(const Event& event, const std::string& details) {
  const std::string_view action = event.trigger ? "trigger" : "resolve";
  JsonObject object;
  if (event.v1) {
    object.text("service_key", event.key).text("incident_key", event.dedup_key).text("event_type", action);
    object.text_if("description", event.description).text("event_action", "").raw("payload", "null");
    object.text_if("client", event.client).text_if("client_url", event.client_url);
    if (details != "{}") object.raw("details", details);
    return object.finish();
  }
  JsonObject payload;
  payload.text("summary", event.description).text("source", event.source).text("severity", event.severity);
  payload.text_if("class", event.event_class)
      .text_if("component", event.component)
      .text_if("group", event.group);
  if (details != "{}") payload.raw("custom_details", details);
  object.text("routing_key", event.key).text("dedup_key", event.dedup_key).text("event_action", action);
  object.raw("payload", payload.finish());
  object.text_if("client", event.client).text_if("client_url", event.client_url);
  if (!event.images.empty()) object.raw("images", json_array(event.images));
  if (!event.links.empty()) object.raw("links", json_array(event.links));
  return object.finish();
}

// alecthomas/units' MetricBytes: 512KB, 1MB234KB.
std::string metric_bytes(std::size_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KB", "MB", "GB", "TB"};
  std::string out;
  std::size_t scale = 1'000'000'000'000;
  for (std::size_t unit = 4; unit + 1 > 0; --unit, scale /= 1000) {
    const std::size_t count = bytes / scale % 1000;
    if (count > 0) out += format("{}{}", count, kUnits[unit]);
  }
  return out.empty() ? "0B" : out;
}

Result<std::string> encode_event(const Event& event, const Value& details,
                                 std::vector<std::string>& warnings) {
  const auto json = templates::to_json(details);
  if (!json) return json.error().wrap("failed to encode PagerDuty message");
  std::string body = event_json(event, *json) + "\n";
  if (body.size() <= kMaxEventBytes) return body;
  warnings.push_back(format("Truncated Details because message of size {} exceeds limit {}",
                            metric_bytes(body.size()), metric_bytes(kMaxEventBytes)));
  const std::string removed =
      format("Custom details have been removed because the original event exceeds the maximum size of {}",
             metric_bytes(kMaxEventBytes));
  return event_json(event, JsonObject().text("error", removed).finish()) + "\n";
}

void render_images_and_links(Event& event, const Settings& settings, FieldRenderer& renderer) {
  const auto part = [&](const Settings& item, const std::string& path, std::string_view name) {
    return renderer.nested(path + std::string(name), item.text(name), FailedField::plain);
  };
  const std::vector<Settings> images = settings.objects("images");
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::string path = format("images[{}].", i);
    const std::string src = part(images[i], path, "src");
    const std::string alt = part(images[i], path, "alt");
    const std::string href = part(images[i], path, "href");
    if (!src.empty())
      event.images.push_back(JsonObject().text("src", src).text("alt", alt).text("href", href).finish());
  }
  const std::vector<Settings> links = settings.objects("links");
  for (std::size_t i = 0; i < links.size(); ++i) {
    const std::string path = format("links[{}].", i);
    const std::string href = part(links[i], path, "href");
    const std::string text = part(links[i], path, "text");
    if (!href.empty()) event.links.push_back(JsonObject().text("href", href).text("text", text).finish());
  }
}

void render_v2_fields(Event& event, const Settings& settings, FieldRenderer& renderer) {
  const auto plain = [&](std::string_view name) {
    return renderer.field(settings, name, FailedField::plain);
  };
  event.source = plain("source");
  event.severity = settings.has_text("severity") ? plain("severity") : "error";
  // PagerDuty refuses an event without a severity, so one whose template failed gets the default.
  if (event.severity.empty() && renderer.failed("severity")) event.severity = "error";
  event.event_class = plain("class");
  event.component = plain("component");
  event.group = plain("group");
  render_images_and_links(event, settings, renderer);
}

Result<std::string> rendered_key(const Settings& settings, const RenderContext& context,
                                 FieldRenderer& renderer, bool v1) {
  const std::string_view version =
      v1 ? "failed to template PagerDuty v1 message" : "failed to template PagerDuty v2 message";
  const auto source =
      setting_or_file(settings, v1 ? "service_key" : "routing_key", context,
                      v1 ? "failed to read service key from file" : "failed to read routing key from file");
  if (!source) return source.error();
  auto key = renderer.required(*source);
  if (!key) return key.error().wrap(version);
  if (key->empty()) return Error(v1 ? "service key cannot be empty" : "routing key cannot be empty");
  return key;
}

// Upstream renders what stands under the details' names, at any depth, but not the names themselves.
Value render_details(const Settings& settings, FieldRenderer& renderer) {
  Value written = settings.value("details");
  if (written.kind() != templates::Kind::map) return written;
  Map details;
  for (const auto& [name, value] : written.map()) {
    details.insert_or_assign(name, renderer.data("details." + name, value));
  }
  return Value::any_map(std::move(details));
}

Result<Rendered> render_pagerduty(const FieldTable& table, const Notification& notification,
                                  const Settings& settings, const RenderContext& context) {
  Rendered rendered;
  FieldRenderer renderer(notification, notification_data(notification), context, table);
  const Value details = render_details(settings, renderer);
  if (renderer.error()) return renderer.error()->wrap("failed to render details");
  Event event;
  event.v1 = uses_v1(settings);
  event.trigger = notification.firing();
  event.dedup_key = hashed_group_key(notification.group_key);
  const Truncated description = truncate_characters(renderer.field(settings, "description"), kMaxSummary);
  if (description.cut) {
    rendered.warnings.push_back(
        format("truncated {} to {} characters", event.v1 ? "description" : "summary", kMaxSummary));
  }
  event.description = description.text;
  if (!event.v1 || event.trigger) {
    event.client = renderer.field(settings, "client", FailedField::plain);
    event.client_url = renderer.field(settings, "client_url", FailedField::plain);
  }
  if (!event.v1) render_v2_fields(event, settings, renderer);
  if (renderer.error()) {
    return renderer.error()->wrap(format("failed to template PagerDuty {} message", event.v1 ? "v1" : "v2"));
  }
  auto key = rendered_key(settings, context, renderer, event.v1);
  if (!key) return key.error();
  event.key = *key;
  auto body = encode_event(event, details, rendered.warnings);
  if (!body) return body.error();
  const std::string url(event.v1 ? kV1Url : settings.text("url"));
  rendered.request = json_request(url, std::move(*body));
  rendered.request.shown_url = url;
  rendered.request.body_secrets = {event.key};
  rendered.request.timeout = settings.duration("timeout");
  rendered.failures = renderer.take_failures();
  return rendered;
}

// PagerDuty explains a bad request: {"message": ..., "errors": [...]}.
std::string error_details(const Reply& reply) {
  if (reply.status != 400) return {};
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(reply.body, error);
  if (error || !parsed.is_object()) return {};
  const boost::json::object& object = parsed.get_object();
  std::string out;
  if (const auto* message = object.if_contains("message"); message != nullptr && message->is_string()) {
    out = message->get_string();
  }
  out += ": ";
  if (const auto* errors = object.if_contains("errors"); errors != nullptr && errors->is_array()) {
    bool first = true;
    for (const boost::json::value& text : errors->get_array()) {
      if (!text.is_string()) return {};
      if (!first) out += ",";
      first = false;
      out += text.get_string();
    }
  }
  return out;
}

Outcome classify_pagerduty(const Reply& reply, const Settings& settings) {
  constexpr unsigned kForbidden = 403;  // v1's rate limit
  constexpr unsigned kTooManyRequests = 429;
  if (!uses_v1(settings)) return classify_status(reply, {kTooManyRequests}, error_details);
  Outcome outcome = classify_status(reply, {kForbidden}, error_details);
  // Upstream gives no reason in the old API.
  if (reply.arrived) outcome.reason = FailureReason::other;
  return outcome;
}

}  // namespace

Service pagerduty_service() {
  return make_service(pagerduty_table(), render_pagerduty, classify_pagerduty);
}

}  // namespace tocsin::notifiers
