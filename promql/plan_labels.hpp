// Functions that look at labels: label_replace, label_join, sorting, absent. Internal to the evaluator.
#pragma once

#include <string>
#include <vector>

#include "promql/matcher.hpp"
#include "promql/plan_node.hpp"

namespace tocsin::promql {

// A function from the labels of a row to new ones; values pass through. Rows that become equal must not be
// present together.
class RelabelNode : public RowwiseNode {
 public:
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t row) const override;
  [[nodiscard]] bool unique_without_name() const override { return false; }
  void forget_rows() override;

 protected:
  // `error`: why this call cannot be evaluated at all, or "".
  RelabelNode(PositionRange position, NodePtr vector, std::string destination, std::string error);
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;
  // The new value of the destination label; nothing leaves the labels alone.
  [[nodiscard]] virtual std::optional<std::string> new_value(const Labels& labels) const = 0;

 private:
  std::string destination_;
  std::string error_;
  CollisionTracker collisions_;
};

class LabelReplaceNode final : public RelabelNode {
 public:
  LabelReplaceNode(const Call& call, NodePtr vector);

 protected:
  [[nodiscard]] std::optional<std::string> new_value(const Labels& labels) const override;

 private:
  std::optional<AnchoredRegex> regex_;
  std::string replacement_;
  std::string source_;
};

class LabelJoinNode final : public RelabelNode {
 public:
  LabelJoinNode(const Call& call, NodePtr vector);

 protected:
  [[nodiscard]] std::optional<std::string> new_value(const Labels& labels) const override;

 private:
  std::string separator_;
  std::vector<std::string> sources_;
};

// sort, sort_desc, sort_by_label, sort_by_label_desc: the same rows in another order.
class SortNode final : public RowwiseNode {
 public:
  SortNode(const Call& call, NodePtr vector, bool descending, std::vector<std::string> labels, bool by_label);
  [[nodiscard]] std::span<const std::uint32_t> order() const override { return order_; }

 protected:
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  void sort_by_value();
  void sort_by_labels();

  bool descending_;
  bool by_label_;
  std::vector<std::string> labels_;
  std::vector<std::uint32_t> order_;
};

class AbsentNode final : public Node {
 public:
  AbsentNode(PositionRange position, NodePtr vector, Labels labels);
  [[nodiscard]] const Labels& labels(std::uint32_t, Labels&) const override { return labels_; }
  [[nodiscard]] bool unique_without_name() const override { return true; }

 protected:
  void extend() override { set_rows(1); }
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  Labels labels_;
};

// The labels of what is absent: those that the selector demands by `=`, and only once.
[[nodiscard]] Labels absent_labels(const Expr& argument);

// facette/natsort: runs of digits compare as numbers.
[[nodiscard]] bool natural_less(std::string_view a, std::string_view b);

}  // namespace tocsin::promql
