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

// Go's mathematics to the last bit, so that a rule that compares two results decides as upstream's does.
// Their sources are those of Go's math package: FDLIBM for logarithms and the inverse hyperbolic functions,
// Cephes for the circular ones, and for exp() N. Shibata's "Efficient evaluation methods of elementary
// functions suitable for SIMD computation" (2010), which Go uses on amd64.
[[nodiscard]] double go_acos(double value);
[[nodiscard]] double go_acosh(double value);
[[nodiscard]] double go_asin(double value);
[[nodiscard]] double go_asinh(double value);
[[nodiscard]] double go_atan(double value);
[[nodiscard]] double go_atan2(double y, double x);
[[nodiscard]] double go_atanh(double value);
[[nodiscard]] double go_cos(double value);
[[nodiscard]] double go_cosh(double value);
[[nodiscard]] double go_exp(double value);
[[nodiscard]] double go_exp2(double value);
[[nodiscard]] double go_log(double value);
[[nodiscard]] double go_log10(double value);
[[nodiscard]] double go_log1p(double value);
[[nodiscard]] double go_log2(double value);
[[nodiscard]] double go_pow(double base, double exponent);
[[nodiscard]] double go_sin(double value);
[[nodiscard]] double go_sinh(double value);
[[nodiscard]] double go_tan(double value);
[[nodiscard]] double go_tanh(double value);

}  // namespace tocsin::promql
