// Which series match: an inverted index, and the selections that follow it. Internal to the store.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "promql/labels.hpp"
#include "promql/matcher.hpp"
#include "promql/series_source.hpp"

namespace tocsin::engine {

// Canonical text of matchers: equal selectors have equal keys.
[[nodiscard]] std::string selection_key(std::span<const Matcher> matchers);
[[nodiscard]] bool matches_all(std::span<const Matcher> matchers, const Labels& labels);

// From label pairs to slots. Slots in a list are in the order in which their series came.
class PostingIndex {
 public:
  using Slots = std::vector<std::uint32_t>;
  using Values = std::map<std::string, Slots, std::less<>>;

  void add(const Labels& labels, std::uint32_t slot);
  // Takes out all slots for which `is_gone` is true. `labels` are those of the series that went.
  void remove(std::span<const Labels* const> labels, const std::function<bool(std::uint32_t)>& is_gone);
  void clear() { names_.clear(); }

  // Slots that may match, or nothing if no matcher narrows the choice.
  struct Candidates {
    Slots slots;
    const Matcher* decided = nullptr;  // all of them match this one, and they are in order
  };
  [[nodiscard]] std::optional<Candidates> candidates(std::span<const Matcher> matchers) const;
  [[nodiscard]] const std::map<std::string, Values, std::less<>>& names() const { return names_; }
  [[nodiscard]] std::size_t pairs() const;

 private:
  [[nodiscard]] Slots matching(const Values& values, const Matcher& matcher) const;

  std::map<std::string, Values, std::less<>> names_;
};

// The selections in use, and which of them a new series belongs to.
class SelectionTable {
 public:
  struct Entry {
    promql::Selection selection;
    std::vector<Matcher> matchers;
    std::size_t users = 0;
  };
  // Null if there is no such selection yet.
  [[nodiscard]] Entry* find(std::string_view key);
  Entry& add(std::string key, std::span<const Matcher> matchers, std::vector<promql::SeriesRef> series);
  void release(const promql::Selection& selection);
  void series_came(const Labels& labels, promql::SeriesRef series);
  // Blanks out what `is_gone`, and closes the gaps where they are more than half.
  void series_went(const std::function<bool(promql::SeriesRef)>& is_gone);

 private:
  void close_gaps(promql::Selection& selection);

  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;
  std::unordered_map<std::string, std::vector<Entry*>> by_metric_name_;
  std::vector<Entry*> others_;
  std::uint64_t epochs_ = 0;
};

}  // namespace tocsin::engine
