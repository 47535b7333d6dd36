#include "promql/histogram_mean.hpp"

namespace tocsin::promql {

Result<HistogramMerge> HistogramMean::add(const FloatHistogram& histogram) {
  ++count_;
  if (incremental_) return add_incrementally(histogram);
  FloatHistogram sum = value_;
  auto compensation = compensation_ ? std::make_unique<FloatHistogram>(*compensation_) : nullptr;
  auto merged = sum.kahan_add(histogram, compensation);
  if (!merged) return merged;
  if (!sum.has_overflow()) {
    value_ = std::move(sum);
    compensation_ = std::move(compensation);
    return merged;
  }
  incremental_ = true;
  value_.divide(count_ - 1);
  if (compensation_) compensation_->divide(count_ - 1);
  return add_incrementally(histogram);
}

Result<HistogramMerge> HistogramMean::add_incrementally(const FloatHistogram& histogram) {
  const double weight = (count_ - 1) / count_;
  if (compensation_) compensation_->multiply(weight);
  FloatHistogram share = histogram;
  share.divide(count_);
  return value_.multiply(weight).kahan_add(share, compensation_);
}

FloatHistogram HistogramMean::take() {
  if (!incremental_) {
    value_.divide(count_);
    if (compensation_) compensation_->divide(count_);
  }
  // Both are of one layout, so the addition cannot fail.
  if (compensation_) (void)value_.add(*compensation_);
  return std::move(value_);
}

}  // namespace tocsin::promql
