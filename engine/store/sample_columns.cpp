#include "engine/store/sample_columns.hpp"

#include <algorithm>

#include "promql/histogram.hpp"

namespace tocsin::engine {

SampleColumns::SampleColumns(std::uint32_t room) {
  times.reserve(room);
  values.reserve(times.capacity());
}

void SampleColumns::append(NewSample sample) {
  if (sample.histogram && histograms.empty()) {
    histograms.reserve(times.capacity());
    histograms.resize(times.size());
  }
  if (sample.start_time != Timestamp{} && start_times.empty()) {
    start_times.reserve(times.capacity());
    start_times.resize(times.size());
  }
  const bool with_histograms = sample.histogram || histograms.capacity() > 0;
  if (with_histograms) histograms.push_back(std::move(sample.histogram));
  if (start_times.capacity() > 0) start_times.push_back(sample.start_time);
  values.push_back(sample.value);
  times.push_back(sample.time);
}

std::size_t SampleColumns::bytes() const {
  return times.capacity() * sizeof(Timestamp) + values.capacity() * sizeof(double) +
         histograms.capacity() * sizeof(promql::HistogramPtr) + start_times.capacity() * sizeof(Timestamp);
}

namespace {

// The first index in [first, last) whose time is after `time`, looked for around `guess`.
std::uint32_t first_after(const SampleSpan& samples, std::uint32_t first, std::uint32_t last, Timestamp time,
                          std::uint32_t guess) {
  if (guess >= first && guess <= last) {
    const bool before_is_out = guess == first || samples.times[guess - 1] <= time;
    const bool here_is_in = guess == last || samples.times[guess] > time;
    if (before_is_out && here_is_in) return guess;
  }
  const Timestamp* begin = samples.times + first;
  return static_cast<std::uint32_t>(std::upper_bound(begin, samples.times + last, time) - samples.times);
}

}  // namespace

promql::Window find_window(const SampleSpan& samples, Timestamp after, Timestamp through,
                           std::uint32_t* hint) {
  promql::Window window;
  if (samples.first == samples.size) return window;
  const std::uint32_t end = first_after(samples, samples.first, samples.size, through, samples.size);
  const std::uint32_t expected = hint != nullptr ? *hint : 0;
  const std::uint32_t begin = first_after(samples, samples.first, end, after, end - std::min(end, expected));
  if (hint != nullptr) *hint = end - begin;
  window.times = samples.times + begin;
  window.values = samples.values + begin;
  window.histograms = samples.histograms != nullptr ? samples.histograms + begin : nullptr;
  window.start_times = samples.start_times != nullptr ? samples.start_times + begin : nullptr;
  window.count = end - begin;
  window.may_hold_markers = samples.last_marker > after;
  return window;
}

void find_latest(const SampleSpan& samples, Timestamp after, Timestamp at, std::size_t row,
                 const promql::LatestColumns& out) {
  if (samples.first == samples.size) return;
  const std::uint32_t end = first_after(samples, samples.first, samples.size, at, samples.size);
  if (end == samples.first) return;
  const std::uint32_t i = end - 1;
  if (samples.times[i] <= after) return;
  if (samples.histograms != nullptr && samples.histograms[i] != nullptr) {
    if (samples.histograms[i]->is_stale_marker()) return;
    if (out.histograms != nullptr)
      out.histograms->emplace_back(static_cast<std::uint32_t>(row), samples.histograms[i]);
    out.values[row] = 0;
  } else {
    if (promql::is_stale_nan(samples.values[i])) return;
    out.values[row] = samples.values[i];
  }
  out.present[row] = 1;
  if (!out.times.empty()) out.times[row] = samples.times[i];
  if (!out.start_times.empty() && samples.start_times != nullptr)
    out.start_times[row] = samples.start_times[i];
}

}  // namespace tocsin::engine
