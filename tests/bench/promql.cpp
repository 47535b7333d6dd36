// What an expression costs over 100,000 series: the tick of a rule that is bound, the first binding, and a
// query that binds once and is thrown away. Reported per series.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "engine/store/store.hpp"
#include "promql/engine.hpp"
#include "promql/parser.hpp"

namespace tocsin::promql {
namespace {

constexpr int kSeries = 100'000;
constexpr int kSamples = 60;
constexpr std::chrono::seconds kInterval{15};

Timestamp time_of(int sample) {
  return timestamp_from_ms(1'700'000'000'000) + kInterval * sample;
}

// Counters of 100 jobs, 1000 instances each, at an interval of 15 s for a quarter of an hour.
std::unique_ptr<engine::Store> make_store() {
  auto store = std::make_unique<engine::Store>();
  std::vector<SeriesRef> series;
  for (int i = 0; i < kSeries; ++i) {
    series.push_back(store->find_or_create(Labels{{"__name__", "requests_total"},
                                                  {"instance", "host-" + std::to_string(i / 100) + ":9100"},
                                                  {"job", "job-" + std::to_string(i % 100)},
                                                  {"method", "GET"}}));
  }
  for (int sample = 0; sample < kSamples; ++sample) {
    for (int i = 0; i < kSeries; ++i) {
      store->append(series[static_cast<std::size_t>(i)], time_of(sample), sample * (1.0 + i % 7) + i);
    }
  }
  return store;
}

engine::Store& shared_store() {
  static const std::unique_ptr<engine::Store> store = make_store();
  return *store;
}

Plan make_plan(const char* text) {
  auto parsed = parse_expr(text);
  return Plan::compile(std::move(parsed.value), text, PlanOptions()).value();
}

void per_series(benchmark::State& state) {
  state.counters["ns/series"] =
      benchmark::Counter(static_cast<double>(kSeries) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// A tick of a bound rule.
void tick(benchmark::State& state, const char* text) {
  Plan plan = make_plan(text);
  plan.bind(shared_store());
  const Timestamp at = time_of(kSamples - 1) + std::chrono::seconds(3);
  for (auto _ : state) {
    auto rows = plan.run_at(at, RunLimits());
    benchmark::DoNotOptimize(rows->rows.data());
  }
  per_series(state);
}

// Compile, bind, run once.
void one_shot(benchmark::State& state, const char* text) {
  shared_store();
  const Timestamp at = time_of(kSamples - 1) + std::chrono::seconds(3);
  for (auto _ : state) {
    Plan plan = make_plan(text);
    plan.bind(shared_store());
    auto rows = plan.run_at(at, RunLimits());
    benchmark::DoNotOptimize(rows->rows.data());
  }
  per_series(state);
}

// A graph of one metric of one job: 1000 series, 40 steps.
void range_query(benchmark::State& state, const char* text) {
  shared_store();
  const TimeRange range{time_of(kSamples - 41), time_of(kSamples - 1), kInterval};
  for (auto _ : state) {
    Plan plan = make_plan(text);
    plan.bind(shared_store());
    auto result = plan.query_range(range, RunLimits());
    benchmark::DoNotOptimize(result->samples_read);
  }
  state.counters["ns/point"] = benchmark::Counter(
      40 * 1000 * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

constexpr char kThreshold[] = "requests_total > 1e9";
constexpr char kRate[] = "rate(requests_total[5m]) > 100";
constexpr char kSum[] = "sum by (job) (requests_total)";
constexpr char kSumOfRate[] = "sum by (job) (rate(requests_total[5m]))";
constexpr char kRatio[] = "requests_total / on (instance, job) requests_total > 2";

BENCHMARK_CAPTURE(tick, threshold, kThreshold);
BENCHMARK_CAPTURE(tick, rate, kRate);
BENCHMARK_CAPTURE(tick, sum, kSum);
BENCHMARK_CAPTURE(tick, sum_of_rate, kSumOfRate);
BENCHMARK_CAPTURE(tick, ratio, kRatio);
BENCHMARK_CAPTURE(one_shot, threshold, kThreshold);
BENCHMARK_CAPTURE(one_shot, rate, kRate);
BENCHMARK_CAPTURE(one_shot, sum, kSum);
BENCHMARK_CAPTURE(one_shot, sum_of_rate, kSumOfRate);
BENCHMARK_CAPTURE(one_shot, ratio, kRatio);
BENCHMARK_CAPTURE(range_query, rate, "rate(requests_total{job=\"job-1\"}[5m])");
BENCHMARK_CAPTURE(range_query, sum_of_rate, "sum(rate(requests_total{job=\"job-1\"}[5m]))");

}  // namespace
}  // namespace tocsin::promql
