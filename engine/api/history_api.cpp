// GET /api/v1/history: what happened and who was told. Parameters are read as Prometheus' API reads its own.
#include <boost/json.hpp>

#include "engine/api/answers.hpp"
#include "engine/api/body.hpp"
#include "engine/api/handler.hpp"
#include "engine/api/history_json.hpp"
#include "engine/api/routes.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kDefaultLimit = 1000;
Result<HistoryEntry> read_event(const json::object& event) {
  HistoryEntry entry;
  const Result<WallTime> at = parse_rfc3339(text_of(event, "time"));
  if (!at) return at.error().wrap("time");
  entry.at = *at;
  if (const json::value* alerts = event.if_contains("alerts"); alerts != nullptr && alerts->is_array()) {
    for (const json::value& name : alerts->get_array()) {
      if (!name.is_string()) continue;
      if (!entry.alerts.empty()) entry.alerts += '\n';
      entry.alerts += std::string_view(name.get_string());
    }
  }
  entry.labels = text_of(event, "labels");
  entry.receiver = text_of(event, "receiver");
  entry.who = text_of(event, "who");
  entry.detail = text_of(event, "detail");
  const std::string name = text_of(event, "event");
  for (int number = 1; !to_string(static_cast<HistoryKind>(number)).empty(); ++number) {
    entry.kind = static_cast<HistoryKind>(number);
    for (const bool resolved : {false, true}) {
      entry.resolved = resolved;
      if (event_name(entry) == name) return entry;
    }
  }
  entry.kind = kOtherEvent;
  entry.resolved = false;
  entry.detail = entry.detail.empty() ? name : format("{}: {}", name, entry.detail);
  return entry;
}

Result<HistoryPage> read_page(const json::object& data) {
  HistoryPage page;
  const json::value* events = data.if_contains("events");
  if (events == nullptr || !events->is_array()) return Error("no \"events\" in the answer");
  for (const json::value& event : events->get_array()) {
    if (!event.is_object()) return Error("an event that is no object");
    Result<HistoryEntry> entry = read_event(event.get_object());
    if (!entry) return entry.error();
    page.entries.push_back(std::move(*entry));
  }
  const json::value* truncated = data.if_contains("truncated");
  page.truncated = truncated != nullptr && truncated->is_bool() && truncated->get_bool();
  if (const std::string since = text_of(data, "completeSince"); !since.empty()) {
    const Result<WallTime> time = parse_rfc3339(since);
    if (!time) return time.error().wrap("completeSince");
    page.complete_since = *time;
  }
  return page;
}

}  // namespace

void write_event(JsonWriter& json, const HistoryEntry& entry) {
  json.begin_object().key("time").string(format_rfc3339(entry.at)).key("event").string(event_name(entry));
  json.key("alerts").begin_array();
  for (const std::string_view name : alert_names(entry)) json.string(name);
  json.end_array().key("labels").string(entry.labels).key("receiver").string(entry.receiver);
  json.key("who").string(entry.who).key("detail").string(entry.detail).end_object();
}

Answer handle_history(const HttpRequest& request) {
  HistoryQuery query;
  query.alert = request.parameter("alert");
  query.receiver = request.parameter("receiver");
  for (const auto& [name, bound] : {std::pair("start", &query.from), std::pair("end", &query.to)}) {
    const std::string_view text = request.parameter(name);
    if (text.empty()) continue;
    const Result<Timestamp> time = parse_time(text);
    if (!time) return answer_bad_parameter(name, time.error().text);
    *bound = to_wall(*time);
  }
  if (query.from && query.to && *query.to < *query.from) {
    return answer_bad_parameter("end", "end timestamp must not be before start time");
  }
  const std::string_view limit = request.parameter("limit");
  const Result<std::size_t> read = parse_limit(limit);
  if (!read) return answer_bad_parameter("limit", read.error().text);
  query.limit = limit.empty() ? kDefaultLimit : *read;
  return HistoryCommand{std::move(query)};
}

HttpResponse answer_history(const HistoryPage& page) {
  if (!page.error.empty()) return answer_error(ErrorType::unavailable, page.error);
  return answer_success([&page](JsonWriter& json) {
    json.begin_object().key("events").begin_array();
    for (const HistoryEntry& entry : page.entries) write_event(json, entry);
    json.end_array().key("truncated").boolean(page.truncated);
    if (page.complete_since) json.key("completeSince").string(format_rfc3339(*page.complete_since));
    json.end_object();
  });
}

Result<HistoryPage> read_history_answer(std::string_view body) {
  boost::system::error_code failed;
  const json::value document = json::parse(body, failed);
  if (failed || !document.is_object()) return Error("the answer is not what a tocsin server answers");
  const json::object& envelope = document.get_object();
  if (const std::string error = text_of(envelope, "error"); !error.empty()) return Error(error);
  const json::value* data = envelope.if_contains("data");
  if (data == nullptr || !data->is_object()) return Error("the answer is not what a tocsin server answers");
  return read_page(data->get_object());
}

}  // namespace tocsin::api
