// The checks of the fuzz target on seeded random expressions over seeded random series.
#include "tests/fuzz/promql_evaluation.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/random_expression.hpp"

using namespace tocsin;

TEST_CASE("any expression over any series is evaluated or refused, and again with the same result") {
  constexpr std::uint32_t kSeed = 20261129;
  promql::RandomText texts(kSeed);
  promql::RandomExpression expressions(kSeed);
  int filled = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const std::string text = i % 4 == 0 ? texts.next() : expressions.next();
    testing::EvaluationCheck check(text, i);
    const std::string wrong = check.run();
    if (check.found_something()) ++filled;
    if (wrong.empty()) continue;
    CAPTURE(i, text);
    FAIL_CHECK(wrong);
  }
  CHECK(filled > 4000);
}

TEST_CASE("durations below a millisecond are evaluated or refused") {
  for (const std::string text :
       {"count_over_time(a[5m:0.0005])", "(a[5m:0.0005])", "sum_over_time(a[0.0005:1m])", "rate(a[0.0005])",
        "rate(a[0.0005] anchored)", "deriv(a[0.0005] smoothed)", "a offset 0.0005",
        "count_over_time(a[5m:0.0002+0.0003])", "max_over_time(count_over_time(a[1m:0.0005])[5m:1m])"}) {
    CAPTURE(text);
    CHECK(testing::EvaluationCheck(text, 1).run() == "");
  }
}
