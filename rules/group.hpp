// A rule group: rules in order, one slot clock, evaluated one rule at a time so that a step of the engine
// stays short. A rule sees what the rules before it wrote in the same round; one that fails does not stop the
// rest.
//
// Source: Prometheus' rules/group.go; field-guide traps 24, 26, 28.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/running_rule.hpp"
#include "rules/schedule.hpp"

namespace tocsin::rules {

struct Alert;  // rules/alerting_rule.hpp

struct GroupDefinition {
  std::string file;
  std::string name;
  Duration interval{};                   // its own, or the global evaluation interval
  std::optional<Duration> query_offset;  // not given: the global one
  std::int64_t limit = 0;
  friend bool operator==(const GroupDefinition&, const GroupDefinition&) = default;
};

struct GroupStatistics {
  std::uint64_t iterations = 0;  // scheduled: run or missed
  std::uint64_t missed = 0;
  std::uint64_t evaluations = 0;  // of rules
  std::uint64_t failures = 0;
  std::size_t last_samples = 0;        // that the rules of the last round yielded
  WallTime last_evaluation = kNoTime;  // when the last round that finished began
  WallTime last_slot = kNoTime;        // and its timestamp
  Duration evaluation_time{};          // how long it took, summed over its rules
};

// What a group needs from outside to evaluate a rule. Borrowed for the call.
struct Surroundings {
  promql::SeriesSource& source;
  OutputSink& sink;
  const promql::RunLimits& limits;
  WallTime now{};
};

// What is left to do for alerts whose rules go.
struct Farewell {
  std::vector<AlertChange> changes;  // to be said of them
  std::vector<std::int64_t> rows;    // their records
};

// Which rule of which group, for records that outlive the process.
struct RuleKey {
  std::string file;
  std::string group;
  std::string rule;         // RunningRule::name_and_labels()
  std::size_t ordinal = 0;  // among the rules of the group that are called the same
};

class Group {
 public:
  using Rules = std::vector<std::unique_ptr<RunningRule>>;

  Group(GroupDefinition definition, Rules rules)
      : definition_(std::move(definition)), rules_(std::move(rules)) {}

  [[nodiscard]] const GroupDefinition& definition() const { return definition_; }
  [[nodiscard]] const Rules& rules() const { return rules_; }
  [[nodiscard]] const GroupStatistics& statistics() const { return statistics_; }
  [[nodiscard]] SlotClock& slots() { return slots_; }
  [[nodiscard]] const SlotClock& slots() const { return slots_; }
  void set_slots(const SlotClock& slots) { slots_ = slots; }

  // Starts the round of a slot. REQUIRES: !running().
  void begin(const SlotClock::Due& due, WallTime now);
  [[nodiscard]] bool running() const { return running_; }
  // The timestamp of the round that is under way, or of the last one.
  [[nodiscard]] WallTime slot() const { return slot_; }
  // The rule whose turn it is. REQUIRES: running() and not at_end().
  [[nodiscard]] std::size_t next_rule() const { return next_rule_; }
  [[nodiscard]] bool at_end() const { return next_rule_ == rules_.size(); }
  struct Settings {
    const RuleOptions& options;
    Duration default_query_offset{};
  };
  // Evaluates the next rule. REQUIRES: running() and not at_end().
  [[nodiscard]] RuleOutcome run_next(const Surroundings& surroundings, const Settings& settings);
  // Ends the series of rules that left. REQUIRES: running() and at_end().
  void finish(const Surroundings& surroundings, const Settings& settings);
  // Leaves the round that is under way, if one is.
  void abandon() { running_ = false; }
  void add_evaluation_time(std::size_t rule, Duration duration);

  // The same definition and rules: a reload leaves such a group alone.
  [[nodiscard]] bool same_as(const Group& other) const;
  // Takes over where the rules stand. REQUIRES: same_as(other).
  void relocate(const Group& other);
  // Takes over the state of the group that this one replaces, rule by rule: by name and labels, the first of
  // equals from the first. Returns what becomes of alerts whose rule is gone.
  [[nodiscard]] Farewell adopt(Group& from, WallTime now);
  // The group is about to go.
  [[nodiscard]] Farewell farewell(WallTime now);
  [[nodiscard]] std::vector<OutputSeries> take_outputs();

  [[nodiscard]] RuleKey key_of(std::size_t rule) const;
  // Every alert of every rule, resolved ones too.
  using AlertVisitor = std::function<void(const RuleKey&, const Labels&, Alert&)>;
  void for_each_alert(const AlertVisitor& visit);

 private:
  [[nodiscard]] Duration query_offset(const Settings& settings) const {
    return definition_.query_offset.value_or(settings.default_query_offset);
  }

  GroupDefinition definition_;
  Rules rules_;
  SlotClock slots_;
  GroupStatistics statistics_;
  std::vector<OutputSeries> stale_series_;  // of rules that left; ended after the next round

  bool running_ = false;
  std::size_t next_rule_ = 0;
  WallTime slot_{};
  WallTime began_{};
  std::size_t samples_ = 0;
  Duration evaluation_time_{};
};

}  // namespace tocsin::rules
