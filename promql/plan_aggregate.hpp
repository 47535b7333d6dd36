// Aggregations. Internal to the evaluator.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "promql/histogram_mean.hpp"
#include "promql/kahan.hpp"
#include "promql/plan_node.hpp"

namespace tocsin::promql {

// Which group each row of the input belongs to.
class GroupTable {
 public:
  GroupTable(const std::vector<std::string>& grouping, bool without);
  void forget();
  void extend(const Node& input);
  [[nodiscard]] std::uint32_t groups() const { return static_cast<std::uint32_t>(labels_.size()); }
  [[nodiscard]] const std::vector<std::uint32_t>& group_of_row() const { return group_of_row_; }
  [[nodiscard]] const Labels& labels(std::uint32_t group) const { return labels_[group]; }
  [[nodiscard]] Labels group_labels(const Labels& labels) const;

 private:
  bool without_;
  std::vector<std::string> names_;  // sorted; with `without` also the metric name
  LabelIndex groups_;
  std::vector<Labels> labels_;  // of groups
  std::vector<std::uint32_t> group_of_row_;
};

// One row a group: what the folding aggregations share.
class GroupingNode : public Node {
 public:
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels&) const override { return table_.labels(row); }
  [[nodiscard]] bool drops_name(std::uint32_t row) const override;
  void forget_rows() override;

 protected:
  GroupingNode(const AggregateExpr& aggregate, NodePtr input, NodePtr param, bool delayed);
  void extend() override;
  // With delayed name removal: a group drops the name if one of its present rows does.
  void update_dropped_names();
  [[nodiscard]] const Column& input() const { return child(0).column(); }
  [[nodiscard]] const std::vector<std::uint32_t>& group_of_row() const { return table_.group_of_row(); }
  [[nodiscard]] PositionRange input_position() const { return input_position_; }

 private:
  GroupTable table_;
  PositionRange input_position_;
  bool delayed_;
  std::vector<std::uint8_t> dropped_;
};

// count, group, min, max, stddev, stdvar: one pass over numbers.
class FoldNode final : public GroupingNode {
 public:
  FoldNode(const AggregateExpr& aggregate, NodePtr input, bool delayed);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  void fold_extreme(RunState& state);
  void fold_count();
  void fold_variance(RunState& state);
  void note_histograms(RunState& state) const;

  AggregateOp op_;
  std::vector<double> mean_;
  std::vector<double> count_;
};

// sum and avg, of numbers or of histograms.
class SumNode final : public GroupingNode {
 public:
  SumNode(const AggregateExpr& aggregate, NodePtr input, bool delayed);
  void forget_rows() override;

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  struct Group {
    KahanSum sum;
    double count = 0;
    bool has_number = false;
    bool has_histogram = false;
    bool incremental = false;  // the sum would overflow: `sum` is the mean
    void add(double value, bool average);
  };
  // What a group of histograms needs besides.
  struct HistogramGroup {
    std::optional<FloatHistogram> sum;
    std::unique_ptr<FloatHistogram> compensation;
    std::optional<HistogramMean> mean;
    bool incompatible = false;
    bool reset = false;
    bool not_reset = false;
    [[nodiscard]] bool started() const { return sum.has_value() || mean.has_value(); }
  };
  void add_histogram(RunState& state, std::uint32_t row, Group& group, HistogramGroup& histograms);
  void finish_group(RunState& state, std::uint32_t row);
  void finish_histogram(std::uint32_t row, HistogramGroup& histograms);

  bool average_;
  std::vector<Group> groups_;
  std::vector<HistogramGroup> histogram_groups_;  // empty while no row has been a histogram
};

class QuantileNode final : public GroupingNode {
 public:
  QuantileNode(const AggregateExpr& aggregate, NodePtr input, NodePtr quantile, bool delayed);

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  PositionRange param_position_;
  std::vector<std::vector<double>> values_;  // of each group
};

// topk, bottomk, limitk, limit_ratio: rows of the input, chosen within each group.
class ChooseNode final : public RowwiseNode {
 public:
  ChooseNode(const AggregateExpr& aggregate, NodePtr input, NodePtr param);
  [[nodiscard]] std::span<const std::uint32_t> order() const override { return order_; }
  void forget_rows() override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  [[nodiscard]] EvalResult<std::size_t> count_param(double param) const;
  void choose_extreme(RunState& state, std::size_t count);
  void choose_first(std::size_t count);
  [[nodiscard]] EvalStatus choose_ratio(RunState& state, double ratio);
  void take(std::uint32_t row);

  AggregateOp op_;
  GroupTable table_;
  PositionRange param_position_;
  std::vector<std::vector<std::uint32_t>> chosen_;  // rows of each group
  std::vector<std::uint32_t> seen_groups_;          // groups in the order in which they were met
  std::vector<double> sample_offsets_;              // of rows, for limit_ratio
  std::vector<std::uint32_t> order_;
};

// count_values: its labels come from values, so each value that was not met before makes a row.
class CountValuesNode final : public Node {
 public:
  CountValuesNode(const AggregateExpr& aggregate, NodePtr input, std::string label);
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels&) const override { return *labels_[row]; }
  [[nodiscard]] std::span<const std::uint32_t> order() const override { return order_; }
  [[nodiscard]] bool outdated() const override {
    return Node::outdated() || too_many_rows(rows(), order_.size());
  }
  void forget_rows() override;

 protected:
  void extend() override {}
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  GroupTable table_;
  std::string label_;
  bool valid_label_;
  std::vector<std::uint32_t> order_;  // of the last step, by where its values were met first
  std::unordered_map<Labels, std::uint32_t, LabelsHash> row_of_labels_;
  std::vector<const Labels*> labels_;
};

}  // namespace tocsin::promql
