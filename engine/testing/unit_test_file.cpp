#include "engine/testing/unit_test_file.hpp"

#include <cmath>
#include <utility>

#include "promql/format.hpp"
#include "promql/number_text.hpp"
#include "rules/yaml/decode.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::testing {
namespace {

using yaml::MapReader;
using yaml::Node;

// Seconds since 1970, or RFC 3339.
Result<WallTime> parse_time(std::string_view text) {
  if (const Result<double> seconds = promql::parse_float(text)) {
    const double whole = std::trunc(*seconds);
    if (std::fabs(whole) < 9e9) {
      const auto nanoseconds = static_cast<std::int64_t>((*seconds - whole) * 1e9);
      return WallTime(std::chrono::seconds(static_cast<std::int64_t>(whole)) + Duration(nanoseconds));
    }
  }
  const Result<WallTime> time = parse_rfc3339(text);
  if (time) return *time;
  return Error(format("cannot parse {} to a valid timestamp", go_quote(text)));
}

class UnitTestReader {
 public:
  UnitTestReader(UnitTestFile& out, const yaml::Scope& scope, config::FileSource& files)
      : out_(out), scope_(scope), files_(files) {}

  void read(const Node& root) {
    MapReader map(scope_, root, "");
    std::vector<std::string> patterns;
    map.strings("rule_files", patterns);
    find_rule_files(map, patterns);
    map.duration("evaluation_interval", out_.evaluation_interval);
    if (out_.evaluation_interval == Duration::zero()) out_.evaluation_interval = std::chrono::minutes(1);
    std::vector<std::string> order;
    map.strings("group_eval_order", order);
    for (const std::string& group : order) {
      const int place = static_cast<int>(out_.group_order.size());
      if (out_.group_order.try_emplace(group, place).second) continue;
      map.error("group_eval_order", format("group name repeated in evaluation order: {}", group));
    }
    map.boolean("fuzzy_compare", out_.fuzzy_compare);
    for (const Node* test : map.list("tests")) read_test(*test);
    map.finish();
  }

 private:
  void find_rule_files(MapReader& map, const std::vector<std::string>& patterns) {
    const std::string folder = config::directory_of(out_.file);
    for (const std::string& pattern : patterns) {
      const std::string path = config::join_directory(folder, pattern);
      Result<std::vector<std::string>> found = files_.glob(path);
      if (!found) {
        map.error("rule_files", format("{}: {}", pattern, found.error().text));
        continue;
      }
      if (found->empty()) map.warning("rule_files", format("no file match pattern {}", path));
      out_.rule_files.insert(out_.rule_files.end(), found->begin(), found->end());
    }
  }

  void read_test(const Node& node) {
    TestGroup test;
    test.position = node.position;
    MapReader map(scope_, node, format("test {}", out_.tests.size() + 1));
    map.string("name", test.name);
    if (!test.name.empty()) map.set_subject(format("test \"{}\"", test.name));
    map.duration("interval", test.interval);
    if (test.interval == Duration::zero()) test.interval = out_.evaluation_interval;
    for (const Node* item : map.list("input_series")) read_series(*item, map, test);
    for (const Node* item : map.list("alert_rule_test")) read_alert_test(*item, map, test);
    for (const Node* item : map.list("promql_expr_test")) read_expression_test(*item, map, test);
    map.string_map("external_labels", test.external_labels);
    map.string("external_url", test.external_url);
    read_start(map, test);
    map.finish();
    out_.tests.push_back(std::move(test));
  }

  static void read_start(MapReader& map, TestGroup& test) {
    std::string text;
    if (!map.string("start_timestamp", text) || text.empty()) return;
    const Result<WallTime> time = parse_time(text);
    if (!time) return map.error("start_timestamp", time.error().text);
    // The year 1 is Go's "no time".
    if (*time != kNoTime) test.start = *time;
  }

  void read_series(const Node& node, const MapReader& outer, TestGroup& test) {
    MapReader map(scope_, node, outer.subject_of("input_series"));
    InputSeries series;
    series.position = node.position;
    map.string("series", series.series);
    map.string("values", series.values);
    map.finish();
    test.input_series.push_back(std::move(series));
  }

  void read_alert_test(const Node& node, const MapReader& outer, TestGroup& test) {
    MapReader map(scope_, node, outer.subject_of("alert_rule_test"));
    AlertTest alert_test;
    alert_test.position = node.position;
    map.duration("eval_time", alert_test.eval_time);
    map.string("alertname", alert_test.alertname);
    for (const Node* item : map.list("exp_alerts")) {
      MapReader alert_map(scope_, *item, map.subject_of("exp_alerts"));
      ExpectedAlert& alert = alert_test.alerts.emplace_back();
      alert_map.string_map("exp_labels", alert.labels);
      alert_map.string_map("exp_annotations", alert.annotations);
      alert_map.finish();
    }
    map.finish();
    test.alert_tests.push_back(std::move(alert_test));
  }

  void read_expression_test(const Node& node, const MapReader& outer, TestGroup& test) {
    MapReader map(scope_, node, outer.subject_of("promql_expr_test"));
    ExpressionTest expression_test;
    expression_test.position = node.position;
    map.string("expr", expression_test.expression);
    map.duration("eval_time", expression_test.eval_time);
    for (const Node* item : map.list("exp_samples")) {
      MapReader sample_map(scope_, *item, map.subject_of("exp_samples"));
      ExpectedSample& sample = expression_test.samples.emplace_back();
      sample_map.string("labels", sample.labels);
      sample_map.floating("value", sample.value);
      sample_map.string("histogram", sample.histogram);
      sample_map.finish();
    }
    map.finish();
    test.expression_tests.push_back(std::move(expression_test));
  }

  UnitTestFile& out_;
  const yaml::Scope& scope_;
  config::FileSource& files_;
};

}  // namespace

UnitTestFile read_unit_test_file(const std::string& file, bool ignore_unknown_keys, config::FileSource& files,
                                 Diagnostics& diagnostics) {
  UnitTestFile out;
  out.file = file;
  Result<std::string> text = files.read(file);
  if (!text) {
    Diagnostic unreadable;
    unreadable.file = file;
    unreadable.text = text.error().text;
    diagnostics.add(std::move(unreadable));
    return out;
  }
  const yaml::Document document = yaml::parse(std::move(*text), {file, yaml::Dialect::v2}, diagnostics);
  if (document.root() == nullptr) return out;
  const yaml::Scope scope{document, diagnostics, {}, ignore_unknown_keys};
  UnitTestReader(out, scope, files).read(*document.root());
  return out;
}

}  // namespace tocsin::testing
