#include "rules/group.hpp"

#include <deque>
#include <unordered_map>
#include <utility>

#include "rules/alerting_rule.hpp"

namespace tocsin::rules {
namespace {

void append(std::vector<AlertChange>& to, std::vector<AlertChange> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

void append(std::vector<OutputSeries>& to, std::vector<OutputSeries> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

void Group::begin(const SlotClock::Due& due, WallTime now) {
  running_ = true;
  next_rule_ = 0;
  slot_ = due.slot;
  began_ = now;
  samples_ = 0;
  evaluation_time_ = {};
  statistics_.iterations += due.missed + 1;
  statistics_.missed += due.missed;
}

RuleOutcome Group::run_next(const Surroundings& surroundings, const Settings& settings) {
  RunningRule& rule = *rules_[next_rule_++];
  RuleOutcome outcome = rule.evaluate(Evaluation{
      .source = surroundings.source,
      .sink = surroundings.sink,
      .limits = surroundings.limits,
      .options = settings.options,
      .now = surroundings.now,
      .slot = slot_,
      .query_offset = query_offset(settings),
      .interval = definition_.interval,
      .limit = definition_.limit,
      .unsure = rule.unsure_at(slot_),
  });
  ++statistics_.evaluations;
  if (!outcome.evaluated) ++statistics_.failures;
  samples_ += outcome.result_size;
  return outcome;
}

void Group::relocate(const Group& other) {
  for (std::size_t i = 0; i < rules_.size(); ++i) rules_[i]->relocate(*other.rules_[i]);
}

void Group::finish(const Surroundings& surroundings, const Settings& settings) {
  const Timestamp time = to_timestamp(slot_ - query_offset(settings));
  for (OutputSeries& series : stale_series_) surroundings.sink.append_stale(series, time);
  stale_series_.clear();
  statistics_.last_samples = samples_;
  statistics_.last_evaluation = began_;
  statistics_.last_slot = slot_;
  statistics_.evaluation_time = evaluation_time_;
  running_ = false;
}

void Group::add_evaluation_time(std::size_t rule, Duration duration) {
  rules_[rule]->set_evaluation_time(duration);
  if (running_) {
    evaluation_time_ += duration;
  } else {
    statistics_.evaluation_time += duration;
  }
}

bool Group::same_as(const Group& other) const {
  if (definition_ != other.definition_ || rules_.size() != other.rules_.size()) return false;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i]->same_as(*other.rules_[i])) return false;
  }
  return true;
}

Farewell Group::adopt(Group& from, WallTime now) {
  statistics_ = from.statistics_;
  std::unordered_map<std::string, std::deque<RunningRule*>> left;
  for (const auto& rule : from.rules_) left[rule->name_and_labels()].push_back(rule.get());

  for (const auto& rule : rules_) {
    const auto found = left.find(rule->name_and_labels());
    if (found == left.end() || found->second.empty()) continue;
    RunningRule& before = *found->second.front();
    found->second.pop_front();
    rule->adopt_outputs(before);
    if (rule->same_as(before)) rule->adopt_status(before);
    auto* alerting = dynamic_cast<AlertingRule*>(rule.get());
    auto* alerting_before = dynamic_cast<AlertingRule*>(&before);
    if (alerting != nullptr && alerting_before != nullptr) alerting->adopt_alerts(*alerting_before);
  }

  // Rules that found a successor have nothing left to say or to end.
  stale_series_ = std::exchange(from.stale_series_, {});
  append(stale_series_, from.take_outputs());
  return from.farewell(now);
}

Farewell Group::farewell(WallTime now) {
  Farewell last;
  for_each_alert([&](const RuleKey&, const Labels&, const Alert& alert) {
    if (alert.record != 0) last.rows.push_back(alert.record);
  });
  for (const auto& rule : rules_) {
    auto* alerting = dynamic_cast<AlertingRule*>(rule.get());
    if (alerting != nullptr) append(last.changes, alerting->farewell(now));
  }
  return last;
}

RuleKey Group::key_of(std::size_t rule) const {
  RuleKey key{definition_.file, definition_.name, rules_[rule]->name_and_labels(), 0};
  for (std::size_t i = 0; i < rule; ++i) key.ordinal += rules_[i]->name_and_labels() == key.rule ? 1 : 0;
  return key;
}

void Group::for_each_alert(const AlertVisitor& visit) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    auto* alerting = dynamic_cast<AlertingRule*>(rules_[i].get());
    if (alerting == nullptr || alerting->empty()) continue;
    const RuleKey key = key_of(i);
    alerting->for_each([&](const Labels& labels, Alert& alert) { visit(key, labels, alert); });
  }
}

std::vector<OutputSeries> Group::take_outputs() {
  std::vector<OutputSeries> series = std::exchange(stale_series_, {});
  for (const auto& rule : rules_) append(series, rule->take_outputs());
  return series;
}

}  // namespace tocsin::rules
