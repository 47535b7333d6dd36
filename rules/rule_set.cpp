#include "rules/rule_set.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "rules/recording_rule.hpp"

namespace tocsin::rules {
namespace {

using GroupKey = std::pair<std::string_view, std::string_view>;

GroupKey key_of(const Group& group) {
  return {group.definition().file, group.definition().name};
}

std::unique_ptr<RunningRule> running(const Rule& rule, const RuleOptions& options) {
  RuleDefinition definition = definition_of(rule);
  if (definition.kind == RuleKind::recording) {
    return std::make_unique<RecordingRule>(std::move(definition), options);
  }
  return std::make_unique<AlertingRule>(std::move(definition), options);
}

void take_leave(Farewell farewell, ReloadReport& report) {
  std::move(farewell.changes.begin(), farewell.changes.end(), std::back_inserter(report.changes));
  report.rows_gone.insert(report.rows_gone.end(), farewell.rows.begin(), farewell.rows.end());
}

bool same_plans(const promql::PlanOptions& a, const promql::PlanOptions& b) {
  return a.lookback == b.lookback && a.default_subquery_step == b.default_subquery_step &&
         a.delayed_name_removal == b.delayed_name_removal &&
         a.type_and_unit_labels == b.type_and_unit_labels && a.use_start_timestamps == b.use_start_timestamps;
}

// Visits (rule, ordinal among the rules of the group with the same name and labels).
template <class Visitor>
void for_each_alerting_rule(const Group& group, Visitor&& visit) {
  std::map<std::string, std::size_t> ordinals;
  for (const auto& rule : group.rules()) {
    const std::size_t ordinal = ordinals[rule->name_and_labels()]++;
    if (auto* alerting = dynamic_cast<AlertingRule*>(rule.get())) visit(*alerting, ordinal);
  }
}

}  // namespace

std::vector<std::unique_ptr<Group>> RuleSet::build(std::span<const RuleFile* const> files) const {
  std::vector<std::unique_ptr<Group>> groups;
  std::set<GroupKey> seen;  // a file may be matched by two patterns
  for (const RuleFile* file : files) {
    for (const RuleGroup& group : file->groups) {
      if (!seen.insert({file->file, group.name}).second) continue;
      Group::Rules rules;
      for (const Rule& rule : group.rules) rules.push_back(running(rule, options_.rules));
      GroupDefinition definition{file->file, group.name,
                                 group.interval.value_or(options_.evaluation_interval), group.query_offset,
                                 group.limit};
      groups.push_back(std::make_unique<Group>(std::move(definition), std::move(rules)));
    }
  }
  return groups;
}

ReloadReport RuleSet::load(std::span<const RuleFile* const> files, RuleSetOptions options, WallTime now) {
  const bool plans_stay = same_plans(options_.rules.plan, options.rules.plan);
  options_ = std::move(options);
  ReloadReport report;
  std::map<GroupKey, std::unique_ptr<Group>> before;
  std::vector<std::unique_ptr<Group>> old_groups = std::move(groups_);
  for (auto& group : old_groups) before.emplace(key_of(*group), std::move(group));

  groups_ = build(files);
  std::set<const Group*> kept;
  for (auto& group : groups_) {
    const auto found = before.find(key_of(*group));
    if (found == before.end()) {
      group->set_slots(slots_of(group->definition(), now));
      ++report.groups_added;
      continue;
    }
    std::unique_ptr<Group> old = std::move(found->second);
    before.erase(found);
    if (plans_stay && old->same_as(*group)) {
      kept.insert(old.get());
      old->relocate(*group);
      group = std::move(old);
      ++report.groups_kept;
      continue;
    }
    take_leave(group->adopt(*old, now), report);
    report.changed.push_back(group.get());
    group->set_slots(slots_of(group->definition(), now));
    ++report.groups_changed;
  }
  for (auto& [key, group] : before) depart(*group, now, report);

  std::erase_if(due_, [&kept](const Group* group) { return !kept.contains(group); });
  in_file_order_.clear();
  for (const auto& group : groups_) in_file_order_.push_back(group.get());
  std::stable_sort(groups_.begin(), groups_.end(),
                   [](const auto& a, const auto& b) { return key_of(*a) < key_of(*b); });
  for (const auto& group : groups_) {
    for_each_alerting_rule(*group, [&](AlertingRule& rule, std::size_t) {
      std::vector<AlertChange> changes = rule.options_changed(options_.rules, now);
      std::move(changes.begin(), changes.end(), std::back_inserter(report.changes));
    });
  }
  return report;
}

void RuleSet::depart(Group& group, WallTime now, ReloadReport& report) {
  take_leave(group.farewell(now), report);
  ++report.groups_removed;
  // Two intervals, so that a rule that was renamed or moved may write the series on.
  const GroupDefinition& definition = group.definition();
  const Duration offset = definition.query_offset.value_or(options_.query_offset);
  std::vector<OutputSeries> series = group.take_outputs();
  if (series.empty()) return;
  departed_.push_back({now + 2 * definition.interval, to_timestamp(now - offset), std::move(series)});
}

SlotClock RuleSet::slots_of(const GroupDefinition& definition, WallTime now) const {
  switch (options_.schedule) {
    case Schedule::evaluation_interval_from_zero:
      return SlotClock::from(options_.start, options_.evaluation_interval);
    case Schedule::own_interval_from_zero:
      return SlotClock::from(options_.start, definition.interval);
    case Schedule::hashed_slots:
      break;
  }
  const Duration interval = definition.interval;
  return SlotClock::after(now, interval, slot_offset(definition.file, definition.name, interval));
}

std::optional<WallTime> RuleSet::next_due() const {
  if (!due_.empty()) return due_.front()->running() ? due_.front()->slot() : due_.front()->slots().next();
  std::optional<WallTime> next;
  const auto consider = [&next](WallTime time) {
    if (!next || time < *next) next = time;
  };
  for (const auto& group : groups_) consider(group->slots().next());
  for (const Departed& departed : departed_) consider(departed.due);
  return next;
}

int RuleSet::order_of(const Group& group) const {
  const auto found = options_.group_order.find(group.definition().name);
  return found == options_.group_order.end() ? 0 : found->second;
}

void RuleSet::start_due(WallTime now) {
  for (Group* group : in_file_order_) {
    if (group->slots().is_due(now)) due_.push_back(group);
  }
  std::stable_sort(due_.begin(), due_.end(), [this](const Group* a, const Group* b) {
    return std::pair(a->slots().next(), order_of(*a)) < std::pair(b->slots().next(), order_of(*b));
  });
}

std::optional<RuleRun> RuleSet::run_next(const Surroundings& surroundings) {
  end_departed(surroundings);
  if (due_.empty()) start_due(surroundings.now);
  while (!due_.empty()) {
    Group& group = *due_.front();
    if (!group.running()) group.begin(group.slots().take(surroundings.now), surroundings.now);
    const Group::Settings settings{options_.rules, options_.query_offset};
    std::optional<RuleRun> run;
    if (!group.at_end()) {
      const std::size_t index = group.next_rule();
      const WallTime slot = group.slot();
      run.emplace(RuleRun{group, index, *group.rules()[index], slot, group.run_next(surroundings, settings)});
    }
    if (group.at_end()) {
      group.finish(surroundings, settings);
      due_.pop_front();
    }
    if (run) return run;
  }
  return std::nullopt;
}

void RuleSet::end_departed(const Surroundings& surroundings) {
  std::erase_if(departed_, [&](Departed& departed) {
    if (surroundings.now < departed.due) return false;
    for (OutputSeries& series : departed.series) surroundings.sink.append_stale(series, departed.time);
    return true;
  });
}

void RuleSet::wall_clock_stepped(WallTime now, Duration step) {
  due_.clear();
  for (const auto& group : groups_) {
    group->abandon();
    group->slots().restart(now);
    for_each_alerting_rule(*group, [step](AlertingRule& rule, std::size_t) { rule.shift(step); });
  }
  for (Departed& departed : departed_) {
    departed.due += step;
    departed.time = to_timestamp(to_wall(departed.time) + step);
  }
}

std::vector<RuleState> RuleSet::export_state() const {
  std::vector<RuleState> states;
  for (const auto& group : groups_) {
    for_each_alerting_rule(*group, [&](const AlertingRule& rule, std::size_t ordinal) {
      auto alerts = rule.export_alerts();
      if (alerts.empty()) return;
      states.push_back({group->definition().file, group->definition().name, rule.name_and_labels(), ordinal,
                        std::move(alerts)});
    });
  }
  return states;
}

ImportReport RuleSet::import_state(std::vector<RuleState> states, WallTime now) {
  ImportReport report;
  using Key = std::tuple<std::string, std::string, std::string, std::size_t>;
  std::map<Key, RuleState> waiting;
  for (RuleState& state : states) {
    waiting.emplace(Key{state.file, state.group, state.rule, state.ordinal}, std::move(state));
  }
  for (const auto& group : groups_) {
    for_each_alerting_rule(*group, [&](AlertingRule& rule, std::size_t ordinal) {
      const auto found =
          waiting.find({group->definition().file, group->definition().name, rule.name_and_labels(), ordinal});
      if (found == waiting.end()) return;
      rule.import_alerts(std::move(found->second.alerts));
      std::vector<AlertChange> changes = rule.options_changed(options_.rules, now);
      std::move(changes.begin(), changes.end(), std::back_inserter(report.changes));
      waiting.erase(found);
    });
  }
  for (auto& [key, state] : waiting) report.left.push_back(std::move(state));
  return report;
}

void RuleSet::run_soon(Group& group, WallTime now) {
  group.slots().add(now);
}

}  // namespace tocsin::rules
