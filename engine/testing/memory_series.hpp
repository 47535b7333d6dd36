// Series in memory, as a source for the evaluator and a sink for rules: what tests load samples into. It
// keeps everything and forgets nothing until it is destroyed.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "promql/histogram.hpp"
#include "promql/result.hpp"
#include "promql/series_source.hpp"
#include "rules/output_series.hpp"

namespace tocsin::testing {

struct LoadedSample {
  promql::Sample sample;
  std::optional<Timestamp> start_time;
};

class MemorySeries final : public promql::SeriesSource, public rules::OutputSink {
 public:
  // Appends a sample to the series of these labels, and makes the series if there is none. Samples come in
  // rising order of time; the same sample again is ignored. Errors, with the words of Prometheus' head block:
  // an earlier sample, another value at the same time, an inconsistent histogram.
  [[nodiscard]] Result<void> load(const Labels& labels, const LoadedSample& sample);

  rules::AppendResult append(rules::OutputSeries& series, Timestamp time, double value) override;
  rules::AppendResult append(rules::OutputSeries& series, Timestamp time,
                             const promql::HistogramPtr& histogram) override;
  void append_stale(rules::OutputSeries& series, Timestamp time) override;

  [[nodiscard]] const promql::Selection& acquire(std::span<const Matcher> matchers) override;
  void release(const promql::Selection& selection) override;
  [[nodiscard]] const Labels& labels(promql::SeriesRef series) const override;
  void latest(std::span<const promql::SeriesRef> series, Timestamp after, Timestamp at,
              const promql::LatestColumns& out) const override;
  void windows(std::span<const promql::SeriesRef> series, Timestamp after, Timestamp through,
               std::span<std::uint32_t> hints, std::span<promql::Window> out) const override;

 private:
  // Columns of equal length; the last two stay empty until a sample needs them.
  struct Column {
    Labels labels;
    std::vector<Timestamp> times;
    std::vector<double> values;
    std::vector<promql::HistogramPtr> histograms;
    std::vector<Timestamp> start_times;
  };
  struct Shared {
    promql::Selection selection;
    std::vector<Matcher> matchers;
    std::size_t users = 0;
  };

  Column& column_of(const Labels& labels);
  rules::AppendResult add(const Labels& labels, const LoadedSample& sample);

  std::deque<Column> columns_;  // a series' slot is its index
  std::unordered_map<Labels, std::uint32_t, LabelsHash> slots_;
  std::map<std::string, Shared> selections_;  // by the text of their matchers
};

}  // namespace tocsin::testing
