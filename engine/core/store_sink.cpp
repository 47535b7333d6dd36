#include "engine/core/store_sink.hpp"

namespace tocsin::core {
namespace {

scrape::AppendOutcome translate(engine::AppendOutcome outcome) {
  switch (outcome) {
    case engine::AppendOutcome::appended: return scrape::AppendOutcome::appended;
    case engine::AppendOutcome::duplicate: return scrape::AppendOutcome::duplicate;
    case engine::AppendOutcome::conflicting: return scrape::AppendOutcome::conflicting;
    case engine::AppendOutcome::out_of_order: return scrape::AppendOutcome::out_of_order;
    case engine::AppendOutcome::out_of_bounds: return scrape::AppendOutcome::out_of_bounds;
    case engine::AppendOutcome::unknown_series: return scrape::AppendOutcome::unknown_series;
  }
  return scrape::AppendOutcome::unknown_series;
}

}  // namespace

promql::SeriesRef StoreSink::find_or_create(const Labels& labels) { return store_.find_or_create(labels); }

bool StoreSink::alive(promql::SeriesRef series) const { return store_.alive(series); }

scrape::AppendOutcome StoreSink::append(promql::SeriesRef series, Timestamp time, double value) {
  return translate(store_.append(series, time, value));
}

scrape::AppendOutcome StoreSink::append_stale(promql::SeriesRef series, Timestamp time) {
  return translate(store_.append_stale(series, time));
}

}  // namespace tocsin::core
