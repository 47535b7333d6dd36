// Unit tests of rules: `tocsin test rules`, and `promtool test rules` under that name.
//
// A file passes here if it passes there (Prometheus 3.14), quirks included (field-guide traps 34, 35, 77):
// every group is evaluated at evaluation_interval whatever its own interval is; only firing alerts count;
// an alert test between two evaluations sees the earlier one; samples are loaded only as far as the last
// evaluation; a result with NaN equals no expectation; a rule that fails ends its test; what holds more than
// 10,000 samples fails; an empty line in an input series ends the series.
//
// The functions do no I/O but through FileSource. Thread: any, one at a time for one FileSource.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/config/file_source.hpp"
#include "promql/parser.hpp"
#include "promql/time.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::testing {

struct UnitTestOptions {
  promql::ParserOptions parser;
  bool delayed_name_removal = false;   // --enable-feature=promql-delayed-name-removal
  bool ignore_unknown_fields = false;  // in rule files
  std::vector<std::string> run;        // regular expressions: only tests whose name one of them finds
};

// One expectation that does not hold, or a test that could not be run to its end.
struct UnitTestFailure {
  SourcePosition position;            // of the expectation, or of the test
  std::string test;                   // "NATS lost", in quotes; or test 2, where it has no name
  std::string subject;                // alert NATSDisconnected at 1m30s
  std::string details;                // the lines under it, indented, without a final line break
  std::vector<std::string> promtool;  // the same as promtool says it, an error each
};

struct UnitTestCase {
  std::string name;                   // as JUnit reports show it
  std::vector<std::string> failures;  // promtool's texts
};

struct UnitTestReport {
  std::string file;
  // What is wrong with the file: then it is aborted, and nothing was run. Else errors of its rule files, of
  // which each test that was to run has failed, and warnings.
  std::vector<Diagnostic> diagnostics;
  bool aborted = false;
  std::size_t passed = 0;  // expectations
  std::size_t failed = 0;
  std::vector<UnitTestFailure> failures;
  std::vector<UnitTestCase> cases;  // one a test that was run

  [[nodiscard]] bool ok() const { return !aborted && failures.empty(); }
};

// The error is about options.run: not a regular expression.
[[nodiscard]] Result<std::vector<UnitTestReport>> run_unit_tests(const std::vector<std::string>& files,
                                                                 const UnitTestOptions& options,
                                                                 config::FileSource& source);

// What to print, and where: exit with 1 unless all reports are ok.
struct ReportText {
  std::string standard_output;
  std::string standard_error;
};
// FAIL tests/nats.yml:14  "NATS lost": ... and a last line with the counts and how long it took.
[[nodiscard]] ReportText format_report(const std::vector<UnitTestReport>& reports, Duration took);
// promtool's layout, for the name promtool.
[[nodiscard]] ReportText format_promtool_report(const std::vector<UnitTestReport>& reports);
// --junit: the same as JUnit XML.
[[nodiscard]] std::string format_junit_report(const std::vector<UnitTestReport>& reports);

}  // namespace tocsin::testing
