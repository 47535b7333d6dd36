#include "promql/number_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {
namespace {

bool is_hex_digit(char c) {
  return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return ascii_lower(a) == b; });
}

Error syntax_error(std::string_view function, std::string_view text) {
  return Error(format("strconv.{}: parsing {}: invalid syntax", function, go_quote(text)));
}
Error range_error(std::string_view function, std::string_view text) {
  return Error(format("strconv.{}: parsing {}: value out of range", function, go_quote(text)));
}

bool has_prefix(std::string_view text, char letter) {
  return text.size() >= 2 && text[0] == '0' && ascii_lower(text[1]) == letter;
}

// Go's rule: an underscore stands between two digits, or between a base prefix and a digit.
bool underscores_are_well_placed(std::string_view unsigned_text) {
  const bool hex = has_prefix(unsigned_text, 'x');
  const bool prefixed = hex || has_prefix(unsigned_text, 'b') || has_prefix(unsigned_text, 'o');
  bool after_digit = prefixed;
  bool after_underscore = false;
  for (const char c : unsigned_text.substr(prefixed ? 2 : 0)) {
    if (c == '_') {
      if (!after_digit) return false;
      after_digit = false;
      after_underscore = true;
      continue;
    }
    const bool digit = is_digit(c) || (hex && is_hex_digit(c));
    if (after_underscore && !digit) return false;
    after_digit = digit;
    after_underscore = false;
  }
  return !after_underscore;
}

// The text without sign and underscores, if it has the shape of a decimal or hexadecimal float.
std::optional<std::string> float_digits(std::string_view unsigned_text) {
  if (unsigned_text.find('_') != unsigned_text.npos && !underscores_are_well_placed(unsigned_text)) {
    return std::nullopt;
  }
  std::string text(unsigned_text);
  std::erase(text, '_');
  const bool hex = text.size() > 2 && has_prefix(text, 'x');
  std::size_t at = hex ? 2 : 0;
  const auto skip = [&](bool (*accepts)(char)) {
    const std::size_t first = at;
    while (at < text.size() && accepts(text[at])) ++at;
    return at - first;
  };
  std::size_t digits = skip(hex ? is_hex_digit : is_digit);
  if (at < text.size() && text[at] == '.') {
    ++at;
    digits += skip(hex ? is_hex_digit : is_digit);
  }
  if (digits == 0) return std::nullopt;
  const bool has_exponent = at < text.size() && ascii_lower(text[at]) == (hex ? 'p' : 'e');
  if (hex && !has_exponent) return std::nullopt;
  if (has_exponent) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (skip(is_digit) == 0) return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;
  return text;
}

// The value of what float_digits gave. Nothing: too large. Too small is 0, as in Go.
std::optional<double> to_double(const std::string& text) {
  const bool hex = text.size() > 2 && has_prefix(text, 'x');
  const char* first = text.data() + (hex ? 2 : 0);
  const char* last = text.data() + text.size();
  double value = 0;
  const auto [end, error] =
      std::from_chars(first, last, value, hex ? std::chars_format::hex : std::chars_format::general);
  if (error != std::errc::result_out_of_range) return value;
  // from_chars does not say which end was passed; strtod, correct to the bit as well, does.
  const double other = std::strtod(text.c_str(), nullptr);
  if (std::isinf(other)) return std::nullopt;
  return other;
}

std::string format_non_finite(double value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

}  // namespace

Result<double> parse_float(std::string_view text) {
  const bool is_signed = !text.empty() && (text[0] == '+' || text[0] == '-');
  const std::string_view magnitude = text.substr(is_signed ? 1 : 0);
  const double sign = is_signed && text[0] == '-' ? -1 : 1;
  if (equals_ignoring_case(magnitude, "inf") || equals_ignoring_case(magnitude, "infinity")) {
    return sign * std::numeric_limits<double>::infinity();
  }
  if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  const std::optional<std::string> digits = float_digits(magnitude);
  if (!digits) return syntax_error("ParseFloat", text);
  const std::optional<double> value = to_double(*digits);
  if (!value) return range_error("ParseFloat", text);
  return sign * *value;
}

std::optional<std::uint64_t> parse_unsigned_literal(std::string_view text) {
  if (text.empty()) return std::nullopt;
  unsigned base = 10;
  std::string_view digits = text;
  if (text[0] == '0' && text.size() > 1) {
    const char letter = text.size() >= 3 ? ascii_lower(text[1]) : '0';
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    digits.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  }
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c == '_') continue;
    if (!is_hex_digit(c)) return std::nullopt;
    const auto digit = static_cast<unsigned>(is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10);
    if (digit >= base) return std::nullopt;
    if (__builtin_mul_overflow(value, base, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, digit, &value)) return std::nullopt;
  }
  if (text.find('_') != text.npos && !underscores_are_well_placed(text)) return std::nullopt;
  return value;
}

Result<double> parse_number(std::string_view text) {
  const bool is_signed = !text.empty() && (text[0] == '+' || text[0] == '-');
  const std::optional<std::uint64_t> integer = parse_unsigned_literal(text.substr(is_signed ? 1 : 0));
  if (integer && *integer <= std::numeric_limits<std::int64_t>::max()) {
    // An integer has no minus zero.
    const auto size = static_cast<std::int64_t>(*integer);
    return static_cast<double>(is_signed && text[0] == '-' ? -size : size);
  }
  return parse_float(text);
}

Result<std::uint64_t> parse_uint64(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error == std::errc::invalid_argument || end != text.data() + text.size()) {
    return syntax_error("ParseUint", text);
  }
  if (error == std::errc::result_out_of_range) return range_error("ParseUint", text);
  return value;
}

namespace {

// The shortest form that tells a number from its neighbours: "-1.5e+03" and 3.
struct Scientific {
  explicit Scientific(double value) {
    const char* const end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    text = {buffer, static_cast<std::size_t>(end - buffer)};
    mark = text.find('e');
    std::from_chars(text.data() + mark + (text[mark + 1] == '+' ? 2 : 1), end, exponent);
  }
  Scientific(const Scientific&) = delete;
  Scientific& operator=(const Scientific&) = delete;

  char buffer[32];
  std::string_view text;
  std::size_t mark = 0;  // of the e
  int exponent = 0;
};

}  // namespace

std::string format_float(double value) {
  if (!std::isfinite(value)) return format_non_finite(value);
  // Go writes no more digits than it takes to tell the number from its neighbours, and zeros behind them,
  // where to_chars would write large numbers out. Those that a double holds exactly are the same in both.
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::fabs(value) <= kExact) {
    char buffer[400];
    return std::string(buffer,
                       std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr);
  }
  const Scientific form(value);
  std::string digits(value < 0 ? "-" : "");
  for (const char c : form.text.substr(digits.size(), form.mark - digits.size())) {
    if (c != '.') digits += c;
  }
  digits.resize((value < 0 ? 2U : 1U) + static_cast<std::size_t>(form.exponent), '0');
  return digits;
}

std::string format_float_go(double value) {
  if (!std::isfinite(value)) return format_non_finite(value);
  const Scientific form(value);
  // Go's %g writes an exponent where it would be below -4 or above 5.
  return form.exponent < -4 || form.exponent > 5 ? std::string(form.text) : format_float(value);
}

std::string format_float_fixed(double value) {
  return std::isfinite(value) ? format("{:f}", value) : format_non_finite(value);
}

}  // namespace tocsin::promql
