// Where scraped samples go. This folder owns the interface; the core implements it over the sample store.
// Owner thread only.
#pragma once

#include "promql/labels.hpp"
#include "promql/series_source.hpp"
#include "promql/time.hpp"

namespace tocsin::scrape {

enum class AppendOutcome {
  appended,
  duplicate,       // same time and value as the newest sample: fine
  conflicting,     // same time as the newest sample, another value: rejected
  out_of_order,    // older than the newest sample: rejected
  out_of_bounds,   // outside the window: rejected
  unknown_series,  // the series was dropped meanwhile: find it again
};

class SampleSink {
 public:
  virtual ~SampleSink() = default;
  [[nodiscard]] virtual promql::SeriesRef find_or_create(const Labels& labels) = 0;
  [[nodiscard]] virtual bool alive(promql::SeriesRef series) const = 0;
  // How many series were dropped so far: while that stays the same, whatever was alive is.
  [[nodiscard]] virtual std::uint64_t dropped() const = 0;
  virtual AppendOutcome append(promql::SeriesRef series, Timestamp time, double value) = 0;
  // Ends the series at `time`; later samples have precedence over a marker that is older.
  virtual AppendOutcome append_stale(promql::SeriesRef series, Timestamp time) = 0;
};

}  // namespace tocsin::scrape
