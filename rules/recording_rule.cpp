#include "rules/recording_rule.hpp"

#include "promql/format.hpp"

namespace tocsin::rules {

RecordingRule::RecordingRule(RuleDefinition definition, const RuleOptions& options)
    : RunningRule(std::move(definition), options) {}

RuleOutputs::Entry& RecordingRule::output_of(std::uint32_t row) {
  RuleOutputs::Entry*& entry = output_of_row_[row];
  if (entry == nullptr) {
    LabelsBuilder builder(plan().row_labels(row));
    builder.set(kMetricName, definition().name);
    for (const auto& [name, value] : definition().labels) builder.set(name, value);
    entry = &outputs().find_or_add(builder.build());
  }
  return *entry;
}

Result<void> RecordingRule::act(const Evaluation& evaluation, const promql::InstantRows& rows,
                                RuleOutcome& outcome) {
  if (plan().binding_epoch() != binding_epoch_) output_of_row_.clear();
  binding_epoch_ = plan().binding_epoch();

  outputs().begin_round();
  claimed_.clear();
  for (const promql::ResultRow& row : rows.rows) {
    claimed_.push_back(&output_of(row.row));
    if (!outputs().claim(*claimed_.back())) {
      return Error("vector contains metrics with the same labelset after applying rule labels");
    }
  }
  const auto size = static_cast<std::int64_t>(rows.rows.size());
  if (evaluation.limit > 0 && size > evaluation.limit) {
    return Error(format("exceeded limit of {} with {} series", evaluation.limit, size));
  }
  outcome.result_size = rows.rows.size();
  const Timestamp time = evaluation.query_time();
  for (std::size_t i = 0; i < claimed_.size(); ++i) {
    const promql::ResultRow& row = rows.rows[i];
    outputs().write(*claimed_[i], time, {time, row.value, row.histogram}, evaluation.sink, outcome.samples);
  }
  outputs().finish_round(time, evaluation.sink);
  if (outputs().tidy()) output_of_row_.clear();
  return {};
}

}  // namespace tocsin::rules
