#include "engine/store/series_index.hpp"

#include <algorithm>

namespace tocsin::engine {

using promql::kNoSeries;
using promql::Selection;
using promql::SeriesRef;

std::string selection_key(std::span<const Matcher> matchers) {
  std::vector<std::string> parts;
  for (const Matcher& matcher : matchers) parts.push_back(matcher.to_string());
  std::sort(parts.begin(), parts.end());
  std::string key;
  for (const std::string& part : parts) {
    key += part;
    key += ',';
  }
  return key;
}

bool matches_all(std::span<const Matcher> matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& matcher) { return matcher.matches(labels.get(matcher.name())); });
}

void PostingIndex::add(const Labels& labels, std::uint32_t slot) {
  for (const LabelView label : labels) {
    auto name = names_.find(label.name);
    if (name == names_.end()) name = names_.emplace(label.name, Values()).first;
    auto value = name->second.find(label.value);
    if (value == name->second.end()) value = name->second.emplace(label.value, Slots()).first;
    value->second.push_back(slot);
  }
}

void PostingIndex::remove(std::span<const Labels* const> labels,
                          const std::function<bool(std::uint32_t)>& is_gone) {
  std::map<Slots*, std::pair<std::string_view, std::string_view>> touched;
  for (const Labels* gone : labels) {
    for (const LabelView label : *gone) {
      touched.emplace(&names_.find(label.name)->second.find(label.value)->second,
                      std::pair(label.name, label.value));
    }
  }
  for (const auto& [slots, pair] : touched) {
    std::erase_if(*slots, is_gone);
    if (!slots->empty()) continue;
    const auto name = names_.find(pair.first);
    name->second.erase(name->second.find(pair.second));
    if (name->second.empty()) names_.erase(name);
  }
}

PostingIndex::Slots PostingIndex::matching(const Values& values, const Matcher& matcher) const {
  Slots slots;
  for (const auto& [value, of_value] : values) {
    if (matcher.matches(value)) slots.insert(slots.end(), of_value.begin(), of_value.end());
  }
  return slots;
}

std::optional<PostingIndex::Candidates> PostingIndex::candidates(std::span<const Matcher> matchers) const {
  const Slots* shortest = nullptr;
  const Matcher* decided = nullptr;
  for (const Matcher& matcher : matchers) {
    if (matcher.type() != MatchType::equal || matcher.value().empty()) continue;
    const auto name = names_.find(matcher.name());
    if (name == names_.end()) return Candidates();
    const auto value = name->second.find(matcher.value());
    if (value == name->second.end()) return Candidates();
    if (shortest != nullptr && value->second.size() >= shortest->size()) continue;
    shortest = &value->second;
    decided = &matcher;
  }
  if (shortest != nullptr) return Candidates{*shortest, decided};
  for (const Matcher& matcher : matchers) {
    if (matcher.matches_empty()) continue;
    const auto name = names_.find(matcher.name());
    return name == names_.end() ? Candidates() : Candidates{matching(name->second, matcher), nullptr};
  }
  return std::nullopt;
}

std::size_t PostingIndex::pairs() const {
  std::size_t count = 0;
  for (const auto& [name, values] : names_) count += values.size();
  return count;
}

SelectionTable::Entry* SelectionTable::find(std::string_view key) {
  const auto at = entries_.find(key);
  return at == entries_.end() ? nullptr : at->second.get();
}

namespace {

const Matcher* metric_name_matcher(std::span<const Matcher> matchers) {
  const auto at = std::find_if(matchers.begin(), matchers.end(), [](const Matcher& matcher) {
    return matcher.type() == MatchType::equal && matcher.name() == kMetricName && !matcher.value().empty();
  });
  return at == matchers.end() ? nullptr : &*at;
}

}  // namespace

SelectionTable::Entry& SelectionTable::add(std::string key, std::span<const Matcher> matchers,
                                           std::vector<SeriesRef> series) {
  auto entry = std::make_unique<Entry>();
  for (const Matcher& matcher : matchers) entry->matchers.push_back(matcher.clone());
  entry->selection.series = std::move(series);
  entry->selection.epoch = ++epochs_;
  Entry& added = *entry;
  const Matcher* name = metric_name_matcher(added.matchers);
  (name != nullptr ? by_metric_name_[name->value()] : others_).push_back(&added);
  entries_.emplace(std::move(key), std::move(entry));
  return added;
}

void SelectionTable::release(const Selection& selection) {
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const auto& entry) { return &entry.second->selection == &selection; });
  if (at == entries_.end() || --at->second->users > 0) return;
  Entry* entry = at->second.get();
  const Matcher* name = metric_name_matcher(entry->matchers);
  if (name == nullptr) {
    std::erase(others_, entry);
  } else if (const auto list = by_metric_name_.find(name->value()); list != by_metric_name_.end()) {
    std::erase(list->second, entry);
    if (list->second.empty()) by_metric_name_.erase(list);
  }
  entries_.erase(at);
}

void SelectionTable::series_came(const Labels& labels, SeriesRef series) {
  const auto offer = [&](const std::vector<Entry*>& entries) {
    for (Entry* entry : entries) {
      if (matches_all(entry->matchers, labels)) entry->selection.series.push_back(series);
    }
  };
  offer(others_);
  const auto named = by_metric_name_.find(std::string(labels.metric_name()));
  if (named != by_metric_name_.end()) offer(named->second);
}

void SelectionTable::series_went(const std::function<bool(SeriesRef)>& is_gone) {
  for (const auto& [key, entry] : entries_) {
    Selection& selection = entry->selection;
    for (SeriesRef& series : selection.series) {
      if (series == kNoSeries || !is_gone(series)) continue;
      series = kNoSeries;
      ++selection.gone;
    }
    close_gaps(selection);
  }
}

void SelectionTable::close_gaps(Selection& selection) {
  constexpr std::size_t kWorthIt = 64;
  if (selection.gone < kWorthIt || selection.gone * 2 < selection.series.size()) return;
  std::erase(selection.series, kNoSeries);
  selection.gone = 0;
  selection.epoch = ++epochs_;
}

}  // namespace tocsin::engine
