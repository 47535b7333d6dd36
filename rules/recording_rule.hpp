// A recording rule: writes its result under another name (Prometheus' rules/recording.go).
#pragma once

#include <unordered_map>
#include <vector>

#include "rules/running_rule.hpp"

namespace tocsin::rules {

class RecordingRule final : public RunningRule {
 public:
  RecordingRule(RuleDefinition definition, const RuleOptions& options);

 private:
  Result<void> act(const Evaluation& evaluation, const promql::InstantRows& rows,
                   RuleOutcome& outcome) override;
  void fail(const Evaluation&, RuleOutcome&) override {}

  RuleOutputs::Entry& output_of(std::uint32_t row);

  // What a row of the plan writes to, for as long as row numbers keep their meaning.
  std::unordered_map<std::uint32_t, RuleOutputs::Entry*> output_of_row_;
  std::uint64_t binding_epoch_ = 0;
  std::vector<RuleOutputs::Entry*> claimed_;  // by position in the rows of this round
};

}  // namespace tocsin::rules
