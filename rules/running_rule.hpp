// A rule that is evaluated: its definition, its bound plan, how it is doing; and what one evaluation of it
// needs and yields. AlertingRule and RecordingRule are the two kinds.
//
// Thread: a rule belongs to one thread at a time. The series source that evaluations name must be the same
// one for the rule's whole life, and outlive it. No exceptions, no clock: time comes with the Evaluation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promql/engine.hpp"
#include "promql/labels.hpp"
#include "promql/parser.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"
#include "rules/alert_state.hpp"
#include "rules/outgoing_alert.hpp"
#include "rules/output_series.hpp"
#include "rules/rule_file.hpp"

namespace tocsin::rules {

// What a rule file says of a rule, without the tree of its expression, which goes into the plan.
struct RuleDefinition {
  RuleKind kind = RuleKind::alerting;
  std::string name;        // of the alert, or of the series that is recorded
  std::string expression;  // as written
  Duration hold{};         // `for`
  Duration keep_firing_for{};
  TextMap labels;  // the group's and, over them, the rule's; an empty value removes a label
  TextMap annotations;
  std::vector<TemplatedLabel> label_templates;  // of an alerting rule
  std::vector<TemplatedLabel> annotation_templates;
  SourcePosition position;  // in its file; no part of what the rule is
};
[[nodiscard]] RuleDefinition definition_of(const Rule& rule);

enum class RuleHealth : std::uint8_t { unknown, ok, err };
[[nodiscard]] std::string_view to_string(RuleHealth health);

struct RuleStatus {
  RuleHealth health = RuleHealth::unknown;
  std::string last_error;
  WallTime last_evaluation = kNoTime;  // when it began; not the slot
  Duration evaluation_time{};          // how long it took: measured by the owner, see RuleSet
};

// What all rules of a set share. External labels and URL may change at a reload.
struct RuleOptions {
  Labels external_labels;
  std::string external_url;            // without a trailing slash
  bool external_url_functions = true;  // off in promtool's tests, where externalURL and pathPrefix fail
  Duration resend_delay = std::chrono::minutes(1);
  bool send_to_alertmanagers = true;  // fill RuleOutcome::to_send, as Prometheus would
  bool feed_dispatcher = true;        // fill RuleOutcome::changes
  LabelMapper map_labels;             // empty: alerts are told under their own labels
  promql::ParserOptions parser;       // for expressions, and for those that templates query
  promql::PlanOptions plan;
};

// The surroundings of one evaluation. Borrowed for the call.
struct Evaluation {
  promql::SeriesSource& source;
  OutputSink& sink;
  const promql::RunLimits& limits;
  const RuleOptions& options;
  WallTime now{};           // when it happens
  WallTime slot{};          // the group's timestamp: of `for`, of templates and, less the offset, of samples
  Duration query_offset{};  // of the group, or the global one
  Duration interval{};      // of the group
  std::int64_t limit = 0;   // of the group; 0: none
  bool unsure = false;      // what is not seen is not known to be gone: see Presence

  [[nodiscard]] Timestamp query_time() const { return to_timestamp(slot - query_offset); }
  // Until when a firing alert is believed without hearing of it again: four intervals, at least four
  // resend delays (field-guide trap 16).
  [[nodiscard]] WallTime valid_until() const { return slot + 4 * std::max(interval, options.resend_delay); }
};

// An alert that moved from one state to another.
struct AlertTransition {
  Labels labels;
  AlertReason reason = AlertReason::never_seen;
  AlertState state = AlertState::inactive;
  double value = 0;
};

// An alert whose state is another than before: what its record, if it has one, must say now.
struct TouchedAlert {
  Labels labels;
  std::int64_t gone = 0;  // not 0: nothing is left of it, and this was the number of its record
};

struct RuleOutcome {
  // Set if the rule failed: then nothing was written and nothing changed but health. Or if a sample was
  // rejected: then the rest was written.
  std::string error;
  bool evaluated = false;
  std::size_t result_size = 0;  // samples that the rule yielded, of ALERTS and ALERTS_FOR_STATE too
  AppendTally samples;
  std::vector<AlertChange> changes;
  std::vector<OutgoingAlert> to_send;
  std::vector<AlertTransition> transitions;
  std::vector<TouchedAlert> touched;  // texts alone do not count
  std::vector<std::string> template_errors;
};

class RunningRule {
 public:
  virtual ~RunningRule() = default;
  RunningRule(const RunningRule&) = delete;
  RunningRule& operator=(const RunningRule&) = delete;

  [[nodiscard]] RuleOutcome evaluate(const Evaluation& evaluation);

  [[nodiscard]] const RuleDefinition& definition() const { return definition_; }
  // The expression as the printer writes it: what the API shows, links carry, and a reload compares.
  [[nodiscard]] const std::string& query() const { return query_; }
  // Null if the expression could not be compiled: then every evaluation fails.
  [[nodiscard]] const promql::Plan* compiled() const { return plan_ ? &*plan_ : nullptr; }
  [[nodiscard]] const RuleStatus& status() const { return status_; }
  void set_evaluation_time(Duration duration) { status_.evaluation_time = duration; }
  // Evaluations before this time cannot tell what is gone from what is not known yet: see Presence.
  void set_unsure_until(WallTime time) { unsure_until_ = time; }
  [[nodiscard]] bool unsure_at(WallTime time) const { return time < unsure_until_; }
  // The same rule stands elsewhere in its file now.
  void relocate(const RunningRule& other) { definition_.position = other.definition_.position; }
  // Upstream's key for carrying state over a reload.
  [[nodiscard]] std::string name_and_labels() const;
  // The same rule in every respect (upstream compares what it prints).
  [[nodiscard]] bool same_as(const RunningRule& other) const;

  // The series of the last evaluation, for whoever ends them once the rule is gone.
  [[nodiscard]] std::vector<OutputSeries> take_outputs() { return outputs_.take_live(); }
  void adopt_outputs(RunningRule& from) { outputs_ = std::exchange(from.outputs_, {}); }
  void adopt_status(const RunningRule& from) { status_ = from.status_; }

 protected:
  RunningRule(RuleDefinition definition, const RuleOptions& options);

  // Acts on the rows of a result: fills `outcome` or returns the error that makes the rule fail.
  virtual Result<void> act(const Evaluation& evaluation, const promql::InstantRows& rows,
                           RuleOutcome& outcome) = 0;
  // The rule failed in this evaluation.
  virtual void fail(const Evaluation& evaluation, RuleOutcome& outcome) = 0;

  [[nodiscard]] promql::Plan& plan() { return *plan_; }
  [[nodiscard]] RuleOutputs& outputs() { return outputs_; }

 private:
  Result<void> run(const Evaluation& evaluation, RuleOutcome& outcome);

  RuleDefinition definition_;
  Result<promql::Plan> plan_;
  std::string query_;
  RuleStatus status_;
  RuleOutputs outputs_;
  WallTime unsure_until_ = kNoTime;
};

// Parses, binds and runs an expression once; a scalar becomes one sample without labels.
[[nodiscard]] Result<promql::Vector> query_once(std::string_view expression, Timestamp at,
                                                const Evaluation& evaluation);

}  // namespace tocsin::rules
