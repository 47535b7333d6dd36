#include "promql/quantile.hpp"

#include <algorithm>
#include <cmath>

#include "promql/go_math.hpp"

namespace tocsin::promql {
namespace {

// Differences this small, relative to the counts, come from rounding.
constexpr double kSmallDelta = 1e-12;

bool almost_equal(double a, double b, double epsilon) {
  if ((std::isnan(a) && std::isnan(b)) || a == b) return true;
  constexpr double kSmallestNormal = std::numeric_limits<double>::min();
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < kSmallestNormal) return difference < epsilon * kSmallestNormal;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < epsilon;
}

std::span<ClassicBucket> join_equal_bounds(std::span<ClassicBucket> buckets) {
  std::size_t last = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper_bound == buckets[last].upper_bound) {
      buckets[last].count += buckets[i].count;
    } else {
      buckets[++last] = buckets[i];
    }
  }
  return buckets.first(last + 1);
}

void make_monotonic(std::span<ClassicBucket> buckets, BucketQuantile& result) {
  result.min_bucket = kInfinity;
  result.max_bucket = -kInfinity;
  double before = buckets[0].count;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    ClassicBucket& bucket = buckets[i];
    if (bucket.count == before) continue;
    const double count = bucket.count;
    if (almost_equal(before, count, kSmallDelta)) {
      bucket.count = before;
    } else if (count < before) {
      bucket.count = before;
      result.forced_monotonic = true;
      result.min_bucket = std::min(result.min_bucket, bucket.upper_bound);
      result.max_bucket = std::max(result.max_bucket, bucket.upper_bound);
      result.max_difference = std::max(result.max_difference, before - count);
    } else {
      before = count;
    }
  }
}

double interpolate(double rank, std::span<const ClassicBucket> buckets) {
  const auto at = std::find_if(buckets.begin(), buckets.end() - 1,
                               [rank](const ClassicBucket& bucket) { return bucket.count >= rank; });
  if (at == buckets.end() - 1) return buckets[buckets.size() - 2].upper_bound;
  if (at == buckets.begin() && at->upper_bound <= 0) return at->upper_bound;
  double start = 0;
  double count = at->count;
  if (at != buckets.begin()) {
    start = (at - 1)->upper_bound;
    count -= (at - 1)->count;
    rank -= (at - 1)->count;
  }
  return start + (at->upper_bound - start) * (rank / count);
}

// How many observations lie below a value; worked out while walking over buckets in rising order.
struct Rank {
  double value = 0;
  bool set = false;
  void fix(double rank) {
    value = rank;
    set = true;
  }
};

}  // namespace

BucketQuantile bucket_quantile(double quantile, std::span<ClassicBucket> buckets) {
  BucketQuantile result;
  if (std::isnan(quantile) || quantile < 0 || quantile > 1) {
    result.value = std::isnan(quantile) ? kNaN : (quantile < 0 ? -kInfinity : kInfinity);
    return result;
  }
  result.value = kNaN;
  if (buckets.back().upper_bound != kInfinity) return result;
  const std::span<ClassicBucket> joined = join_equal_bounds(buckets);
  make_monotonic(joined, result);
  if (joined.size() < 2 || joined.back().count == 0) return result;
  result.value = interpolate(quantile * joined.back().count, joined);
  return result;
}

double bucket_fraction(double lower, double upper, std::span<ClassicBucket> buckets) {
  if (buckets.back().upper_bound != kInfinity) return kNaN;
  buckets = join_equal_bounds(buckets);
  const double count = buckets.back().count;
  if (count == 0 || std::isnan(lower) || std::isnan(upper)) return kNaN;
  if (lower >= upper) return 0;

  double rank = 0;
  Rank lower_rank;
  Rank upper_rank;
  double bucket_start = buckets.front().upper_bound <= 0 ? -kInfinity : 0;
  for (const ClassicBucket& bucket : buckets) {
    const auto place = [&](double bound, Rank& of) {
      if (of.set) return;
      if (bucket_start >= bound) {
        of.fix(rank);
      } else if (bucket.upper_bound > bound) {
        // Nothing can be said of the inside of a bucket without a lower end: all of it counts.
        const bool open = bucket_start == -kInfinity;
        of.fix(open ? bucket.count
                    : rank + (bucket.count - rank) * (bound - bucket_start) /
                                 (bucket.upper_bound - bucket_start));
      }
    };
    place(lower, lower_rank);
    place(upper, upper_rank);
    if (lower_rank.set && upper_rank.set) break;
    rank = bucket.count;
    bucket_start = bucket.upper_bound;
  }
  if (!lower_rank.set || lower_rank.value > count) lower_rank.value = count;
  if (!upper_rank.set || upper_rank.value > count) upper_rank.value = count;
  return (upper_rank.value - lower_rank.value) / count;
}

namespace {

double exponential_interpolation(const HistogramBucket& bucket, double fraction) {
  const double log_lower = go_log2(std::fabs(bucket.lower));
  const double log_upper = go_log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return go_exp2(log_lower + (log_upper - log_lower) * fraction);
  // A negative bucket is the mirror of a positive one.
  return -go_exp2(log_upper + (log_lower - log_upper) * (1 - fraction));
}

// A histogram with one side only ends at zero on the other, if the zero bucket is reached.
void cut_zero_bucket(HistogramBucket& bucket, const FloatHistogram& histogram) {
  if (histogram.negative.buckets.empty() && !histogram.positive.buckets.empty()) {
    bucket.lower = 0;
  } else if (histogram.positive.buckets.empty() && !histogram.negative.buckets.empty()) {
    bucket.upper = 0;
  }
}

}  // namespace

NativeQuantile native_quantile(double quantile, const FloatHistogram& histogram) {
  if (quantile < 0) return {-kInfinity};
  if (quantile > 1) return {kInfinity};
  if (histogram.count == 0 || std::isnan(quantile)) return {kNaN};

  // Observations of NaN are counted but are in no bucket: they are taken for the largest, so the walk starts
  // below.
  const bool may_hold_nan = std::isnan(histogram.sum);
  const bool forward = may_hold_nan || quantile < 0.5;
  const std::vector<HistogramBucket> buckets =
      forward ? all_buckets(histogram) : all_buckets_reversed(histogram);
  double rank = (forward ? quantile : 1 - quantile) * histogram.count;
  HistogramBucket bucket;
  double count = 0;
  auto at = buckets.begin();
  for (; at != buckets.end(); ++at) {
    bucket = *at;
    if (bucket.count == 0) continue;
    count += bucket.count;
    if (count >= rank) {
      ++at;
      break;
    }
  }
  const bool custom = histogram.uses_custom_buckets();
  if (!custom && bucket.lower < 0 && bucket.upper > 0) {
    cut_zero_bucket(bucket, histogram);
  } else if (custom && bucket.lower == -kInfinity) {
    if (bucket.upper <= 0) return {bucket.upper};
    bucket.lower = 0;
  } else if (custom && bucket.upper == kInfinity) {
    return {bucket.lower};
  }
  count = std::min(count, histogram.count);
  if (count < rank) {
    return may_hold_nan ? NativeQuantile{kNaN, NanEffect::result_is_nan} : NativeQuantile{bucket.upper};
  }
  rank = forward ? rank - (count - bucket.count) : count - rank;
  // Interpolation is within the bucket that was found; what follows is counted to see whether NaN was
  // observed.
  NativeQuantile result;
  const HistogramBucket found = bucket;
  double found_count = found.count;
  if (may_hold_nan) {
    for (; at != buckets.end(); ++at) {
      bucket = *at;
      count += bucket.count;
    }
    if (count < histogram.count) result.nan = NanEffect::skewed;
    found_count = bucket.count;
  }
  // Upstream goes on with the last bucket it has looked at.
  const HistogramBucket& used = may_hold_nan ? bucket : found;
  const double fraction = rank / found_count;
  if (custom || (used.lower <= 0 && used.upper >= 0)) {
    result.value = used.lower + (used.upper - used.lower) * fraction;
  } else {
    result.value = exponential_interpolation(used, fraction);
  }
  return result;
}

NativeQuantile native_fraction(double lower, double upper, const FloatHistogram& histogram) {
  if (histogram.count == 0 || std::isnan(lower) || std::isnan(upper)) return {kNaN};
  if (lower >= upper) return {0};

  double count = 0;
  double rank = 0;
  Rank lower_rank;
  Rank upper_rank;
  const std::vector<HistogramBucket> buckets = all_buckets(histogram);
  auto at = buckets.begin();
  for (; at != buckets.end();) {
    HistogramBucket bucket = *at++;
    count += bucket.count;
    const bool zero_bucket = bucket.lower <= 0 && bucket.upper >= 0;
    if (zero_bucket) cut_zero_bucket(bucket, histogram);
    const bool linear = histogram.uses_custom_buckets() || zero_bucket;
    const auto place = [&](double bound, Rank& of) {
      if (of.set) return;
      if (bucket.lower >= bound) {
        of.fix(rank);
      } else if (bucket.upper > bound) {
        const bool open = linear && bucket.lower == -kInfinity;
        of.fix(open ? bucket.count : rank + bucket.count * bucket.fraction_below(bound, linear));
      }
    };
    place(lower, lower_rank);
    place(upper, upper_rank);
    if (lower_rank.set && upper_rank.set) break;
    rank += bucket.count;
  }
  NativeQuantile result;
  if (std::isnan(histogram.sum)) {
    for (; at != buckets.end(); ++at) count += at->count;
    if (count < histogram.count) result.nan = NanEffect::left_out;
  } else {
    count = histogram.count;
  }
  if (!lower_rank.set || lower_rank.value > count) lower_rank.value = count;
  if (!upper_rank.set || upper_rank.value > count) upper_rank.value = count;
  result.value = (upper_rank.value - lower_rank.value) / histogram.count;
  return result;
}

}  // namespace tocsin::promql
