#include "rules/running_rule.hpp"

#include "promql/parser.hpp"
#include "promql/printer.hpp"

namespace tocsin::rules {
namespace {

Result<promql::Plan> compile(std::string_view expression, const RuleOptions& options) {
  promql::Parsed<promql::ExprPtr> parsed = promql::parse_expr(expression, options.parser);
  if (!parsed.ok()) return parsed.error(expression);
  return promql::Plan::compile(std::move(parsed.value), std::string(expression), options.plan);
}

bool is_rule_result(promql::ValueType type) {
  return type == promql::ValueType::scalar || type == promql::ValueType::vector;
}

Error not_a_rule_result() {
  return Error("rule result is not a vector or scalar");
}

// The text of Prometheus' storage error for the samples that were rejected.
std::string rejection(const AppendTally& tally) {
  if (tally.conflicting > 0) return "duplicate sample for timestamp";
  if (tally.too_old > 0) return "too old sample";
  return "out of order sample";
}

}  // namespace

RuleDefinition definition_of(const Rule& rule) {
  return {rule.kind,
          rule.name,
          rule.expr_text,
          rule.hold,
          rule.keep_firing_for,
          rule.labels,
          rule.annotations,
          rule.label_templates,
          rule.annotation_templates,
          rule.position};
}

RunningRule::RunningRule(RuleDefinition definition, const RuleOptions& options)
    : definition_(std::move(definition)),
      plan_(compile(definition_.expression, options)),
      query_(plan_ ? promql::to_string(plan_->expr()) : definition_.expression) {}

RuleOutcome RunningRule::evaluate(const Evaluation& evaluation) {
  RuleOutcome outcome;
  status_.last_evaluation = evaluation.now;
  if (const Result<void> result = run(evaluation, outcome); !result) {
    outcome.error = result.error().text;
    fail(evaluation, outcome);
  } else {
    outcome.evaluated = true;
    if (!outcome.samples.all_appended()) outcome.error = rejection(outcome.samples);
  }
  status_.health = outcome.error.empty() ? RuleHealth::ok : RuleHealth::err;
  status_.last_error = outcome.error;
  return outcome;
}

Result<void> RunningRule::run(const Evaluation& evaluation, RuleOutcome& outcome) {
  if (!plan_) return plan_.error();
  if (!is_rule_result(plan_->type())) return not_a_rule_result();
  plan_->bind(evaluation.source);
  const promql::EvalResult<promql::InstantRows> rows =
      plan_->run_at(evaluation.query_time(), evaluation.limits);
  if (!rows) return Error(rows.error().text);
  return act(evaluation, *rows, outcome);
}

std::string RunningRule::name_and_labels() const {
  std::string key = definition_.name + "{";
  for (const auto& [name, value] : definition_.labels) key += name + "=" + go_quote(value) + ",";
  return key + "}";
}

bool RunningRule::same_as(const RunningRule& other) const {
  const RuleDefinition& a = definition_;
  const RuleDefinition& b = other.definition_;
  return a.kind == b.kind && a.name == b.name && query_ == other.query_ && a.hold == b.hold &&
         a.keep_firing_for == b.keep_firing_for && a.labels == b.labels && a.annotations == b.annotations;
}

std::string_view to_string(RuleHealth health) {
  switch (health) {
    case RuleHealth::unknown:
      return "unknown";
    case RuleHealth::ok:
      return "ok";
    case RuleHealth::err:
      return "err";
  }
  return "unknown";
}

Result<promql::Vector> query_once(std::string_view expression, Timestamp at, const Evaluation& evaluation) {
  Result<promql::Plan> plan = compile(expression, evaluation.options);
  if (!plan) return plan.error();
  if (!is_rule_result(plan->type())) return not_a_rule_result();
  plan->bind(evaluation.source);
  promql::EvalResult<promql::QueryResult> result = plan->query_at(at, evaluation.limits);
  if (!result) return Error(result.error().text);
  if (auto* vector = std::get_if<promql::Vector>(&result->value)) return std::move(*vector);
  if (const auto* scalar = std::get_if<promql::Scalar>(&result->value)) {
    return promql::Vector{{Labels{}, {scalar->time, scalar->value, nullptr}}};
  }
  return not_a_rule_result();
}

}  // namespace tocsin::rules
