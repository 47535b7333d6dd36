#include "engine/testing/reset_hint.hpp"

namespace tocsin::testing {

using promql::CounterReset;
using promql::FloatHistogram;

CounterReset stored_reset_hint(const FloatHistogram* previous, const FloatHistogram& added) {
  if (added.counter_reset == CounterReset::gauge) return CounterReset::gauge;
  if (added.counter_reset == CounterReset::reset) return CounterReset::unknown;
  if (previous == nullptr || previous->counter_reset == CounterReset::gauge) return CounterReset::unknown;
  if (added.is_stale_marker()) return CounterReset::not_reset;
  if (previous->is_stale_marker()) return CounterReset::unknown;
  const bool is_other_kind = added.schema != previous->schema ||
                             added.zero_threshold != previous->zero_threshold ||
                             added.custom_values != previous->custom_values;
  if (is_other_kind) return CounterReset::unknown;
  FloatHistogram without_hint = added;
  without_hint.counter_reset = CounterReset::unknown;
  return without_hint.detect_reset(*previous) ? CounterReset::unknown : CounterReset::not_reset;
}

}  // namespace tocsin::testing
