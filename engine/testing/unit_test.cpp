#include "engine/testing/unit_test.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/testing/unit_test_file.hpp"
#include "engine/testing/unit_test_run.hpp"
#include "promql/format.hpp"
#include "promql/matcher.hpp"
#include "rules/rule_file.hpp"

namespace tocsin::testing {
namespace {

std::vector<rules::RuleFile> load_rule_files(const UnitTestFile& file, const UnitTestOptions& options,
                                             config::FileSource& source, Diagnostics& diagnostics) {
  std::vector<rules::RuleFile> out;
  for (const std::string& path : file.rule_files) {
    Result<std::string> text = source.read(path);
    if (!text) {
      Diagnostic unreadable;
      unreadable.file = path;
      unreadable.text = text.error().text;
      diagnostics.add(std::move(unreadable));
      continue;
    }
    rules::RuleFileOptions file_options;
    file_options.file = path;
    file_options.ignore_unknown_keys = options.ignore_unknown_fields;
    file_options.parser = options.parser;
    out.push_back(rules::load_rule_file(std::move(*text), file_options, diagnostics));
  }
  return out;
}

std::vector<std::string_view> alert_names(const std::vector<rules::RuleFile>& rule_files) {
  std::vector<std::string_view> names;
  for (const rules::RuleFile& file : rule_files) {
    for (const rules::RuleGroup& group : file.groups) {
      for (const rules::Rule& rule : group.rules) {
        if (rule.kind == rules::RuleKind::alerting) names.push_back(rule.name);
      }
    }
  }
  return names;
}

// A test that expects nothing of an alert that does not exist passes for ever.
void warn_of_tests_that_cannot_fail(const UnitTestFile& file, const std::vector<rules::RuleFile>& rule_files,
                                    Diagnostics& diagnostics) {
  const std::vector<std::string_view> names = alert_names(rule_files);
  for (const TestGroup& test : file.tests) {
    for (const AlertTest& alert_test : test.alert_tests) {
      if (!alert_test.alerts.empty() || std::ranges::count(names, alert_test.alertname) != 0) continue;
      Diagnostic warning;
      warning.file = file.file;
      warning.position = alert_test.position;
      warning.severity = Severity::warning;
      warning.code = "T201 alert-not-defined";
      warning.text = format("no rule file defines alert {}: expecting no alert here can never fail{}",
                            go_quote(alert_test.alertname), did_you_mean(alert_test.alertname, names));
      diagnostics.add(std::move(warning));
    }
  }
}

UnitTestReport run_file(const std::string& name, const UnitTestOptions& options,
                        const std::optional<AnchoredRegex>& selected, config::FileSource& source) {
  UnitTestReport report;
  report.file = name;
  Diagnostics diagnostics;
  const UnitTestFile file = read_unit_test_file(name, false, source, diagnostics);
  const std::vector<rules::RuleFile> rule_files = load_rule_files(file, options, source, diagnostics);
  report.aborted = diagnostics.has_errors();
  if (!report.aborted) warn_of_tests_that_cannot_fail(file, rule_files, diagnostics);
  diagnostics.sort();
  report.diagnostics = diagnostics.take();
  if (report.aborted) return report;
  for (std::size_t i = 0; i < file.tests.size(); ++i) {
    const TestGroup& test = file.tests[i];
    if (selected && !selected->matches(test.name)) continue;
    const std::size_t failures_before = report.failures.size();
    UnitTestRun(file, test, rule_files, options).run(report);
    UnitTestCase& result = report.cases.emplace_back();
    result.name = test.name.empty() ? format("unnamed#{}", i) : test.name;
    for (std::size_t f = failures_before; f < report.failures.size(); ++f) {
      result.failures.push_back(report.failures[f].promtool);
    }
  }
  return report;
}

}  // namespace

Result<std::vector<UnitTestReport>> run_unit_tests(const std::vector<std::string>& files,
                                                   const UnitTestOptions& options,
                                                   config::FileSource& source) {
  std::optional<AnchoredRegex> selected;
  if (!options.run.empty()) {
    std::string pattern;
    for (const std::string& one : options.run) pattern += (pattern.empty() ? "" : "|") + one;
    // --run finds its patterns anywhere in a name.
    Result<AnchoredRegex> compiled = AnchoredRegex::compile(format("(?s:.*)(?-s:{})(?s:.*)", pattern));
    if (!compiled) return compiled.error();
    selected = std::move(*compiled);
  }
  std::vector<UnitTestReport> reports;
  reports.reserve(files.size());
  for (const std::string& file : files) reports.push_back(run_file(file, options, selected, source));
  return reports;
}

}  // namespace tocsin::testing
