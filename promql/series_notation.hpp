// The notation in which unit tests write series: a metric and a sequence of values.
//
//   up{job="a"} 1 0x3 _ _x2 5+10x4 5-1x4 -1e3 stale NaN {{schema:0 count:4 sum:5 buckets:[1 2 1]}}x3
//
// `5+10x4` is 5 15 25 35 45: a number that is repeated n times gives n + 1 values; `_xn` gives n gaps.
// Histograms may be repeated, added up and subtracted in the same way. Errors are those of Prometheus 3.14.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "promql/histogram.hpp"
#include "promql/labels.hpp"
#include "promql/parser.hpp"

namespace tocsin::promql {

struct SequenceValue {
  double value = 0;
  bool is_omitted = false;  // a gap: no sample at this step
  std::shared_ptr<const FloatHistogram> histogram;
  bool names_reset_hint = false;  // counter_reset_hint was written, so that a comparison minds it
};

struct SeriesDescription {
  Labels labels;
  std::vector<SequenceValue> values;
};

// A description may have no more values than this; upstream has no limit.
inline constexpr std::size_t kMaxSequenceLength = 10'000'000;

Parsed<SeriesDescription> parse_series(std::string_view text);

}  // namespace tocsin::promql
