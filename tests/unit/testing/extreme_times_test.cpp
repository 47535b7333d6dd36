// Evaluation at the ends of time, where a step, a range or an offset more would pass what a Timestamp counts:
// it ends, and what the sanitizers watch for does not happen.
#include <limits>

#include "engine/api/handler.hpp"
#include "engine/testing/memory_series.hpp"
#include "promql/engine.hpp"
#include "promql/parser.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;

namespace {

std::string answer(const std::string& expression, bool instant, const promql::TimeRange& range) {
  testing::MemorySeries series;
  REQUIRE(series.load(Labels{{"__name__", "up"}, {"job", "x"}}, {{timestamp_from_ms(0), 1, nullptr}, {}}));
  auto parsed = promql::parse_expr(expression);
  REQUIRE(parsed.ok());
  auto plan = promql::Plan::compile(std::move(parsed.value), expression, {});
  REQUIRE(plan);
  CHECK(plan->selections(range).size() < 3);
  plan->bind(series);
  api::QueryCommand command;
  command.instant = instant;
  command.range = range;
  return api::answer_query(command, instant ? plan->query_at(range.start, {}) : plan->query_range(range, {}))
      .body;
}

std::string at(const std::string& expression, Timestamp time) {
  return answer(expression, true, {time, time, {}});
}

std::string vector_of(const std::string& samples) {
  return R"({"status":"success","data":{"resultType":"vector","result":[)" + samples + "]}}";
}

std::string series_of(const std::string& points) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[)" + points +
         "]}]}}";
}

constexpr Duration kLongest = std::chrono::hours(24 * 365 * 292);

}  // namespace

TEST_CASE("a range that ends at the last time has a last step") {
  CHECK(answer("1", false, {kLatestTime, kLatestTime, std::chrono::seconds(1)}) ==
        series_of(R"([9223309901257974.999,"1"])"));
  const Timestamp last = Timestamp::max();
  CHECK(answer("1", false, {last, last, kLongest}) == series_of(R"([9223372036854775.807,"1"])"));
  CHECK(answer("1", false, {last - std::chrono::seconds(1), last, std::chrono::seconds(1)}) ==
        series_of(R"([9223372036854774.807,"1"],[9223372036854775.807,"1"])"));
}

TEST_CASE("the distance of two times is no more than a duration can count") {
  const promql::TimeRange all{kEarliestTime, kLatestTime, kLongest};
  CHECK(all.length() == std::chrono::duration_cast<std::chrono::milliseconds>(Duration::max()));
  CHECK(promql::TimeRange{timestamp_from_ms(5), timestamp_from_ms(8), {}}.length() ==
        std::chrono::milliseconds(3));
}

TEST_CASE("subqueries with offsets of centuries, one in the other, stay within time") {
  std::string backward = "up";
  std::string forward = "up";
  for (int i = 0; i < 8; ++i) {
    backward = "count_over_time(" + backward + "[290y:290y] offset 290y)";
    forward = "count_over_time(" + forward + "[290y:290y] offset -290y)";
  }
  CHECK(at(backward, kEarliestTime) == vector_of(""));
  CHECK(at(forward, kLatestTime) == vector_of(""));
}

TEST_CASE("a fixed time may be any that can be written") {
  for (const std::string time : {"-9223372036854775.808", "9223372036854775", "1e18"}) {
    CAPTURE(time);
    CHECK(at("up @ " + time + " offset 290y", kEarliestTime) == vector_of(""));
    CHECK(at("rate(up[290y] @ " + time + " offset 290y)", kLatestTime) == vector_of(""));
    CHECK(at("count_over_time(up[290y:290y] @ " + time + ")", kLatestTime) == vector_of(""));
    CHECK(at("predict_linear(vector(1)[2s:1s] @ " + time + ", 1)", kLatestTime)
              .starts_with(R"({"status":"success")"));
  }
}

TEST_CASE("the time of a query may be one that nanoseconds cannot count") {
  CHECK(at("time()", timestamp_from_ms(32'503'680'000'000)) ==
        R"({"status":"success","data":{"resultType":"scalar","result":[32503680000,"32503680000"]}})");
}
