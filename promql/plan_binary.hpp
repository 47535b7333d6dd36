// Binary operators with a vector side. Internal to the evaluator.
#pragma once

#include <vector>

#include "promql/binary_values.hpp"
#include "promql/plan_node.hpp"

namespace tocsin::promql {

// A vector and a scalar. The scalar may be on the left; the rows are always the vector's.
class VectorScalarNode final : public NameDroppingNode {
 public:
  VectorScalarNode(const BinaryExpr& binary, NodePtr vector, NodePtr scalar, bool scalar_is_left,
                   bool delayed);
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t row) const override;
  [[nodiscard]] bool unique_without_name() const override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  void evaluate_numbers(double scalar);
  void evaluate_mixed(RunState& state, double scalar);
  [[nodiscard]] bool drops() const { return changes_metric(op_) || return_bool_; }

  BinaryOp op_;
  bool return_bool_;
  bool scalar_is_left_;
};

// Which rows of two vectors go together: the signature of each row, as a dense number.
class MatchTable {
 public:
  explicit MatchTable(const VectorMatching& matching);
  void forget();
  void extend(const Node& left, const Node& right);
  [[nodiscard]] std::uint32_t groups() const { return signatures_.size(); }
  [[nodiscard]] const std::vector<std::uint32_t>& left() const { return left_; }
  [[nodiscard]] const std::vector<std::uint32_t>& right() const { return right_; }
  // The labels that make up a row's signature.
  [[nodiscard]] Labels signature(const Labels& labels) const;

 private:
  void extend_side(const Node& side, std::vector<std::uint32_t>& groups_of_rows);

  bool on_;
  std::vector<std::string> names_;  // sorted
  LabelIndex signatures_;
  std::vector<std::uint32_t> left_;
  std::vector<std::uint32_t> right_;
};

// One row a group, forgotten in one step.
class GroupRows {
 public:
  void resize(std::size_t groups) { entries_.resize(groups); }
  void clear() { ++token_; }
  [[nodiscard]] bool has(std::uint32_t group) const { return entries_[group].token == token_; }
  [[nodiscard]] std::uint32_t row(std::uint32_t group) const { return entries_[group].row; }
  void set(std::uint32_t group, std::uint32_t row) { entries_[group] = {token_, row}; }

 private:
  struct Entry {
    std::uint32_t token = 0;
    std::uint32_t row = 0;
  };
  std::vector<Entry> entries_;
  std::uint32_t token_ = 0;
};

// Arithmetic, comparison and trimming of two vectors.
//
// `many` is the side that may have several rows in a group, `one` the other; with one-to-one, many is the
// left side. A result's labels are those of its row of the many side, changed; with group_x(labels) they also
// depend on which row of the one side is present. So a result row is a pair of rows. It is made when the two
// first meet, and looked up again only when a row meets another one than before.
class VectorMatchNode final : public Node {
 public:
  VectorMatchNode(const BinaryExpr& binary, NodePtr left, NodePtr right, bool delayed);
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t row) const override;
  [[nodiscard]] std::span<const std::uint32_t> order() const override { return order_; }
  void forget_rows() override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  static constexpr std::uint32_t kFill = std::numeric_limits<std::uint32_t>::max();  // no row: a fill value
  static constexpr std::uint32_t kAny = kFill - 1;  // the labels do not depend on this side
  struct Pair {
    std::uint32_t many;
    std::uint32_t one;
    friend bool operator==(const Pair&, const Pair&) = default;
  };
  struct PairHash {
    std::size_t operator()(const Pair& pair) const {
      return (static_cast<std::uint64_t>(pair.many) << 32 | pair.one) * 0x9E3779B97F4A7C15ULL;
    }
  };
  // What a row of the many side met last, and the result row of that.
  struct Met {
    std::uint32_t one = kAny;
    std::uint32_t row = kFill;
  };

  [[nodiscard]] bool one_to_one() const { return matching_->cardinality == Cardinality::one_to_one; }
  [[nodiscard]] const Node& many() const { return child(swapped_ ? 1 : 0); }
  [[nodiscard]] const Node& one() const { return child(swapped_ ? 0 : 1); }
  [[nodiscard]] const std::vector<std::uint32_t>& many_groups() const {
    return swapped_ ? table_.right() : table_.left();
  }
  [[nodiscard]] const std::vector<std::uint32_t>& one_groups() const {
    return swapped_ ? table_.left() : table_.right();
  }
  [[nodiscard]] Labels result_labels(const Labels& many, const Labels& one) const;
  [[nodiscard]] std::uint32_t make_row(Pair pair);
  [[nodiscard]] std::uint32_t result_row(std::uint32_t many_row, std::uint32_t one_row);
  [[nodiscard]] EvalStatus index_one_side();
  [[nodiscard]] EvalError duplicate_error(std::uint32_t row, std::uint32_t earlier) const;
  [[nodiscard]] EvalStatus match_pair(std::uint32_t many_row, std::uint32_t one_row, std::uint32_t group);
  [[nodiscard]] EvalStatus mark_matched(std::uint32_t row, std::uint32_t group);
  [[nodiscard]] EvalStatus match_numbers(std::uint32_t row, std::uint32_t group, double left, double right);
  [[nodiscard]] EvalStatus check_unique(std::uint32_t row);
  [[nodiscard]] EvalStatus keep(std::uint32_t row, BinaryResult result, const Column& left,
                                std::uint32_t left_row);

  const VectorMatching* matching_;
  BinaryOp op_;
  bool return_bool_;
  bool delayed_;
  bool swapped_;  // group_right: the many side is the right one
  bool drops_metadata_;
  double (*on_numbers_)(double, double);  // null: numbers do not go together
  std::vector<std::string> names_;        // of on() or ignoring(), sorted
  MatchTable table_;
  GroupRows one_rows_;
  GroupRows matched_;        // groups that have matched in this step
  std::vector<Pair> pairs_;  // of result rows
  std::vector<Met> met_;     // of rows of the many side
  std::unordered_map<Pair, std::uint32_t, PairHash> row_of_pair_;
  // Many-to-one: result rows of equal labels are of one class; which have matched, and which have a result.
  LabelIndex classes_;
  std::vector<std::uint32_t> class_of_row_;
  GroupRows matched_classes_;
  GroupRows kept_classes_;
  std::vector<std::uint32_t> order_;
  std::optional<Annotation> last_note_;
};

enum class SetOperator { and_, unless };

// and, unless: the left side's rows, masked.
class MaskNode final : public RowwiseNode {
 public:
  MaskNode(const BinaryExpr& binary, SetOperator op, NodePtr left, NodePtr right);
  void forget_rows() override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  SetOperator op_;
  MatchTable table_;
  GroupRows present_;
};

class OrNode final : public Node {
 public:
  OrNode(const BinaryExpr& binary, NodePtr left, NodePtr right);
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t row) const override;
  [[nodiscard]] std::span<const std::uint32_t> order() const override { return order_; }
  void forget_rows() override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  struct Origin {
    bool right;
    std::uint32_t row;
  };
  MatchTable table_;
  GroupRows present_;
  std::vector<Origin> origins_;  // of result rows
  std::vector<std::uint32_t> left_rows_;
  std::vector<std::uint32_t> right_rows_;
  std::vector<std::uint32_t> order_;
};

}  // namespace tocsin::promql
