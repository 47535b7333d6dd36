// Scraped samples into the sample store: the interface that engine/scrape owns, over engine/store.
#pragma once

#include "engine/scrape/sample_sink.hpp"
#include "engine/store/store.hpp"

namespace tocsin::core {

// Borrows the store. Owner thread.
class StoreSink final : public scrape::SampleSink {
 public:
  explicit StoreSink(engine::Store& store) : store_(store) {}

  [[nodiscard]] promql::SeriesRef find_or_create(const Labels& labels) override;
  [[nodiscard]] bool alive(promql::SeriesRef series) const override;
  scrape::AppendOutcome append(promql::SeriesRef series, Timestamp time, double value) override;
  scrape::AppendOutcome append_stale(promql::SeriesRef series, Timestamp time) override;

 private:
  engine::Store& store_;
};

}  // namespace tocsin::core
