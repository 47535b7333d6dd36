// Quantiles and fractions of histograms: classic ones, given as cumulative buckets, and native ones. After
// Prometheus' promql/quantile.go.
#pragma once

#include <span>
#include <vector>

#include "promql/histogram.hpp"

namespace tocsin::promql {

struct ClassicBucket {
  double upper_bound = 0;
  double count = 0;  // cumulative
};

struct BucketQuantile {
  double value = 0;
  // Counts fell from one bucket to the next by more than rounding explains, and were lifted.
  bool forced_monotonic = false;
  double min_bucket = 0;
  double max_bucket = 0;
  double max_difference = 0;
};

// REQUIRES: at least one bucket, sorted by upper bound. Both change the buckets: equal bounds are joined, and
// counts are made to rise. What joining leaves over stays behind the joined ones; sorted again, the next
// quantile of the same buckets meets it, as in upstream (promql/quantile.go, coalesceBuckets), whose results
// those are. Interpolation is linear.
[[nodiscard]] BucketQuantile bucket_quantile(double quantile, std::span<ClassicBucket> buckets);
[[nodiscard]] double bucket_fraction(double lower, double upper, std::span<ClassicBucket> buckets);

// What NaN observations do to the answer.
enum class NanEffect { none, result_is_nan, skewed, left_out };
struct NativeQuantile {
  double value = 0;
  NanEffect nan = NanEffect::none;
};
// Interpolation is exponential, but linear within the zero bucket and custom ones.
[[nodiscard]] NativeQuantile native_quantile(double quantile, const FloatHistogram& histogram);
[[nodiscard]] NativeQuantile native_fraction(double lower, double upper, const FloatHistogram& histogram);

}  // namespace tocsin::promql
