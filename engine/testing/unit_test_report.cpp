// Reports of unit tests, in the standard of wording and in the layouts of promtool and JUnit.
#include <algorithm>
#include <cstdint>

#include "engine/testing/unit_test.hpp"
#include "promql/format.hpp"
#include "promql/utf8.hpp"

namespace tocsin::testing {
namespace {

// Go's encoding/xml in text and attributes: markup and line ends as references, what XML cannot hold as
// U+FFFD.
std::string xml_escape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint c = decode_code_point(text);
    text.remove_prefix(c.width);
    switch (c.value) {
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\t':
        out += "&#x9;";
        break;
      case '\n':
        out += "&#xA;";
        break;
      case '\r':
        out += "&#xD;";
        break;
      default:
        append_code_point(out, c.value < 0x20 || c.is_invalid() ? kReplacementCharacter : c.value);
        break;
    }
  }
  return out;
}

std::string failure_text(const UnitTestReport& report, const UnitTestFailure& failure) {
  std::string out =
      format("FAIL {}:{}  {}: {}", report.file, failure.position.line, failure.test, failure.subject);
  if (!failure.details.empty()) out += "\n" + failure.details;
  return out + "\n";
}

}  // namespace

ReportText format_report(const std::vector<UnitTestReport>& reports, Duration took) {
  ReportText text;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t warnings = 0;
  for (const UnitTestReport& report : reports) {
    if (report.aborted) {
      text.standard_error += format_diagnostics(report.diagnostics);
      text.standard_error += failed_line(report.diagnostics, 1) + "\n";
      ++failed;
      continue;
    }
    for (const UnitTestFailure& failure : report.failures)
      text.standard_output += failure_text(report, failure);
    for (const Diagnostic& diagnostic : report.diagnostics) {
      const bool is_error = diagnostic.severity == Severity::error;
      std::string& out = is_error ? text.standard_error : text.standard_output;
      out += format_diagnostic(diagnostic, SeverityWord::always) + "\n";
      if (!is_error) ++warnings;
    }
    passed += report.passed;
    failed += report.failed;
  }
  const double seconds = std::chrono::duration<double>(took).count();
  text.standard_output += format("{} passed, {} failed, {}{:.2f}s\n", passed, failed,
                                 warnings == 0 ? "" : count_of(warnings, "warning") + ", ", seconds);
  return text;
}

ReportText format_promtool_report(const std::vector<UnitTestReport>& reports) {
  ReportText text;
  for (const UnitTestReport& report : reports) {
    std::vector<std::string> errors;
    for (const Diagnostic& diagnostic : report.diagnostics) {
      if (diagnostic.severity == Severity::error) {
        // Errors of rule files stand in the failures of the tests.
        if (!report.aborted) continue;
        errors.push_back(format_diagnostic(diagnostic, SeverityWord::never_for_errors));
      } else if (diagnostic.code.empty()) {
        // "rule_files: no file match pattern x": upstream names no key.
        const std::size_t subject = diagnostic.text.find("no file match pattern");
        if (subject == std::string::npos) continue;
        text.standard_error += format("  WARNING: {}\n", diagnostic.text.substr(subject));
      }
    }
    for (const UnitTestFailure& failure : report.failures) {
      errors.insert(errors.end(), failure.promtool.begin(), failure.promtool.end());
    }
    if (errors.empty()) {
      text.standard_output += "  SUCCESS\n";
    } else {
      text.standard_error += "  FAILED:\n";
      for (const std::string& error : errors) {
        text.standard_error += error + "\n";
        text.standard_output += "\n";
      }
    }
    text.standard_output += "\n";
  }
  return text;
}

std::string format_junit_report(const std::vector<UnitTestReport>& reports) {
  std::string out = "<testsuites>";
  for (const UnitTestReport& report : reports) {
    std::size_t failures = 0;
    for (const UnitTestCase& test : report.cases) failures += test.failures.size();
    out += format(R"(<testsuite name="{}" tests="{}" failures="{}" errors="{}" skipped="0" timestamp="">)",
                  xml_escape(report.file), report.aborted ? 1 : report.cases.size(), failures,
                  report.aborted ? 1 : 0);
    if (report.aborted) {
      const auto error = std::ranges::find(report.diagnostics, Severity::error, &Diagnostic::severity);
      out += format(R"(<testcase name="unknown"><error>{}</error></testcase>)",
                    xml_escape(format_diagnostic(*error, SeverityWord::never_for_errors)));
    }
    for (const UnitTestCase& test : report.cases) {
      out += format(R"(<testcase name="{}">)", xml_escape(test.name));
      for (const std::string& failure : test.failures)
        out += format("<failure>{}</failure>", xml_escape(failure));
      out += "</testcase>";
    }
    out += "</testsuite>";
  }
  return out + "</testsuites>";
}

}  // namespace tocsin::testing
