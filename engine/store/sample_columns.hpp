// The samples of one series: columns that only grow at their end. Internal to the store.
//
// A column's memory never moves while it is appended to: when it is full, the samples that are still in the
// window go to a new one and the old one is handed to whoever keeps it for pinned views. So a reader that has
// noted pointers and a count may read on another thread while the owner appends.
#pragma once

#include <memory>
#include <vector>

#include "promql/series_source.hpp"

namespace tocsin::engine {

// What a reader needs to know of a series.
struct SampleSpan {
  const Timestamp* times = nullptr;
  const double* values = nullptr;
  const promql::HistogramPtr* histograms = nullptr;
  const Timestamp* start_times = nullptr;
  std::uint32_t first = 0;  // the samples are those in [first, size)
  std::uint32_t size = 0;
  Timestamp last_marker = Timestamp::min();  // time of the newest staleness marker
};

struct NewSample {
  Timestamp time{};
  double value = 0;
  promql::HistogramPtr histogram;
  Timestamp start_time{};
};

struct SampleColumns {
  explicit SampleColumns(std::uint32_t room);
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(times.size()); }
  [[nodiscard]] bool full() const { return times.size() == times.capacity(); }
  // REQUIRES: not full.
  void append(NewSample sample);
  [[nodiscard]] std::size_t bytes() const;

  std::vector<Timestamp> times;
  std::vector<double> values;
  std::vector<promql::HistogramPtr> histograms;  // empty until there is one
  std::vector<Timestamp> start_times;            // empty until one is known
};

// The samples with after < time <= through. `hint` holds the number of samples that were found last time.
[[nodiscard]] promql::Window find_window(const SampleSpan& samples, Timestamp after, Timestamp through,
                                         std::uint32_t* hint);

// The newest sample with after < time <= at goes to row `row` of `out`, unless it is a marker.
void find_latest(const SampleSpan& samples, Timestamp after, Timestamp at, std::size_t row,
                 const promql::LatestColumns& out);

}  // namespace tocsin::engine
