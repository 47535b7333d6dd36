// The mean of histograms, as avg() and avg_over_time() compute it: by a compensated sum until that would
// overflow, and incrementally from there on.
#pragma once

#include <memory>

#include "promql/histogram.hpp"

namespace tocsin::promql {

class HistogramMean {
 public:
  explicit HistogramMean(const FloatHistogram& first) : value_(first) {}
  // The error is that of mixing exponential and custom buckets; the mean is of no use then.
  Result<HistogramMerge> add(const FloatHistogram& histogram);
  // The mean, once.
  [[nodiscard]] FloatHistogram take();

 private:
  Result<HistogramMerge> add_incrementally(const FloatHistogram& histogram);

  FloatHistogram value_;  // the sum, or the mean
  std::unique_ptr<FloatHistogram> compensation_;
  double count_ = 1;
  bool incremental_ = false;
};

}  // namespace tocsin::promql
