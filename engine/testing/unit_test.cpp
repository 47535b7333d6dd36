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

// A line each: the source line and the caret are not in promtool's layout.
std::vector<std::string> promtool_errors(const Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (Diagnostic diagnostic : diagnostics.all()) {
    if (diagnostic.severity != Severity::error) continue;
    diagnostic.source_line.clear();
    out.push_back(format_diagnostic(diagnostic, SeverityWord::never_for_errors));
  }
  return out;
}

// Everything wrong with the files is added to diagnostics; what promtool says of it ends with the first file
// that is wrong.
LoadedRules load_rule_files(const UnitTestFile& file, const UnitTestOptions& options,
                            config::FileSource& source, Diagnostics& diagnostics) {
  LoadedRules out;
  for (const std::string& path : file.rule_files) {
    Diagnostics found;
    if (Result<std::string> text = source.read(path)) {
      rules::RuleFileOptions file_options;
      file_options.file = path;
      file_options.ignore_unknown_keys = options.ignore_unknown_fields;
      file_options.parser = options.parser;
      out.files.push_back(rules::load_rule_file(std::move(*text), file_options, found));
    } else {
      Diagnostic unreadable;
      unreadable.file = path;
      unreadable.text = text.error().text;
      found.add(std::move(unreadable));
    }
    if (out.errors.empty()) out.errors = promtool_errors(found);
    diagnostics.add(found.take());
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
void warn_of_tests_that_cannot_fail(const UnitTestFile& file, const std::vector<const TestGroup*>& tests,
                                    const std::vector<rules::RuleFile>& rule_files,
                                    Diagnostics& diagnostics) {
  const std::vector<std::string_view> names = alert_names(rule_files);
  for (const TestGroup* const test : tests) {
    for (const AlertTest& alert_test : test->alert_tests) {
      if (!alert_test.alerts.empty() || alert_test.alertname.empty()) continue;
      if (std::ranges::count(names, alert_test.alertname) != 0) continue;
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

std::vector<const TestGroup*> selected_tests(const UnitTestFile& file,
                                             const std::optional<AnchoredRegex>& selected) {
  std::vector<const TestGroup*> tests;
  for (const TestGroup& test : file.tests) {
    if (!selected || selected->matches(test.name)) tests.push_back(&test);
  }
  return tests;
}

UnitTestReport run_file(const std::string& name, const UnitTestOptions& options,
                        const std::optional<AnchoredRegex>& selected, config::FileSource& source) {
  UnitTestReport report;
  report.file = name;
  Diagnostics diagnostics;
  const UnitTestFile file = read_unit_test_file(name, false, source, diagnostics);
  report.aborted = diagnostics.has_errors();
  const std::vector<const TestGroup*> tests = selected_tests(file, selected);
  LoadedRules rules;
  // The rule files are a matter of the tests, so without any they are not read. Where nothing is run anyway,
  // what is wrong with them is said as well.
  if (report.aborted || !tests.empty()) rules = load_rule_files(file, options, source, diagnostics);
  if (!diagnostics.has_errors()) warn_of_tests_that_cannot_fail(file, tests, rules.files, diagnostics);
  diagnostics.sort();
  report.diagnostics = diagnostics.take();
  if (report.aborted) return report;
  for (const TestGroup* const test : tests) {
    const std::size_t failures_before = report.failures.size();
    UnitTestRun(file, *test, rules, options).run(report);
    UnitTestCase& result = report.cases.emplace_back();
    result.name = test->name.empty() ? format("unnamed#{}", test - file.tests.data()) : test->name;
    for (std::size_t f = failures_before; f < report.failures.size(); ++f) {
      const std::vector<std::string>& texts = report.failures[f].promtool;
      result.failures.insert(result.failures.end(), texts.begin(), texts.end());
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
