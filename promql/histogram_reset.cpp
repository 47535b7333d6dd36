// Whether a counter was reset between two histograms, and what is left of one when it is cut at a bound.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "promql/go_math.hpp"
#include "promql/histogram.hpp"

namespace tocsin::promql {
namespace {

// A populated bucket of the one before that is missing or smaller now.
bool side_was_reset(BucketWalk current, BucketWalk previous) {
  bool more = current.next();
  while (previous.next()) {
    while (more && current.index() < previous.index()) more = current.next();
    const bool missing = !more || current.index() > previous.index();
    if (missing ? previous.count() != 0 : current.count() < previous.count()) return true;
  }
  return false;
}

// The zero count of `histogram` if its zero bucket reached to `threshold`; nothing if that lies within a
// populated bucket.
std::optional<double> zero_count_up_to(const FloatHistogram& histogram, double threshold) {
  double count = histogram.zero_count;
  if (threshold == histogram.zero_threshold) return count;
  for (const bool positive : {true, false}) {
    for (BucketWalk walk(histogram, positive); walk.next();) {
      const HistogramBucket bucket = walk.bucket();
      if ((positive ? bucket.lower : -bucket.upper) >= threshold) break;
      if ((positive ? bucket.upper : -bucket.lower) > threshold && bucket.count != 0) return std::nullopt;
      count += bucket.count;
    }
  }
  return count;
}

// Custom buckets of different bounds: compared between the bounds that both have.
bool custom_was_reset(const FloatHistogram& current, const FloatHistogram& previous) {
  std::vector<double> common;
  std::set_intersection(current.custom_values.begin(), current.custom_values.end(),
                        previous.custom_values.begin(), previous.custom_values.end(),
                        std::back_inserter(common));
  common.push_back(kInfinity);
  BucketWalk current_walk(current, true);
  BucketWalk previous_walk(previous, true);
  bool current_more = current_walk.next();
  bool previous_more = previous_walk.next();
  const auto sum_up_to = [](BucketWalk& walk, bool& more, double bound) {
    double sum = 0;
    while (more && walk.bucket().upper <= bound) {
      sum += walk.count();
      more = walk.next();
    }
    return sum;
  };
  return std::any_of(common.begin(), common.end(), [&](double bound) {
    return sum_up_to(current_walk, current_more, bound) < sum_up_to(previous_walk, previous_more, bound);
  });
}

}  // namespace

// A higher resolution or a narrower zero bucket can only come with a reset; the other way round, the one
// before is merged to what this one has.
bool FloatHistogram::detect_reset(const FloatHistogram& previous) const {
  if (counter_reset == CounterReset::reset) return true;
  if (counter_reset == CounterReset::not_reset) return false;
  if (count < previous.count) return true;
  if (uses_custom_buckets()) {
    if (!previous.uses_custom_buckets()) return true;
    if (custom_values != previous.custom_values) return custom_was_reset(*this, previous);
  }
  if (schema > previous.schema || zero_threshold < previous.zero_threshold) return true;
  const auto previous_zero = zero_count_up_to(previous, zero_threshold);
  if (!previous_zero || zero_count < *previous_zero) return true;
  for (const bool positive_side : {true, false}) {
    if (side_was_reset(BucketWalk(*this, positive_side, zero_threshold, schema),
                       BucketWalk(previous, positive_side, zero_threshold, schema))) {
      return true;
    }
  }
  return false;
}

namespace {

double finite_or_zero(double value) {
  return std::isinf(value) ? 0 : value;
}

// The value that stands for what is left of a bucket.
double midpoint(double lower, double upper, bool positive, bool linear) {
  if (std::isinf(lower)) {
    if (std::isinf(upper)) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (std::isinf(upper)) return lower;
  if (linear) return (lower + upper) / 2;
  const double geometric = std::sqrt(std::fabs(lower * upper));
  return positive ? geometric : -geometric;
}

// What is kept of a bucket, and where it lies.
struct Kept {
  double count = 0;
  double middle = 0;
};

// A bucket without an end on one side: how its observations are spread is not known, so all or nothing is
// kept, unless zero can serve as its lower end.
Kept trim_open_bucket(const HistogramBucket& bucket, double bound, bool upper) {
  if (bucket.lower == -kInfinity) {
    const bool finite = bucket.upper != kInfinity;
    if (upper) {
      if (bound >= bucket.upper) return {bucket.count, 0};
      if (bound > 0 && bucket.upper > 0 && finite) return {bucket.count * bound / bucket.upper, bound / 2};
      if (bucket.upper <= 0) return {bucket.count, bound};
      return {0, finite_or_zero(bucket.upper)};
    }
    if (bound <= bucket.lower) return {bucket.count, 0};
    if (bound >= 0 && bucket.upper > bound && finite) {
      return {bucket.count * (1 - bound / bucket.upper), (bound + bucket.upper) / 2};
    }
    return {0, finite_or_zero(bucket.upper)};
  }
  if (!upper && bound >= bucket.lower) return {bucket.count, bound};
  return {0, finite_or_zero(bucket.lower)};
}

Kept trim_bucket(const HistogramBucket& bucket, double bound, bool upper, bool positive, bool linear) {
  if (bucket.lower == -kInfinity || bucket.upper == kInfinity) return trim_open_bucket(bucket, bound, upper);
  double below = bucket.count * bucket.fraction_below(bound, linear);
  if (bound <= bucket.lower) below = 0;
  if (bound >= bucket.upper) below = bucket.count;
  if (upper) return {below, midpoint(bucket.lower, bound, positive, linear)};
  return {bucket.count - below, midpoint(bound, bucket.upper, positive, linear)};
}

Kept trim_zero_bucket(const HistogramBucket& bucket, double bound, bool upper, bool has_negative,
                      bool has_positive) {
  const double low = has_positive && !has_negative ? 0 : bucket.lower;
  const double high = has_negative && !has_positive ? 0 : bucket.upper;
  const Kept all{bucket.count, (low + high) / 2};
  if (bound <= low) return upper ? Kept{} : all;
  if (bound >= high) return upper ? all : Kept{};
  if (upper) return {bucket.count * ((bound - low) / (high - low)), (low + bound) / 2};
  return {bucket.count * ((high - bound) / (high - low)), (bound + high) / 2};
}

}  // namespace

FloatHistogram& FloatHistogram::trim(double bound, bool upper) {
  double kept_count = 0;
  double kept_sum = 0;
  bool trimmed = false;
  bool populated[2] = {false, false};
  const bool custom = uses_custom_buckets();
  for (const bool positive_side : {true, false}) {
    HistogramSide& side = positive_side ? positive : negative;
    std::size_t i = 0;
    for (BucketWalk walk(*this, positive_side); walk.next(); ++i) {
      const HistogramBucket bucket = walk.bucket();
      if (bucket.count == 0) continue;
      populated[positive_side ? 1 : 0] = true;
      const bool whole = upper ? bucket.upper <= bound : bucket.lower >= bound;
      const bool part = upper ? bucket.lower < bound : bucket.upper > bound;
      Kept kept;
      if (whole) {
        kept = {bucket.count, midpoint(bucket.lower, bucket.upper, positive_side, custom)};
      } else if (part) {
        kept = trim_bucket(bucket, bound, upper, positive_side, custom);
      }
      kept_count += kept.count;
      kept_sum += kept.middle * kept.count;
      if (kept.count != bucket.count || (!whole && !part)) {
        side.buckets[i] = kept.count;
        trimmed = true;
      }
    }
  }
  if (zero_count > 0) {
    const Kept kept = trim_zero_bucket(zero_bucket(), bound, upper, populated[0], populated[1]);
    if (zero_count != kept.count) {
      zero_count = kept.count;
      trimmed = true;
    }
    kept_sum += kept.middle * kept.count;
    kept_count += kept.count;
  }
  if (trimmed) {
    count = kept_count;
    sum = kept_sum;
    compact(0);
  }
  return *this;
}

}  // namespace tocsin::promql
