// Bounds, walks, texts and checks of histograms. Arithmetic lives in histogram_arithmetic.cpp.
#include "promql/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "promql/format.hpp"
#include "promql/go_math.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {
namespace {

double bound_of(const FloatHistogram& histogram, std::int32_t index, std::int32_t schema) {
  if (schema != kCustomBucketsSchema) return exponential_bound(index, schema);
  if (index < 0) return -kInfinity;
  const auto position = static_cast<std::size_t>(index);
  return position < histogram.custom_values.size() ? histogram.custom_values[position] : kInfinity;
}

HistogramBucket make_bucket(const FloatHistogram& histogram, std::int32_t index, std::int32_t schema,
                            bool positive, double count) {
  HistogramBucket bucket;
  bucket.count = count;
  bucket.index = index;
  const double outer = bound_of(histogram, index, schema);
  const double inner = bound_of(histogram, index - 1, schema);
  bucket.lower = positive ? inner : -outer;
  bucket.upper = positive ? outer : -inner;
  const bool custom = schema == kCustomBucketsSchema;
  bucket.lower_inclusive = custom ? index == 0 : bucket.lower < 0;
  bucket.upper_inclusive = custom || bucket.upper > 0;
  return bucket;
}

// Buckets of one side, away from zero.
std::vector<HistogramBucket> side_buckets(const FloatHistogram& histogram, bool positive) {
  std::vector<HistogramBucket> buckets;
  for (BucketWalk walk(histogram, positive); walk.next();) buckets.push_back(walk.bucket());
  return buckets;
}

// Buckets that reach into the zero bucket end at its threshold.
void cut_at_threshold(HistogramBucket& bucket, double threshold) {
  if (bucket.upper < 0 && bucket.upper > -threshold) bucket.upper = -threshold;
  if (bucket.lower > 0 && bucket.lower < threshold) bucket.lower = threshold;
}

std::string bucket_text(const HistogramBucket& bucket) {
  return format("{}{},{}{}:{}", bucket.lower_inclusive ? '[' : '(', format_float_go(bucket.lower),
                format_float_go(bucket.upper), bucket.upper_inclusive ? ']' : ')',
                format_float_go(bucket.count));
}

}  // namespace

double HistogramBucket::fraction_below(double value, bool linear) const {
  if (linear) return (value - lower) / (upper - lower);
  // On a logarithmic scale exponential buckets are of one width; negative ones are mirrored.
  const double log_lower = go_log2(std::fabs(lower));
  const double log_upper = go_log2(std::fabs(upper));
  const double log_value = go_log2(std::fabs(value));
  if (value > 0) return (log_value - log_lower) / (log_upper - log_lower);
  return 1 - ((log_value - log_upper) / (log_lower - log_upper));
}

BucketWalk::BucketWalk(const FloatHistogram& histogram, bool positive)
    : BucketWalk(histogram, positive, 0, histogram.schema) {}

BucketWalk::BucketWalk(const FloatHistogram& histogram, bool positive, double start,
                       std::int32_t target_schema)
    : side_(positive ? &histogram.positive : &histogram.negative),
      histogram_(&histogram),
      positive_(positive),
      target_schema_(target_schema),
      start_(start),
      past_start_(start == 0) {}

HistogramBucket BucketWalk::bucket() const {
  return make_bucket(*histogram_, index_, target_schema_, positive_, count_);
}

bool BucketWalk::next() {
  while (histogram_->schema == target_schema_ ? next_same_schema() : next_merged()) {
    const bool before_start = !past_start_ && target_schema_ != kCustomBucketsSchema &&
                              exponential_bound(index_, target_schema_) <= start_;
    if (before_start) continue;
    past_start_ = true;
    return true;
  }
  return false;
}

bool BucketWalk::next_same_schema() {
  const auto& spans = side_->spans;
  if (span_ >= spans.size() || bucket_ >= side_->buckets.size()) return false;
  index_ = bucket_ == 0 ? spans[span_].offset : index_ + 1;
  while (in_span_ >= spans[span_].length) {
    in_span_ = 0;
    if (++span_ >= spans.size()) return false;
    index_ += spans[span_].offset;
  }
  count_ = side_->buckets[bucket_++];
  ++in_span_;
  return true;
}

// Sums the buckets that fall into one bucket of the coarser schema. What is looked at but belongs to the next
// one is left where it is.
bool BucketWalk::next_merged() {
  const auto& spans = side_->spans;
  bool first = true;
  count_ = 0;
  std::int32_t source = source_index_;
  std::size_t span = span_;
  std::uint32_t in_span = in_span_;
  while (span < spans.size() && bucket_ < side_->buckets.size()) {
    source = bucket_ == 0 ? spans[span].offset : source + 1;
    while (span < spans.size() && in_span >= spans[span].length) {
      in_span = 0;
      if (++span < spans.size()) source += spans[span].offset;
    }
    if (span >= spans.size()) break;
    const std::int32_t target = ((source - 1) >> (histogram_->schema - target_schema_)) + 1;
    if (!first && target != index_) break;
    index_ = target;
    first = false;
    count_ += side_->buckets[bucket_++];
    ++in_span;
    source_index_ = source;
    span_ = span;
    in_span_ = in_span;
  }
  return !first;
}

std::vector<HistogramBucket> all_buckets(const FloatHistogram& histogram) {
  std::vector<HistogramBucket> buckets = side_buckets(histogram, false);
  std::reverse(buckets.begin(), buckets.end());
  const std::size_t negative = buckets.size();
  const std::vector<HistogramBucket> positive = side_buckets(histogram, true);
  buckets.insert(buckets.end(), positive.begin(), positive.end());
  for (HistogramBucket& bucket : buckets) cut_at_threshold(bucket, histogram.zero_threshold);
  if (histogram.zero_count > 0) {
    buckets.insert(buckets.begin() + static_cast<std::ptrdiff_t>(negative), histogram.zero_bucket());
  }
  return buckets;
}

std::vector<HistogramBucket> all_buckets_reversed(const FloatHistogram& histogram) {
  std::vector<HistogramBucket> buckets = all_buckets(histogram);
  std::reverse(buckets.begin(), buckets.end());
  return buckets;
}

bool FloatHistogram::is_stale_marker() const {
  return is_stale_nan(sum);
}

std::size_t FloatHistogram::sample_weight() const {
  constexpr std::size_t kHeader = 168;
  constexpr std::size_t kSample = 16;
  const std::size_t items = positive.spans.size() + negative.spans.size() + positive.buckets.size() +
                            negative.buckets.size() + custom_values.size();
  return (8 + kHeader + items * 8) / kSample;
}

HistogramBucket FloatHistogram::zero_bucket() const {
  return {-zero_threshold, zero_threshold, true, true, zero_count, 0};
}

bool FloatHistogram::has_overflow() const {
  const auto any_infinite = [](const std::vector<double>& values) {
    return std::any_of(values.begin(), values.end(), [](double value) { return std::isinf(value); });
  };
  return std::isinf(zero_count) || std::isinf(count) || std::isinf(sum) || any_infinite(positive.buckets) ||
         any_infinite(negative.buckets) || any_infinite(custom_values);
}

namespace {

// Equal layouts may spell empty stretches differently: spans of length zero only move the next one.
bool same_spans(const std::vector<HistogramSpan>& a, const std::vector<HistogramSpan>& b) {
  const auto next = [](const std::vector<HistogramSpan>& spans, std::size_t& at, std::int32_t& offset) {
    offset = 0;
    while (at < spans.size()) {
      offset += spans[at].offset;
      if (spans[at].length > 0) return true;
      ++at;
    }
    return false;
  };
  std::size_t i = 0;
  std::size_t j = 0;
  for (;; ++i, ++j) {
    std::int32_t left = 0;
    std::int32_t right = 0;
    const bool more_left = next(a, i, left);
    const bool more_right = next(b, j, right);
    if (more_left != more_right) return false;
    if (!more_left) return true;
    if (left != right || a[i].length != b[j].length) return false;
  }
}

bool same_side(const HistogramSide& a, const HistogramSide& b) {
  return same_spans(a.spans, b.spans) &&
         std::equal(a.buckets.begin(), a.buckets.end(), b.buckets.begin(), b.buckets.end(), same_bits);
}

}  // namespace

bool FloatHistogram::equals(const FloatHistogram& other) const {
  if (schema != other.schema || !same_bits(count, other.count) || !same_bits(sum, other.sum)) return false;
  if (uses_custom_buckets() && custom_values != other.custom_values) return false;
  return zero_threshold == other.zero_threshold && same_bits(zero_count, other.zero_count) &&
         same_side(negative, other.negative) && same_side(positive, other.positive);
}

std::string FloatHistogram::to_string() const {
  std::string out = format("{{count:{}, sum:{}", format_float_go(count), format_float_go(sum));
  const auto append = [&out](const HistogramBucket& bucket) {
    if (bucket.count != 0) out += ", " + bucket_text(bucket);
  };
  std::vector<HistogramBucket> below = side_buckets(*this, false);
  std::for_each(below.rbegin(), below.rend(), append);
  if (zero_count != 0) append(zero_bucket());
  for (const HistogramBucket& bucket : side_buckets(*this, true)) append(bucket);
  return out + "}";
}

namespace {

std::string number_list(const std::vector<double>& values) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ' ';
    out += format_float_go(values[i]);
  }
  return out + "]";
}

void append_side(std::vector<std::string>& parts, const HistogramSide& side, std::string_view prefix) {
  for (const HistogramSpan& span : side.spans) {
    if (span.offset != 0) parts.push_back(format("{}offset:{}", prefix, span.offset));
  }
  if (!side.buckets.empty()) parts.push_back(format("{}buckets:{}", prefix, number_list(side.buckets)));
}

}  // namespace

std::string FloatHistogram::to_test_expression() const {
  FloatHistogram joined = *this;
  joined.compact(std::numeric_limits<int>::max());
  std::vector<std::string> parts;
  if (schema != 0) parts.push_back(format("schema:{}", schema));
  const auto append = [&parts](std::string_view name, double value) {
    if (value != 0) parts.push_back(format("{}:{}", name, format_float_go(value)));
  };
  append("count", count);
  append("sum", sum);
  append("z_bucket", zero_count);
  append("z_bucket_w", zero_threshold);
  if (uses_custom_buckets()) parts.push_back("custom_values:" + number_list(custom_values));
  if (counter_reset == CounterReset::reset) parts.emplace_back("counter_reset_hint:reset");
  if (counter_reset == CounterReset::not_reset) parts.emplace_back("counter_reset_hint:not_reset");
  if (counter_reset == CounterReset::gauge) parts.emplace_back("counter_reset_hint:gauge");
  append_side(parts, joined.positive, "");
  append_side(parts, joined.negative, "n_");
  std::string out = "{{";
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i > 0 ? " " : "") + parts[i];
  return out + "}}";
}

namespace {

Result<void> check_spans(const HistogramSide& side, bool first_may_be_negative) {
  std::size_t buckets = 0;
  for (std::size_t i = 0; i < side.spans.size(); ++i) {
    if (side.spans[i].offset < 0 && (i > 0 || !first_may_be_negative)) {
      return Error(format("span number {} with offset {}: histogram has a span whose offset is negative",
                          i + 1, side.spans[i].offset));
    }
    buckets += side.spans[i].length;
  }
  if (buckets == side.buckets.size()) return {};
  return Error(
      format("spans need {} buckets, have {} buckets: histogram spans specify different number of buckets "
             "than provided",
             buckets, side.buckets.size()));
}

Result<void> check_counts(const std::vector<double>& buckets) {
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i] < 0) {
      return Error(
          format("bucket number {} has observation count of {}: histogram has a bucket whose observation "
                 "count is negative",
                 i + 1, format_float_go(buckets[i])));
    }
  }
  return {};
}

Result<void> check_custom_bounds(const FloatHistogram& histogram) {
  const std::vector<double>& bounds = histogram.custom_values;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (std::isnan(bounds[i])) return Error("histogram custom bounds must not be NaN");
    if (i > 0 && bounds[i] <= bounds[i - 1]) {
      return Error(
          format("previous bound is {} and current is {}: histogram custom bounds must be in strictly "
                 "increasing order",
                 format_float_fixed(bounds[i - 1]), format_float_fixed(bounds[i])));
    }
  }
  if (!bounds.empty() && bounds.back() == kInfinity) {
    return Error("last +Inf bound must not be explicitly defined: histogram custom bounds must be finite");
  }
  if (auto status = check_spans(histogram.positive, false); !status) return status;
  std::size_t covered = 0;
  for (const HistogramSpan& span : histogram.positive.spans) {
    covered += span.length + static_cast<std::size_t>(span.offset);
  }
  if (bounds.size() + 1 >= covered) return {};
  return Error(
      format("only {} custom bounds defined which is insufficient to cover total span length of {}: "
             "histogram custom bounds are too few",
             bounds.size(), covered));
}

Result<void> wrapped(const Result<void>& status, std::string_view noun) {
  return status ? status : Result<void>(status.error().wrap(noun));
}

Result<void> check_custom(const FloatHistogram& histogram) {
  if (auto status = wrapped(check_custom_bounds(histogram), "custom buckets"); !status) return status;
  if (histogram.zero_count != 0) return Error("custom buckets: must have zero count of 0");
  if (histogram.zero_threshold != 0) return Error("custom buckets: must have zero threshold of 0");
  if (!histogram.negative.spans.empty()) return Error("custom buckets: must not have negative spans");
  if (!histogram.negative.buckets.empty()) return Error("custom buckets: must not have negative buckets");
  return {};
}

Result<void> check_exponential(const FloatHistogram& histogram) {
  if (auto status = wrapped(check_spans(histogram.positive, true), "positive side"); !status) return status;
  if (auto status = wrapped(check_spans(histogram.negative, true), "negative side"); !status) return status;
  if (auto status = wrapped(check_counts(histogram.negative.buckets), "negative side"); !status)
    return status;
  if (histogram.zero_count < 0) {
    return Error(
        format("zero bucket has observation count of {}: histogram has a bucket whose observation count is "
               "negative",
               format_float_go(histogram.zero_count)));
  }
  if (!histogram.custom_values.empty()) {
    return Error("histogram with exponential schema must not have custom bounds");
  }
  return {};
}

}  // namespace

Result<void> FloatHistogram::validate() const {
  if (uses_custom_buckets()) {
    if (auto status = check_custom(*this); !status) return status;
  } else if (schema >= kMinExponentialSchema && schema <= kMaxExponentialSchema) {
    if (auto status = check_exponential(*this); !status) return status;
  } else {
    return Error(
        format("histogram has an invalid schema, which must be between {} and {} for exponential buckets, or "
               "{} for custom buckets, got schema {}",
               kMinExponentialSchema, kMaxExponentialSchema, kCustomBucketsSchema, schema));
  }
  if (count < 0) {
    return Error(format("observation count is  {}: histogram's observation count is negative",
                        format_float_go(count)));
  }
  return wrapped(check_counts(positive.buckets), "positive side");
}

}  // namespace tocsin::promql
