#include "engine/config/byte_size.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <system_error>

#include "promql/format.hpp"

namespace tocsin::config {

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const Error invalid(format("not a valid size: \"{}\", expected a form such as \"10MB\"", text));
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest.empty()) return invalid;
  if (rest == "0") return std::uint64_t{0};
  double sum = 0;
  while (!rest.empty()) {
    const std::size_t number = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const std::string_view digits = rest.substr(0, number);
    rest.remove_prefix(number);
    const std::size_t unit_end = std::min(rest.find_first_of("0123456789."), rest.size());
    const std::string_view unit = rest.substr(0, unit_end);
    rest.remove_prefix(unit_end);
    if (digits.empty() || digits == "." || std::ranges::count(digits, '.') > 1 || unit.empty())
      return invalid;
    static constexpr std::string_view kPrefixes = "KMGTPE";
    const bool bytes = unit == "B";
    const std::size_t power = bytes ? 0 : kPrefixes.find(unit[0]) + 1;
    if (!bytes && (kPrefixes.find(unit[0]) == std::string_view::npos ||
                   (unit.substr(1) != "B" && unit.substr(1) != "iB"))) {
      return invalid;
    }
    double value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc())
      return invalid;
    sum += value * std::pow(1024.0, static_cast<double>(power));
  }
  if (sum >= 9.2e18) return invalid;
  return negative ? 0 : static_cast<std::uint64_t>(sum);
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::string out;
  for (std::size_t i = 0; i < kUnits.size(); ++i, bytes /= 1024) {
    if (bytes % 1024 != 0) out.insert(0, format("{}{}", bytes % 1024, kUnits[i]));
  }
  return out;
}

}  // namespace tocsin::config
