// Where the evaluator finds series and samples. promql owns this interface; the sample store implements it,
// and so does the pinned view of the store that an ad-hoc query reads on a worker thread.
//
// Series are named by a SeriesRef. A selector does not ask for its series at each evaluation: it acquires a
// Selection once and keeps it. The source appends to it what comes and blanks out what goes, so a reader
// learns what is new by comparing sizes, and in the steady state nothing is looked up.
//
// Thread: a source and everything acquired from it belong to one thread at a time.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "promql/labels.hpp"
#include "promql/matcher.hpp"
#include "promql/time.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {

// A series of one source. The generation tells a series from an earlier one that had the same slot.
struct SeriesRef {
  std::uint32_t slot = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t generation = 0;
  friend bool operator==(const SeriesRef&, const SeriesRef&) = default;
};
inline constexpr SeriesRef kNoSeries{};

// The series that match a set of matchers, kept up to date by the source between evaluations.
//   series   in the order in which they came. Only ever grows while `epoch` stays the same; an entry of a
//            series that is gone becomes kNoSeries in place, and a series that returns is a new entry.
//   gone     how many entries are kNoSeries.
//   epoch    changes when the source has closed the gaps: positions mean other series now.
struct Selection {
  std::vector<SeriesRef> series;
  std::size_t gone = 0;
  std::uint64_t epoch = 0;
};

using HistogramPtr = std::shared_ptr<const FloatHistogram>;

// Samples of one series in rising order of time, in the source's memory: valid until the source changes.
// Columns have `count` entries each. A null `histograms` means that all samples are numbers, otherwise a
// null entry does; a null `start_times` means that none is known, and so does a zero entry. With
// `may_hold_markers` unset no value is a staleness marker.
struct Window {
  const Timestamp* times = nullptr;
  const double* values = nullptr;
  const HistogramPtr* histograms = nullptr;
  const Timestamp* start_times = nullptr;
  std::uint32_t count = 0;
  bool may_hold_markers = false;

  [[nodiscard]] std::span<const Timestamp> time_span() const { return {times, count}; }
  [[nodiscard]] std::span<const double> value_span() const { return {values, count}; }
};

// The newest samples of many series at one time, one row a series: what an instant selector reads.
// The caller provides the columns, `values` and `present` always, the others when it wants them. Histograms
// are few: a row whose sample is one is present, and listed in `histograms` by (row, histogram).
struct LatestColumns {
  std::span<double> values;
  std::span<std::uint8_t> present;
  std::span<Timestamp> times;
  std::span<Timestamp> start_times;
  std::vector<std::pair<std::uint32_t, HistogramPtr>>* histograms = nullptr;
};

class SeriesSource {
 public:
  virtual ~SeriesSource() = default;

  // The live selection of a set of matchers, which stays valid until it is released as often as it was
  // acquired. Equal matchers share one.
  [[nodiscard]] virtual const Selection& acquire(std::span<const Matcher> matchers) = 0;
  virtual void release(const Selection& selection) = 0;

  // REQUIRES: `series` is one of this source's, and not gone.
  [[nodiscard]] virtual const Labels& labels(SeriesRef series) const = 0;

  // Whether some series may have a label of this name. Saves looking at all of them.
  [[nodiscard]] virtual bool may_have_label(std::string_view /*name*/) const { return true; }

  // For each series its newest sample with after < time <= at. A staleness marker there means absent, and
  // so does kNoSeries.
  virtual void latest(std::span<const SeriesRef> series, Timestamp after, Timestamp at,
                      const LatestColumns& out) const = 0;

  // For each series its samples with after < time <= through, staleness markers included; empty for
  // kNoSeries. `hints`, if not empty, has one entry a series in which the source keeps where it found the
  // window, so that a query that walks over time does not search; zero at first.
  virtual void windows(std::span<const SeriesRef> series, Timestamp after, Timestamp through,
                       std::span<std::uint32_t> hints, std::span<Window> out) const = 0;
};

// Holds a selection for as long as it lives. The source must outlive it.
class SelectionLease {
 public:
  SelectionLease() = default;
  SelectionLease(SeriesSource& source, std::span<const Matcher> matchers)
      : source_(&source), selection_(&source.acquire(matchers)) {}
  SelectionLease(SelectionLease&& other) noexcept
      : source_(std::exchange(other.source_, nullptr)),
        selection_(std::exchange(other.selection_, nullptr)) {}
  SelectionLease& operator=(SelectionLease&& other) noexcept {
    std::swap(source_, other.source_);
    std::swap(selection_, other.selection_);
    return *this;
  }
  ~SelectionLease() {
    if (source_ != nullptr) source_->release(*selection_);
  }
  [[nodiscard]] const Selection* operator->() const { return selection_; }
  [[nodiscard]] const Selection& operator*() const { return *selection_; }
  explicit operator bool() const { return source_ != nullptr; }

 private:
  SeriesSource* source_ = nullptr;
  const Selection* selection_ = nullptr;
};

}  // namespace tocsin::promql
