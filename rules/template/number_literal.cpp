#include "rules/template/number_literal.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/number_text.hpp"
#include "promql/quote.hpp"
#include "promql/utf8.hpp"

namespace tocsin::templates {
namespace {

// strconv.ParseInt(text, 0, 64), without its error texts.
std::optional<std::int64_t> parse_signed(std::string_view text) {
  const bool negative = text.starts_with('-');
  const bool is_signed = negative || text.starts_with('+');
  const std::optional<std::uint64_t> magnitude =
      promql::parse_unsigned_literal(text.substr(is_signed ? 1 : 0));
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
  if (const auto value = promql::parse_unsigned_literal(text)) {
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
