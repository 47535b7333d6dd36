#include "engine/core/metrics_text.hpp"

#include "tests/support/catch.hpp"

namespace tocsin::core {
namespace {

TEST_CASE("a family has its help and type once, then its samples") {
  MetricsText text;
  text.family("jobs_total", MetricKind::counter, "Jobs.")
      .sample(1, {{"kind", "a"}})
      .sample(1e9, {{"kind", "b"}});
  CHECK(text.take() ==
        "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\n"
        "jobs_total{kind=\"a\"} 1\njobs_total{kind=\"b\"} 1e+09\n");
}

TEST_CASE("label values are escaped as the text format wants it") {
  MetricsText text;
  text.family("x", MetricKind::gauge, "X.").sample(0, {{"l", "a\"b\\c\nd"}});
  CHECK(text.take() == "# HELP x X.\n# TYPE x gauge\nx{l=\"a\\\"b\\\\c\\nd\"} 0\n");
}

TEST_CASE("a suffix belongs to the family that is open") {
  MetricsText text;
  text.family("d_seconds", MetricKind::summary, "D.").suffixed("_sum", 2.5).suffixed("_count", 4);
  CHECK(text.take() ==
        "# HELP d_seconds D.\n# TYPE d_seconds summary\nd_seconds_sum 2.5\nd_seconds_count 4\n");
}

}  // namespace
}  // namespace tocsin::core
