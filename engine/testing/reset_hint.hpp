// The counter reset hint that a histogram has when it is read back from storage.
#pragma once

#include "promql/histogram.hpp"

namespace tocsin::testing {

// Prometheus keeps histograms in chunks: within one, a counter is known not to have been reset; the first of
// a chunk that a reset has started is known to be one; of the first of any other chunk nothing is known. A
// new chunk starts where the buckets are of another kind, after a staleness marker, where a counter was
// reset, and where a gauge follows a counter or the other way round. Evaluation warns of what hints
// contradict, so tests must see the same ones.
//
// `previous` is the sample before, with its own hint as stored, or null if there is none or it is a number.
// (tsdb/chunkenc/float_histogram.go.)
[[nodiscard]] promql::CounterReset stored_reset_hint(const promql::FloatHistogram* previous,
                                                     const promql::FloatHistogram& added);

}  // namespace tocsin::testing
