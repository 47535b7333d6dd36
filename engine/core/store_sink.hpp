// Samples into the sample store: the interfaces that engine/scrape and rules own, over engine/store.
#pragma once

#include "engine/scrape/sample_sink.hpp"
#include "engine/store/store.hpp"
#include "rules/output_series.hpp"

namespace tocsin::core {

// Borrows the store. Owner thread.
class ScrapeSink final : public scrape::SampleSink {
 public:
  explicit ScrapeSink(engine::Store& store) : store_(store) {}

  [[nodiscard]] promql::SeriesRef find_or_create(const Labels& labels) override;
  [[nodiscard]] bool alive(promql::SeriesRef series) const override;
  [[nodiscard]] std::uint64_t dropped() const override;
  scrape::AppendOutcome append(promql::SeriesRef series, Timestamp time, double value) override;
  scrape::AppendOutcome append_stale(promql::SeriesRef series, Timestamp time) override;

 private:
  engine::Store& store_;
};

// Borrows the store. Owner thread.
class RuleSink final : public rules::OutputSink {
 public:
  explicit RuleSink(engine::Store& store) : store_(store) {}

  rules::AppendResult append(rules::OutputSeries& series, Timestamp time, double value) override;
  rules::AppendResult append(rules::OutputSeries& series, Timestamp time,
                             const promql::HistogramPtr& histogram) override;
  void append_stale(rules::OutputSeries& series, Timestamp time) override;

 private:
  engine::Store& store_;
};

}  // namespace tocsin::core
