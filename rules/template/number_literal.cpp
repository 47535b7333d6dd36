#include "rules/template/number_literal.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/number_text.hpp"
#include "promql/quote.hpp"
#include "promql/utf8.hpp"

namespace tocsin::templates {
namespace {

unsigned digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  c = ascii_lower(c);
  return c >= 'a' && c <= 'z' ? static_cast<unsigned>(c - 'a' + 10) : 99;
}

struct BasedDigits {
  unsigned base = 10;
  std::string_view digits;
  bool prefixed = false;
};

// Splits off 0x, 0b, 0o or the 0 of an old octal number.
BasedDigits split_base(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return {10, text, false};
  const char letter = text.size() >= 3 ? ascii_lower(text[1]) : '0';
  if (letter == 'x') return {16, text.substr(2), true};
  if (letter == 'b') return {2, text.substr(2), true};
  if (letter == 'o') return {8, text.substr(2), true};
  return {8, text.substr(1), true};
}

// strconv.ParseUint(text, 0, 64), without its error texts.
std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  const BasedDigits based = split_base(text);
  if (based.digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  // An underscore stands between two digits, or between the prefix and a digit.
  bool underscore_may_follow = based.prefixed;
  for (const char c : based.digits) {
    if (c == '_') {
      if (!underscore_may_follow) return std::nullopt;
      underscore_may_follow = false;
      continue;
    }
    const unsigned digit = digit_value(c);
    if (digit >= based.base) return std::nullopt;
    if (__builtin_mul_overflow(value, std::uint64_t{based.base}, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, std::uint64_t{digit}, &value)) return std::nullopt;
    underscore_may_follow = true;
  }
  if (based.digits.back() == '_') return std::nullopt;
  return value;
}

// strconv.ParseInt(text, 0, 64), without its error texts.
std::optional<std::int64_t> parse_signed(std::string_view text) {
  const bool negative = text.starts_with('-');
  const bool is_signed = negative || text.starts_with('+');
  const std::optional<std::uint64_t> magnitude = parse_unsigned(text.substr(is_signed ? 1 : 0));
  if (!magnitude) return std::nullopt;
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
  if (negative ? *magnitude > kLimit : *magnitude >= kLimit) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

// A float that is a whole number may be given where an int is asked for.
void take_float(NumberNode& node, double value) {
  node.is_float = true;
  node.floating = value;
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (value >= -kTwoTo63 && value < kTwoTo63 &&
      static_cast<double>(static_cast<std::int64_t>(value)) == value) {
    node.is_integer = true;
    node.integer = static_cast<std::int64_t>(value);
  }
  if (value >= 0 && value < 2 * kTwoTo63 && static_cast<double>(static_cast<std::uint64_t>(value)) == value) {
    node.is_unsigned = true;
    node.unsigned_integer = static_cast<std::uint64_t>(value);
  }
}

}  // namespace

Result<std::unique_ptr<NumberNode>> parse_number_literal(std::size_t position, std::string_view text) {
  auto node = std::make_unique<NumberNode>(position, std::string(text));
  if (const auto value = parse_unsigned(text)) {
    node->is_unsigned = true;
    node->unsigned_integer = *value;
  }
  if (const auto value = parse_signed(text)) {
    node->is_integer = true;
    node->integer = *value;
    if (*value == 0) node->is_unsigned = true;  // -0
  }
  if (node->is_integer) {
    node->is_float = true;
    node->floating = static_cast<double>(node->integer);
  } else if (node->is_unsigned) {
    node->is_float = true;
    node->floating = static_cast<double>(node->unsigned_integer);
  } else if (const auto value = promql::parse_float(text)) {
    if (text.find_first_of(".eEpP") == text.npos) {
      return Error(format("integer overflow: {}", go_quote(text)));
    }
    take_float(*node, *value);
  } else {
    return Error(format("illegal number syntax: {}", go_quote(text)));
  }
  return node;
}

Result<std::unique_ptr<NumberNode>> parse_char_literal(std::size_t position, std::string_view text) {
  // Only the first character is resolved here, so that the tail can be told apart from bad syntax.
  std::string_view inner = text.substr(1, text.size() - 2);
  const Error malformed(format("malformed character constant: {}", text));
  if (inner.empty()) return Error("invalid syntax");
  char32_t value = 0;
  if (inner.front() != '\\') {
    const CodePoint first = decode_code_point(inner);
    value = first.value;
    if (first.width != inner.size()) return malformed;
  } else {
    const auto resolved = unquote(text);
    if (!resolved) return resolved.error();
    const CodePoint first = decode_code_point(*resolved);
    const bool one_byte = resolved->size() == 1;
    value = one_byte ? static_cast<unsigned char>(resolved->front()) : first.value;
    if (!one_byte && first.width != resolved->size()) return malformed;
  }
  auto node = std::make_unique<NumberNode>(position, std::string(text));
  node->is_integer = node->is_unsigned = node->is_float = true;
  node->integer = static_cast<std::int64_t>(value);
  node->unsigned_integer = value;
  node->floating = static_cast<double>(value);
  return node;
}

Result<std::string> parse_string_literal(std::string_view text) {
  auto content = unquote(text);
  // Go drops carriage returns from raw strings, PromQL does not.
  if (content && text.starts_with('`')) std::erase(*content, '\r');
  return content;
}

}  // namespace tocsin::templates
