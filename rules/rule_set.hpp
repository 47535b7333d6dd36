// All rule groups of an engine: built from rule files, rebuilt at a reload without losing what alerts know,
// and run one rule at a time when their slots come.
//
//   while (auto run = rules.run_next(surroundings)) { ... look at run->outcome ... }
//
// Due groups run one after the other, in the order of their slots; of equal slots, in the order given by
// group_order, then in that of the files. The owner calls run_next() until it has no value, in as many steps
// of its own as it likes, and then at next_due().
//
// Source: Prometheus' rules/manager.go. Thread: one owner. The series source outlives the set.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/alerting_rule.hpp"
#include "rules/group.hpp"
#include "rules/rule_file.hpp"

namespace tocsin::rules {

struct RuleSetOptions {
  Schedule schedule = Schedule::hashed_slots;
  WallTime start{};  // of the schedules that start from a fixed time
  Duration evaluation_interval = std::chrono::minutes(1);
  Duration query_offset{};                 // global rule_query_offset
  std::map<std::string, int> group_order;  // promtool's group_eval_order; groups not named have 0
  RuleOptions rules;
};

// What a reload did.
struct ReloadReport {
  std::size_t groups_kept = 0;  // identical: untouched
  std::size_t groups_changed = 0;
  std::size_t groups_added = 0;
  std::size_t groups_removed = 0;
  std::vector<AlertChange> changes;     // for the dispatcher; empty unless it is fed
  std::vector<Group*> changed;          // took over what their namesakes knew
  std::vector<std::int64_t> rows_gone;  // records of alerts that went with their rules
};

// One rule was evaluated. The references are valid until the next reload.
struct RuleRun {
  Group& group;
  std::size_t rule_index = 0;
  const RunningRule& rule;
  WallTime slot{};
  RuleOutcome outcome;
  // Measured by whoever has a clock; not calling it leaves the durations at zero.
  void set_duration(Duration duration) const { group.add_evaluation_time(rule_index, duration); }
};

// The alerts of one rule, for keeping them over a restart.
struct RuleState {
  std::string file;
  std::string group;
  std::string rule;         // RunningRule::name_and_labels()
  std::size_t ordinal = 0;  // among the rules of the group that are called the same
  std::vector<std::pair<Labels, Alert>> alerts;
};

struct ImportReport {
  std::vector<RuleState> left;       // has no rule any more
  std::vector<AlertChange> changes;  // alerts that are told under other labels now
};

class RuleSet {
 public:
  explicit RuleSet(RuleSetOptions options) : options_(std::move(options)) {}

  // Replaces all groups. Identical ones go on as they are; changed ones take over the state of their rules by
  // name and labels and start at their next slot; the series of groups that are gone are ended two intervals
  // later. REQUIRES: the files have no errors.
  [[nodiscard]] ReloadReport load(std::span<const RuleFile* const> files, RuleSetOptions options,
                                  WallTime now);

  // When run_next() has work; the past while a round is under way. No value: there is no group.
  [[nodiscard]] std::optional<WallTime> next_due() const;
  [[nodiscard]] bool busy() const { return !due_.empty(); }
  // Evaluates one rule, if a group is due. Also ends the series of groups that left, when that is due.
  [[nodiscard]] std::optional<RuleRun> run_next(const Surroundings& surroundings);

  // The wall clock stepped to `now` by `step`: slots start anew, rounds under way are left, the times of
  // alerts move along.
  void wall_clock_stepped(WallTime now, Duration step);

  // Sorted by file, then name.
  [[nodiscard]] const std::vector<std::unique_ptr<Group>>& groups() const { return groups_; }
  [[nodiscard]] const RuleSetOptions& options() const { return options_; }

  [[nodiscard]] std::vector<RuleState> export_state() const;
  // Into the rules that are loaded now and have not been evaluated.
  [[nodiscard]] ImportReport import_state(std::vector<RuleState> states, WallTime now);
  // Evaluates a group once out of turn; its slots stay where they are.
  static void run_soon(Group& group, WallTime now);

 private:
  // The outputs of a group that was removed.
  struct Departed {
    WallTime due{};
    Timestamp time{};
    std::vector<OutputSeries> series;
  };

  [[nodiscard]] std::vector<std::unique_ptr<Group>> build(std::span<const RuleFile* const> files) const;
  [[nodiscard]] SlotClock slots_of(const GroupDefinition& definition, WallTime now) const;
  void depart(Group& group, WallTime now, ReloadReport& report);
  void start_due(WallTime now);
  void end_departed(const Surroundings& surroundings);
  [[nodiscard]] int order_of(const Group& group) const;

  RuleSetOptions options_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<Group*> in_file_order_;
  std::deque<Group*> due_;  // the first one is under way
  std::vector<Departed> departed_;
};

}  // namespace tocsin::rules
