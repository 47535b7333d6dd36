// The series that a rule writes, and where it writes them.
//
// A rule writes the same series round after round, so each keeps the place at which the sink last found it,
// and a round costs no look-up. A series that the round before wrote and this one did not is ended with a
// staleness marker.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "promql/labels.hpp"
#include "promql/series_source.hpp"
#include "promql/time.hpp"
#include "promql/value.hpp"

namespace tocsin::rules {

struct OutputSeries {
  Labels labels;
  promql::SeriesRef ref = promql::kNoSeries;  // the sink's, to find the series again
};

enum class AppendResult : std::uint8_t {
  appended,      // or there already, with the same value
  out_of_order,  // older than the newest sample
  too_old,       // older than what the sink keeps
  conflicting    // same time as the newest sample, another value
};

// Where the samples of rules go. The core puts the sample store behind it; what is written is seen by the
// rules that are evaluated after.
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  virtual AppendResult append(OutputSeries& series, Timestamp time, double value) = 0;
  virtual AppendResult append(OutputSeries& series, Timestamp time,
                              const promql::HistogramPtr& histogram) = 0;
  // A marker that comes too late, because another rule writes the series by now, is dropped in silence.
  virtual void append_stale(OutputSeries& series, Timestamp time) = 0;
};

// How the samples of one evaluation fared.
struct AppendTally {
  std::size_t appended = 0;
  std::size_t out_of_order = 0;
  std::size_t too_old = 0;
  std::size_t conflicting = 0;
  [[nodiscard]] bool all_appended() const { return out_of_order + too_old + conflicting == 0; }
};

// The output series of one rule. Pointers into it stay valid until the next tidy().
class RuleOutputs {
 public:
  struct Entry : OutputSeries {
    std::uint64_t claimed = 0;  // the round that last claimed it
    std::uint64_t written = 0;  // the round that last wrote it
  };

  void begin_round() { ++round_; }
  [[nodiscard]] Entry& find_or_add(const Labels& labels);
  // False if this round has claimed the series before: two results have the same labels.
  [[nodiscard]] bool claim(Entry& entry);
  void write(Entry& entry, Timestamp time, const promql::Sample& sample, OutputSink& sink,
             AppendTally& tally);
  // Ends what the last finished round wrote and this one did not. A round that fails is not finished: it
  // ends nothing.
  void finish_round(Timestamp time, OutputSink& sink);

  // The series that the last finished round wrote, and forgets them.
  [[nodiscard]] std::vector<OutputSeries> take_live();
  // Drops entries that nobody writes any more, if they are many. True if pointers have become invalid.
  // REQUIRES: finish_round() was the last call.
  [[nodiscard]] bool tidy();

 private:
  std::unordered_map<Labels, Entry, LabelsHash> entries_;
  std::vector<Entry*> live_;     // written by the last finished round
  std::vector<Entry*> writing_;  // written by this round
  std::uint64_t round_ = 0;
};

}  // namespace tocsin::rules
