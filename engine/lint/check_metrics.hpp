// `check metrics`: promtool's lint of a page of metrics, its cardinality table, its words and exit codes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/lint/metric_families.hpp"

namespace tocsin::lint {

struct MetricProblem {
  std::string metric;
  std::string text;  // counter metrics should have "_total" suffix
  friend auto operator<=>(const MetricProblem&, const MetricProblem&) = default;
};

// What is against the conventions of metric names, sorted by metric and text (upstream's promlint).
[[nodiscard]] std::vector<MetricProblem> lint_families(const ParsedFamilies& parsed);

struct CheckMetricsOptions {
  bool lint = true;       // off with --lint=none
  bool extended = false;  // --extended: the cardinality of each metric
};

// What promtool prints, and its exit code: 0; 1 when the page cannot be read; 3 for problems.
struct CheckMetricsReport {
  std::string standard_output;
  std::string standard_error;
  int exit_code = 0;
};
[[nodiscard]] CheckMetricsReport check_metrics(std::string_view page, const CheckMetricsOptions& options);

}  // namespace tocsin::lint
