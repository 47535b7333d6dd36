// One test of a unit test file while it runs. Only unit_test_*.cpp use it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/testing/memory_series.hpp"
#include "engine/testing/script_commands.hpp"
#include "engine/testing/unit_test.hpp"
#include "engine/testing/unit_test_file.hpp"
#include "rules/rule_set.hpp"

namespace tocsin::testing {

// An alert that fires, or is expected to.
struct FiringAlert {
  rules::TextMap labels;
  rules::TextMap annotations;
  friend auto operator<=>(const FiringAlert&, const FiringAlert&) = default;
};

struct ResultSample {
  Labels labels;
  double value = 0;
  std::string histogram;  // in the notation of series; "" for a number
};

// The rule files of a unit test file.
struct LoadedRules {
  std::vector<rules::RuleFile> files;
  std::vector<std::string> errors;  // as promtool says them: those of the first file that has any
};

class UnitTestRun {
 public:
  UnitTestRun(const UnitTestFile& file, const TestGroup& test, const LoadedRules& rules,
              const UnitTestOptions& options);

  // Runs the test, and adds to passed, failed and failures of the report.
  void run(UnitTestReport& report);

 private:
  friend class AlertDiagnosis;
  // Samples of one series that are still to be loaded.
  struct Supply {
    Labels labels;
    std::vector<LoadedSample> samples;  // in rising order of time
    std::size_t next = 0;
  };

  // Each returns false if the test ends here.
  bool load_series(UnitTestReport& report);
  bool load_rules(UnitTestReport& report);
  bool check_names(UnitTestReport& report);
  bool evaluate_all(UnitTestReport& report);
  bool evaluate_rules(WallTime time, UnitTestReport& report);

  void warn_of_dropped_series(SourcePosition position, std::size_t dropped, UnitTestReport& report) const;
  void supply_from(std::vector<LoadedSeries> loaded);
  void supply_until(WallTime time, UnitTestReport& report);
  void check_alerts(const AlertTest& alert_test, WallTime evaluated_at, UnitTestReport& report);
  void check_expression(const ExpressionTest& expression_test, UnitTestReport& report);
  [[nodiscard]] std::vector<FiringAlert> firing_alerts(const std::string& name) const;
  [[nodiscard]] Result<std::vector<ResultSample>> query(const std::string& expression, WallTime at);
  [[nodiscard]] Result<std::vector<ResultSample>> expected_samples(
      const ExpressionTest& expression_test) const;
  [[nodiscard]] bool same(const ResultSample& expected, const ResultSample& found) const;
  [[nodiscard]] Duration last_eval_time() const;
  // The name as reports show it: "NATS lost" in quotes, or test 2.
  [[nodiscard]] std::string shown_name() const;
  // What is left of the test is not run.
  void abort(UnitTestReport& report, SourcePosition position, const std::string& text,
             std::vector<std::string> promtool);

  const UnitTestFile& file_;
  const TestGroup& test_;
  const LoadedRules& loaded_rules_;
  const UnitTestOptions& options_;
  MemorySeries series_;
  rules::RuleSet rules_;
  promql::RunLimits limits_;
  std::vector<Supply> supplies_;
  std::size_t checked_ = 0;  // expectations
};

// {a="b", c="d"}, as upstream prints a label set; values may be empty.
[[nodiscard]] std::string labels_text(const rules::TextMap& labels);
// up{job="a"}: a label set as PromQL writes it.
[[nodiscard]] std::string metric_text(const Labels& labels);

// Why an alert test fails: what fires instead, what is pending and until when, what its expression gave. The
// lines under a failure, indented.
[[nodiscard]] std::string explain_alerts(UnitTestRun& run, const AlertTest& alert_test, WallTime evaluated_at,
                                         const std::vector<FiringAlert>& expected,
                                         const std::vector<FiringAlert>& found);

}  // namespace tocsin::testing
