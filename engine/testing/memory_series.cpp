#include "engine/testing/memory_series.hpp"

#include <algorithm>
#include <bit>

#include "engine/testing/reset_hint.hpp"
#include "promql/value.hpp"

namespace tocsin::testing {
namespace {

bool matches_all(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::ranges::all_of(
      matchers, [&labels](const Matcher& matcher) { return matcher.matches(labels.get(matcher.name())); });
}

bool is_same_sample(double value, const promql::HistogramPtr& histogram, const promql::Sample& sample) {
  if (histogram != nullptr && sample.histogram != nullptr) return histogram->equals(*sample.histogram);
  return histogram == nullptr && sample.histogram == nullptr && promql::same_bits(value, sample.value);
}

bool is_marker(double value, const promql::FloatHistogram* histogram) {
  return histogram != nullptr ? histogram->is_stale_marker() : promql::is_stale_nan(value);
}

promql::HistogramPtr as_stored(const promql::FloatHistogram* previous, const promql::HistogramPtr& added) {
  if (added == nullptr) return nullptr;
  const promql::CounterReset hint = stored_reset_hint(previous, *added);
  if (hint == added->counter_reset) return added;
  promql::FloatHistogram histogram = *added;
  histogram.counter_reset = hint;
  return std::make_shared<const promql::FloatHistogram>(std::move(histogram));
}

}  // namespace

MemorySeries::Column& MemorySeries::column_of(const Labels& labels) {
  const auto [at, is_new] = slots_.try_emplace(labels, static_cast<std::uint32_t>(columns_.size()));
  if (is_new) {
    columns_.push_back({labels, {}, {}, {}, {}});
    for (auto& [text, shared] : selections_) {
      if (matches_all(shared.matchers, labels)) shared.selection.series.push_back({at->second, 0});
    }
  }
  return columns_[at->second];
}

Result<void> MemorySeries::load(const Labels& labels, const LoadedSample& sample) {
  if (sample.sample.histogram != nullptr) {
    if (const Result<void> valid = sample.sample.histogram->validate(); !valid) return valid.error();
  }
  switch (add(labels, sample)) {
    case rules::AppendResult::appended:
      return {};
    case rules::AppendResult::conflicting:
      return Error("duplicate sample for timestamp");
    case rules::AppendResult::out_of_order:
    case rules::AppendResult::too_old:
      break;
  }
  return Error("out of order sample");
}

rules::AppendResult MemorySeries::append(rules::OutputSeries& series, Timestamp time, double value) {
  return add(series.labels, {{time, value, nullptr}, {}});
}

rules::AppendResult MemorySeries::append(rules::OutputSeries& series, Timestamp time,
                                         const promql::HistogramPtr& histogram) {
  return add(series.labels, {{time, 0, histogram}, {}});
}

void MemorySeries::append_stale(rules::OutputSeries& series, Timestamp time) {
  (void)add(series.labels, {{time, promql::stale_nan(), nullptr}, {}});
}

rules::AppendResult MemorySeries::add(const Labels& labels, const LoadedSample& sample) {
  const promql::Sample& added = sample.sample;
  Column& column = column_of(labels);
  if (!column.times.empty() && added.time <= column.times.back()) {
    if (added.time < column.times.back()) return rules::AppendResult::out_of_order;
    const auto& last = column.histograms.empty() ? promql::HistogramPtr() : column.histograms.back();
    return is_same_sample(column.values.back(), last, added) ? rules::AppendResult::appended
                                                             : rules::AppendResult::conflicting;
  }
  if (added.histogram != nullptr || !column.histograms.empty()) {
    column.histograms.resize(column.times.size());
    const promql::FloatHistogram* const previous =
        column.histograms.empty() ? nullptr : column.histograms.back().get();
    column.histograms.push_back(as_stored(previous, added.histogram));
  }
  if (sample.start_time || !column.start_times.empty()) {
    column.start_times.resize(column.times.size());
    column.start_times.push_back(sample.start_time.value_or(Timestamp{}));
  }
  column.times.push_back(added.time);
  column.values.push_back(added.value);
  return rules::AppendResult::appended;
}

const promql::Selection& MemorySeries::acquire(std::span<const Matcher> matchers) {
  std::string text;
  for (const Matcher& matcher : matchers) text += matcher.to_string() + ",";
  const auto [at, is_new] = selections_.try_emplace(std::move(text));
  Shared& shared = at->second;
  ++shared.users;
  if (is_new) {
    for (const Matcher& matcher : matchers) shared.matchers.push_back(matcher.clone());
    for (std::size_t slot = 0; slot < columns_.size(); ++slot) {
      if (!matches_all(shared.matchers, columns_[slot].labels)) continue;
      shared.selection.series.push_back({static_cast<std::uint32_t>(slot), 0});
    }
  }
  return shared.selection;
}

void MemorySeries::release(const promql::Selection& selection) {
  const auto at = std::ranges::find_if(
      selections_, [&selection](const auto& entry) { return &entry.second.selection == &selection; });
  if (at != selections_.end() && --at->second.users == 0) selections_.erase(at);
}

const Labels& MemorySeries::labels(promql::SeriesRef series) const {
  return columns_[series.slot].labels;
}

void MemorySeries::latest(std::span<const promql::SeriesRef> series, Timestamp after, Timestamp at,
                          const promql::LatestColumns& out) const {
  for (std::size_t row = 0; row < series.size(); ++row) {
    out.present[row] = 0;
    if (series[row] == promql::kNoSeries) continue;
    const Column& column = columns_[series[row].slot];
    const auto end = std::ranges::upper_bound(column.times, at);
    if (end == column.times.begin() || *(end - 1) <= after) continue;
    const auto i = static_cast<std::size_t>(end - column.times.begin() - 1);
    const promql::HistogramPtr histogram =
        column.histograms.empty() ? promql::HistogramPtr() : column.histograms[i];
    if (is_marker(column.values[i], histogram.get())) continue;
    out.present[row] = 1;
    out.values[row] = column.values[i];
    if (!out.times.empty()) out.times[row] = column.times[i];
    if (!out.start_times.empty()) {
      out.start_times[row] = column.start_times.empty() ? Timestamp{} : column.start_times[i];
    }
    if (histogram != nullptr && out.histograms != nullptr) {
      out.histograms->emplace_back(static_cast<std::uint32_t>(row), histogram);
    }
  }
}

void MemorySeries::windows(std::span<const promql::SeriesRef> series, Timestamp after, Timestamp through,
                           std::span<std::uint32_t>, std::span<promql::Window> out) const {
  for (std::size_t row = 0; row < series.size(); ++row) {
    out[row] = {};
    if (series[row] == promql::kNoSeries) continue;
    const Column& column = columns_[series[row].slot];
    const auto first = std::ranges::upper_bound(column.times, after);
    const auto last = std::ranges::upper_bound(column.times, through);
    if (first >= last) continue;
    const auto start = static_cast<std::size_t>(first - column.times.begin());
    promql::Window& window = out[row];
    window.times = column.times.data() + start;
    window.values = column.values.data() + start;
    if (!column.histograms.empty()) window.histograms = column.histograms.data() + start;
    if (!column.start_times.empty()) window.start_times = column.start_times.data() + start;
    window.count = static_cast<std::uint32_t>(last - first);
    window.may_hold_markers = true;
  }
}

}  // namespace tocsin::testing
