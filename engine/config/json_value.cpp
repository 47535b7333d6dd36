#include "engine/config/json_value.hpp"

#include <array>
#include <utility>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/utf8.hpp"

namespace tocsin::config {
namespace {

// Reading recurses, and so does all that walks a value. Go stops at 10000; what is read here has three
// levels.
constexpr std::size_t kMaxDepth = 200;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  ParsedJson parse() {
    ParsedJson parsed;
    parsed.value = read_value(0);
    skip_space();
    if (at_ < text_.size()) fail("the end of the file");
    parsed.error = std::move(error_);
    return parsed;
  }

 private:
  // '\0' at the end, and where a NUL stands: neither has a place in JSON.
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }
  // Past white space and this character, if it stands there.
  bool skips(char c) {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  // Only the first error counts: what follows comes of it.
  void fail(std::string_view expected) {
    if (error_) return;
    const std::string_view here = rest().substr(0, decode_code_point(rest()).width);
    const std::string found = here.empty() ? "the end of the file" : go_quote(here);
    error_ = JsonError{at_, format("expected {}, found {}", expected, found)};
  }

  JsonValue read_value(std::size_t depth) {
    skip_space();
    JsonValue value;
    value.offset = at_;
    if (depth > kMaxDepth) {
      fail(format("at most {} levels of nesting", kMaxDepth));
    } else if (peek() == '{') {
      value.kind = JsonKind::object;
      read_members(value, depth);
    } else if (peek() == '[') {
      value.kind = JsonKind::array;
      read_items(value, depth);
    } else if (peek() == '"') {
      value.kind = JsonKind::string;
      value.text = read_string();
    } else if (peek() == '-' || is_digit(peek())) {
      value.kind = JsonKind::number;
      read_number();
    } else {
      value.kind = read_word();
    }
    return value;
  }

  void read_items(JsonValue& array, std::size_t depth) {
    ++at_;
    if (skips(']')) return;
    do {
      array.items.push_back(read_value(depth + 1));
    } while (!error_ && skips(','));
    if (!skips(']')) fail(R"("," or "]")");
  }

  void read_members(JsonValue& object, std::size_t depth) {
    ++at_;
    if (skips('}')) return;
    do {
      skip_space();
      if (peek() != '"') return fail("a key in double quotes");
      JsonMember& member = object.members.emplace_back();
      member.key.kind = JsonKind::string;
      member.key.offset = at_;
      member.key.text = read_string();
      if (!skips(':')) return fail(R"(":")");
      member.value = read_value(depth + 1);
    } while (!error_ && skips(','));
    if (!skips('}')) fail(R"("," or "}")");
  }

  std::string read_string() {
    std::string out;
    ++at_;
    while (!error_) {
      if (peek() == '"') {
        ++at_;
        break;
      }
      if (peek() == '\\') {
        read_escape(out);
      } else if (at_ >= text_.size()) {
        fail("a closing quote");
      } else if (static_cast<unsigned char>(peek()) < 0x20) {
        fail("an escape sequence for a control character");
      } else {
        const CodePoint point = decode_code_point(rest());
        append_code_point(out, point.value);
        at_ += point.width;
      }
    }
    return out;
  }

  void read_escape(std::string& out) {
    static constexpr std::string_view kNames = R"("\/bfnrt)";
    static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    ++at_;
    if (peek() == 'u') return read_unicode_escape(out);
    const std::size_t name = kNames.find(peek());
    if (name == std::string_view::npos) return fail(R"(one of "\/bfnrtu behind a backslash)");
    out += kMeant[name];
    ++at_;
  }

  // What lies beyond U+FFFF is written as a pair of surrogates. A half alone becomes U+FFFD.
  void read_unicode_escape(std::string& out) {
    char32_t unit = read_code_unit();
    if (is_high_surrogate(unit) && rest().starts_with("\\u")) {
      const std::size_t next = at_++;
      const char32_t low = read_code_unit();
      if (is_low_surrogate(low)) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = next;
      }
    }
    append_code_point(out, unit);
  }

  // The "u" and its four digits.
  char32_t read_code_unit() {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    char32_t unit = 0;
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_) {
      const std::size_t digit = kDigits.find(ascii_lower(peek()));
      if (digit == std::string_view::npos) {
        fail("a hexadecimal digit");
        break;
      }
      unit = unit * 16 + static_cast<char32_t>(digit);
    }
    return unit;
  }

  void read_number() {
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else {
      read_digits();
    }
    if (peek() == '.') {
      ++at_;
      read_digits();
    }
    if (ascii_lower(peek()) == 'e') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      read_digits();
    }
  }

  void read_digits() {
    if (!is_digit(peek())) fail("a digit");
    while (is_digit(peek())) ++at_;
  }

  JsonKind read_word() {
    static constexpr std::array<std::pair<std::string_view, JsonKind>, 3> kWords = {
        {{"null", JsonKind::null}, {"true", JsonKind::boolean}, {"false", JsonKind::boolean}}};
    for (const auto& [word, kind] : kWords) {
      if (!rest().starts_with(word)) continue;
      at_ += word.size();
      return kind;
    }
    fail("a JSON value");
    return JsonKind::null;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<JsonError> error_;
};

}  // namespace

std::string_view describe(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "a boolean";
    case JsonKind::number:
      return "a number";
    case JsonKind::string:
      return "a string";
    case JsonKind::array:
      return "a list";
    case JsonKind::object:
      return "an object";
  }
  return "a value";
}

ParsedJson parse_json(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace tocsin::config
