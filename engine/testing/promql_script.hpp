// Test scripts of the language, in the format of Prometheus' promqltest: load samples, evaluate expressions,
// compare. Everything that upstream's runner (3.14) checks is checked here:
//   - an instant query is also run with @ set to its time at five other times, where the expression allows
//   it,
//     and as the middle step of a range query;
//   - values may differ by a millionth, relative to their sum;
//   - results of range queries are sorted by labels.
//
//   load 5m                                   load[_with_nhcb] STEP, one series a line; METRIC@st OFFSETS
//   before
//     up{job="a"} 1+1x10                      a series gives its samples start times
//   eval instant at 10m sum(up)               or: eval range from START to END step STEP EXPRESSION
//     expect no_warn                          ordered, fail, warn, no_warn, info, no_info
//     [msg:TEXT|regex:PATTERN]
//     {} 3                                    or a number; `expect string "x"`; `expect range vector from
//     ...`
//   clear
//
// Deprecated forms are understood: eval_fail, eval_warn, eval_info, eval_ordered, expected_fail_message,
// expected_fail_regexp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "promql/engine.hpp"

namespace tocsin::testing {

struct ScriptOptions {
  // The feature flags under which upstream runs its own scripts.
  promql::PlanOptions plan = [] {
    promql::PlanOptions options;
    options.delayed_name_removal = true;
    options.use_start_timestamps = true;
    return options;
  }();
  std::size_t max_samples = 50'000'000;
};

// What does not hold, with the line of the command (from 1). The text has one line that says what was found
// and what expected, and where series differ more lines that show both.
struct ScriptFailure {
  std::size_t line = 0;
  std::string text;
};

struct ScriptReport {
  std::size_t evaluations = 0;
  std::size_t passed = 0;
  std::vector<ScriptFailure> failures;  // in the order of lines

  [[nodiscard]] bool ok() const { return failures.empty(); }
  // "scripts/a.test:12: ..." for each failure, and a last line with the counts.
  [[nodiscard]] std::string to_string(std::string_view file_name) const;
};

// Runs a whole script. A script that cannot be read gives one failure and runs nothing; a failed load ends
// it.
[[nodiscard]] ScriptReport run_promql_script(std::string_view text, const ScriptOptions& options = {});

}  // namespace tocsin::testing
