// Histograms: what scripts cannot see of their arithmetic. The scripts of tests/scripts/promql cover the
// rest.
#include "promql/histogram.hpp"

#include <cmath>
#include <limits>

#include "promql/quantile.hpp"
#include "promql/series_notation.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::promql {
namespace {

FloatHistogram histogram(std::string_view notation) {
  const auto parsed = parse_series("h {{" + std::string(notation) + "}}");
  REQUIRE(parsed.ok());
  return *parsed.value.values.at(0).histogram;
}

std::string sum_of(std::string_view left, std::string_view right) {
  FloatHistogram result = histogram(left);
  const auto merged = result.add(histogram(right));
  if (!merged) return merged.error().text;
  std::string text = result.compact(0).to_test_expression();
  if (merged->reset_collision) text += " collision";
  if (merged->bounds_reconciled) text += " reconciled";
  return text;
}

}  // namespace

TEST_CASE("histograms are added in the coarser schema, the wider zero bucket and the common bounds") {
  struct Case {
    std::string_view rule, left, right, sum;
  };
  for (const Case& row : {
           Case{"same layout", "count:3 sum:3 buckets:[1 2]", "count:2 sum:1 buckets:[1 1]",
                "{{count:5 sum:4 buckets:[2 3]}}"},
           Case{"a gap is filled", "count:1 sum:1 buckets:[1]", "count:1 sum:1 offset:3 buckets:[1]",
                "{{count:2 sum:2 buckets:[1 0 0 1]}}"},
           Case{"before all others", "count:1 sum:1 offset:2 buckets:[1]",
                "count:1 sum:1 offset:-2 buckets:[1]", "{{count:2 sum:2 offset:-2 buckets:[1 0 0 0 1]}}"},
           Case{"coarser schema", "schema:1 count:2 sum:2 buckets:[1 1]", "count:1 sum:1 buckets:[1]",
                "{{count:3 sum:3 buckets:[2 1]}}"},
           Case{"wider zero bucket", "count:2 sum:2 z_bucket:1 z_bucket_w:0.001 buckets:[1]",
                "count:3 sum:3 z_bucket:2 z_bucket_w:1 offset:1 buckets:[1]",
                "{{count:5 sum:5 z_bucket:4 z_bucket_w:1 offset:1 buckets:[1]}}"},
           Case{"common bounds", "schema:-53 count:3 sum:3 custom_values:[1 2 5] buckets:[1 1 1]",
                "schema:-53 count:2 sum:2 custom_values:[1 5] buckets:[1 1]",
                "{{schema:-53 count:5 sum:5 custom_values:[1 5] buckets:[2 3]}} reconciled"},
           Case{"hints that contradict", "count:1 sum:1 counter_reset_hint:reset buckets:[1]",
                "count:1 sum:1 counter_reset_hint:not_reset buckets:[1]",
                "{{count:2 sum:2 buckets:[2]}} collision"},
           Case{"a gauge makes a gauge", "count:1 sum:1 counter_reset_hint:gauge buckets:[1]",
                "count:1 sum:1 counter_reset_hint:not_reset buckets:[1]",
                "{{count:2 sum:2 counter_reset_hint:gauge buckets:[2]}}"},
           Case{"exponential and custom", "count:1 sum:1 buckets:[1]",
                "schema:-53 count:1 sum:1 custom_values:[1] buckets:[1]",
                "cannot apply this operation on histograms with a mix of exponential and custom bucket "
                "schemas"},
       }) {
    INFO(row.rule);
    CHECK(sum_of(row.left, row.right) == row.sum);
  }
}

TEST_CASE("a compensated sum keeps what rounding takes") {
  FloatHistogram sum = histogram("count:1e16 sum:1e16 buckets:[1e16]");
  std::unique_ptr<FloatHistogram> compensation;
  for (int i = 0; i < 10; ++i) REQUIRE(sum.kahan_add(histogram("count:1 sum:1 buckets:[1]"), compensation));
  CHECK(sum.count == 1e16);
  REQUIRE(sum.add(*compensation));
  CHECK(sum.count == 1e16 + 10);
  CHECK(sum.positive.buckets.at(0) == 1e16 + 10);
}

TEST_CASE("a reset is a bucket, a zero bucket or a count that fell, or a layout that became finer") {
  struct Case {
    std::string_view rule, before, now;
    bool is_reset;
  };
  for (const Case& row : {
           Case{"grown", "count:3 buckets:[1 2]", "count:4 buckets:[1 3]", false},
           Case{"count fell", "count:3 buckets:[1 2]", "count:2 buckets:[1 2]", true},
           Case{"bucket fell", "count:3 buckets:[1 2]", "count:3 buckets:[2 1]", true},
           Case{"bucket gone", "count:3 buckets:[1 2]", "count:3 buckets:[3]", true},
           Case{"empty bucket gone", "count:3 buckets:[3 0]", "count:3 buckets:[3]", false},
           Case{"zero bucket fell", "count:3 z_bucket:2 buckets:[1]", "count:3 z_bucket:1 buckets:[2]", true},
           Case{"coarser", "schema:1 count:2 buckets:[1 1]", "count:2 buckets:[1 1]", false},
           Case{"finer", "count:2 buckets:[1 1]", "schema:1 count:2 buckets:[1 1]", true},
           Case{"narrower zero bucket", "count:1 z_bucket:1 z_bucket_w:1",
                "count:1 z_bucket:1 z_bucket_w:0.5", true},
           Case{"zero bucket swallowed a bucket", "count:2 z_bucket:1 z_bucket_w:0.001 buckets:[1]",
                "count:2 z_bucket:2 z_bucket_w:1", false},
           Case{"zero bucket ends within a bucket", "count:2 z_bucket:1 z_bucket_w:0.001 buckets:[1]",
                "count:2 z_bucket:2 z_bucket_w:0.75", true},
           Case{"a hint says so", "count:1 buckets:[1]", "count:2 counter_reset_hint:reset buckets:[2]",
                true},
           Case{"a hint denies it", "count:3 buckets:[3]", "count:2 counter_reset_hint:not_reset buckets:[2]",
                false},
           Case{"other custom bounds, nothing fell", "schema:-53 count:3 custom_values:[1 2] buckets:[1 1 1]",
                "schema:-53 count:3 custom_values:[2] buckets:[2 1]", false},
           Case{"other custom bounds, a bucket fell", "schema:-53 count:3 custom_values:[1 2] buckets:[1 2]",
                "schema:-53 count:3 custom_values:[2] buckets:[1 2]", true},
       }) {
    INFO(row.rule);
    CHECK(histogram(row.now).detect_reset(histogram(row.before)) == row.is_reset);
  }
}

TEST_CASE("equality is of bits, but not of how empty stretches are spelled") {
  FloatHistogram one = histogram("count:2 sum:1 buckets:[1 0 0 1]");
  FloatHistogram other = one;
  other.positive = {{{0, 1}, {1, 0}, {1, 1}}, {1, 1}};
  one.positive = {{{0, 1}, {2, 1}}, {1, 1}};
  CHECK(one.equals(other));
  other.sum = -0.0;
  one.sum = 0.0;
  CHECK_FALSE(one.equals(other));
}

TEST_CASE(
    "bounds of exponential buckets are powers of two at each power of two, and end at the largest number") {
  CHECK(exponential_bound(0, 0) == 1);
  CHECK(exponential_bound(1, 0) == 2);
  CHECK(exponential_bound(8, 3) == 2);
  CHECK(exponential_bound(-256, 8) == 0.5);
  CHECK(exponential_bound(1, -1) == 4);
  CHECK(exponential_bound(1024, 0) == std::numeric_limits<double>::max());
  CHECK(exponential_bound(1025, 0) == std::numeric_limits<double>::infinity());
}

TEST_CASE("counts that fall from bucket to bucket are lifted, tiny differences without a word") {
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<ClassicBucket> falling = {{1, 10}, {2, 5}, {infinity, 20}};
  const BucketQuantile lifted = bucket_quantile(0.5, falling);
  CHECK(lifted.forced_monotonic);
  CHECK(lifted.max_difference == 5);
  CHECK(lifted.value == 1);
  std::vector<ClassicBucket> rounded = {{1, 10}, {2, 10 - 1e-13}, {infinity, 20}};
  CHECK_FALSE(bucket_quantile(0.5, rounded).forced_monotonic);
}

}  // namespace tocsin::promql
