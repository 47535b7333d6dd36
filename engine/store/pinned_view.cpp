#include "engine/store/pinned_view.hpp"

#include "engine/store/series_index.hpp"

namespace tocsin::engine {

void PinnedViewImpl::add(std::string key, const std::vector<Series>& series) {
  promql::Selection& selection = selections_[std::move(key)];
  for (const Series& one : series) {
    selection.series.push_back({static_cast<std::uint32_t>(series_.size()), 1});
    series_.push_back(one);
  }
}

const promql::Selection& PinnedViewImpl::acquire(std::span<const Matcher> matchers) {
  const auto at = selections_.find(selection_key(matchers));
  return at == selections_.end() ? empty_ : at->second;
}

void PinnedViewImpl::latest(std::span<const SeriesRef> series, Timestamp after, Timestamp at,
                            const promql::LatestColumns& out) const {
  for (std::size_t row = 0; row < series.size(); ++row) {
    find_latest(series_[series[row].slot].samples, after, at, row, out);
  }
}

void PinnedViewImpl::windows(std::span<const SeriesRef> series, Timestamp after, Timestamp through,
                             std::span<std::uint32_t> hints, std::span<promql::Window> out) const {
  for (std::size_t row = 0; row < series.size(); ++row) {
    std::uint32_t* hint = hints.empty() ? nullptr : &hints[row];
    out[row] = find_window(series_[series[row].slot].samples, after, through, hint);
  }
}

}  // namespace tocsin::engine
