#include "examples/cim/stand_in.hpp"

#include <boost/json.hpp>
#include <vector>

#include "promql/format.hpp"

namespace tocsin::examples {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& object, std::string_view key) {
  const auto* map = object.if_object();
  const json::value* value = map == nullptr ? nullptr : map->if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  if (const auto* text = value->if_string()) return {text->data(), text->size()};
  return json::serialize(*value);
}

// Every line of `text` behind a bar, as a quoted block.
std::string barred(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += format("  | {}\n", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool is_empty(const json::value& value) {
  if (const auto* list = value.if_array()) return list->empty();
  if (const auto* map = value.if_object()) return map->empty();
  return value.is_null();
}

// Nested details as PagerDuty lays them out: a line a value, deeper ones further in; empty lists are not
// shown.
void outline(const json::value& value, std::size_t depth, std::string& out) {
  const std::string indent(2 * depth, ' ');
  if (const auto* list = value.if_array()) {
    for (const json::value& element : *list) outline(element, depth, out);
  } else if (const auto* map = value.if_object()) {
    for (const auto& entry : *map) {
      const std::string_view name(entry.key().data(), entry.key().size());
      if (is_empty(entry.value())) continue;
      const bool nested = entry.value().is_object() || entry.value().is_array();
      out += barred(indent + format("{}: {}", name, nested ? "" : text_of(value, name)));
      if (nested) outline(entry.value(), depth + 1, out);
    }
  }
}

std::string slack(const json::value& message) {
  std::string out = format("SLACK  {}  {}\n", text_of(message, "channel"), text_of(message, "username"));
  const auto* map = message.if_object();
  const json::value* attachments = map == nullptr ? nullptr : map->if_contains("attachments");
  if (attachments == nullptr || !attachments->is_array()) return out + barred(text_of(message, "text"));
  for (const json::value& attachment : attachments->get_array()) {
    const std::string color = text_of(attachment, "color");
    out += format("  | {} ({})\n", text_of(attachment, "title"), color == "danger" ? "red" : "green");
    out += barred(text_of(attachment, "text"));
    if (const std::string link = text_of(attachment, "title_link"); !link.empty())
      out += format("  | -> {}\n", link);
  }
  return out;
}

std::string pagerduty(const json::value& event) {
  const auto* map = event.if_object();
  const json::value* payload = map == nullptr ? nullptr : map->if_contains("payload");
  if (payload != nullptr && !payload->is_object()) payload = nullptr;  // the older API sends a null
  std::string action = text_of(event, "event_action");
  std::string summary = text_of(event, "description");
  std::string key = text_of(event, "incident_key");
  if (payload != nullptr) {
    summary = text_of(*payload, "summary");
    key = text_of(event, "dedup_key");
  } else {
    action = text_of(event, "event_type");
  }
  std::string out = format("PAGERDUTY  {}  incident {}\n", action == "trigger" ? "TRIGGERED" : "RESOLVED",
                           key.substr(0, 12));
  out += barred(summary);
  const json::value* details = payload != nullptr ? payload->get_object().if_contains("custom_details")
                                                  : (map == nullptr ? nullptr : map->if_contains("details"));
  if (details != nullptr) outline(*details, 0, out);
  if (const std::string client = text_of(event, "client_url"); !client.empty())
    out += format("  | -> {}\n", client);
  return out;
}

}  // namespace

std::string shown_to_person(std::string_view url, std::string_view body) {
  boost::system::error_code error;
  const json::value message = json::parse(json::string_view(body.data(), body.size()), error);
  if (error) return format("UNREADABLE notification of {} bytes: {}\n", body.size(), error.message());
  if (url.find("pagerduty") != std::string_view::npos) return pagerduty(message);
  if (url.find("slack") != std::string_view::npos) return slack(message);
  return format("WEBHOOK  {}\n", text_of(message, "status"));
}

ServiceAnswer service_answer(std::string_view url) {
  if (url.find("pagerduty") != std::string_view::npos) {
    return {url.find("/v2/") != std::string_view::npos ? 202U : 200U, "application/json",
            R"({"status":"success","message":"Event processed"})"};
  }
  if (url.find("slack") != std::string_view::npos) return {200, "text/plain", "ok"};
  return {200, "text/plain", ""};
}

}  // namespace tocsin::examples
