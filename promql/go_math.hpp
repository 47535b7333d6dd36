// Arithmetic where Go and C++ differ, with Go's results.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace tocsin::promql {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// math.Max and math.Min: infinity of the right sign wins over NaN, NaN over numbers, and zeros are told
// apart.
[[nodiscard]] inline double go_max(double a, double b) {
  if (a == kInfinity || b == kInfinity) return kInfinity;
  if (std::isnan(a) || std::isnan(b)) return kNaN;
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
[[nodiscard]] inline double go_min(double a, double b) {
  if (a == -kInfinity || b == -kInfinity) return -kInfinity;
  if (std::isnan(a) || std::isnan(b)) return kNaN;
  if (a == 0 && b == 0) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}

// int64(value) as amd64 converts it: what does not fit, NaN included, is the smallest number.
[[nodiscard]] inline std::int64_t to_int64(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  if (!(value >= -kLimit && value < kLimit)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

// math.Log, Log2, Log10 and Exp2, to the last bit: quantiles of native histograms are interpolated with them.
// After FDLIBM's e_log.c and e_exp.c, which Go's are.
[[nodiscard]] double go_log(double value);
[[nodiscard]] double go_log2(double value);
[[nodiscard]] double go_log10(double value);
[[nodiscard]] double go_exp2(double value);

}  // namespace tocsin::promql
