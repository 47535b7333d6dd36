// What an expression evaluates to.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::promql {

// The one NaN bit pattern that ends a series (Prometheus' value.StaleNaN); every other NaN is a value.
inline constexpr std::uint64_t kStaleNanBits = 0x7ff0000000000002ULL;
[[nodiscard]] inline double stale_nan() {
  return std::bit_cast<double>(kStaleNanBits);
}
[[nodiscard]] inline bool is_stale_nan(double value) {
  return std::bit_cast<std::uint64_t>(value) == kStaleNanBits;
}

// Equal to the bit: every NaN equals itself, and zeros are told apart.
[[nodiscard]] inline bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

class FloatHistogram;  // promql/histogram.hpp

// A sample of a result: a number, or a native histogram (then value is 0).
struct Sample {
  Timestamp time{};
  double value = 0;
  std::shared_ptr<const FloatHistogram> histogram;
};

struct Series {
  Labels labels;
  std::vector<Sample> samples;  // rising in time
};

struct Scalar {
  Timestamp time{};
  double value = 0;
};
struct StringValue {
  Timestamp time{};
  std::string value;
};
// Labels are unique within a vector or matrix.
struct VectorSample {
  Labels labels;
  Sample sample;
};
using Vector = std::vector<VectorSample>;
using Matrix = std::vector<Series>;

using Value = std::variant<Scalar, StringValue, Vector, Matrix>;

// Go's strconv.FormatFloat(v, 'f', -1, 64), as the query API prints numbers: "1000000", "+Inf", "NaN".
[[nodiscard]] std::string format_float(double value);
// Go's %v of a float64, as templates and alert values print it: "1e+06", "100000", "+Inf".
[[nodiscard]] std::string format_float_go(double value);
// Go's %f of a float64: six decimals, "+Inf", "NaN".
[[nodiscard]] std::string format_float_fixed(double value);

}  // namespace tocsin::promql
