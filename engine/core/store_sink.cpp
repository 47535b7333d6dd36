#include "engine/core/store_sink.hpp"

namespace tocsin::core {
namespace {

scrape::AppendOutcome for_scrape(engine::AppendOutcome outcome) {
  switch (outcome) {
    case engine::AppendOutcome::appended:
      return scrape::AppendOutcome::appended;
    case engine::AppendOutcome::duplicate:
      return scrape::AppendOutcome::duplicate;
    case engine::AppendOutcome::conflicting:
      return scrape::AppendOutcome::conflicting;
    case engine::AppendOutcome::out_of_order:
      return scrape::AppendOutcome::out_of_order;
    case engine::AppendOutcome::out_of_bounds:
      return scrape::AppendOutcome::out_of_bounds;
    case engine::AppendOutcome::unknown_series:
      return scrape::AppendOutcome::unknown_series;
  }
  return scrape::AppendOutcome::unknown_series;
}

rules::AppendResult for_rule(engine::AppendOutcome outcome) {
  switch (outcome) {
    case engine::AppendOutcome::appended:
    case engine::AppendOutcome::duplicate:
      return rules::AppendResult::appended;
    case engine::AppendOutcome::conflicting:
      return rules::AppendResult::conflicting;
    case engine::AppendOutcome::out_of_bounds:
      return rules::AppendResult::too_old;
    case engine::AppendOutcome::out_of_order:
    case engine::AppendOutcome::unknown_series:
      return rules::AppendResult::out_of_order;
  }
  return rules::AppendResult::out_of_order;
}

// A rule keeps its series' place in the store; the store may have dropped the series meanwhile.
template <class Append>
engine::AppendOutcome append_found(engine::Store& store, rules::OutputSeries& series, const Append& append) {
  if (series.ref == promql::kNoSeries) series.ref = store.find_or_create(series.labels);
  const engine::AppendOutcome outcome = append(series.ref);
  if (outcome != engine::AppendOutcome::unknown_series) return outcome;
  series.ref = store.find_or_create(series.labels);
  return append(series.ref);
}

}  // namespace

promql::SeriesRef ScrapeSink::find_or_create(const Labels& labels) {
  return store_.find_or_create(labels);
}

bool ScrapeSink::alive(promql::SeriesRef series) const {
  return store_.alive(series);
}

std::uint64_t ScrapeSink::dropped() const {
  return store_.series_dropped();
}

scrape::AppendOutcome ScrapeSink::append(promql::SeriesRef series, Timestamp time, double value) {
  return for_scrape(store_.append(series, time, value));
}

scrape::AppendOutcome ScrapeSink::append_stale(promql::SeriesRef series, Timestamp time) {
  return for_scrape(store_.append_stale(series, time));
}

rules::AppendResult RuleSink::append(rules::OutputSeries& series, Timestamp time, double value) {
  return for_rule(
      append_found(store_, series, [&](promql::SeriesRef ref) { return store_.append(ref, time, value); }));
}

rules::AppendResult RuleSink::append(rules::OutputSeries& series, Timestamp time,
                                     const promql::HistogramPtr& histogram) {
  return for_rule(append_found(store_, series,
                               [&](promql::SeriesRef ref) { return store_.append(ref, time, histogram); }));
}

void RuleSink::append_stale(rules::OutputSeries& series, Timestamp time) {
  if (series.ref != promql::kNoSeries && store_.alive(series.ref)) store_.append_stale(series.ref, time);
}

}  // namespace tocsin::core
