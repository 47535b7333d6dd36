// The evaluator: one for rules, instant and range queries, subqueries and tests.
//
// A Plan is compiled once from an expression, bound once to a source of series, and run at as many times as
// one likes. Binding works out every label set, group and match that can occur; running goes over arrays of
// numbers. A bound plan follows the source: what came or went since the last run is bound first, and costs
// what came or went. Running neither allocates nor hashes in the steady state, with these exceptions:
// count_values() and info(), whose labels come from values; group_left() with labels, when a series meets
// another than before; histograms, which are made anew; annotations; delayed name removal; and results that
// are turned into a promql::Value.
//
// Ownership: a plan owns its expression. Thread: a plan belongs to one thread at a time. The source must
// outlive the binding. Errors have Prometheus' words.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "promql/annotations.hpp"
#include "promql/ast.hpp"
#include "promql/result.hpp"
#include "promql/series_source.hpp"
#include "promql/time.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {

struct PlanOptions {
  Duration lookback = std::chrono::minutes(5);
  // The step of a subquery that names none: the global evaluation interval.
  Duration default_subquery_step = std::chrono::minutes(1);
  // Prometheus' feature flags of the evaluator: promql-delayed-name-removal, type-and-unit-labels,
  // use-start-timestamps. What the parser lets through (experimental functions, extended range selectors,
  // fill modifiers) needs no switch here.
  bool delayed_name_removal = false;
  bool type_and_unit_labels = false;
  bool use_start_timestamps = false;
};

enum class Abort { none, timeout, canceled };

struct RunLimits {
  std::size_t max_samples = 50'000'000;  // held at once; 0: no limit
  // Asked now and then while a plan runs; empty: never stops.
  std::function<Abort()> abort;
};

// invalid: a duration that cannot be worked out, which upstream finds before it evaluates anything.
enum class EvalErrorKind { execution, timeout, canceled, invalid };

struct EvalError : Error {
  EvalError() = default;
  EvalError(EvalErrorKind error_kind, std::string message) : Error(std::move(message)), kind(error_kind) {}
  EvalErrorKind kind = EvalErrorKind::execution;
};
template <class T>
using EvalResult = boost::system::result<T, EvalError>;

struct QueryResult {
  Value value;
  Annotations annotations;
  std::size_t samples_read = 0;
  std::size_t peak_samples = 0;  // held at once
};

// One row of an instant result. The number names the row for as long as binding_epoch() stays the same: a
// caller may keep what it derived from the row's labels.
struct ResultRow {
  std::uint32_t row = 0;
  double value = 0;
  HistogramPtr histogram;  // set when the sample is one, then value is 0
};

// An instant result in the plan's memory: valid until the plan runs, binds or dies.
struct InstantRows {
  ValueType type = ValueType::vector;  // scalar: one row without labels; string: none
  std::span<const ResultRow> rows;     // in the order in which Prometheus gives them
  const Annotations* annotations = nullptr;
};

// What a plan will read: for a view that is pinned before the plan is bound to it.
struct SelectionRequest {
  std::span<const Matcher> matchers;  // in the plan's memory
  Timestamp after{};                  // only samples in (after, through] are read
  Timestamp through{};
  // How much of the window is only looked through for its newest sample: an instant selector needs no more.
  Duration lookback{};
};

// Evaluation times start, start + step, ... up to end; an instant one has start == end.
struct TimeRange {
  Timestamp start{};
  Timestamp end{};
  Duration step{};

  // From start to end; no more than a Duration can count, as upstream has it.
  [[nodiscard]] std::chrono::milliseconds length() const {
    constexpr auto kLongest = std::chrono::duration_cast<std::chrono::milliseconds>(Duration::max());
    std::int64_t ms = 0;
    if (__builtin_sub_overflow(ms_of(end), ms_of(start), &ms)) return kLongest;
    return std::min(std::chrono::milliseconds(ms), kLongest);
  }
};

class Plan {
 public:
  // `text` is what the expression was parsed from: positions in annotations refer to it.
  [[nodiscard]] static Result<Plan> compile(ExprPtr expr, std::string text, const PlanOptions& options);
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;
  ~Plan();

  [[nodiscard]] const Expr& expr() const;
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] ValueType type() const;

  // What a run over `range` reads.
  [[nodiscard]] std::vector<SelectionRequest> selections(const TimeRange& range) const;

  // Binds to `source`, or does nothing if bound to it already. Running binds what is new by itself.
  void bind(SeriesSource& source);
  void unbind();
  // Changes when row numbers change their meaning.
  [[nodiscard]] std::uint64_t binding_epoch() const;

  // For rules. REQUIRES: bound; the expression is a scalar or a vector.
  [[nodiscard]] EvalResult<InstantRows> run_at(Timestamp at, const RunLimits& limits);
  // The labels of a row that the last run returned.
  [[nodiscard]] const Labels& row_labels(std::uint32_t row) const;

  // For queries and tests. REQUIRES: bound. A range query needs a scalar or a vector, a step above zero, and
  // gives a matrix sorted by labels.
  [[nodiscard]] EvalResult<QueryResult> query_at(Timestamp at, const RunLimits& limits);
  [[nodiscard]] EvalResult<QueryResult> query_range(const TimeRange& range, const RunLimits& limits);

 private:
  class Impl;
  explicit Plan(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::promql
