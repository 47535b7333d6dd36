// Unit tests of rules: tests/compat/unit_tests against what the real promtool answered, and the same files in
// our own words (tests/golden/unit_tests).
#include "engine/testing/unit_test.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::testing;

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

const std::string kCompat = std::string(TOCSIN_SOURCE_DIR) + "/tests/compat/unit_tests";

// A folder's files, by their names alone.
config::MemoryFiles files_of(const std::string& folder) {
  config::MemoryFiles files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.files[entry.path().filename().string()] = read_file(entry.path());
  }
  return files;
}

std::vector<UnitTestReport> run(config::MemoryFiles files, const std::string& name,
                                const UnitTestOptions& options = {}) {
  const auto reports = run_unit_tests({name}, options, files);
  REQUIRE(reports);
  return *reports;
}

std::vector<UnitTestReport> run_text(const std::string& text, const std::string& rules = "") {
  config::MemoryFiles files;
  files.files["t.yml"] = text;
  files.files["r.yml"] = rules;
  return run(std::move(files), "t.yml");
}

std::string shown(const std::vector<UnitTestReport>& reports) {
  const ReportText text = format_report(reports, std::chrono::milliseconds(310));
  return text.standard_error + text.standard_output;
}

}  // namespace

TEST_CASE("under promtool's name the answers are promtool's") {
  for (const std::string name : {"pass", "fail", "fuzzy"}) {
    CAPTURE(name);
    const std::vector<UnitTestReport> reports = run(files_of(kCompat), name + ".yml");
    const ReportText text = format_promtool_report(reports);
    CHECK(text.standard_error == read_file(kCompat + "/" + name + ".err"));
    CHECK(text.standard_output == read_file(kCompat + "/" + name + ".out"));
    CHECK(reports[0].ok() == (name == "pass"));
  }
}

TEST_CASE("failures are told in our words, with reasons") {
  const std::string golden = std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/unit_tests/fail.txt";
  CHECK(shown(run(files_of(kCompat), "fail.yml")) == read_file(golden));
}

TEST_CASE("what is passed and failed is counted by expectation") {
  const std::vector<UnitTestReport> reports = run(files_of(kCompat), "pass.yml");
  CHECK(shown(reports) == "19 passed, 0 failed, 0.31s\n");
  CHECK(format_junit_report(reports).starts_with(
      R"(<testsuites><testsuite name="pass.yml" tests="4" failures="0" errors="0" skipped="0")"));
}

TEST_CASE("only tests whose name is asked for are run") {
  UnitTestOptions options;
  options.run = {"^fine$", "histo"};
  CHECK(shown(run(files_of(kCompat), "pass.yml", options)) == "1 passed, 0 failed, 0.31s\n");
  options.run = {"("};
  config::MemoryFiles files;
  CHECK_FALSE(run_unit_tests({"x.yml"}, options, files));
}

TEST_CASE("a file that cannot be read runs nothing, and everything wrong with it is said") {
  CHECK(shown(run_text(
            "rule_files: [r.yml]\ntests:\n  - inputs: []\n    alert_rule_test:\n      - eval_time: 1x\n",
            "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: sum(\n")) ==
        R"(t.yml:3:5: test 1: unknown key "inputs", did you mean "input_series"?
t.yml:5:20: test 1: alert_rule_test: eval_time: not a valid duration string: "1x", expected a form such as "5m" or "1h30m"
r.yml:5:19: group "g", rule 1, "A": expr: 1:5: parse error: unclosed left parenthesis
     5 |         expr: sum(
       |                   ^
FAILED: 3 errors in 1 file
0 passed, 1 failed, 0.31s
)");
  config::MemoryFiles files;
  const std::vector<UnitTestReport> reports = run(std::move(files), "nope.yml");
  CHECK_FALSE(reports[0].ok());
  CHECK(shown(reports).starts_with("nope.yml: no such file"));
}

TEST_CASE("an alert test without a name fails its own test only") {
  const std::string text = R"(tests:
  - name: nameless
    alert_rule_test:
      - eval_time: 2m
  - name: other
    promql_expr_test:
      - expr: vector(1)
        exp_samples: [{labels: '{}', value: 1}]
)";
  const std::string error =
      "an item under alert_rule_test misses required attribute alertname at eval_time 2m";
  const std::vector<UnitTestReport> reports = run_text(text);
  CHECK(shown(reports) == "FAIL t.yml:4  \"nameless\": " + error + "\n1 passed, 1 failed, 0.31s\n");
  CHECK(format_promtool_report(reports).standard_error ==
        "  FAILED:\n" + error + " (in TestGroup nameless)\n");
  UnitTestOptions options;
  options.run = {"other"};
  config::MemoryFiles files;
  files.files["t.yml"] = text;
  CHECK(shown(run(std::move(files), "t.yml", options)) == "1 passed, 0 failed, 0.31s\n");
}

TEST_CASE("rule files that cannot be loaded fail each test that was to run, and are told of once") {
  config::MemoryFiles files;
  files.files["t.yml"] = R"(rule_files: [r.yml, s.yml]
tests:
  - name: one
    alert_rule_test:
      - alertname: A
  - name: two
    alert_rule_test:
      - alertname: A
      - alertname: B
)";
  files.files["r.yml"] = "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: sum(\n";
  files.files["s.yml"] = "groups:\n  - nme: g\n";
  const std::vector<UnitTestReport> reports = run(files, "t.yml");
  CHECK_FALSE(reports[0].ok());
  const std::string text = shown(reports);
  CHECK(text.starts_with(
      R"(r.yml:5:19: error: group "g", rule 1, "A": expr: 1:5: parse error: unclosed left parenthesis
     5 |         expr: sum(
       |                   ^
s.yml:2:5: error: )"));
  CHECK(text.ends_with(R"(FAIL t.yml:3  "one": not run: rule files cannot be loaded
FAIL t.yml:6  "two": not run: rule files cannot be loaded
0 passed, 3 failed, 0.31s
)"));
  // promtool stops at the first file that is wrong, in each test anew.
  const std::string error =
      "r.yml:5:19: group \"g\", rule 1, \"A\": expr: 1:5: parse error: unclosed left parenthesis";
  const ReportText promtool = format_promtool_report(reports);
  CHECK(promtool.standard_error == "  FAILED:\n" + error + "\n" + error + "\n");
  CHECK(promtool.standard_output == "\n\n\n");
  CHECK(reports[0].cases.size() == 2);
  CHECK(reports[0].cases[1].failures == std::vector<std::string>{error});

  UnitTestOptions none;
  none.run = {"three"};
  CHECK(format_promtool_report(run(files, "t.yml", none)).standard_output == "  SUCCESS\n\n");
}

TEST_CASE("an empty line ends the input series, as it does for promtool, and is warned of") {
  const std::string text = R"(tests:
  - input_series:
      - series: a
        values: |
          1 2
      - series: b
        values: '1'
    promql_expr_test:
      - expr: a
        exp_samples: [{labels: a, value: 1}]
      - expr: b
)";
  CHECK(shown(run_text(text)) ==
        "t.yml:3:9: warning T202 series-not-loaded: an empty line in this series ends input_series: 1 of 2 "
        "series are not loaded\n"
        "    fix: write series and values on one line, or as a block that begins with \">-\"\n"
        "2 passed, 0 failed, 1 warning, 0.31s\n");
  CHECK(format_promtool_report(run_text(text)).standard_output == "  SUCCESS\n\n");
}

TEST_CASE("a second line of values is a series of its own, as it is for promtool") {
  CHECK(shown(run_text("tests:\n  - input_series:\n      - series: a\n        values: \"1 2\\nb 3\"\n"
                       "      - series: c\n        values: x\n"))
            .starts_with("FAIL t.yml:5  test 1: input_series: 1:3: parse error: "));
  CHECK(shown(run_text(R"(tests:
  - input_series:
      - series: a
        values: "1 2\nb 3"
    promql_expr_test:
      - expr: b
        exp_samples: [{labels: b, value: 3}]
)")) == "1 passed, 0 failed, 0.31s\n");
}

// Points of a subquery count twice, here and there: as what it gives and as what the function reads.
TEST_CASE("an expression holds no more than ten thousand samples, as under promtool") {
  const std::string text = R"(tests:
  - promql_expr_test:
      - expr: count_over_time(vector(1)[80m:1s])
        eval_time: 4h
        exp_samples: [{labels: '{}', value: 4800}]
      - expr: count_over_time(vector(1)[2h:1s])
        eval_time: 4h
)";
  const std::string error = "query processing would load too many samples into memory in query execution";
  const std::vector<UnitTestReport> reports = run_text(text);
  CHECK(shown(reports) ==
        "FAIL t.yml:6  test 1: expression \"count_over_time(vector(1)[2h:1s])\" at 4h0m0s\n  " + error +
            "\n1 passed, 1 failed, 0.31s\n");
  CHECK(format_promtool_report(reports).standard_error ==
        "  FAILED:\n    expr: \"count_over_time(vector(1)[2h:1s])\", time: 4h, err: " + error + "\n");
}

TEST_CASE("an expectation that can never fail is warned of") {
  const std::string rules = "groups:\n  - name: g\n    rules:\n      - alert: Down\n        expr: up == 0\n";
  const std::string text = "rule_files: [r.yml]\ntests:\n  - alert_rule_test:\n      - alertname: Dwn\n";
  CHECK(shown(run_text(text, rules)) ==
        "t.yml:4:9: warning T201 alert-not-defined: no rule file defines alert \"Dwn\": expecting no alert "
        "here "
        "can never fail, did you mean \"Down\"?\n1 passed, 0 failed, 1 warning, 0.31s\n");
}

TEST_CASE("an alert that is still pending says when it would fire") {
  const std::string rules =
      "groups:\n  - name: g\n    rules:\n      - alert: Lost\n        expr: connections == 0\n        for: "
      "1m\n";
  const std::string text = R"(rule_files: [r.yml]
evaluation_interval: 30s
tests:
  - name: NATS lost
    interval: 30s
    input_series:
      - series: 'connections{instance="a:9091"}'
        values: 3 3 0 0 0 0
    alert_rule_test:
      - eval_time: 1m30s
        alertname: Lost
        exp_alerts:
          - exp_labels: {instance: "a:9091"}
)";
  CHECK(shown(run_text(text, rules)) ==
        R"(FAIL t.yml:10  "NATS lost": alert Lost at 1m30s
  expected 1 firing alert, got 0
  missing: {alertname="Lost", instance="a:9091"}
  why: pending since 1m0s, 30s of for: 1m (r.yml:4); it would fire at 2m0s
    time     connections{instance="a:9091"}    == 0    state
    30s      3                                 no      inactive
    1m0s     0                                 yes     pending
    1m30s    0                                 yes     pending
0 passed, 1 failed, 0.31s
)");
}
