// A unit test file of rules, as promtool reads it: docs/configuration/unit_testing_rules.md of Prometheus.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/file_source.hpp"
#include "promql/labels.hpp"
#include "promql/time.hpp"
#include "rules/outgoing_alert.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::testing {

struct InputSeries {
  std::string series;  // a metric in the notation of series; METRIC@st gives the next one start times
  std::string values;
  SourcePosition position;
};

struct ExpectedAlert {
  rules::TextMap labels;  // without alertname, which the tool adds
  rules::TextMap annotations;
};

struct AlertTest {
  Duration eval_time{};
  std::string alertname;  // "" if it is missing, of which the test dies when it is run
  std::vector<ExpectedAlert> alerts;
  SourcePosition position;
};

struct ExpectedSample {
  std::string labels;  // a metric in the notation of series
  double value = 0;
  std::string histogram;  // in the notation of series; "" for a number
};

struct ExpressionTest {
  std::string expression;
  Duration eval_time{};
  std::vector<ExpectedSample> samples;
  SourcePosition position;
};

struct TestGroup {
  std::string name;  // "" if it has none
  Duration interval{};
  std::vector<InputSeries> input_series;
  std::vector<AlertTest> alert_tests;
  std::vector<ExpressionTest> expression_tests;
  std::map<std::string, std::string> external_labels;
  std::string external_url;
  WallTime start{};  // the time of the first evaluation; 1970 unless start_timestamp says otherwise
  SourcePosition position;
};

struct UnitTestFile {
  std::string file;                     // as the user named it
  std::vector<std::string> rule_files;  // globs resolved, relative ones as seen from the file's folder
  Duration evaluation_interval{};
  std::map<std::string, int> group_order;  // of group_eval_order, by its place there
  bool fuzzy_compare = false;
  std::vector<TestGroup> tests;
};

// Reads and checks a file. What is wrong is added to diagnostics; a pattern of rule_files that matches
// nothing is a warning.
[[nodiscard]] UnitTestFile read_unit_test_file(const std::string& file, bool ignore_unknown_keys,
                                               config::FileSource& files, Diagnostics& diagnostics);

}  // namespace tocsin::testing
