// A round claims (recording rules only), writes, and finishes; the stamps on the entries are round numbers.
#include "rules/output_series.hpp"

namespace tocsin::rules {

RuleOutputs::Entry& RuleOutputs::find_or_add(const Labels& labels) {
  const auto [at, added] = entries_.try_emplace(labels);
  if (added) at->second.labels = labels;
  return at->second;
}

bool RuleOutputs::claim(Entry& entry) {
  if (entry.claimed == round_) return false;
  entry.claimed = round_;
  return true;
}

void RuleOutputs::write(Entry& entry, Timestamp time, const promql::Sample& sample, OutputSink& sink,
                        AppendTally& tally) {
  const AppendResult result =
      sample.histogram ? sink.append(entry, time, sample.histogram) : sink.append(entry, time, sample.value);
  switch (result) {
    case AppendResult::appended:
      ++tally.appended;
      if (entry.written != round_) writing_.push_back(&entry);
      entry.written = round_;
      break;
    case AppendResult::out_of_order:
      ++tally.out_of_order;
      break;
    case AppendResult::too_old:
      ++tally.too_old;
      break;
    case AppendResult::conflicting:
      ++tally.conflicting;
      break;
  }
}

void RuleOutputs::finish_round(Timestamp time, OutputSink& sink) {
  for (Entry* entry : live_) {
    if (entry->written != round_) sink.append_stale(*entry, time);
  }
  live_.swap(writing_);
  writing_.clear();
}

std::vector<OutputSeries> RuleOutputs::take_live() {
  std::vector<OutputSeries> series;
  series.reserve(live_.size());
  for (const Entry* entry : live_) series.push_back(*entry);
  live_.clear();
  return series;
}

bool RuleOutputs::tidy() {
  constexpr std::size_t kAlwaysKept = 64;
  if (entries_.size() <= kAlwaysKept + 2 * live_.size()) return false;
  // What this round wrote is all that live_ points to, and nodes of an unordered_map stay where they are.
  std::erase_if(entries_, [this](const auto& item) { return item.second.written != round_; });
  return true;
}

}  // namespace tocsin::rules
