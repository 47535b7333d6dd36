// What must hold for any expression over any series: it is evaluated or refused; a plan that has run gives
// the same bytes when it runs again, and those of a plan made anew from the printed expression, whatever
// series came meanwhile.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "engine/api/handler.hpp"
#include "engine/testing/memory_series.hpp"
#include "promql/engine.hpp"
#include "promql/parser.hpp"
#include "promql/printer.hpp"

namespace tocsin::testing {

// Series as expressions of the golden files name them, with gaps, resets, markers, odd numbers and
// histograms.
class RandomSeries {
 public:
  explicit RandomSeries(std::uint64_t seed) : random_(seed) {}

  void add_some(MemorySeries& series) {
    const std::size_t count = 1 + below(12);
    for (std::size_t i = 0; i < count; ++i) add(series);
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  template <class T, std::size_t kSize>
  T pick(const T (&options)[kSize]) {
    return options[below(kSize)];
  }

  void add(MemorySeries& series) {
    LabelsBuilder builder;
    builder.set("__name__", pick({"a", "b", "up", "foo", "x", "target_info"}));
    for (const char* const name : {"x", "y", "job", "instance"}) {
      if (below(2) == 0) builder.set(name, pick({"1", "2", "z"}));
    }
    if (below(4) == 0) builder.set("le", pick({"0.1", "1", "1.0", "+Inf", "no"}));
    const Labels labels = builder.build();
    const std::size_t kind = below(4);
    double total = 0;
    Timestamp time{std::chrono::seconds(below(60))};
    for (std::size_t i = below(40); i > 0; --i) {
      time += std::chrono::milliseconds(1 + below(30'000));
      LoadedSample sample;
      sample.sample.time = time;
      sample.sample.value = number(kind, total);
      if (kind == 3 && below(5) != 0) sample.sample.histogram = histogram();
      if (below(4) == 0) sample.start_time = time - std::chrono::seconds(1 + below(100));
      // Another series of these labels may be there already: its later samples win.
      if (!series.load(labels, sample)) return;
    }
  }

  double number(std::size_t kind, double& total) {
    if (below(20) == 0) {
      return pick({std::nan(""), HUGE_VAL, -HUGE_VAL, -0.0, 1e308, 5e-324, promql::stale_nan()});
    }
    if (kind == 0) return total = below(8) == 0 ? 0 : total + static_cast<double>(below(9));
    return (static_cast<double>(below(2000)) - 1000) / pick({1.0, 7.0, 1000.0});
  }

  promql::HistogramPtr histogram() {
    promql::FloatHistogram made;
    const bool custom = below(3) == 0;
    made.schema = custom ? promql::kCustomBucketsSchema : static_cast<std::int32_t>(below(13)) - 4;
    if (custom) made.custom_values = {0.1, 1, pick({2.0, 3.0})};
    const auto buckets = static_cast<std::uint32_t>(1 + below(4));
    made.positive.spans = {{custom ? 0 : static_cast<std::int32_t>(below(9)) - 4, buckets}};
    for (std::uint32_t i = 0; i < buckets; ++i) {
      made.positive.buckets.push_back(static_cast<double>(below(50)));
      made.count += made.positive.buckets.back();
    }
    if (!custom && below(2) == 0) {
      made.zero_threshold = pick({0.0, 0.001, 2.0});
      made.zero_count = static_cast<double>(below(5));
      made.count += made.zero_count;
    }
    made.sum = static_cast<double>(below(1000));
    made.counter_reset = below(6) == 0 ? promql::CounterReset::gauge : promql::CounterReset::unknown;
    return std::make_shared<const promql::FloatHistogram>(std::move(made));
  }

  std::mt19937_64 random_;
};

class EvaluationCheck {
 public:
  EvaluationCheck(std::string_view text, std::uint64_t seed) : text_(text), random_series_(seed) {}

  // Says what does not hold, or "".
  std::string run() {
    std::optional<promql::Plan> plan = compile(text_);
    if (!plan) return "";
    random_series_.add_some(series_);
    plan->bind(series_);
    for (int round = 0; round < 2; ++round) {
      const std::string once = answer(*plan, true, Detail::bytes);
      const std::string ranged = answer(*plan, false, Detail::bytes);
      found_something_ = found_something_ || once.find("\"value") != once.npos;
      compare("an instant query that runs again", once, answer(*plan, true, Detail::bytes));
      compare("a range query that runs again", ranged, answer(*plan, false, Detail::bytes));
      std::optional<promql::Plan> anew = compile(text_);
      anew->bind(series_);
      for (const bool instant : {true, false}) {
        compare("a new plan", answer(*plan, instant, Detail::normalized),
                answer(*anew, instant, Detail::normalized));
      }
      if (!wrong_.empty()) return wrong_;
      if (std::string wrong = check_printed(*plan); !wrong.empty()) return wrong;
      random_series_.add_some(series_);  // which the plan has to find by itself
    }
    return {};
  }

  // Whether the instant query had a result with samples.
  [[nodiscard]] bool found_something() const { return found_something_; }

 private:
  static std::optional<promql::Plan> compile(std::string_view text) {
    auto parsed = promql::parse_expr(text, {true, true, true, true});
    if (!parsed.ok()) return std::nullopt;
    auto plan = promql::Plan::compile(std::move(parsed.value), std::string(text), {});
    if (!plan) return std::nullopt;
    return std::move(*plan);
  }

  // What a new plan may give otherwise: the order of a vector, and the last bits of what was summed up in
  // another order.
  static void normalize(promql::Value& value) {
    const auto round = [](promql::Sample& sample) {
      char text[40];
      std::snprintf(text, sizeof text, "%.11g", sample.value);
      if (std::isfinite(sample.value)) sample.value = std::strtod(text, nullptr);
    };
    if (auto* const vector = std::get_if<promql::Vector>(&value)) {
      for (promql::VectorSample& row : *vector) round(row.sample);
      std::ranges::sort(*vector, {}, &promql::VectorSample::labels);
    } else if (auto* const matrix = std::get_if<promql::Matrix>(&value)) {
      for (promql::Series& series : *matrix) std::ranges::for_each(series.samples, round);
    }
  }

  enum class Detail { bytes, normalized, no_annotations };

  static std::string answer(promql::Plan& plan, bool instant, Detail detail) {
    api::QueryCommand command;
    command.instant = instant;
    command.range.start = Timestamp(std::chrono::seconds(200));
    command.range.end = command.range.start;
    if (!instant) {
      command.range.end += std::chrono::seconds(310);
      command.range.step = std::chrono::seconds(31);
      if (plan.type() != promql::ValueType::scalar && plan.type() != promql::ValueType::vector) return {};
    }
    promql::RunLimits limits;
    limits.max_samples = 100'000;
    // By how often it is asked, which no clock changes.
    limits.abort = [asked = 0]() mutable {
      return ++asked > 20'000 ? promql::Abort::timeout : promql::Abort::none;
    };
    auto result =
        instant ? plan.query_at(command.range.start, limits) : plan.query_range(command.range, limits);
    if (result && detail != Detail::bytes) normalize(result->value);
    if (detail == Detail::no_annotations) {
      if (!result) return "error";  // whose text may name a position
      result->annotations.clear();
    }
    return api::answer_query(command, result).body;
  }

  void compare(std::string_view what, const std::string& before, const std::string& now) {
    if (before == now || !wrong_.empty()) return;
    const std::size_t at = static_cast<std::size_t>(
        std::mismatch(before.begin(), before.end(), now.begin(), now.end()).first - before.begin());
    const std::size_t from = at > 100 ? at - 100 : 0;
    wrong_ = std::string(what) + " gives another result: ..." + before.substr(from, 200) + " then ..." +
             now.substr(from, 200);
  }

  std::string check_printed(promql::Plan& plan) {
    // Upstream's printing, which ours is, drops parentheses around numbers of duration arithmetic.
    promql::ParserOptions options{true, false, true, true};
    if (!promql::parse_expr(text_, options).ok()) return {};
    const std::string printed = promql::to_string(plan.expr());
    if (!promql::parse_expr(printed, options).ok()) return {};  // promql_expression.hpp knows the exceptions
    std::optional<promql::Plan> again = compile(printed);
    if (promql::to_string(again->expr()) != printed) return {};
    again->bind(series_);
    compare("the printed form, " + printed + ",", answer(plan, false, Detail::no_annotations),
            answer(*again, false, Detail::no_annotations));
    return wrong_;
  }

  std::string text_;
  std::string wrong_;
  bool found_something_ = false;
  MemorySeries series_;
  RandomSeries random_series_;
};

}  // namespace tocsin::testing
