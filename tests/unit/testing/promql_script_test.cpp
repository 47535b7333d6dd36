// The scripts of tests/scripts/promql, upstream's where they are to be had, and the script runner itself:
// that it finds what is wrong, and says so.
#include "engine/testing/promql_script.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/testing/script_commands.hpp"
#include "promql/format.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::testing;

namespace {

// The reports of all scripts of a folder, in the order of their names.
ScriptReport run_folder(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".test") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  ScriptReport total;
  for (const std::filesystem::path& path : files) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    const ScriptReport report = run_promql_script(text.str());
    total.evaluations += report.evaluations;
    total.passed += report.passed;
    if (!report.ok()) UNSCOPED_INFO(report.to_string(path.filename().string()));
    total.failures.insert(total.failures.end(), report.failures.begin(), report.failures.end());
  }
  return total;
}

// The first failure of a script, "" if it passes.
std::string first_failure(const std::string& script) {
  const ScriptReport report = run_promql_script(script);
  if (report.ok()) return {};
  return "line " + std::to_string(report.failures[0].line) + ": " + report.failures[0].text;
}

constexpr const char* kLoad = "load 1m\n  a{x=\"1\"} 1 2 3\n  a{x=\"2\"} 4 5 6\n\n";

}  // namespace

TEST_CASE("our scripts pass") {
  const ScriptReport report = run_folder(std::string(TOCSIN_SOURCE_DIR) + "/tests/scripts/promql");
  CHECK(report.evaluations > 250);
  CHECK(report.passed == report.evaluations);
  CHECK(report.ok());
}

TEST_CASE("ten thousand series are joined with a hundred, and a hundred with ten thousand") {
  std::string script = "load 1m\n";
  for (int i = 0; i < 10'000; ++i) {
    const std::string number = std::to_string(i);
    const std::string node = std::to_string(i % 100);
    script.append("  used{pod=\"").append(number).append("\", node=\"").append(node).append("\"} ");
    script.append(number).append("x2\n");
    if (i % 2 == 0) script.append("  limit{pod=\"").append(number).append("\"} 5000x2\n");
  }
  for (int node = 0; node < 100; ++node) {
    const std::string number = std::to_string(node);
    script.append("  size{node=\"").append(number).append("\", rack=\"").append(std::to_string(node / 10));
    script.append("\"} 2x2\n");
  }
  script += R"(
eval instant at 1m count(used * on (node) group_left (rack) size)
  {} 10000

eval instant at 1m sum by (rack) (used * on (node) group_left (rack) size)
  {rack="0"} 9909000
  {rack="1"} 9929000
  {rack="2"} 9949000
  {rack="3"} 9969000
  {rack="4"} 9989000
  {rack="5"} 10009000
  {rack="6"} 10029000
  {rack="7"} 10049000
  {rack="8"} 10069000
  {rack="9"} 10089000

eval instant at 1m count(used > on (pod) limit)
  {} 2499

eval instant at 1m count(used unless on (pod) limit)
  {} 5000

eval instant at 1m count(used or on (pod) limit)
  {} 10000

eval instant at 1m count(size * on (node) group_right used)
  {} 10000

eval range from 0 to 2m step 1m max(used - on (pod) group_left limit)
  {} 4998 4998 4998

eval instant at 1m count(used * on (node) size)
  expect fail msg: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)
)";
  const ScriptReport report = run_promql_script(script);
  CAPTURE(report.to_string("join"));
  CHECK(report.evaluations == 8);
  CHECK(report.ok());
}

TEST_CASE("upstream's scripts pass") {
  const char* const folder = std::getenv("TOCSIN_PROMQL_CORPUS");
  if (folder == nullptr) {
    WARN("skipped: TOCSIN_PROMQL_CORPUS names no folder with upstream's test scripts");
    return;
  }
  const ScriptReport report = run_folder(folder);
  CHECK(report.evaluations > 2000);
  CHECK(report.passed == report.evaluations);
  CHECK(report.ok());
}

TEST_CASE("a wrong expectation is found, with its line and both sides") {
  struct Case {
    std::string eval;
    std::string failure;
  };
  for (const Case& c : std::vector<Case>{
           {"eval instant at 1m sum(a)\n  {} 8",
            "line 5: expected 8 for {} but got 7\n    expected {} 8\n    found    {} 7"},
           {"eval instant at 1m a\n  a{x=\"1\"} 2",
            "line 5: unexpected metric {__name__=\"a\", x=\"2\"} in result\n    found    {__name__=\"a\", "
            "x=\"2\"} 5"},
           {"eval instant at 1m a{x=\"1\"}\n  a{x=\"1\"} 2\n  a{x=\"3\"} 2",
            "line 5: expected metric {__name__=\"a\", x=\"3\"} not found\n    expected {__name__=\"a\", "
            "x=\"3\"} 2"},
           {"eval range from 0 to 2m step 1m a{x=\"1\"}\n  a{x=\"1\"} 1 2 4",
            "line 5: expected value at index 2 (t=120000) for {__name__=\"a\", x=\"1\"} to be 4, but got 3\n"
            "    expected {__name__=\"a\", x=\"1\"} 1 2 4\n    found    {__name__=\"a\", x=\"1\"} 1 2 3"},
           {"eval range from 0 to 2m step 1m a{x=\"1\"} > 1\n  a{x=\"1\"} 1 2 3",
            "line 5: expected 3 points for {__name__=\"a\", x=\"1\"}, but got 2\n"
            "    expected {__name__=\"a\", x=\"1\"} 1 2 3\n    found    {__name__=\"a\", x=\"1\"} _ 2 3"},
           {"eval instant at 1m sort(a)\n  expect ordered\n  a{x=\"2\"} 5\n  a{x=\"1\"} 2",
            "line 5: expected metric {__name__=\"a\", x=\"1\"} at position 2 but was at 1\n"
            "    found    {__name__=\"a\", x=\"1\"} 2\n    found    {__name__=\"a\", x=\"2\"} 5"},
           {"eval instant at 1m 1 + 1\n  3", "line 5: expected scalar 3 but got 2"},
           {"eval instant at 1m \"x\"\n  expect string \"y\"", "line 5: expected string \"y\" but got \"x\""},
           {"eval instant at 1m a\n  expect fail",
            "line 5: expected error evaluating query \"a\" but got none"},
           {"eval instant at 1m a\n  expect warn\n  a{x=\"1\"} 2\n  a{x=\"2\"} 5",
            "line 5: expected warn annotations but none were found"},
           {"eval instant at 1m quantile(2, a)\n  expect no_warn\n  {} +Inf",
            "line 5: unexpected warn annotations\n    found    PromQL warning: quantile value should be "
            "between 0 "
            "and 1, got 2 (1:10)"}}) {
    CAPTURE(c.eval);
    CHECK(first_failure(kLoad + c.eval) == c.failure);
  }
}

TEST_CASE("a script that cannot be read says where and why") {
  struct Case {
    std::string script;
    std::string failure;
  };
  for (
      const Case& c : std::vector<Case>{
          {"# comment\n\nfoo bar", R"(line 3: invalid command "foo bar")"},
          {"load 5 m\n  a 1",
           R"(line 1: invalid step definition "5 m": unknown unit " m" in duration "5 m")"},
          {"load 1m\n  a 1\n  a x", R"(line 3: 1:3: parse error: unexpected "x")"},
          {"load 1m\n  a@st -1m\n", "line 2: @st line has no following sample line"},
          {"load 1m\n  a@st -1m\n  b 1",
           "line 3: @st metric does not match the following sample line metric"},
          {"load 1m\n  a@st -1m 5s\n  a 1", "line 3: @st line has 2 values but sample line has 1"},
          {"load 1m\n  a@st 5\n  a 1",
           R"(line 2: invalid @st sequence: invalid ST item "5": invalid duration "5": not a valid duration string: "5")"},
          {"eval instant a\n", "line 1: invalid timestamp definition \"\": empty duration string"},
          {"eval instant at 5m sum(", "line 1: 1:5: parse error: unclosed left parenthesis"},
          {"eval range from 5m to 1m step 1m a",
           "line 1: invalid test definition, end timestamp is before start timestamp"},
          {"eval instant at 1m a\n  a 1 2",
           "line 2: expecting multiple values in instant evaluation not allowed. consider using 'expect "
           "range "
           "vector' directive to enable a range vector result for an instant query"},
          {"eval instant at 1m a\n  expect nonsense",
           "line 2: invalid expect statement, must match `expect <type> <match_type>: <string>` format"},
          {"eval instant at 1m a\n  expect warn\n  expect no_warn",
           "line 3: invalid expect lines, warn and no_warn cannot be used together"}}) {
    CAPTURE(c.script);
    CHECK(first_failure(c.script) == c.failure);
  }
}

TEST_CASE("samples are loaded in order, and a clear forgets them") {
  CHECK(first_failure("load 1m\n  a 1 2\n\nload 30s\n  a 1 2\n") ==
        "line 4: load: {__name__=\"a\"}: out of order sample");
  CHECK(first_failure("load 1m\n  a 1\n\nload 1m\n  a 2\n") ==
        "line 4: load: {__name__=\"a\"}: duplicate sample for timestamp");
  CHECK(first_failure("load 1m\n  a 1 2\n\nclear\n\nload 30s\n  a 3\n\neval instant at 0 a\n  a 3\n") == "");
  CHECK(first_failure("load 1m\n  a 1\n  a 2\n\neval instant at 0 a\n  a 2\n") == "");
}

TEST_CASE("of a series that is given twice the later line counts, however many there are") {
  // To look through all earlier series for each would take half a minute.
  constexpr int kSeries = 50'000;
  std::string script = "load 1m\n";
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kSeries; ++i) script += format("  a{{n=\"{}\"}} {}\n", i, round);
  }
  CHECK(first_failure(script + "\neval instant at 0 sum(a)\n  {} 50000\n") == "");
}

TEST_CASE("a natural order that contradicts itself is sorted as Go sorts it") {
  // Neither of "" and "1" is less, so what comes out depends on the order of the lines here, which upstream's
  // loader mixes. What Go makes of it was computed with slices.SortFunc.
  const std::string load =
      "load 1m\n  s{i=\"0\",x=\"1\"} 0\n  s{i=\"1\"} 1\n  s{i=\"2\",x=\"2\"} 2\n  s{i=\"3\",x=\"x\"} 3\n"
      "  s{i=\"4\"} 4\n  s{i=\"5\",x=\"10\"} 5\n  s{i=\"6\",x=\"1a\"} 6\n\n";
  CHECK(first_failure(
            load + "eval instant at 0 sort_by_label(s, \"x\")\n  expect ordered\n"
                   "  s{i=\"0\",x=\"1\"} 0\n  s{i=\"1\"} 1\n  s{i=\"2\",x=\"2\"} 2\n  s{i=\"3\",x=\"x\"} 3\n"
                   "  s{i=\"4\"} 4\n  s{i=\"6\",x=\"1a\"} 6\n  s{i=\"5\",x=\"10\"} 5\n") == "");
  CHECK(first_failure(
            load + "eval instant at 0 sort_by_label_desc(s, \"x\")\n  expect ordered\n"
                   "  s{i=\"4\"} 4\n  s{i=\"3\",x=\"x\"} 3\n  s{i=\"5\",x=\"10\"} 5\n  s{i=\"2\",x=\"2\"} 2\n"
                   "  s{i=\"6\",x=\"1a\"} 6\n  s{i=\"1\"} 1\n  s{i=\"0\",x=\"1\"} 0\n") == "");
}

TEST_CASE("start times are given as offsets from their samples") {
  const auto parsed = parse_start_offsets("-1m _ _x2 30sx1 -1m+30sx2");
  REQUIRE(parsed);
  std::string text;
  for (const std::optional<Duration>& offset : *parsed)
    text += offset ? format_duration(*offset) + " " : "_ ";
  CHECK(text == "-1m _ _ _ 30s 30s -1m -30s 0s ");
}
