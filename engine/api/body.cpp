#include "engine/api/body.hpp"

#include <array>
#include <charconv>

#include "engine/api/answers.hpp"
#include "promql/format.hpp"
#include "promql/utf8.hpp"
#include "rules/template/go_time.hpp"

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

// The forms that upstream's framework takes beside RFC 3339, in the order in which it tries them. Where no
// zone is written the time is UTC. Only where the layout says so do fractions have a length of their own.
constexpr auto kTimeLayouts = std::to_array<std::string_view>(
    {"2006-01-02T15:04:05.000000Z0700", "2006-01-02T15:04:05.000Z0700", "2006-01-02T15:04:05Z07:00",
     "2006-01-02T15:04:05", "2006-01-02T15:04Z", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02"});

// The error is that of the last layout, as upstream's.
Result<WallTime> parse_date_time(std::string_view text) {
  if (auto time = parse_rfc3339(text)) return time;
  Error refused;
  for (const std::string_view layout : kTimeLayouts) {
    const auto time = templates::GoTime::parse(layout, text);
    // One place knows where the times end that can be counted.
    if (time) return parse_rfc3339(time->to_json());
    refused = time.error();
  }
  return refused;
}

// The code unit of an escape that the text begins with: "\u00e9".
constexpr std::size_t kEscapeSize = 6;
std::optional<std::uint16_t> escaped_unit(std::string_view text) {
  if (text.size() < kEscapeSize || !text.starts_with("\\u")) return std::nullopt;
  std::uint16_t unit = 0;
  const char* const end = text.data() + kEscapeSize;
  const auto read = std::from_chars(text.data() + 2, end, unit, 16);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return unit;
}

// A JSON text in which bytes that are no UTF-8, and escapes of one half of a surrogate pair, are U+FFFD.
std::string with_replacements(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto copy = [&](std::size_t count) {
    out += text.substr(0, count);
    text.remove_prefix(count);
  };
  while (!text.empty()) {
    const auto unit = escaped_unit(text);
    const auto next = unit ? escaped_unit(text.substr(kEscapeSize)) : std::nullopt;
    if (unit && next && is_high_surrogate(*unit) && is_low_surrogate(*next)) {
      copy(2 * kEscapeSize);
    } else if (unit && is_surrogate(*unit)) {
      append_code_point(out, kReplacementCharacter);
      text.remove_prefix(kEscapeSize);
    } else if (text.starts_with(R"(\\)")) {
      copy(2);  // a backslash that begins no escape
    } else {
      const CodePoint character = decode_code_point(text);
      append_code_point(out, character.value);
      text.remove_prefix(character.width);
    }
  }
  return out;
}

json::value parse_json(std::string_view text, boost::system::error_code& error) {
  // One block for the whole document, which lives as long as the document does.
  return json::parse(text, error,
                     json::make_shared_resource<json::monotonic_resource>(text.size() * 2 + 1024));
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
  return parse_date_time(view);
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
  body.document.emplace(parse_json(request.body, error));
  if (error) {
    // Go reads every text, so a name in another encoding must not cost the alerts beside it.
    const std::string replaced = with_replacements(request.body);
    if (replaced != request.body) body.document.emplace(parse_json(replaced, error));
  }
  if (error) body.refused = answer_unreadable(name, syntax_error(error));
  return body;
}

}  // namespace tocsin::api
