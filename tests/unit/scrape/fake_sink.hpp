// A sample sink in memory: what was appended, series by series, and a store's rules about time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/scrape/sample_sink.hpp"
#include "promql/value.hpp"

namespace tocsin::scrape {

class FakeSink final : public SampleSink {
 public:
  struct Entry {
    Timestamp time;
    double value = 0;
  };

  promql::SeriesRef find_or_create(const Labels& labels) override {
    ++lookups;
    if (const auto found = refs_.find(labels); found != refs_.end()) return found->second;
    const promql::SeriesRef ref{static_cast<std::uint32_t>(series_.size()), 0};
    series_.push_back({labels, {}, true});
    refs_.emplace(labels, ref);
    return ref;
  }
  bool alive(promql::SeriesRef series) const override { return series_.at(series.slot).alive; }
  std::uint64_t dropped() const override { return dropped_; }
  AppendOutcome append(promql::SeriesRef series, Timestamp time, double value) override {
    Series& to = series_.at(series.slot);
    if (!to.alive) return AppendOutcome::unknown_series;
    if (!to.samples.empty()) {
      const Entry& newest = to.samples.back();
      if (time < newest.time) return AppendOutcome::out_of_order;
      if (time == newest.time)
        return newest.value == value ? AppendOutcome::duplicate : AppendOutcome::conflicting;
    }
    to.samples.push_back({time, value});
    return AppendOutcome::appended;
  }
  AppendOutcome append_stale(promql::SeriesRef series, Timestamp time) override {
    return append(series, time, promql::stale_nan());
  }

  // The store forgets a series, as it does when its samples are too old.
  void drop(const Labels& labels) {
    series_.at(refs_.at(labels).slot).alive = false;
    refs_.erase(labels);
    ++dropped_;
  }

  // "1000:5 2000:stale": every sample of a series that was ever appended.
  std::string samples(const Labels& labels) const {
    std::string out;
    for (const Series& one : series_) {
      if (one.labels != labels) continue;
      for (const Entry& entry : one.samples) {
        if (!out.empty()) out += ' ';
        out += std::to_string(ms_of(entry.time)) + ':';
        out += promql::is_stale_nan(entry.value) ? "stale" : promql::format_float(entry.value);
      }
    }
    return out;
  }
  // The newest sample of a series: "5", "stale", or "none".
  std::string latest(const Labels& labels) const {
    const std::string all = samples(labels);
    return all.empty() ? "none" : all.substr(all.rfind(':') + 1);
  }
  std::size_t series_count() const { return refs_.size(); }

  int lookups = 0;

 private:
  struct Series {
    Labels labels;
    std::vector<Entry> samples;
    bool alive = true;
  };
  std::vector<Series> series_;
  std::map<Labels, promql::SeriesRef> refs_;
  std::uint64_t dropped_ = 0;
};

}  // namespace tocsin::scrape
