// The `anchored` and `smoothed` modifiers: windows that reach beyond the range, and values between samples.
// Internal to the evaluator; after Prometheus' extendedRate and smoothSeries.
#pragma once

#include "promql/plan_node.hpp"
#include "promql/range_functions.hpp"

namespace tocsin::promql {

// The value of a smoothed instant selector at `at`: between the samples before and after.
void smoothed_value(const RangeSamples& samples, Timestamp at, const RangeCall& call, Column& column);

// The samples of an anchored or smoothed range selector that is the whole expression: values at both ends of
// the range, and what lies between. REQUIRES: no histograms.
[[nodiscard]] std::vector<Sample> extended_samples(const RangeSamples& samples, Timestamp range_start,
                                                   Timestamp range_end, bool smoothed);

}  // namespace tocsin::promql
