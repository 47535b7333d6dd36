#include "engine/api/posted_alerts.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "engine/api/answers.hpp"
#include "engine/api/body.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

namespace json = boost::json;

// What strfmt takes for a URI: no blanks, no control characters, something before a colon or an absolute
// path.
bool is_uri(std::string_view text) {
  const bool clean = std::none_of(text.begin(), text.end(),
                                  [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
  return clean && (text.starts_with('/') || text.find(':') != std::string_view::npos);
}

struct Reader {
  WallTime assumed_end;  // of an alert that names none
  PostAlertsCommand command{};
  std::optional<HttpResponse> refused{};

  bool read(const json::value& value, std::size_t index);
  void validate(PostedAlert alert, const TextMap& labels);
  bool unreadable(std::string_view why) {
    refused = answer_unreadable("alerts", why);
    return false;
  }
  bool invalid(int code, std::string_view text) {
    refused = answer_coded(422, code, text);
    return false;
  }
};

bool Reader::read(const json::value& value, std::size_t index) {
  const auto* object = value.if_object();
  if (object == nullptr) {
    return value.is_null() || unreadable(cannot_unmarshal(value, "value of type models.PostableAlert"));
  }
  PostedAlert alert;
  const json::value* labels = object->if_contains("labels");
  if (labels == nullptr || labels->is_null())
    return invalid(602, format("{}.labels in body is required", index));
  const auto label_texts = read_texts(*labels, "Alert.labels");
  if (!label_texts) return unreadable(label_texts.error().text);
  if (const json::value* annotations = object->if_contains("annotations")) {
    auto read_annotations = read_texts(*annotations, "Alert.annotations");
    if (!read_annotations) return unreadable(read_annotations.error().text);
    alert.annotations = std::move(*read_annotations);
  }
  const auto starts = read_time(object->if_contains("startsAt"), "startsAt");
  if (!starts) return unreadable(starts.error().text);
  const auto ends = read_time(object->if_contains("endsAt"), "endsAt");
  if (!ends) return unreadable(ends.error().text);
  alert.starts_at = *starts;
  alert.ends_at = *ends;
  if (const json::value* url = object->if_contains("generatorURL"); url != nullptr && !url->is_null()) {
    const auto* text = url->if_string();
    if (text == nullptr)
      return unreadable(cannot_unmarshal(*url, "struct field .generatorURL of type strfmt.URI"));
    alert.generator_url.assign(text->data(), text->size());
    if (!alert.generator_url.empty() && !is_uri(alert.generator_url)) {
      return invalid(601, format("{}.generatorURL in body must be of type uri: {}", index,
                                 go_quote(alert.generator_url)));
    }
  }
  validate(std::move(alert), *label_texts);
  return true;
}

// Upstream's Alert.Validate, after empty labels were taken out and the end was assumed. An alert without a
// start begins now, or at its end.
void Reader::validate(PostedAlert alert, const TextMap& labels) {
  std::vector<LabelView> pairs;
  bool named = true;
  for (const auto& [name, value] : labels) {
    if (value.empty()) continue;
    named = named && !name.empty();
    pairs.push_back({name, value});
  }
  alert.labels = Labels(std::move(pairs));
  std::string_view wrong;
  const WallTime ends_at = alert.ends_at == kNoTime ? assumed_end : alert.ends_at;
  if (alert.starts_at != kNoTime && ends_at < alert.starts_at) {
    wrong = "start time must be before end time";
  } else if (!named) {
    wrong = "invalid label set: invalid name \"\"";
  } else if (alert.labels.empty()) {
    wrong = "at least one label pair required";
  }
  if (wrong.empty()) {
    command.alerts.push_back(std::move(alert));
    return;
  }
  ++command.invalid;
  if (!command.errors.empty()) command.errors += '\n';
  command.errors += wrong;
}

}  // namespace

Answer read_posted_alerts(const HttpRequest& request, const View& view) {
  Body body = read_body(request, "alerts");
  if (body.refused) return *body.refused;
  const json::value& document = *body.document;
  const auto* alerts = document.if_array();
  if (alerts == nullptr)
    return answer_unreadable("alerts", cannot_unmarshal(document, "value of type models.PostableAlerts"));
  const StatusView status = view.status();
  Reader reader{status.now + status.resolve_timeout};
  for (std::size_t i = 0; i < alerts->size(); ++i) {
    if (!reader.read((*alerts)[i], i)) return *reader.refused;
  }
  return std::move(reader.command);
}

HttpResponse answer_post_alerts(const PostAlertsCommand& command) {
  if (command.errors.empty()) return answer_text(200, "");
  JsonWriter out;
  out.string(command.errors);
  return answer_json(out.take(), 400);
}

}  // namespace tocsin::api
