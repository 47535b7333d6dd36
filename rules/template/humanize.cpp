#include "rules/template/humanize.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "promql/format.hpp"
#include "promql/number_text.hpp"
#include "promql/value.hpp"
#include "rules/template/padding.hpp"

namespace tocsin::templates {
namespace {

constexpr auto kSmall = std::to_array<std::string_view>({"m", "u", "n", "p", "f", "a", "z", "y"});

std::string four_digits(double value) {
  return format_float(value, 'g', 4);
}

bool is_special(double value) {
  return std::isnan(value) || std::isinf(value);
}

// Divides by `step` while the value is that large, and gives the last prefix used.
template <std::size_t N>
std::string_view scale_down(double& value, double step, const std::array<std::string_view, N>& prefixes) {
  std::string_view used;
  for (const std::string_view prefix : prefixes) {
    if (std::abs(value) < step) break;
    used = prefix;
    value /= step;
  }
  return used;
}

std::string_view scale_up(double& value) {
  std::string_view used;
  for (const std::string_view prefix : kSmall) {
    if (std::abs(value) >= 1) break;
    used = prefix;
    value *= 1000;
  }
  return used;
}

std::string with_prefix(double value, std::string_view prefix) {
  return four_digits(value) + std::string(prefix);
}

}  // namespace

Result<double> to_float(const Value& boxed) {
  const Value value = boxed.outside_interface();
  const Type* type = value.valid() ? &value.type() : nullptr;
  if (type == &float64_type()) return value.floating();
  if (type == &string_type()) return promql::parse_float(value.string());
  if (type == &int_type() || type == &int64_type()) return static_cast<double>(value.integer());
  if (type == &uint64_type()) return static_cast<double>(value.unsigned_integer());
  if (type == &duration_type()) {
    const std::int64_t count = value.integer();
    const std::int64_t seconds = count / 1'000'000'000;
    return static_cast<double>(seconds) + static_cast<double>(count % 1'000'000'000) / 1e9;
  }
  return Error(format("can't convert {} to float", value.type_name()));
}

std::int64_t to_int64(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  if (!(value >= -kLimit && value < kLimit)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

std::string humanize(double value) {
  static constexpr auto kLarge = std::to_array<std::string_view>({"k", "M", "G", "T", "P", "E", "Z", "Y"});
  if (value == 0 || is_special(value)) return four_digits(value);
  const std::string_view prefix = std::abs(value) >= 1 ? scale_down(value, 1000, kLarge) : scale_up(value);
  return with_prefix(value, prefix);
}

std::string humanize_1024(double value) {
  static constexpr auto kLarge =
      std::to_array<std::string_view>({"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"});
  if (std::abs(value) <= 1 || is_special(value)) return four_digits(value);
  const std::string_view prefix = scale_down(value, 1024, kLarge);
  return with_prefix(value, prefix);
}

std::string humanize_duration(double seconds) {
  if (is_special(seconds)) return four_digits(seconds);
  if (seconds == 0) return four_digits(seconds) + "s";
  if (std::abs(seconds) < 1) {
    const std::string_view prefix = scale_up(seconds);
    return with_prefix(seconds, prefix) + "s";
  }
  const std::string_view sign = seconds < 0 ? "-" : "";
  const double size = std::abs(seconds);
  const std::int64_t whole = to_int64(size);
  const std::int64_t days = whole / 86'400;
  const std::int64_t hours = whole / 3600 % 24;
  const std::int64_t minutes = whole / 60 % 60;
  if (days != 0) return format("{}{}d {}h {}m {}s", sign, days, hours, minutes, whole % 60);
  if (hours != 0) return format("{}{}h {}m {}s", sign, hours, minutes, whole % 60);
  if (minutes != 0) return format("{}{}m {}s", sign, minutes, whole % 60);
  return std::string(sign) + four_digits(size) + "s";
}

std::string humanize_percentage(double ratio) {
  return four_digits(ratio * 100) + "%";
}

Result<GoTime> float_to_time(double seconds) {
  if (is_special(seconds)) return Error("value is NaN or Inf");
  const double nanoseconds = seconds * 1e9;
  constexpr double kLimit = 9223372036854775808.0;
  if (nanoseconds > kLimit || nanoseconds < -kLimit) {
    return Error(format("{} cannot be represented as a nanoseconds timestamp since it overflows int64",
                        promql::format_float_go(seconds)));
  }
  const std::int64_t milliseconds = to_int64(nanoseconds) / 1'000'000;
  GoTime time{milliseconds / 1000, static_cast<std::int32_t>(milliseconds % 1000 * 1'000'000), {}};
  if (time.nanoseconds < 0) {
    --time.unix_seconds;
    time.nanoseconds += 1'000'000'000;
  }
  return time;
}

Result<std::string> humanize_timestamp(double seconds) {
  if (is_special(seconds)) return four_digits(seconds);
  const auto time = float_to_time(seconds);
  if (!time) return time.error();
  return time->to_string();
}

}  // namespace tocsin::templates
