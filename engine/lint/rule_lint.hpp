// Findings of promtool's --lint over rules and scrape intervals. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/prometheus_config.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"
#include "rules/rule_file.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::lint {

// --lint=all|duplicate-rules|too-long-scrape-interval|none, several separated by commas.
struct LintSettings {
  bool duplicate_rules = false;
  bool too_long_scrape_interval = false;
};
[[nodiscard]] Result<LintSettings> parse_lint_settings(std::string_view text);

// Rules of one file that write the same series: same name, same labels, those of the group included. As
// upstream does, the second and later ones are found, each set of labels once.
struct DuplicateRule {
  std::string name;
  std::map<std::string, std::string> labels;
  SourcePosition first;
  SourcePosition position;
};
[[nodiscard]] std::vector<DuplicateRule> duplicate_rules(const rules::RuleFile& file);
[[nodiscard]] std::vector<Diagnostic> duplicate_rule_findings(const rules::RuleFile& file);

// Jobs that are scraped so seldom that a query between two scrapes finds nothing.
[[nodiscard]] std::vector<Diagnostic> scrape_interval_findings(const config::PrometheusConfig& config,
                                                               Duration lookback);

}  // namespace tocsin::lint
