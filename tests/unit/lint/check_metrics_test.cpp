#include "engine/lint/check_metrics.hpp"

#include "engine/lint/metric_families.hpp"
#include "promql/format.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden_cases.hpp"

namespace tocsin::lint {
namespace {

TEST_CASE("PagesOfMetricsAreLintedAsPromtoolDoes", "[lint]") {
  const std::vector<golden::GoldenCase> cases = golden::golden_cases("lint/check_metrics.txt");
  REQUIRE(cases.size() > 30);
  for (const golden::GoldenCase& golden : cases) {
    INFO(golden.head);
    const std::string page = golden::unquoted(golden.head.substr(golden.head.find('"')));
    const CheckMetricsReport report = check_metrics(page, {});
    CHECK(report.standard_error == golden.body);
    CHECK(report.standard_output.empty());
    const bool refused = golden.body.starts_with("error while linting: ");
    CHECK(report.exit_code == (refused ? 1 : golden.body.empty() ? 0 : 3));
  }
}

TEST_CASE("LinesOfTheSameLabelsAreOneMetricInAnyOrder", "[lint]") {
  const ParsedFamilies parsed = parse_metric_families(
      "# TYPE h histogram\nh_bucket{a=\"1\",b=\"2\",le=\"1\"} 1\nh_count{b=\"2\",a=\"1\"} 1\n"
      "h_bucket{le=\"+Inf\",b=\"2\",a=\"1\"} 1\nh_count{a=\"1\"} 1\n",
      FamilyNames::classic);
  CHECK_FALSE(parsed.error);
  const MetricFamily& family = parsed.families.at("h");
  REQUIRE(family.metrics.size() == 2);
  CHECK(family.metrics[0].parts == 2);
}

TEST_CASE("AHistogramMayHaveManyMetrics", "[lint]") {
  // To look through all metrics of the family for each line would take minutes.
  constexpr int kMetrics = 30'000;
  std::string page = "# TYPE h histogram\n# TYPE s summary\n";
  for (int i = 0; i < kMetrics; ++i) {
    page += format("h_bucket{{n=\"{0}\",le=\"1\"}} 1\nh_count{{n=\"{0}\"}} 1\ns_sum{{n=\"{0}\"}} 1\n", i);
  }
  const ParsedFamilies parsed = parse_metric_families(page, FamilyNames::classic);
  CHECK_FALSE(parsed.error);
  CHECK(parsed.families.at("h").metrics.size() == kMetrics);
  CHECK(parsed.families.at("s").metrics.size() == kMetrics);
}

TEST_CASE("CardinalityCountsTheSeriesOfAMetric", "[lint]") {
  const std::string page =
      "# HELP a_total x\n# TYPE a_total counter\na_total{x=\"1\"} 1\na_total{x=\"2\"} 1\n"
      "# HELP h_seconds x\n# TYPE h_seconds histogram\n"
      "h_seconds_bucket{le=\"1\"} 1\nh_seconds_bucket{le=\"+Inf\"} 1\nh_seconds_sum 1\nh_seconds_count 1\n";
  const CheckMetricsReport report = check_metrics(page, {.extended = true});
  CHECK(report.exit_code == 0);
  CHECK(report.standard_output ==
        "Metric       Cardinality    Percentage    \n"
        "h_seconds    4              66.67%        \n"
        "a_total      2              33.33%        \n"
        "Total        6              100%          \n");
}

TEST_CASE("CountingAloneTakesAnyName", "[lint]") {
  const CheckMetricsReport report = check_metrics("{\"a.b\"} 1\n", {.lint = false, .extended = true});
  CHECK(report.exit_code == 0);
  CHECK(report.standard_output.find("a.b       1") != std::string::npos);
  CHECK(check_metrics("a x\n", {.lint = false, .extended = true}).standard_error ==
        "error while parsing text to metric families: text format parsing error in line 1: expected float as "
        "value, got \"x\"\n");
}

TEST_CASE("NeitherLintNorCardinalityIsAMistake", "[lint]") {
  const CheckMetricsReport report = check_metrics("a 1\n", {.lint = false});
  CHECK(report.exit_code == 1);
  CHECK(report.standard_error.starts_with("error: at least one of --extended or linting must be enabled\n"));
}

}  // namespace
}  // namespace tocsin::lint
