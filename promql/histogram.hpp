// A native histogram with floating-point counts, and the arithmetic that PromQL does on it.
//
// Buckets are exponential (schema -4 to 8: each bound is the one before times 2^(2^-schema)) or custom
// (schema -53: upper bounds in custom_values, no zero bucket, no negative side). Populated stretches of
// buckets are described by spans; counts are absolute. After Prometheus' model/histogram.
//
// Operations change the receiver in place, as the caller owns it; a histogram that is shared is const.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "promql/result.hpp"

namespace tocsin::promql {

inline constexpr std::int32_t kCustomBucketsSchema = -53;
inline constexpr std::int32_t kMinExponentialSchema = -4;
inline constexpr std::int32_t kMaxExponentialSchema = 8;

// What the sample before says about this one, when a counter is meant.
enum class CounterReset : std::uint8_t { unknown, reset, not_reset, gauge };

struct HistogramSpan {
  std::int32_t offset = 0;  // gap to the end of the span before; of the first one its index
  std::uint32_t length = 0;
  friend bool operator==(const HistogramSpan&, const HistogramSpan&) = default;
};

struct HistogramBucket {
  double lower = 0;
  double upper = 0;
  bool lower_inclusive = false;
  bool upper_inclusive = false;
  double count = 0;
  std::int32_t index = 0;  // within the schema and side

  // The share of the bucket below `value`, interpolated linearly or on a logarithmic scale.
  [[nodiscard]] double fraction_below(double value, bool linear) const;
};

// Spans and the counts of their buckets: one side of a histogram.
struct HistogramSide {
  std::vector<HistogramSpan> spans;
  std::vector<double> buckets;
};

// What an addition or subtraction found on its way.
struct HistogramMerge {
  bool reset_collision = false;    // one side says reset, the other not
  bool bounds_reconciled = false;  // custom bounds differed: the common ones are left
};

class FloatHistogram {
 public:
  CounterReset counter_reset = CounterReset::unknown;
  std::int32_t schema = 0;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;
  HistogramSide positive;
  HistogramSide negative;
  std::vector<double> custom_values;

  [[nodiscard]] bool uses_custom_buckets() const { return schema == kCustomBucketsSchema; }
  // Ends the series, as the one NaN does for a number.
  [[nodiscard]] bool is_stale_marker() const;
  // How many 16-byte samples it counts as against a query's limit.
  [[nodiscard]] std::size_t sample_weight() const;

  // The same in a lower resolution. REQUIRES: exponential, target <= schema, unless equal.
  [[nodiscard]] FloatHistogram copy_to_schema(std::int32_t target) const;
  // REQUIRES: exponential buckets.
  [[nodiscard]] HistogramBucket zero_bucket() const;
  // Inconsistent spans, negative counts, bad bounds, fields that the schema does not have. Upstream's texts.
  [[nodiscard]] Result<void> validate() const;

  FloatHistogram& multiply(double factor);
  FloatHistogram& divide(double divisor);
  // The error is that of mixing exponential and custom buckets; the receiver is then as it was.
  Result<HistogramMerge> add(const FloatHistogram& other);
  Result<HistogramMerge> subtract(const FloatHistogram& other);
  // Adds with Kahan's summation; `compensation` starts as an empty one and belongs to this receiver.
  Result<HistogramMerge> kahan_add(const FloatHistogram& other,
                                   std::unique_ptr<FloatHistogram>& compensation);
  // Cuts out empty buckets, and joins spans that are at most `max_empty` buckets apart.
  FloatHistogram& compact(int max_empty);
  // Keeps the observations below (upper) or above `bound`: the operators </ and >/.
  FloatHistogram& trim(double bound, bool upper);

  // Whether a counter was reset between `previous` and this one; a set hint decides without looking.
  [[nodiscard]] bool detect_reset(const FloatHistogram& previous) const;
  [[nodiscard]] bool has_overflow() const;
  // The same data to the bit; hints do not count, nor does how empty stretches are spelled.
  [[nodiscard]] bool equals(const FloatHistogram& other) const;

  // {count:4, sum:5, [-1,-0.5):2, ...}
  [[nodiscard]] std::string to_string() const;
  // {{schema:0 count:4 sum:5 buckets:[1 2]}}, the notation of promtool's unit tests.
  [[nodiscard]] std::string to_test_expression() const;
};

// Walks over buckets. The histogram must outlive the walk.
//   positive, negative: away from zero. `start`: skips buckets whose upper bound (absolute) is not above it.
//   `target_schema`: merges buckets to a lower resolution on the fly.
class BucketWalk {
 public:
  BucketWalk(const FloatHistogram& histogram, bool positive);
  BucketWalk(const FloatHistogram& histogram, bool positive, double start, std::int32_t target_schema);
  bool next();
  [[nodiscard]] HistogramBucket bucket() const;
  [[nodiscard]] std::int32_t index() const { return index_; }
  [[nodiscard]] double count() const { return count_; }

 private:
  bool next_same_schema();
  bool next_merged();

  const HistogramSide* side_;
  const FloatHistogram* histogram_;
  bool positive_;
  std::int32_t target_schema_;
  double start_;
  bool past_start_;
  std::size_t span_ = 0;
  std::uint32_t in_span_ = 0;
  std::size_t bucket_ = 0;
  std::int32_t index_ = 0;
  std::int32_t source_index_ = 0;
  double count_ = 0;
};

// All buckets in rising order, or in falling order: negative, zero, positive. Bounds that reach into the zero
// bucket are cut at its threshold.
[[nodiscard]] std::vector<HistogramBucket> all_buckets(const FloatHistogram& histogram);
[[nodiscard]] std::vector<HistogramBucket> all_buckets_reversed(const FloatHistogram& histogram);

// The upper bound of bucket `index` on the positive side. REQUIRES: an exponential schema.
[[nodiscard]] double exponential_bound(std::int32_t index, std::int32_t schema);

}  // namespace tocsin::promql
