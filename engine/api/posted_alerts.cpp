#include "engine/api/posted_alerts.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "engine/api/answers.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

namespace json = boost::json;

HttpResponse answer_coded(unsigned status, int code, std::string_view message) {
  JsonWriter out;
  out.begin_object().key("code").integer(code).key("message").string(message).end_object();
  HttpResponse response = answer_json(out.take(), status);
  response.body.pop_back();  // written without a newline upstream
  return response;
}

HttpResponse answer_unreadable(std::string_view why) {
  return answer_coded(400, 400, format("parsing alerts body from \"\" failed, because {}", why));
}

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "bool";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "number";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
  }
  return "value";
}

std::string cannot_unmarshal(const json::value& value, std::string_view into) {
  return format("json: cannot unmarshal {} into Go {}", kind_of(value), into);
}

Result<TextMap> read_texts(const json::value& value, std::string_view field) {
  TextMap texts;
  if (value.is_null()) return texts;
  const auto* object = value.if_object();
  const std::string into = format("struct field Alert.{} of type string", field);
  if (object == nullptr) return Error(cannot_unmarshal(value, into));
  for (const auto& entry : *object) {
    const auto* text = entry.value().if_string();
    if (text == nullptr && !entry.value().is_null()) return Error(cannot_unmarshal(entry.value(), into));
    texts[std::string(entry.key().data(), entry.key().size())] =
        text == nullptr ? std::string() : std::string(text->data(), text->size());
  }
  return texts;
}

// A missing, null or empty time is "no time", and so is Go's zero time, which Go clients send for it.
Result<WallTime> read_time(const json::value* value, std::string_view field) {
  if (value == nullptr || value->is_null()) return kNoTime;
  const auto* text = value->if_string();
  if (text == nullptr)
    return Error(cannot_unmarshal(*value, format("struct field .{} of type string", field)));
  if (text->empty() || text->starts_with("0001-01-01T00:00:00")) return kNoTime;
  const std::string_view view(text->data(), text->size());
  if (auto time = parse_rfc3339(view)) return *time;
  return Error(format("parsing time {} as \"2006-01-02\": cannot parse {} as \"2006\"", go_quote(view),
                      go_quote(view)));
}

// What strfmt takes for a URI: no blanks, no control characters, something before a colon or an absolute
// path.
bool is_uri(std::string_view text) {
  const bool clean = std::none_of(text.begin(), text.end(),
                                  [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
  return clean && (text.starts_with('/') || text.find(':') != std::string_view::npos);
}

struct Reader {
  PostAlertsCommand command;
  std::optional<HttpResponse> refused;

  bool read(const json::value& value, std::size_t index);
  void validate(PostedAlert alert, const TextMap& labels);
  bool unreadable(std::string_view why) {
    refused = answer_unreadable(why);
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
  const auto label_texts = read_texts(*labels, "labels");
  if (!label_texts) return unreadable(label_texts.error().text);
  if (const json::value* annotations = object->if_contains("annotations")) {
    auto read_annotations = read_texts(*annotations, "annotations");
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

// Upstream's Alert.Validate, after empty labels were taken out.
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
  if (alert.starts_at != kNoTime && alert.ends_at != kNoTime && alert.ends_at < alert.starts_at) {
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

// Go's wording for what the parser of another language found.
std::string syntax_error(const boost::system::error_code& error) {
  return error == json::error::incomplete ? "unexpected EOF" : format("invalid JSON: {}", error.message());
}

}  // namespace

Answer read_posted_alerts(const HttpRequest& request) {
  const std::string_view type = request.header("Content-Type");
  if (!type.empty() && !type.starts_with("application/json")) {
    const std::string_view shown = type.substr(0, type.find(';'));
    return answer_coded(
        415, 415, format("unsupported media type {}, only [application/json] are allowed", go_quote(shown)));
  }
  boost::system::error_code error;
  json::monotonic_resource memory(request.body.size() * 2 + 1024);
  const json::value document = json::parse(request.body, error, &memory);
  if (error) return answer_unreadable(syntax_error(error));
  const auto* alerts = document.if_array();
  if (alerts == nullptr)
    return answer_unreadable(cannot_unmarshal(document, "value of type models.PostableAlerts"));
  Reader reader;
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
