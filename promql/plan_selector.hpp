// Selectors, and what gives windows of samples to range functions. Internal to the evaluator.
#pragma once

#include <algorithm>
#include <vector>

#include "promql/plan_node.hpp"

namespace tocsin::promql {

// `offset` and `@`, with what is known only when a run starts worked out.
class TimeShift {
 public:
  explicit TimeShift(const TimeModifiers& modifiers) : modifiers_(&modifiers) {}
  [[nodiscard]] EvalStatus prepare(const TimeRange& query);
  // From now on @ start() and @ end() are as if they were not written.
  void ignore_query_bounds() { follows_bounds_ = false; }
  [[nodiscard]] bool is_fixed() const {
    return modifiers_->timestamp.has_value() ||
           (follows_bounds_ && modifiers_->start_or_end != StartOrEnd::none);
  }
  // The time that is looked at when the evaluation time is `at`. It stays within the bounds of queries,
  // however deep subqueries with offsets are nested, so that what is taken from it (a range, a lookback)
  // cannot pass what a Timestamp counts.
  [[nodiscard]] Timestamp apply(Timestamp at) const {
    return std::clamp(fixed_.value_or(at) - offset_, kEarliestTime, kLatestTime);
  }
  [[nodiscard]] std::chrono::milliseconds offset() const { return offset_; }

 private:
  const TimeModifiers* modifiers_;
  bool follows_bounds_ = true;
  std::optional<Timestamp> fixed_;
  std::chrono::milliseconds offset_{};
};

// The value of a duration that may be written as an expression. Upstream's error texts.
[[nodiscard]] EvalResult<Duration> resolve_duration(Duration literal, const Expr* expression,
                                                    bool may_be_negative, const TimeRange& query);

// Series of the source, one row an entry of the selection.
class SelectionRows {
 public:
  explicit SelectionRows(const VectorSelector& selector);
  void attach(SeriesSource& source);
  void detach() { lease_ = SelectionLease(); }
  void forget();
  [[nodiscard]] bool outdated() const { return lease_ && lease_->epoch != epoch_; }
  // Looks at what came; returns how many rows there are.
  std::uint32_t extend();
  [[nodiscard]] const Labels& labels(std::uint32_t row) const {
    const SeriesRef series = lease_->series[row];
    return series == kNoSeries ? no_labels_ : source_->labels(series);
  }
  [[nodiscard]] bool unique_without_name() const { return unique_without_name_; }
  // The name that the selector demands.
  [[nodiscard]] std::optional<std::string_view> demanded_name() const { return demanded_name_; }
  [[nodiscard]] std::span<const SeriesRef> series(std::uint32_t rows) const {
    return std::span<const SeriesRef>(lease_->series).first(rows);
  }
  [[nodiscard]] SeriesSource& source() const { return *source_; }

 private:
  const VectorSelector* selector_;
  SeriesSource* source_ = nullptr;
  SelectionLease lease_;
  std::uint64_t epoch_ = 0;
  std::uint32_t seen_ = 0;
  std::optional<std::string_view> demanded_name_;
  std::string name_;
  Labels no_labels_;  // of rows whose series is gone
  bool unique_without_name_ = true;
};

// An instant selector; also timestamp() and start_timestamp() of one, which give the sample's time. For
// info() it gives the time too, and histograms as they are.
class VectorSelectorNode final : public Node {
 public:
  enum class Value { sample, timestamp, start_timestamp, info };

  VectorSelectorNode(const VectorSelector& selector, Duration lookback);
  VectorSelectorNode(const VectorSelector& selector, Duration lookback, Value value, bool delayed);

  // See histogram_statistics().
  void set_statistics_only(bool value) { statistics_only_ = value; }
  // See TimeShift.
  void ignore_query_bounds() {
    shift_.ignore_query_bounds();
    set_step_invariant(shift_.is_fixed());
  }
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t) const override { return value_ != Value::sample && delayed_; }
  [[nodiscard]] bool unique_without_name() const override { return series_.unique_without_name(); }
  void attach(SeriesSource& source) override { series_.attach(source); }
  void detach() override { series_.detach(); }
  [[nodiscard]] bool outdated() const override { return series_.outdated(); }
  void forget_rows() override;
  void collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                          std::vector<SelectionRequest>& requests) override;
  [[nodiscard]] EvalStatus prepare(RunState& state) override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  [[nodiscard]] EvalStatus evaluate_times(const RunState& state, Timestamp at, const LatestColumns& columns);
  void evaluate_smoothed(RunState& state, Timestamp at);
  void reduce_to_statistics(Timestamp at);

  const VectorSelector* selector_;
  SelectionRows series_;
  TimeShift shift_;
  Duration lookback_;
  Value value_ = Value::sample;
  bool delayed_ = false;
  bool statistics_only_ = false;
  bool tracking_ = false;
  CollisionTracker collisions_;
  std::vector<Timestamp> times_;
  std::vector<std::pair<std::uint32_t, HistogramPtr>> found_histograms_;
  std::vector<Window> windows_;
};

// Samples of one row, staleness markers taken out, numbers and histograms apart.
struct RangeSamples {
  std::span<const Timestamp> times;
  std::span<const double> values;
  std::span<const Timestamp> start_times;  // empty if not asked for or not known
  std::span<const Timestamp> histogram_times;
  std::span<const HistogramPtr> histograms;
  std::span<const Timestamp> histogram_start_times;
  [[nodiscard]] bool empty() const { return values.empty() && histograms.empty(); }
};

// What range functions read: a matrix selector, or a subquery's result.
class RangeNode : public Node {
 public:
  using Node::Node;
  [[nodiscard]] std::chrono::milliseconds range() const { return range_; }
  // The end of the window at evaluation time `at`.
  [[nodiscard]] Timestamp window_end(Timestamp at) const { return shift_.apply(at); }
  // The windows of rows [first, first + out.size()) at `at`, widened by the lookback for extended selectors.
  virtual void windows(Timestamp at, std::uint32_t first, std::span<Window> out) = 0;
  [[nodiscard]] bool statistics_only() const { return statistics_only_; }
  void set_statistics_only(bool value) { statistics_only_ = value; }
  [[nodiscard]] bool anchored() const { return anchored_; }
  [[nodiscard]] bool smoothed() const { return smoothed_; }
  // See TimeShift.
  void ignore_query_bounds() {
    shift_.ignore_query_bounds();
    set_step_invariant(shift_.is_fixed());
  }

 protected:
  RangeNode(PositionRange position, const TimeModifiers& modifiers) : Node(position), shift_(modifiers) {}
  // Windows are read by the function above; what a step does here is to notice series that came.
  [[nodiscard]] EvalStatus evaluate(RunState&, const Frame&, Timestamp) override {
    extend();
    return {};
  }

  TimeShift shift_;
  std::chrono::milliseconds range_{};
  bool statistics_only_ = false;
  bool anchored_ = false;
  bool smoothed_ = false;
};

class MatrixSelectorNode final : public RangeNode {
 public:
  MatrixSelectorNode(const MatrixSelector& matrix, Duration lookback);
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels&) const override {
    return series_.labels(row);
  }
  [[nodiscard]] bool unique_without_name() const override { return series_.unique_without_name(); }
  [[nodiscard]] std::optional<std::string_view> common_metric_name() const override {
    return series_.demanded_name();
  }
  void attach(SeriesSource& source) override { series_.attach(source); }
  void detach() override { series_.detach(); }
  [[nodiscard]] bool outdated() const override { return series_.outdated(); }
  void forget_rows() override;
  void collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                          std::vector<SelectionRequest>& requests) override;
  [[nodiscard]] EvalStatus prepare(RunState& state) override;
  void windows(Timestamp at, std::uint32_t first, std::span<Window> out) override;

 protected:
  void extend() override;

 private:
  const MatrixSelector* matrix_;
  SelectionRows series_;
  Duration lookback_;
  std::vector<std::uint32_t> hints_;
};

// Runs its child over a grid of its own before the outer steps begin, and keeps the points. Children's rows
// of equal labels are one row here.
class SubqueryNode final : public RangeNode {
 public:
  SubqueryNode(const SubqueryExpr& subquery, NodePtr inner, Duration default_step);
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t row) const override {
    return child(0).drops_name(source_row_[row]);
  }
  [[nodiscard]] bool unique_without_name() const override { return child(0).unique_without_name(); }
  void forget_rows() override;
  void collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                          std::vector<SelectionRequest>& requests) override;
  [[nodiscard]] EvalStatus prepare(RunState& state) override;
  [[nodiscard]] EvalStatus begin(RunState& state, const Frame& frame) override;
  void finish(RunState& state) override;
  void windows(Timestamp at, std::uint32_t first, std::span<Window> out) override;

  // All points, for a subquery that is the whole expression.
  [[nodiscard]] Window points(std::uint32_t row) const;

 protected:
  void extend() override;

 private:
  struct Points {
    std::vector<Timestamp> times;
    std::vector<double> values;
    std::vector<HistogramPtr> histograms;  // empty, or one a point
  };
  [[nodiscard]] EvalStatus collect(RunState& state, Timestamp at);
  void forget_points(RunState& state);
  [[nodiscard]] Frame inner_frame(RunState& state, const Frame& outer) const;

  const SubqueryExpr* subquery_;
  Duration default_step_;
  std::chrono::milliseconds step_{};
  LabelIndex row_of_labels_;
  std::vector<std::uint32_t> row_of_child_;
  std::vector<std::uint32_t> source_row_;
  std::vector<Points> points_;
  std::size_t held_ = 0;
};

// Count and sum of a histogram without its buckets, which is all that histogram_count() and its like look at.
// As they could not tell a reset any more, the hint says what comparing with the histogram before finds.
// Upstream reads samples so below these functions, and the hints show in annotations. `before` may be null.
[[nodiscard]] HistogramPtr histogram_statistics(const FloatHistogram& histogram,
                                                const FloatHistogram* before);

// Splits a window. What must be copied (markers, mixed kinds) lives in the splitter until the next call.
class WindowSplitter {
 public:
  [[nodiscard]] RangeSamples split(const Window& window, bool with_start_times, bool statistics_only = false);

 private:
  std::vector<Timestamp> times_;
  std::vector<double> values_;
  std::vector<Timestamp> start_times_;
  std::vector<Timestamp> histogram_times_;
  std::vector<HistogramPtr> histograms_;
  std::vector<Timestamp> histogram_start_times_;
};

}  // namespace tocsin::promql
