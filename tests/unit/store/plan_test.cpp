// Plans over a store: what a bound plan gives must be what a fresh one gives, whatever came and went in
// between.
#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "engine/store/store.hpp"
#include "promql/engine.hpp"
#include "promql/parser.hpp"
#include "promql/value.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::engine {
namespace {

using promql::Plan;
using promql::RunLimits;

Timestamp at(std::int64_t seconds) {
  return timestamp_from_ms(seconds * 1000);
}

Plan plan_of(std::string_view text, bool delayed_name_removal = false) {
  auto parsed = promql::parse_expr(text);
  promql::PlanOptions options;
  options.delayed_name_removal = delayed_name_removal;
  return Plan::compile(std::move(parsed.value), std::string(text), options).value();
}

void add(Store& store, const Labels& labels, std::int64_t seconds, double value) {
  store.append(store.find_or_create(labels), at(seconds), value);
}

// The result as text, one line a series; "error: ..." if it failed.
template <class Outcome>
std::string text_of(const Outcome& outcome) {
  if (!outcome) return "error: " + outcome.error().text;
  std::vector<std::string> lines;
  if (const auto* scalar = std::get_if<promql::Scalar>(&outcome->value))
    return promql::format_float(scalar->value);
  if (const auto* vector = std::get_if<promql::Vector>(&outcome->value)) {
    for (const promql::VectorSample& entry : *vector) {
      lines.push_back(entry.labels.to_string() + " " + promql::format_float(entry.sample.value));
    }
  } else if (const auto* matrix = std::get_if<promql::Matrix>(&outcome->value)) {
    for (const promql::Series& series : *matrix) {
      std::string line = series.labels.to_string();
      for (const promql::Sample& sample : series.samples) line += " " + promql::format_float(sample.value);
      lines.push_back(line);
    }
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string once(Store& store, std::string_view expression, std::int64_t seconds) {
  Plan plan = plan_of(expression);
  plan.bind(store);
  return text_of(plan.query_at(at(seconds), RunLimits()));
}

}  // namespace

TEST_CASE("a bound plan sees a series that comes, one that goes, and one that returns") {
  Store store;
  add(store, {{"__name__", "up"}, {"job", "a"}}, 0, 1);
  Plan plan = plan_of("sum by (job) (up)");
  plan.bind(store);
  CHECK(text_of(plan.query_at(at(10), RunLimits())) == "{job=\"a\"} 1\n");
  add(store, {{"__name__", "up"}, {"job", "b"}}, 400, 2);
  CHECK(text_of(plan.query_at(at(410), RunLimits())) == "{job=\"b\"} 2\n");
  store.trim(at(300));
  CHECK(text_of(plan.query_at(at(410), RunLimits())) == "{job=\"b\"} 2\n");
  add(store, {{"__name__", "up"}, {"job", "a"}}, 500, 3);
  CHECK(text_of(plan.query_at(at(510), RunLimits())) == "{job=\"a\"} 3\n{job=\"b\"} 2\n");
}

TEST_CASE("row numbers keep their meaning as long as the binding epoch stays") {
  Store store;
  add(store, {{"__name__", "up"}, {"job", "a"}}, 0, 1);
  Plan plan = plan_of("up > 0");
  plan.bind(store);
  auto rows = plan.run_at(at(1), RunLimits());
  REQUIRE(rows->rows.size() == 1);
  const std::uint32_t row = rows->rows[0].row;
  const std::uint64_t epoch = plan.binding_epoch();
  add(store, {{"__name__", "up"}, {"job", "b"}}, 1, 1);
  rows = plan.run_at(at(2), RunLimits());
  REQUIRE(rows->rows.size() == 2);
  CHECK(plan.binding_epoch() == epoch);
  CHECK(plan.row_labels(row) == Labels{{"__name__", "up"}, {"job", "a"}});
}

TEST_CASE("bound plans give what fresh plans give while series come, go and return") {
  const std::array expressions = {
      "m",
      "sum by (a) (m)",
      "rate(m[2m]) > 0.01",
      "m / on (a, b) n",
      "m - on (a) group_left (b) max by (a, b) (n)",
      "m and on (a) n or n",
      "m unless n",
      "topk(2, m) or avg without (a) (n)",
      "count_values(\"v\", m)",
      "label_replace(m, \"c\", \"$1\", \"b\", \"(.*)\")",
      "absent(m{a=\"1\"})",
      "max_over_time(sum by (a) (m)[3m:30s])",
      "-{__name__=~\"m|n\"}",
      "histogram_quantile(0.5, m)",
      "scalar(count(n)) + m",
      "m * on (a) group_right () n == bool 3",
  };
  Store store;
  std::mt19937 random(7);
  std::vector<Plan> plans;
  for (const char* expression : expressions) plans.push_back(plan_of(expression));
  for (Plan& plan : plans) plan.bind(store);
  for (std::int64_t seconds = 0; seconds < 6000; seconds += 30) {
    for (int change = 0; change < 4; ++change) {
      const auto pick = [&](unsigned n) { return std::to_string(random() % n); };
      const Labels labels{
          {"__name__", random() % 2 == 0 ? "m" : "n"}, {"a", pick(4)}, {"b", pick(6)}, {"le", pick(3)}};
      const SeriesRef series = store.find_or_create(labels);
      if (random() % 5 == 0) {
        store.append_stale(series, at(seconds));
      } else {
        store.append(series, at(seconds), static_cast<double>(random() % 100));
      }
    }
    if (random() % 3 == 0) store.trim(at(seconds - 240));
    for (std::size_t i = 0; i < plans.size(); ++i) {
      INFO(expressions[i] << " at " << seconds);
      // Of several ambiguous groups either may be named.
      const auto until_group = [](const std::string& text) {
        return text.substr(0, text.find("match group"));
      };
      CHECK(until_group(text_of(plans[i].query_at(at(seconds), RunLimits()))) ==
            until_group(once(store, expressions[i], seconds)));
    }
  }
}

TEST_CASE("a tick of a bound plan allocates nothing") {
  Store store;
  for (int i = 0; i < 50; ++i) {
    for (int sample = 0; sample < 20; ++sample) {
      const std::string instance = std::to_string(i);
      add(store, {{"__name__", "hits_total"}, {"instance", instance}, {"job", "a"}}, sample * 15, sample * i);
      add(store, {{"__name__", "up"}, {"instance", instance}}, sample * 15, 1);
    }
  }
  const std::array expressions = {
      "hits_total > 10",
      "rate(hits_total[2m]) > 0.5",
      "sum by (job) (rate(hits_total[2m]))",
      "avg(hits_total) / 2",
      "hits_total / on (instance) up > 3",
      "hits_total * on (instance) group_left up",
      "hits_total and on (instance) up == 1",
      "up unless on (instance) hits_total > 100 or up",
      "topk(3, hits_total)",
      "max_over_time(hits_total[1m]) - min_over_time(hits_total[1m])",
      "irate(hits_total[1m]) + changes(up[1m])",
      "quantile(0.9, hits_total)",
      "absent(up{instance=\"77\"})",
      "predict_linear(hits_total[1m], 60) < bool 0",
      "abs(-hits_total) + scalar(count(up)) * time()",
  };
  for (const char* expression : expressions) {
    INFO(expression);
    Plan plan = plan_of(expression);
    plan.bind(store);
    (void)plan.run_at(at(290), RunLimits());
    (void)plan.run_at(at(290), RunLimits());
    const RunLimits limits;
    const std::size_t before = support::allocations();
    const auto rows = plan.run_at(at(291), limits);
    const std::size_t after = support::allocations();
    CHECK(rows.has_value());
    CHECK(after - before == 0);
  }
}

TEST_CASE("rows that come from values do not pile up") {
  Store store;
  Plan plan = plan_of("count_values(\"v\", m)");
  plan.bind(store);
  std::uint32_t highest = 0;
  for (int i = 0; i < 5000; ++i) {
    add(store, {{"__name__", "m"}}, i, i);
    const auto rows = plan.run_at(at(i), RunLimits());
    REQUIRE(rows->rows.size() == 1);
    CHECK(plan.row_labels(rows->rows[0].row) == Labels{{"v", std::to_string(i)}});
    highest = std::max(highest, rows->rows[0].row);
  }
  CHECK(highest <= 1024);
}

TEST_CASE("an ambiguous match is an error only while both series are present") {
  Store store;
  add(store, {{"__name__", "m"}, {"a", "1"}}, 0, 6);
  add(store, {{"__name__", "n"}, {"a", "1"}, {"v", "old"}}, 0, 2);
  Plan plan = plan_of("m / on (a) n");
  plan.bind(store);
  CHECK(text_of(plan.query_at(at(1), RunLimits())) == "{a=\"1\"} 3\n");
  add(store, {{"__name__", "n"}, {"a", "1"}, {"v", "new"}}, 10, 3);
  CHECK(
      text_of(plan.query_at(at(11), RunLimits())) ==
      "error: found duplicate series for the match group {a=\"1\"} on the right hand-side of the operation: "
      "[{__name__=\"n\", a=\"1\", v=\"new\"}, {__name__=\"n\", a=\"1\", v=\"old\"}];many-to-many matching "
      "not "
      "allowed: matching labels must be unique on one side");
  store.append_stale(store.find({{"__name__", "n"}, {"a", "1"}, {"v", "old"}}), at(20));
  CHECK(text_of(plan.query_at(at(21), RunLimits())) == "{a=\"1\"} 2\n");
}

TEST_CASE("series that become equal without their names are an error only while both are present") {
  Store store;
  add(store, {{"__name__", "m"}, {"a", "1"}}, 0, 6);
  add(store, {{"__name__", "n"}, {"a", "1"}}, 100, 7);
  const char* expression = "abs({a=\"1\"})";
  CHECK(once(store, expression, 0) == "{a=\"1\"} 6\n");
  CHECK(once(store, expression, 100) == "error: vector cannot contain metrics with the same labelset");
  CHECK(once(store, expression, 350) == "{a=\"1\"} 7\n");
}

TEST_CASE("a range query joins series of equal labels that never meet") {
  Store store;
  add(store, {{"__name__", "m"}, {"a", "1"}}, 0, 6);
  store.append_stale(store.find({{"__name__", "m"}, {"a", "1"}}), at(60));
  add(store, {{"__name__", "n"}, {"a", "1"}}, 60, 7);
  Plan plan = plan_of("abs({a=\"1\"})");
  plan.bind(store);
  CHECK(text_of(plan.query_range({at(0), at(120), std::chrono::minutes(1)}, RunLimits())) ==
        "{a=\"1\"} 6 7 7\n");
}

TEST_CASE("limits end a run with Prometheus' words, and the next run is none the worse") {
  Store store;
  for (int i = 0; i < 10; ++i) add(store, {{"__name__", "m"}, {"a", std::to_string(i)}}, 0, i);
  Plan plan = plan_of("sum(m)");
  plan.bind(store);
  RunLimits few;
  few.max_samples = 5;
  CHECK(text_of(plan.query_at(at(1), few)) ==
        "error: query processing would load too many samples into memory in query execution");
  RunLimits late;
  late.abort = [] { return promql::Abort::timeout; };
  CHECK(text_of(plan.query_at(at(1), late)) == "error: query timed out in expression evaluation");
  late.abort = [] { return promql::Abort::canceled; };
  CHECK(text_of(plan.query_at(at(1), late)) == "error: query was canceled in expression evaluation");
  CHECK(text_of(plan.query_at(at(1), RunLimits())) == "{} 45\n");
}

TEST_CASE("a plan over a pinned view gives what the store gave, whatever the owner does meanwhile") {
  Store store;
  for (int sample = 0; sample < 40; ++sample) {
    for (const char* job : {"a", "b"})
      add(store, {{"__name__", "hits_total"}, {"job", job}}, sample * 15, sample);
  }
  const promql::TimeRange range{at(300), at(585), std::chrono::seconds(45)};
  for (const char* expression : {"rate(hits_total[1m])", "max_over_time(sum(hits_total)[2m:30s])",
                                 "hits_total offset 1m", "hits_total{job=\"a\"} @ 400"}) {
    INFO(expression);
    Plan on_store = plan_of(expression);
    on_store.bind(store);
    const std::string expected = text_of(on_store.query_range(range, RunLimits()));
    CHECK(!expected.empty());
    Plan on_view = plan_of(expression);
    auto view = store.pin(on_view.selections(range));
    for (int sample = 40; sample < 200; ++sample) {
      add(store, {{"__name__", "hits_total"}, {"job", "a"}}, sample * 15, 1e6);
    }
    store.trim(at(2900));
    on_view.bind(*view);
    CHECK(text_of(on_view.query_range(range, RunLimits())) == expected);
    on_view.unbind();
    store.release_view(std::move(view));
    store.clear();
    for (int sample = 0; sample < 40; ++sample) {
      for (const char* job : {"a", "b"})
        add(store, {{"__name__", "hits_total"}, {"job", job}}, sample * 15, sample);
    }
  }
}

TEST_CASE("an expression that is too deep is refused, and one that is not is evaluated") {
  std::string chain = "1";
  for (int i = 0; i < 900; ++i) chain += " + 1";
  Store store;
  CHECK(once(store, chain, 0) == "901");
  for (int i = 0; i < 1000; ++i) chain += " + 1";
  auto parsed = promql::parse_expr(chain);
  const auto plan = Plan::compile(std::move(parsed.value), chain, promql::PlanOptions());
  REQUIRE(!plan);
  CHECK(plan.error().text == "expression is too deep: more than 1000 operators and calls within one another");
}

}  // namespace tocsin::engine
