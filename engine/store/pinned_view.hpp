// The series that some selectors matched when they were pinned. Internal to the store; see store.hpp for the
// contract.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/store/sample_columns.hpp"
#include "engine/store/store.hpp"

namespace tocsin::engine {

class PinnedViewImpl final : public PinnedView {
 public:
  struct Series {
    const Labels* labels;
    SampleSpan samples;
  };
  PinnedViewImpl(std::uint64_t sequence, std::vector<std::string> absent_labels)
      : sequence_(sequence), absent_labels_(std::move(absent_labels)) {}

  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  [[nodiscard]] bool holds(std::string_view key) const { return selections_.find(key) != selections_.end(); }
  void add(std::string key, const std::vector<Series>& series);

  [[nodiscard]] const promql::Selection& acquire(std::span<const Matcher> matchers) override;
  void release(const promql::Selection&) override {}
  [[nodiscard]] const Labels& labels(SeriesRef series) const override { return *series_[series.slot].labels; }
  [[nodiscard]] bool may_have_label(std::string_view name) const override {
    return std::find(absent_labels_.begin(), absent_labels_.end(), name) == absent_labels_.end();
  }
  void latest(std::span<const SeriesRef> series, Timestamp after, Timestamp at,
              const promql::LatestColumns& out) const override;
  void windows(std::span<const SeriesRef> series, Timestamp after, Timestamp through,
               std::span<std::uint32_t> hints, std::span<promql::Window> out) const override;

 private:
  std::uint64_t sequence_;
  std::vector<std::string> absent_labels_;  // of which it was noted that no series has them
  std::vector<Series> series_;
  std::map<std::string, promql::Selection, std::less<>> selections_;
  promql::Selection empty_;
};

}  // namespace tocsin::engine
