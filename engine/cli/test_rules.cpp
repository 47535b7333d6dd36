// tocsin test rules: promtool's unit tests of rules, in our words or, under its name, in promtool's layout.
#include <optional>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/output.hpp"
#include "engine/shell/clock.hpp"
#include "engine/shell/files.hpp"
#include "engine/testing/unit_test.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

int test_rules(const Invocation& invocation) {
  testing::UnitTestOptions options;
  std::vector<std::string> paths, features, ignored;
  std::string junit;
  CommandLine line(invocation.command, "Runs unit tests of rules.");
  line.texts("enable-feature", features, "Feature names of upstream, separated by commas.");
  line.texts("run", options.run, "Run only tests whose name this regular expression finds.");
  line.text("junit", junit, "Write a report as JUnit XML to this file.");
  line.flag("ignore-unknown-fields", options.ignore_unknown_fields, "Accept unknown keys in rule files.");
  line.ignored("experimental", false, ignored);
  line.ignored("debug", false, ignored);
  line.ignored("diff", false, ignored);
  line.arguments("FILE", paths, "The unit test files.", 1, 0);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  promql::PlanOptions plan;
  (void)enable_features(features, options.parser, plan);
  options.delayed_name_removal = plan.delayed_name_removal;

  const MonoTime start = shell::read_clocks().mono;
  shell::Files files;
  const auto reports = testing::run_unit_tests(paths, options, files);
  if (!reports) return fail(invocation, format("--run: {}", reports.error().text));
  const testing::ReportText text = invocation.program == Program::promtool
                                       ? testing::format_promtool_report(*reports)
                                       : testing::format_report(*reports, shell::read_clocks().mono - start);
  put(text.standard_output);
  put_error(text.standard_error);
  bool all_passed = true;
  for (const testing::UnitTestReport& report : *reports) all_passed = all_passed && report.ok();
  if (!junit.empty()) {
    const Result<void> written = shell::write_file_atomically(junit, testing::format_junit_report(*reports));
    if (!written) return fail(invocation, format("--junit: {}", written.error().text));
  }
  return all_passed ? 0 : 1;
}

}  // namespace tocsin::cli
