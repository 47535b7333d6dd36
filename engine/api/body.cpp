#include "engine/api/body.hpp"

#include "engine/api/answers.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

namespace json = boost::json;

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

// Go's wording for what the parser of another language found.
std::string syntax_error(const boost::system::error_code& error) {
  return error == json::error::incomplete ? "unexpected EOF" : format("invalid JSON: {}", error.message());
}

}  // namespace

HttpResponse answer_coded(unsigned status, int code, std::string_view message) {
  JsonWriter out;
  out.begin_object().key("code").integer(code).key("message").string(message).end_object();
  HttpResponse response = answer_json(out.take(), status);
  response.body.pop_back();  // written without a newline upstream
  return response;
}

HttpResponse answer_unreadable(std::string_view name, std::string_view why) {
  return answer_coded(400, 400, format("parsing {} body from \"\" failed, because {}", name, why));
}

std::string cannot_unmarshal(const json::value& value, std::string_view into) {
  return format("json: cannot unmarshal {} into Go {}", kind_of(value), into);
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

Result<TextMap> read_texts(const json::value& value, std::string_view field) {
  TextMap texts;
  if (value.is_null()) return texts;
  const auto* object = value.if_object();
  const std::string into = format("struct field {} of type string", field);
  if (object == nullptr) return Error(cannot_unmarshal(value, into));
  for (const auto& entry : *object) {
    const auto* text = entry.value().if_string();
    if (text == nullptr && !entry.value().is_null()) return Error(cannot_unmarshal(entry.value(), into));
    texts[std::string(entry.key().data(), entry.key().size())] =
        text == nullptr ? std::string() : std::string(text->data(), text->size());
  }
  return texts;
}

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

Body read_body(const HttpRequest& request, std::string_view name) {
  Body body;
  const std::string_view type = request.header("Content-Type");
  if (!type.empty() && !type.starts_with("application/json")) {
    const std::string_view shown = type.substr(0, type.find(';'));
    body.refused = answer_coded(
        415, 415, format("unsupported media type {}, only [application/json] are allowed", go_quote(shown)));
    return body;
  }
  boost::system::error_code error;
  // One block for the whole document, which lives as long as the document does.
  const json::storage_ptr memory =
      json::make_shared_resource<json::monotonic_resource>(request.body.size() * 2 + 1024);
  body.document.emplace(json::parse(request.body, error, memory));
  if (error) body.refused = answer_unreadable(name, syntax_error(error));
  return body;
}

}  // namespace tocsin::api
