// The nodes of a compiled plan: how they bind and how they run. Internal to the evaluator.
//
// A node gives rows. What labels a row has is fixed when the row is made and is asked for rarely, so labels
// are worked out on demand, from the children's rows. What a row's value is at one time is in a Column: flat
// arrays of numbers, and a mask that says which rows are present.
//
// Rows only ever get more: a series that comes adds rows along the path to the root, a series that goes
// leaves rows that are never present again. A node notices by comparing its children's row counts with what
// it has seen, and extends its own tables by the difference. So binding, following the source, and operators
// whose rows depend on values (count_values, group_left that copies labels) are one mechanism. When the
// source has closed the gaps in a selection, the plan forgets all rows and binds anew.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "promql/annotations.hpp"
#include "promql/ast.hpp"
#include "promql/engine.hpp"
#include "promql/histogram.hpp"
#include "promql/label_index.hpp"
#include "promql/labels.hpp"
#include "promql/series_source.hpp"

namespace tocsin::promql {

using EvalStatus = EvalResult<void>;

enum Presence : std::uint8_t { kAbsent = 0, kNumber = 1, kHistogram = 2 };

// The rows of one node at one time. `histograms` is empty while no row has ever been one.
struct Column {
  std::vector<double> values;
  std::vector<std::uint8_t> present;
  std::vector<HistogramPtr> histograms;
  bool holds_histograms = false;  // some row may be present as a histogram now

  void resize(std::size_t rows);
  // Marks all rows absent, and lets go of histograms.
  void clear();
  void set(std::uint32_t row, double value) {
    values[row] = value;
    present[row] = kNumber;
  }
  void set_histogram(std::uint32_t row, HistogramPtr histogram);
  // One row as it is in another column.
  void copy_row(std::uint32_t row, const Column& from, std::uint32_t from_row);
  [[nodiscard]] bool any_present() const;
};

// The evaluation times that a node is stepped over: the query's own, or those of a subquery.
struct Frame {
  Timestamp start{};
  Timestamp end{};
  std::int64_t step_ms = 1;
  std::uint64_t id = 0;  // never 0, never used twice
  [[nodiscard]] bool single() const { return start == end; }
  // How many times there are, and which. Counted, because one step behind the end may be more than a
  // Timestamp can hold; without a sign, because so may be the distance between start and end.
  [[nodiscard]] std::uint64_t steps() const {
    if (end < start) return 0;
    return (unsigned_ms(end) - unsigned_ms(start)) / static_cast<std::uint64_t>(step_ms) + 1;
  }
  [[nodiscard]] Timestamp time_of(std::uint64_t step) const {
    const std::uint64_t ms = unsigned_ms(start) + step * static_cast<std::uint64_t>(step_ms);
    return timestamp_from_ms(static_cast<std::int64_t>(ms));
  }

 private:
  static std::uint64_t unsigned_ms(Timestamp time) { return static_cast<std::uint64_t>(ms_of(time)); }
};

// What one run of a plan shares.
class RunState {
 public:
  RunState(const PlanOptions& plan_options, const TimeRange& range, const RunLimits& run_limits,
           Annotations& run_annotations, std::uint64_t& next_frame)
      : options(plan_options),
        query(range),
        limits(run_limits),
        annotations(run_annotations),
        next_frame_(next_frame) {}

  const PlanOptions& options;
  const TimeRange& query;
  const RunLimits& limits;
  Annotations& annotations;
  std::size_t samples_read = 0;
  std::size_t peak_samples = 0;

  // Samples that are held from now on, or no longer.
  [[nodiscard]] EvalStatus hold(std::size_t samples);
  void release(std::size_t samples) { held_ -= samples; }
  // Samples that are looked at and let go.
  [[nodiscard]] EvalStatus read(std::size_t samples);
  [[nodiscard]] EvalStatus check_abort() const;
  [[nodiscard]] Frame make_frame(Timestamp start, Timestamp end, std::int64_t step_ms) {
    return {start, end, step_ms, ++next_frame_};
  }

 private:
  std::size_t held_ = 0;
  std::uint64_t& next_frame_;
};

[[nodiscard]] inline EvalError execution_error(std::string text) {
  return {EvalErrorKind::execution, std::move(text)};
}
[[nodiscard]] EvalError same_labelset_error();

class Node {
 public:
  explicit Node(PositionRange position) : position_(position) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] PositionRange position() const { return position_; }
  [[nodiscard]] std::uint32_t rows() const { return rows_; }

  // The labels of a row: either where they rest, or made in `scratch`.
  [[nodiscard]] virtual const Labels& labels(std::uint32_t row, Labels& scratch) const = 0;
  // With delayed name removal: the name goes at the end. Valid for the step that ran last.
  [[nodiscard]] virtual bool drops_name(std::uint32_t /*row*/) const { return false; }
  // Rows in the order of the result of the step that ran last, where that is not their own order.
  [[nodiscard]] virtual std::span<const std::uint32_t> order() const { return {}; }
  // No two rows that can be present together become equal when they lose their metric name.
  [[nodiscard]] virtual bool unique_without_name() const { return false; }
  // The metric name that all rows have, if that is known without looking.
  [[nodiscard]] virtual std::optional<std::string_view> common_metric_name() const { return std::nullopt; }
  [[nodiscard]] const Column& column() const { return column_; }

  // Binding. A plan calls these on the root.
  virtual void attach(SeriesSource& source);
  virtual void detach();
  // Some selection means other series than it did.
  [[nodiscard]] virtual bool outdated() const;
  virtual void forget_rows();
  // Extends the tables of this node and those below it by what came.
  void sync();
  // Adds what a run over evaluation times from..to of a query over `query` reads.
  virtual void collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                                  std::vector<SelectionRequest>& requests);

  // Once a run: what depends on the query's range.
  [[nodiscard]] virtual EvalStatus prepare(RunState& state);
  // Before the first step over a frame: subqueries are evaluated here.
  [[nodiscard]] virtual EvalStatus begin(RunState& state, const Frame& frame);
  [[nodiscard]] EvalStatus step(RunState& state, const Frame& frame, Timestamp at);
  virtual void finish(RunState& state);

  // The result does not depend on the time of the step.
  [[nodiscard]] bool step_invariant() const { return step_invariant_; }
  void set_step_invariant(bool value) { step_invariant_ = value; }

  [[nodiscard]] Node& child(std::size_t i) { return *children_[i]; }
  [[nodiscard]] const Node& child(std::size_t i) const { return *children_[i]; }
  [[nodiscard]] std::size_t child_count() const { return children_.size(); }

 protected:
  void adopt(std::unique_ptr<Node> node) { children_.push_back(std::move(node)); }
  // Brings rows() and the tables up to what the children have now. Cheap when nothing came.
  virtual void extend() = 0;
  // Fills column() for time `at`. Children are not stepped yet: step_children() does it.
  [[nodiscard]] virtual EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) = 0;
  [[nodiscard]] EvalStatus step_children(RunState& state, const Frame& frame, Timestamp at);
  void set_rows(std::uint32_t rows);

  Column column_;

 private:
  PositionRange position_;
  std::vector<std::unique_ptr<Node>> children_;
  std::uint32_t rows_ = 0;
  bool step_invariant_ = false;
  std::uint64_t done_frame_ = 0;
};

using NodePtr = std::unique_ptr<Node>;

// A node whose rows are those of its first child, one to one.
class RowwiseNode : public Node {
 public:
  using Node::Node;
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override {
    return child(0).labels(row, scratch);
  }
  [[nodiscard]] bool drops_name(std::uint32_t row) const override { return child(0).drops_name(row); }
  [[nodiscard]] std::span<const std::uint32_t> order() const override { return child(0).order(); }
  [[nodiscard]] bool unique_without_name() const override { return child(0).unique_without_name(); }

 protected:
  void extend() override { set_rows(child(0).rows()); }
};

// Finds rows whose labels became equal, and tells when two of them are present together.
class CollisionTracker {
 public:
  void forget();
  // Looks at the labels of the rows that came.
  void extend(const Node& node);
  // Error if two rows of equal labels are present in `column`.
  [[nodiscard]] EvalStatus check(const Column& column);
  // The same, but a number and a histogram may meet: then the number goes, as in upstream's merged series
  // (promql/engine.go, mergeSeriesWithSameLabelset), of which an instant result shows the histogram.
  [[nodiscard]] EvalStatus check_and_merge(Column& column);
  // The same as check(), over all steps of one frame.
  [[nodiscard]] EvalStatus check_frame(const Column& column, std::uint64_t frame_id);

 private:
  struct Contested {
    std::uint32_t row;
    std::uint32_t group;
  };
  struct Seen {
    std::uint64_t token = 0;
    std::uint32_t row = 0;
  };
  // The first row of a label set.
  struct First {
    std::uint32_t row;
    std::uint32_t group;  // index in seen_, or kNone while the row is alone
  };
  [[nodiscard]] EvalStatus check_with(const Column& column, std::uint64_t token);

  LabelIndex index_;
  std::vector<First> first_;
  std::vector<Contested> contested_;
  std::vector<Seen> seen_;
  std::uint32_t extended_ = 0;
  std::uint64_t token_ = 1ULL << 63;
};

// A rowwise node whose result has no metric name: at once, or at the end with delayed name removal. Two rows
// that differ in nothing but the name must not be present together.
class NameDroppingNode : public RowwiseNode {
 public:
  NameDroppingNode(PositionRange position, bool delayed) : RowwiseNode(position), delayed_(delayed) {}
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t) const override { return delayed_; }
  [[nodiscard]] bool unique_without_name() const override {
    return !delayed_ || child(0).unique_without_name();
  }
  void forget_rows() override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus check_collisions() {
    return tracking_ ? collisions_.check(column_) : EvalStatus();
  }
  [[nodiscard]] EvalStatus check_frame_collisions(std::uint64_t frame_id) {
    return tracking_ ? collisions_.check_frame(column_, frame_id) : EvalStatus();
  }
  [[nodiscard]] bool delayed() const { return delayed_; }

 private:
  bool delayed_;
  bool tracking_ = false;
  CollisionTracker collisions_;
};

// Whether a node whose rows come from values has so many that are never present again that binding anew is
// worth it.
[[nodiscard]] constexpr bool too_many_rows(std::size_t rows, std::size_t present) {
  return rows > 1024 && rows > 8 * present;
}

// Calls visit(row) for the present rows, in the order of the result.
template <class Visit>
void for_each_present(const Node& node, const Visit& visit) {
  const std::vector<std::uint8_t>& present = node.column().present;
  if (const auto order = node.order(); !order.empty()) {
    for (const std::uint32_t row : order) {
      if (present[row] != kAbsent) visit(row);
    }
    return;
  }
  for (std::uint32_t row = 0; row < present.size(); ++row) {
    if (present[row] != kAbsent) visit(row);
  }
}

// Arguments of functions and aggregations stand for themselves: parentheses around them do not count, not
// even in the positions of annotations.
[[nodiscard]] const Expr& without_parens(const Expr& expr);

// Without __name__, __type__ and __unit__.
[[nodiscard]] const Labels& drop_metadata(const Labels& labels, Labels& scratch);
// Whether losing its metric name takes more than the name from a label set.
[[nodiscard]] bool has_type_or_unit(const Labels& labels);
[[nodiscard]] std::string metric_name_of(const Node& node, std::uint32_t row);

// A scalar argument: its value after the step.
[[nodiscard]] inline double scalar_value(const Node& node) {
  return node.column().values[0];
}

}  // namespace tocsin::promql
