#include "engine/config/go_duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "promql/format.hpp"
#include "promql/labels.hpp"

namespace tocsin::config {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> kUnits = {{
    {"ns", 1},
    {"us", 1'000},
    {"\xC2\xB5s", 1'000},  // micro sign
    {"\xCE\xBCs", 1'000},  // Greek mu
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
}};

}  // namespace

Result<Duration> parse_go_duration(std::string_view text) {
  const auto invalid = [&](std::string_view what) {
    return Error(format("time: {} {}", what, go_quote(text)));
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return Duration{};
  if (rest.empty()) return invalid("invalid duration");
  long double total = 0;
  while (!rest.empty()) {
    const std::size_t number = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const std::string_view digits = rest.substr(0, number);
    const bool has_digit = digits.find_first_of("0123456789") != std::string_view::npos;
    if (!has_digit || std::ranges::count(digits, '.') > 1) return invalid("invalid duration");
    rest.remove_prefix(number);
    const std::size_t unit_end = std::min(rest.find_first_of("0123456789."), rest.size());
    const std::string_view unit = rest.substr(0, unit_end);
    if (unit.empty()) return invalid("missing unit in duration");
    const auto found = std::ranges::find(kUnits, unit, &std::pair<std::string_view, std::int64_t>::first);
    if (found == kUnits.end()) {
      return Error(format("time: unknown unit {} in duration {}", go_quote(unit), go_quote(text)));
    }
    rest.remove_prefix(unit_end);
    long double value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) {
      return invalid("invalid duration");
    }
    total += std::floor(value * static_cast<long double>(found->second));
  }
  if (total > 9.2e18L) return invalid("invalid duration");
  const Duration duration(static_cast<std::int64_t>(total));
  return negative ? -duration : duration;
}

}  // namespace tocsin::config
