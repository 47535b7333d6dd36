// An alerting rule: keeps one alert for each label set that its expression has yielded, steps it through its
// life at each evaluation, writes ALERTS and ALERTS_FOR_STATE, and tells those who listen.
//
// Source: Prometheus' rules/alerting.go; field-guide traps 12-22, 25, 27, 33. Beyond it: the feed for a
// dispatcher in the same process, which is told only what changed, and what became of each alert.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "rules/alert_text.hpp"
#include "rules/running_rule.hpp"

namespace tocsin::rules {

// What the dispatcher believes of an alert.
struct ToldAlert {
  std::optional<Labels> labels;  // as it was told; no value: relabelling dropped it, nobody was told
  WallTime starts_at = kNoTime;
  WallTime valid_until = kNoTime;  // when the rule has failed for so long, the alert is unknown
  bool unknown = false;
};

// One alert of a rule: pending, firing, or resolved and remembered.
struct Alert {
  // The number of its record, wherever alerts are kept; 0: it has none. Only carried here.
  std::int64_t record = 0;
  AlertClock clock;
  double value = 0;
  TextMap annotations;
  WallTime last_sent_at = kNoTime;  // to Alertmanagers
  WallTime valid_until = kNoTime;   // as last sent
  std::optional<ToldAlert> told;    // to the dispatcher
};

class AlertingRule final : public RunningRule {
 public:
  AlertingRule(RuleDefinition definition, const RuleOptions& options);
  ~AlertingRule() override;

  // Calls visit(labels, alert) for each alert that is pending or firing, in the order of their labels.
  template <class Visitor>
  void for_each_active(Visitor&& visit) const {
    for (const auto& [labels, entry] : alerts_) {
      if (entry.clock.state != AlertState::inactive) visit(labels, static_cast<const Alert&>(entry));
    }
  }
  // All that are not forgotten, resolved ones too.
  template <class Visitor>
  void for_each(Visitor&& visit) {
    for (auto& [labels, entry] : alerts_) {
      if (!entry.clock.vacant() || entry.told) visit(labels, static_cast<Alert&>(entry));
    }
  }
  [[nodiscard]] bool empty() const { return alerts_.empty(); }
  // The furthest that any alert has got; no value before the first evaluation.
  [[nodiscard]] std::optional<AlertState> state() const;
  // Null if there is none. Valid until the next evaluation.
  [[nodiscard]] Alert* find(const Labels& labels);
  // All alerts, resolved ones too: what has to be kept over a restart.
  [[nodiscard]] std::vector<std::pair<Labels, Alert>> export_alerts() const;
  // Takes alerts as they were exported. REQUIRES: not evaluated yet.
  void import_alerts(std::vector<std::pair<Labels, Alert>> alerts);

  // Goes on with the alerts of the rule that this one replaces.
  void adopt_alerts(AlertingRule& from);
  // The rule is about to go: says so of every alert that the dispatcher believes to fire.
  [[nodiscard]] std::vector<AlertChange> farewell(WallTime now);
  // External labels, relabelling or the external URL changed: texts are expanded anew at the next evaluation,
  // and alerts that are now told under other labels move there.
  [[nodiscard]] std::vector<AlertChange> options_changed(const RuleOptions& options, WallTime now);
  // The wall clock stepped: all times move along.
  void shift(Duration step);

 private:
  struct Entry : Alert {
    std::uint64_t seen_in_round = 0;
    bool wiped = false;                // forgotten because of the limit while told to the dispatcher
    bool annotations_changed = false;  // in this round
    bool touched = false;              // likewise: its clock, or what was told of it
    // What the annotations were expanded for.
    std::uint32_t row = 0;
    std::uint64_t expanded_in_epoch = 0;  // a text_epoch_; 0: never
    std::uint64_t value_bits = 0;
    // Where its samples go; null until needed.
    RuleOutputs::Entry* pending_series = nullptr;
    RuleOutputs::Entry* firing_series = nullptr;
    RuleOutputs::Entry* for_state_series = nullptr;
  };
  using Entries = std::map<Labels, Entry>;
  using Node = Entries::value_type;

  Result<void> act(const Evaluation& evaluation, const promql::InstantRows& rows,
                   RuleOutcome& outcome) override;
  void fail(const Evaluation& evaluation, RuleOutcome& outcome) override;

  class Expansion;
  Result<void> find_alerts(const promql::InstantRows& rows, Expansion& expansion);
  Node& alert_of(const promql::ResultRow& row, Expansion& expansion);
  void update_seen(const promql::InstantRows& rows, Expansion& expansion);
  void expand_annotations(Entry& entry, const promql::ResultRow& row, Expansion& expansion);
  void step_all(const Evaluation& evaluation, RuleOutcome& outcome);
  void wipe();
  void gather_touched(RuleOutcome& outcome);
  void send(const Evaluation& evaluation, RuleOutcome& outcome);
  void tell_changes(const Evaluation& evaluation, RuleOutcome& outcome);
  void tell_change(Node& node, const Evaluation& evaluation, std::vector<AlertChange>& changes);
  void write_samples(const Evaluation& evaluation, RuleOutcome& outcome);
  RuleOutputs::Entry& series_for(const Labels& alert, std::string_view name, std::string_view state);
  void sweep();
  [[nodiscard]] OutgoingAlert outgoing(const Entry& entry) const;
  [[nodiscard]] AlertChange change(ChangeKind kind, ResolveCause cause, const Entry& entry) const;

  AlertTexts label_texts_;
  AlertTexts annotation_texts_;
  std::string generator_url_;

  Entries alerts_;
  std::uint64_t round_ = 0;
  std::vector<Node*> seen_;    // by position in the rows of this round
  std::vector<Node*> active_;  // pending and firing ones of this round
  // The alert of a row, while row numbers keep their meaning and labels do not depend on values.
  std::unordered_map<std::uint32_t, Node*> alert_of_row_;
  std::uint64_t binding_epoch_ = 0;
  // Changes when what was expanded before may come out differently: with the rows' meaning, or the options.
  std::uint64_t text_epoch_ = 1;
};

}  // namespace tocsin::rules
