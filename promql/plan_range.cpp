#include "promql/range_functions.hpp"

#include <algorithm>

#include "promql/format.hpp"
#include "promql/functions.hpp"

namespace tocsin::promql {
namespace {

// Windows are fetched for this many rows at a time: enough to pay for the call, few enough to stay in cache.
constexpr std::uint32_t kBlock = 256;

std::size_t weight_of(const RangeSamples& samples) {
  std::size_t weight = samples.values.size();
  for (const HistogramPtr& histogram : samples.histograms) weight += histogram->sample_weight();
  return weight;
}

bool looks_like_counter(std::string_view name) {
  return name.ends_with("_total") || name.ends_with("_sum") || name.ends_with("_count") ||
         name.ends_with("_bucket");
}

// What rate() has to say of a series that does not look like a counter.
std::optional<Annotation> counter_note(const Labels& labels, bool by_type_label, PositionRange position) {
  const std::string_view name = labels.metric_name();
  if (name.empty()) return std::nullopt;
  if (by_type_label) {
    const std::string_view type = labels.get("__type__");
    if (type == "counter" || type == "histogram") return std::nullopt;
    return note::possible_non_counter_type(name, type, position);
  }
  if (looks_like_counter(name)) return std::nullopt;
  return note::possible_non_counter(name, position);
}

// Where an argument stands. Upstream has put a subquery's result in its place by then, which stands nowhere.
PositionRange place_of(const Expr& argument) {
  const Expr& expr = without_parens(argument);
  return expr.kind() == ExprKind::subquery ? PositionRange() : expr.position;
}

}  // namespace

RangeFunctionNode::RangeFunctionNode(const Call& call, const RangeFunction& function,
                                     std::vector<NodePtr> arguments, std::size_t range_index,
                                     const PlanOptions& options)
    : NameDroppingNode(call.position, options.delayed_name_removal),
      function_(&function),
      options_(&options) {
  prototype_.first_argument = place_of(*call.args.front());
  prototype_.all_arguments = {place_of(*call.args.front()).start, place_of(*call.args.back()).end};
  adopt(std::move(arguments[range_index]));
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i != range_index) adopt(std::move(arguments[i]));
  }
  arguments_.resize(child_count() - 1);
}

const Labels& RangeFunctionNode::labels(std::uint32_t row, Labels& scratch) const {
  return function_->keeps_name ? child(0).labels(row, scratch) : NameDroppingNode::labels(row, scratch);
}

bool RangeFunctionNode::drops_name(std::uint32_t row) const {
  return delayed() && (!function_->keeps_name || child(0).drops_name(row));
}

void RangeFunctionNode::forget_rows() {
  NameDroppingNode::forget_rows();
  counter_notes_.clear();
  note_of_row_.clear();
  note_of_all_ = false;
  notes_extended_ = 0;
}

EvalStatus RangeFunctionNode::begin(RunState& state, const Frame& frame) {
  if (range().anchored() && !function_->works_anchored) {
    return execution_error(format(
        "anchored modifier can only be used with: changes, delta, increase, rate, resets - not with {}",
        function_->name));
  }
  if (range().smoothed() && !function_->works_smoothed) {
    return execution_error(format(
        "smoothed modifier can only be used with: delta, increase, rate - not with {}", function_->name));
  }
  checked_ = false;
  return NameDroppingNode::begin(state, frame);
}

void RangeFunctionNode::extend() {
  if (function_->keeps_name) {
    set_rows(child(0).rows());
  } else {
    NameDroppingNode::extend();
  }
  if (function_->wants_counter) extend_counter_notes();
}

void RangeFunctionNode::extend_counter_notes() {
  const auto name = child(0).common_metric_name();
  if (name && !options_->type_and_unit_labels) {
    if (looks_like_counter(*name) || note_of_all_ || rows() == 0) return;
    counter_notes_.push_back(note::possible_non_counter(*name, prototype_.first_argument));
    note_of_all_ = true;
    return;
  }
  Labels scratch;
  for (; notes_extended_ < rows(); ++notes_extended_) {
    const Labels& labels = child(0).labels(notes_extended_, scratch);
    auto annotation = counter_note(labels, options_->type_and_unit_labels, prototype_.first_argument);
    if (!annotation) continue;
    const auto same = std::find_if(counter_notes_.begin(), counter_notes_.end(),
                                   [&](const Annotation& other) { return other.text == annotation->text; });
    const auto index = static_cast<std::uint32_t>(same - counter_notes_.begin());
    if (same == counter_notes_.end()) counter_notes_.push_back(std::move(*annotation));
    note_of_row_.resize(rows());
    note_of_row_[notes_extended_] = index + 1;
  }
  if (!note_of_row_.empty()) note_of_row_.resize(rows());
}

void RangeFunctionNode::raise_counter_notes(Annotations& annotations) {
  if (note_of_all_) {
    const auto& present = column_.present;
    if (std::find(present.begin(), present.end(), kNumber) != present.end())
      annotations.add(counter_notes_[0]);
    return;
  }
  std::vector<bool> raised(counter_notes_.size());
  std::size_t left = raised.size();
  for (std::uint32_t row = 0; row < rows() && left > 0; ++row) {
    const std::uint32_t index = note_of_row_[row];
    if (index == 0 || column_.present[row] != kNumber || raised[index - 1]) continue;
    raised[index - 1] = true;
    --left;
    annotations.add(counter_notes_[index - 1]);
  }
}

EvalStatus RangeFunctionNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  for (std::size_t i = 0; i < arguments_.size(); ++i) arguments_[i] = scalar_value(child(i + 1));

  RangeCall call = prototype_;
  call.at = at;
  call.range_end = range().window_end(at);
  call.range_start = call.range_end - range().range();
  call.range_seconds = static_cast<double>(range().range().count()) / 1000;
  call.arguments = arguments_;
  call.anchored = range().anchored();
  call.smoothed = range().smoothed();
  call.source = &child(0);
  call.annotations = &state.annotations;
  call.scratch = &scratch_;
  windows_.resize(kBlock);
  for (std::uint32_t first = 0; first < rows(); first += kBlock) {
    if (auto status = state.check_abort(); !status) return status;
    if (auto status = evaluate_block(state, call, first, std::min(kBlock, rows() - first)); !status) {
      return status;
    }
  }
  if (!counter_notes_.empty()) raise_counter_notes(state.annotations);
  return function_->keeps_name ? EvalStatus() : check_frame_collisions(frame.id);
}

EvalStatus RangeFunctionNode::evaluate_block(RunState& state, RangeCall& call, std::uint32_t first,
                                             std::uint32_t count) {
  const std::span<Window> windows(windows_.data(), count);
  range().windows(call.at, first, windows);
  const bool with_start_times = function_->reads_start_times && options_->use_start_timestamps;
  std::size_t read = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (windows[i].count == 0) continue;
    const RangeSamples samples = splitter_.split(windows[i], with_start_times, range().statistics_only());
    if (samples.empty()) continue;
    if (function_->check != nullptr && !checked_) {
      if (std::string error = function_->check(arguments_); !error.empty())
        return execution_error(std::move(error));
      checked_ = true;
    }
    read += samples.histograms.empty() ? samples.values.size() : weight_of(samples);
    call.row = first + i;
    Point point = function_->kernel(samples, call);
    if (point.presence == kNumber) {
      column_.set(call.row, point.value);
    } else if (point.presence == kHistogram) {
      column_.set_histogram(call.row, std::move(point.histogram));
    }
  }
  return state.read(read);
}

AbsentOverTimeNode::AbsentOverTimeNode(const Call& call, NodePtr range, Labels labels, bool delayed)
    : Node(call.position), labels_(std::move(labels)), delayed_(delayed) {
  adopt(std::move(range));
}

EvalStatus AbsentOverTimeNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  auto& range = static_cast<RangeNode&>(child(0));
  column_.clear();
  windows_.resize(kBlock);
  for (std::uint32_t first = 0; first < range.rows(); first += kBlock) {
    const std::span<Window> windows(windows_.data(), std::min(kBlock, range.rows() - first));
    range.windows(at, first, windows);
    for (const Window& window : windows) {
      if (window.count > 0 && !splitter_.split(window, false).empty()) return {};
    }
  }
  column_.set(0, 1);
  return {};
}

}  // namespace tocsin::promql
