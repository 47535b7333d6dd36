// Sums, differences and layouts of histograms.
//
// A side is worked on as a list of (index, count, compensation), in rising order of index; spans are made
// anew from the indexes. A compensation histogram, where Kahan's summation needs one, has the layout of the
// sum it belongs to. Two histograms are added in the coarser of their schemas and the wider of their zero
// buckets; custom buckets in the bounds that both have. After Prometheus' float_histogram.go.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "promql/go_math.hpp"
#include "promql/histogram.hpp"
#include "promql/kahan.hpp"

namespace tocsin::promql {
namespace {

struct Entry {
  std::int32_t index;
  KahanSum count;
};
using Entries = std::vector<Entry>;

Entries to_entries(const HistogramSide& side, const HistogramSide* compensation) {
  Entries entries;
  entries.reserve(side.buckets.size());
  std::int32_t index = 0;
  std::size_t bucket = 0;
  for (const HistogramSpan& span : side.spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && bucket < side.buckets.size(); ++i, ++bucket, ++index) {
      entries.push_back({index, {side.buckets[bucket], compensation ? compensation->buckets[bucket] : 0.0}});
    }
  }
  return entries;
}

// `joined_gap`: gaps of at most so many buckets are filled with empty ones.
void from_entries(const Entries& entries, HistogramSide& side, HistogramSide* compensation,
                  std::int64_t joined_gap = 0) {
  side.spans.clear();
  side.buckets.clear();
  std::vector<double> compensations;
  std::int32_t next = 0;
  for (const Entry& entry : entries) {
    const std::int64_t gap = static_cast<std::int64_t>(entry.index) - next;
    if (side.spans.empty() || gap > joined_gap) {
      side.spans.push_back({static_cast<std::int32_t>(gap), 1});
    } else {
      side.buckets.insert(side.buckets.end(), static_cast<std::size_t>(gap), 0.0);
      compensations.insert(compensations.end(), static_cast<std::size_t>(gap), 0.0);
      side.spans.back().length += static_cast<std::uint32_t>(gap) + 1;
    }
    side.buckets.push_back(entry.count.sum);
    compensations.push_back(entry.count.compensation);
    next = entry.index + 1;
  }
  if (compensation != nullptr) *compensation = {side.spans, std::move(compensations)};
}

std::int32_t coarser_index(std::int32_t index, std::int32_t from, std::int32_t to) {
  return ((index - 1) >> (from - to)) + 1;
}

// `compensated`: sums within a bucket are Kahan's.
Entries reduced(const Entries& entries, std::int32_t from, std::int32_t to, bool compensated) {
  Entries result;
  for (const Entry& entry : entries) {
    const std::int32_t index = coarser_index(entry.index, from, to);
    if (result.empty() || result.back().index != index) {
      result.push_back({index, entry.count});
    } else if (compensated) {
      result.back().count.add(entry.count.sum);
      result.back().count.add(entry.count.compensation);
    } else {
      result.back().count.sum += entry.count.sum;
    }
  }
  return result;
}

// Adds `other` to `base`. Buckets of `other` that lie within the zero bucket are part of its count already.
Entries added(const Entries& base, const Entries& other, std::int32_t schema, double threshold, bool negative,
              bool compensated) {
  const bool exponential = schema != kCustomBucketsSchema;
  auto right = other.begin();
  while (right != other.end() && exponential && exponential_bound(right->index, schema) <= threshold) ++right;
  Entries result;
  result.reserve(base.size() + other.size());
  auto left = base.begin();
  for (; right != other.end(); ++right) {
    const double sign = negative ? -1.0 : 1.0;
    const KahanSum addend{right->count.sum * sign, right->count.compensation * sign};
    while (left != base.end() && left->index < right->index) result.push_back(*left++);
    if (left == base.end() || left->index != right->index) {
      result.push_back({right->index, addend});
      continue;
    }
    result.push_back(*left++);
    KahanSum& count = result.back().count;
    if (compensated) {
      count.add(addend.sum);
      if (addend.compensation != 0) count.add(addend.compensation);
    } else {
      count.sum += addend.sum;
    }
  }
  result.insert(result.end(), left, base.end());
  return result;
}

void compact_side(HistogramSide& side, HistogramSide* compensation, int max_empty) {
  Entries entries = to_entries(side, compensation);
  std::erase_if(entries,
                [](const Entry& entry) { return entry.count.sum == 0 && entry.count.compensation == 0; });
  from_entries(entries, side, compensation, max_empty);
}

// The zero count that a histogram would have with a wider zero bucket. A threshold within a populated bucket
// moves up to that bucket's end.
struct ZeroBucket {
  double count = 0;
  double threshold = 0;
  double compensation = 0;
};

// Takes the buckets of one side that lie below the threshold. False: the threshold moved, so start again.
bool take_side(const FloatHistogram& histogram, const FloatHistogram* compensation, bool positive,
               ZeroBucket& zero) {
  const HistogramSide* side = nullptr;
  if (compensation != nullptr) side = positive ? &compensation->positive : &compensation->negative;
  std::size_t i = 0;
  for (BucketWalk walk(histogram, positive); walk.next(); ++i) {
    const HistogramBucket bucket = walk.bucket();
    const double inner = positive ? bucket.lower : -bucket.upper;
    const double outer = positive ? bucket.upper : -bucket.lower;
    if (inner >= zero.threshold) return true;
    kahan_add(bucket.count, zero.count, zero.compensation);
    if (side != nullptr) kahan_add(side->buckets[i], zero.count, zero.compensation);
    if (outer > zero.threshold) {
      if (bucket.count == 0) return true;
      zero.threshold = outer;
      return positive;  // on the negative side what was taken of the positive one is no longer right
    }
  }
  return true;
}

ZeroBucket widened(const FloatHistogram& histogram, double threshold, const FloatHistogram* compensation) {
  ZeroBucket zero{histogram.zero_count, threshold, compensation != nullptr ? compensation->zero_count : 0};
  if (threshold == histogram.zero_threshold) return zero;
  for (;;) {
    zero.count = histogram.zero_count;
    if (take_side(histogram, compensation, true, zero) && take_side(histogram, compensation, false, zero))
      return zero;
  }
}

// Empties the buckets that the zero bucket has taken in.
void trim_side(FloatHistogram& histogram, FloatHistogram* compensation, bool positive) {
  HistogramSide& side = positive ? histogram.positive : histogram.negative;
  std::size_t within = 0;
  for (BucketWalk walk(histogram, positive); walk.next(); ++within) {
    const HistogramBucket bucket = walk.bucket();
    if ((positive ? bucket.lower : -bucket.upper) >= histogram.zero_threshold) break;
  }
  std::fill_n(side.buckets.begin(), within, 0.0);
  HistogramSide* other = nullptr;
  if (compensation != nullptr) {
    other = positive ? &compensation->positive : &compensation->negative;
    std::fill_n(other->buckets.begin(), within, 0.0);
  }
  compact_side(side, other, 0);
}

// Widens the zero bucket of `histogram` until that of `other` fits, and the other way round; returns what
// `other`'s zero bucket would hold then.
ZeroBucket reconcile_zero_buckets(FloatHistogram& histogram, const FloatHistogram& other,
                                  FloatHistogram* compensation) {
  ZeroBucket of_other{other.zero_count, other.zero_threshold, 0};
  while (of_other.threshold != histogram.zero_threshold) {
    if (histogram.zero_threshold > of_other.threshold)
      of_other = widened(other, histogram.zero_threshold, nullptr);
    if (of_other.threshold > histogram.zero_threshold) {
      const ZeroBucket own = widened(histogram, of_other.threshold, compensation);
      histogram.zero_count = own.count;
      histogram.zero_threshold = own.threshold;
      if (compensation != nullptr) compensation->zero_count = own.compensation;
      trim_side(histogram, compensation, true);
      trim_side(histogram, compensation, false);
    }
  }
  return of_other;
}

// What the sum is to say of the sample before it. True: the two contradict each other.
bool merge_hints(CounterReset& hint, CounterReset other) {
  if (other == hint || hint == CounterReset::gauge) return false;
  if (other == CounterReset::gauge) {
    hint = CounterReset::gauge;
    return false;
  }
  if (hint == CounterReset::unknown) return false;
  const bool collision = other != CounterReset::unknown;
  hint = CounterReset::unknown;
  return collision;
}

std::vector<double> common_bounds(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> common;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
  return common;
}

// Pours buckets into those of the common bounds. Both lists of bounds are sorted.
void pour(const Entries& entries, const std::vector<double>& bounds, const std::vector<double>& common,
          bool negative, std::vector<KahanSum>& into) {
  std::size_t target = 0;
  for (const Entry& entry : entries) {
    std::size_t slot = common.size();
    const auto index = static_cast<std::size_t>(entry.index);
    if (index < bounds.size()) {
      while (target < common.size() && common[target] < bounds[index]) ++target;
      slot = target;
    }
    into[slot].add(negative ? -entry.count.sum : entry.count.sum);
    if (!negative) into[slot].add(entry.count.compensation);
  }
}

struct Addition {
  bool negative = false;
  bool compensated = false;
};

void add_custom(FloatHistogram& base, const FloatHistogram& other, FloatHistogram* compensation, Addition how,
                HistogramMerge& merge) {
  HistogramSide* side = compensation != nullptr ? &compensation->positive : nullptr;
  const Entries left = to_entries(base.positive, side);
  const Entries right = to_entries(other.positive, nullptr);
  if (base.custom_values == other.custom_values) {
    from_entries(added(left, right, base.schema, 0, how.negative, how.compensated), base.positive, side);
    return;
  }
  merge.bounds_reconciled = true;
  const std::vector<double> common = common_bounds(base.custom_values, other.custom_values);
  std::vector<KahanSum> poured(common.size() + 1);
  pour(left, base.custom_values, common, false, poured);
  pour(right, other.custom_values, common, how.negative, poured);
  Entries entries;
  for (std::size_t i = 0; i < poured.size(); ++i) {
    if (poured[i].sum != 0 || poured[i].compensation != 0)
      entries.push_back({static_cast<std::int32_t>(i), poured[i]});
  }
  from_entries(entries, base.positive, side);
  base.custom_values = common;
  if (compensation != nullptr) compensation->custom_values = common;
}

void add_exponential_side(FloatHistogram& base, const FloatHistogram& other, FloatHistogram* compensation,
                          std::int32_t schema, bool positive, Addition how) {
  HistogramSide& side = positive ? base.positive : base.negative;
  const HistogramSide& other_side = positive ? other.positive : other.negative;
  HistogramSide* compensation_side = nullptr;
  if (compensation != nullptr)
    compensation_side = positive ? &compensation->positive : &compensation->negative;
  Entries left = to_entries(side, compensation_side);
  Entries right = to_entries(other_side, nullptr);
  if (base.schema > schema) left = reduced(left, base.schema, schema, how.compensated);
  if (other.schema > schema) right = reduced(right, other.schema, schema, how.compensated);
  from_entries(added(left, right, schema, base.zero_threshold, how.negative, how.compensated), side,
               compensation_side);
}

void add_buckets(FloatHistogram& base, const FloatHistogram& other, FloatHistogram* compensation,
                 Addition how, HistogramMerge& merge) {
  if (base.uses_custom_buckets()) {
    add_custom(base, other, compensation, how, merge);
    return;
  }
  const std::int32_t schema = std::min(base.schema, other.schema);
  add_exponential_side(base, other, compensation, schema, true, how);
  add_exponential_side(base, other, compensation, schema, false, how);
  base.schema = schema;
  if (compensation != nullptr) {
    compensation->schema = schema;
    compensation->zero_threshold = base.zero_threshold;
  }
}

Error incompatible_schemas() {
  return Error(
      "cannot apply this operation on histograms with a mix of exponential and custom bucket schemas");
}

}  // namespace

FloatHistogram FloatHistogram::copy_to_schema(std::int32_t target) const {
  if (target == schema) return *this;
  FloatHistogram copy;
  copy.schema = target;
  copy.zero_threshold = zero_threshold;
  copy.zero_count = zero_count;
  copy.count = count;
  copy.sum = sum;
  from_entries(reduced(to_entries(positive, nullptr), schema, target, false), copy.positive, nullptr);
  from_entries(reduced(to_entries(negative, nullptr), schema, target, false), copy.negative, nullptr);
  return copy;
}

FloatHistogram& FloatHistogram::multiply(double factor) {
  if (!uses_custom_buckets()) zero_count *= factor;
  count *= factor;
  sum *= factor;
  for (double& bucket : positive.buckets) bucket *= factor;
  for (double& bucket : negative.buckets) bucket *= factor;
  if (factor < 0) counter_reset = CounterReset::gauge;
  return *this;
}

FloatHistogram& FloatHistogram::divide(double divisor) {
  if (!uses_custom_buckets()) zero_count /= divisor;
  count /= divisor;
  sum /= divisor;
  if (divisor == 0) {
    positive = {};
    negative = {};
    return *this;
  }
  for (double& bucket : positive.buckets) bucket /= divisor;
  for (double& bucket : negative.buckets) bucket /= divisor;
  if (divisor < 0) counter_reset = CounterReset::gauge;
  return *this;
}

Result<HistogramMerge> FloatHistogram::add(const FloatHistogram& other) {
  if (uses_custom_buckets() != other.uses_custom_buckets()) return incompatible_schemas();
  HistogramMerge merge;
  merge.reset_collision = merge_hints(counter_reset, other.counter_reset);
  if (!uses_custom_buckets()) {
    const double other_zero = reconcile_zero_buckets(*this, other, nullptr).count;
    zero_count += other_zero;
  }
  count += other.count;
  sum += other.sum;
  add_buckets(*this, other, nullptr, {false, false}, merge);
  return merge;
}

Result<HistogramMerge> FloatHistogram::subtract(const FloatHistogram& other) {
  if (uses_custom_buckets() != other.uses_custom_buckets()) return incompatible_schemas();
  HistogramMerge merge;
  merge.reset_collision = merge_hints(counter_reset, other.counter_reset);
  if (!uses_custom_buckets()) {
    const double other_zero = reconcile_zero_buckets(*this, other, nullptr).count;
    zero_count -= other_zero;
  }
  count -= other.count;
  sum -= other.sum;
  add_buckets(*this, other, nullptr, {true, false}, merge);
  return merge;
}

Result<HistogramMerge> FloatHistogram::kahan_add(const FloatHistogram& other,
                                                 std::unique_ptr<FloatHistogram>& compensation) {
  if (uses_custom_buckets() != other.uses_custom_buckets()) return incompatible_schemas();
  HistogramMerge merge;
  merge.reset_collision = merge_hints(counter_reset, other.counter_reset);
  if (!compensation) {
    compensation = std::make_unique<FloatHistogram>(*this);
    compensation->zero_count = compensation->count = compensation->sum = 0;
    std::fill(compensation->positive.buckets.begin(), compensation->positive.buckets.end(), 0.0);
    std::fill(compensation->negative.buckets.begin(), compensation->negative.buckets.end(), 0.0);
  }
  FloatHistogram& lost = *compensation;
  if (!uses_custom_buckets()) {
    const ZeroBucket zero = reconcile_zero_buckets(*this, other, &lost);
    tocsin::promql::kahan_add(zero.count, zero_count, lost.zero_count);
    tocsin::promql::kahan_add(zero.compensation, zero_count, lost.zero_count);
  }
  tocsin::promql::kahan_add(other.count, count, lost.count);
  tocsin::promql::kahan_add(other.sum, sum, lost.sum);
  add_buckets(*this, other, &lost, {false, true}, merge);
  return merge;
}

FloatHistogram& FloatHistogram::compact(int max_empty) {
  compact_side(positive, nullptr, max_empty);
  compact_side(negative, nullptr, max_empty);
  return *this;
}

}  // namespace tocsin::promql
