// Functions over the samples of one series in a window: rate, *_over_time and their kin. Internal to the
// evaluator.
//
// Each is a kernel from one window to one value or none. The order of floating-point operations is upstream's
// (promql/functions.go), so results are equal to the last bit.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "promql/plan_selector.hpp"

namespace tocsin::promql {

// A result sample, or none.
struct Point {
  Presence presence = kAbsent;
  double value = 0;
  HistogramPtr histogram;

  [[nodiscard]] static Point number(double value) { return {kNumber, value, nullptr}; }
  [[nodiscard]] static Point of(FloatHistogram histogram) {
    return {kHistogram, 0, std::make_shared<const FloatHistogram>(std::move(histogram))};
  }
};

struct RangeCall {
  Timestamp at{};
  Timestamp range_start{};  // exclusive
  Timestamp range_end{};
  double range_seconds = 0;
  std::span<const double> arguments;  // the scalar ones, in order
  bool anchored = false;
  bool smoothed = false;
  PositionRange first_argument;  // what annotations point at
  PositionRange all_arguments;
  const Node* source = nullptr;  // whose row the samples are
  std::uint32_t row = 0;
  Annotations* annotations = nullptr;
  std::vector<double>* scratch = nullptr;

  [[nodiscard]] std::string metric_name() const { return metric_name_of(*source, row); }
  void note(Annotation annotation) const { annotations->add(std::move(annotation)); }
};

using RangeKernel = Point (*)(const RangeSamples& samples, const RangeCall& call);
// The error of arguments that no sample could be computed with, or "".
using ArgumentCheck = std::string (*)(std::span<const double> arguments);

struct RangeFunction {
  std::string_view name;
  RangeKernel kernel = nullptr;
  bool keeps_name = false;
  bool reads_start_times = false;
  bool wants_counter = false;  // notes metrics whose name does not look like a counter's
  ArgumentCheck check = nullptr;
  bool works_anchored = false;
  bool works_smoothed = false;
};

// Null if there is no range function of this name (absent_over_time is not one: it looks at all series).
[[nodiscard]] const RangeFunction* find_range_function(std::string_view name);

// Kernels, by the file they live in.
// range_rate.cpp
Point rate_kernel(const RangeSamples& samples, const RangeCall& call);
Point increase_kernel(const RangeSamples& samples, const RangeCall& call);
Point delta_kernel(const RangeSamples& samples, const RangeCall& call);
Point irate_kernel(const RangeSamples& samples, const RangeCall& call);
Point idelta_kernel(const RangeSamples& samples, const RangeCall& call);
Point resets_kernel(const RangeSamples& samples, const RangeCall& call);
Point changes_kernel(const RangeSamples& samples, const RangeCall& call);
// range_histogram.cpp
Point histogram_rate(const RangeSamples& samples, const RangeCall& call, bool is_counter);
Point histogram_average_over_time(const RangeSamples& samples, const RangeCall& call);
Point histogram_sum_over_time(const RangeSamples& samples, const RangeCall& call);
// plan_extended.cpp
Point extended_rate(const RangeSamples& samples, const RangeCall& call, bool is_counter, bool is_rate);

// OpenTelemetry's start times: a reset between two samples, and start times that overlap with the sample
// before.
[[nodiscard]] bool start_time_resets(Timestamp start_before, Timestamp before, Timestamp start,
                                     Timestamp time);
[[nodiscard]] bool start_time_overlaps(Timestamp start_before, Timestamp before, Timestamp start);

// The quantile of values that are sorted in place; NaN sorts first.
[[nodiscard]] double quantile_of(double quantile, std::vector<double>& values);

// Adds in place with the notes that mixed or mismatched buckets deserve. False: incompatible.
[[nodiscard]] bool add_with_notes(FloatHistogram& base, const FloatHistogram& other, const RangeCall& call);
[[nodiscard]] bool subtract_with_notes(FloatHistogram& base, const FloatHistogram& other,
                                       const RangeCall& call);

// A function over a range argument, and scalars.
class RangeFunctionNode final : public NameDroppingNode {
 public:
  // `arguments` in call order; the one at `range_index` is a RangeNode.
  RangeFunctionNode(const Call& call, const RangeFunction& function, std::vector<NodePtr> arguments,
                    std::size_t range_index, const PlanOptions& options);
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t row) const override;
  [[nodiscard]] bool unique_without_name() const override {
    return function_->keeps_name ? child(0).unique_without_name() : NameDroppingNode::unique_without_name();
  }
  void forget_rows() override;
  [[nodiscard]] EvalStatus begin(RunState& state, const Frame& frame) override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  [[nodiscard]] RangeNode& range() { return static_cast<RangeNode&>(child(0)); }
  [[nodiscard]] EvalStatus evaluate_block(RunState& state, RangeCall& call, std::uint32_t first,
                                          std::uint32_t count);
  void extend_counter_notes();
  void raise_counter_notes(Annotations& annotations);

  const RangeFunction* function_;
  const PlanOptions* options_;
  RangeCall prototype_;
  std::vector<double> arguments_;
  bool checked_ = false;  // arguments, in this frame
  WindowSplitter splitter_;
  std::vector<Window> windows_;
  std::vector<double> scratch_;
  std::vector<Annotation> counter_notes_;
  std::vector<std::uint32_t> note_of_row_;  // 0: none, else 1 + index; empty while no row has one
  bool note_of_all_ = false;                // there is one note, and all rows have it
  std::uint32_t notes_extended_ = 0;
};

class AbsentOverTimeNode final : public Node {
 public:
  AbsentOverTimeNode(const Call& call, NodePtr range, Labels labels, bool delayed);
  [[nodiscard]] const Labels& labels(std::uint32_t, Labels&) const override { return labels_; }
  [[nodiscard]] bool drops_name(std::uint32_t) const override { return delayed_; }
  [[nodiscard]] bool unique_without_name() const override { return true; }

 protected:
  void extend() override { set_rows(1); }
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  Labels labels_;
  bool delayed_;
  WindowSplitter splitter_;
  std::vector<Window> windows_;
};

}  // namespace tocsin::promql
