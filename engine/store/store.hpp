// The sample store: an index of series by label, and the recent samples of each, in memory.
//
// Appending follows Prometheus' head: time only moves forward within a series, the same sample twice is
// harmless, and a series of which no sample is left in the window is dropped. Labels of a series never
// change. A selection that a selector has acquired follows the index (promql/series_source.hpp).
//
// Thread: everything here belongs to the owner thread, pin() and release_view() included. A PinnedView may
// be read on one other thread meanwhile: sample columns are append-only, a column that must move or a series
// that is dropped is retired and freed once no view is left that was pinned before. Pinning copies a few
// words a series and no samples.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "promql/engine.hpp"
#include "promql/labels.hpp"
#include "promql/matcher.hpp"
#include "promql/series_source.hpp"
#include "promql/time.hpp"

namespace tocsin::engine {

using promql::kNoSeries;
using promql::SeriesRef;

enum class AppendOutcome {
  appended,
  duplicate,       // same time and value as the newest sample: fine, nothing was written
  conflicting,     // same time as the newest sample, another value: rejected
  out_of_order,    // older than the newest sample: rejected
  out_of_bounds,   // older than the trimmed window: rejected
  unknown_series,  // the series was dropped meanwhile: look it up again
};

struct StoreStatistics {
  std::size_t series = 0;
  std::size_t samples = 0;     // held now
  std::uint64_t appended = 0;  // since start
  std::uint64_t series_created = 0;
  std::uint64_t series_removed = 0;
  std::size_t label_pairs = 0;
  std::size_t retired_bytes = 0;  // kept for pinned views only
};

class PinnedView;

class Store final : public promql::SeriesSource {
 public:
  Store();
  ~Store() override;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // The series with these labels, or kNoSeries.
  [[nodiscard]] SeriesRef find(const Labels& labels) const;
  // The same, made if it does not exist. A series without samples lives until the next trim().
  SeriesRef find_or_create(const Labels& labels);
  [[nodiscard]] bool alive(SeriesRef series) const;
  [[nodiscard]] std::uint64_t series_dropped() const;  // so far

  AppendOutcome append(SeriesRef series, Timestamp time, double value, Timestamp start_time = Timestamp{});
  AppendOutcome append(SeriesRef series, Timestamp time, promql::HistogramPtr histogram,
                       Timestamp start_time = Timestamp{});
  // Ends the series: an instant selector no longer sees it from `time` on. A marker for a series whose newest
  // sample is a marker already is a duplicate.
  AppendOutcome append_stale(SeriesRef series, Timestamp time);

  // Forgets samples older than `older_than`, and series that have none left. Also frees what no view needs.
  void trim(Timestamp older_than);
  // The wall clock was set, and shows `newest` now: what was sampled a minute ago was sampled a minute ago.
  // Forgets what would lie ahead of that, which only samples with timestamps of their own can. Returns how
  // many samples did lie ahead.
  std::uint64_t shift(Duration step, Timestamp newest);
  // Forgets everything.
  void clear();

  // For the query API. `selectors` are alternatives (the match[] of the API); none means all series. Only
  // series with a sample in [from, to] count. Results are sorted.
  struct Filter {
    std::span<const std::vector<Matcher>> selectors;
    Timestamp from = Timestamp::min();
    Timestamp to = Timestamp::max();
  };
  [[nodiscard]] std::vector<Labels> series(const Filter& filter) const;
  [[nodiscard]] std::vector<std::string> label_names(const Filter& filter) const;
  [[nodiscard]] std::vector<std::string> label_values(std::string_view name, const Filter& filter) const;

  [[nodiscard]] StoreStatistics statistics() const;
  // Oldest and newest sample time held; min > max when there is none.
  [[nodiscard]] Timestamp min_time() const;
  [[nodiscard]] Timestamp max_time() const;

  // A view of what `requests` ask for, as it is now, for another thread. Give it back when it is done with.
  [[nodiscard]] std::unique_ptr<PinnedView> pin(std::span<const promql::SelectionRequest> requests);
  void release_view(std::unique_ptr<PinnedView> view);

  [[nodiscard]] const promql::Selection& acquire(std::span<const Matcher> matchers) override;
  void release(const promql::Selection& selection) override;
  [[nodiscard]] const Labels& labels(SeriesRef series) const override;
  [[nodiscard]] bool may_have_label(std::string_view name) const override;
  void latest(std::span<const SeriesRef> series, Timestamp after, Timestamp at,
              const promql::LatestColumns& out) const override;
  void windows(std::span<const SeriesRef> series, Timestamp after, Timestamp through,
               std::span<std::uint32_t> hints, std::span<promql::Window> out) const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The series that some selectors match, as they were when the view was pinned. Answers acquire() only for
// the matchers it was pinned for.
class PinnedView : public promql::SeriesSource {};

}  // namespace tocsin::engine
