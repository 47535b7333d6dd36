// The syntax tree of a PromQL expression. A tree owns its nodes; positions are byte offsets into the text it
// was parsed from. Node kinds are a closed set: code that walks a tree switches over kind().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "promql/matcher.hpp"
#include "promql/time.hpp"

namespace tocsin::promql {

// Half-open range of bytes [start, end) in the expression's text.
struct PositionRange {
  int start = 0;
  int end = 0;
  friend bool operator==(const PositionRange&, const PositionRange&) = default;
};

enum class ValueType { none, scalar, vector, matrix, string };
[[nodiscard]] std::string_view document_name(ValueType type);  // "instant vector", as error texts say it
[[nodiscard]] std::string_view api_name(ValueType type);       // "vector", as the API says it

enum class ExprKind {
  number,
  string,
  paren,
  unary,
  binary,
  aggregate,
  call,
  vector_selector,
  matrix_selector,
  subquery,
  duration
};

class Expr {
 public:
  virtual ~Expr() = default;
  [[nodiscard]] ExprKind kind() const { return kind_; }
  // The type this expression evaluates to, known from the grammar alone.
  [[nodiscard]] virtual ValueType type() const = 0;
  PositionRange position;

 protected:
  explicit Expr(ExprKind kind) : kind_(kind) {}

 private:
  ExprKind kind_;
};
using ExprPtr = std::unique_ptr<Expr>;

template <class Node>
[[nodiscard]] const Node& as(const Expr& expr) {
  return static_cast<const Node&>(expr);
}
template <class Node>
[[nodiscard]] Node& as(Expr& expr) {
  return static_cast<Node&>(expr);
}

struct NumberLiteral final : Expr {
  NumberLiteral() : Expr(ExprKind::number) {}
  [[nodiscard]] ValueType type() const override { return ValueType::scalar; }
  double value = 0;
  bool is_duration = false;  // written as a duration (5m), so printed as one
};

struct StringLiteral final : Expr {
  StringLiteral() : Expr(ExprKind::string) {}
  [[nodiscard]] ValueType type() const override { return ValueType::string; }
  std::string value;
};

struct ParenExpr final : Expr {
  ParenExpr() : Expr(ExprKind::paren) {}
  [[nodiscard]] ValueType type() const override { return expr->type(); }
  ExprPtr expr;
};

struct UnaryExpr final : Expr {
  UnaryExpr() : Expr(ExprKind::unary) {}
  [[nodiscard]] ValueType type() const override { return expr->type(); }
  bool negate = false;  // '-', else '+'
  ExprPtr expr;
};

enum class BinaryOp {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  atan2,
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  trim_upper,
  trim_lower,  // </ and >/ on native histograms
  and_,
  or_,
  unless
};
[[nodiscard]] std::string_view to_string(BinaryOp op);
[[nodiscard]] constexpr bool is_comparison(BinaryOp op) {
  return op >= BinaryOp::equal && op <= BinaryOp::greater_or_equal;
}
[[nodiscard]] constexpr bool is_set_operator(BinaryOp op) {
  return op >= BinaryOp::and_;
}

enum class Cardinality { one_to_one, many_to_one, one_to_many, many_to_many };

struct VectorMatching {
  Cardinality cardinality = Cardinality::one_to_one;
  std::vector<std::string> labels;   // of on() or ignoring()
  bool on = false;                   // on(), else ignoring()
  std::vector<std::string> include;  // of group_left() or group_right()
  std::optional<double> fill_left;   // for a missing left-hand series
  std::optional<double> fill_right;
};

// A chain such as a + b + c + ... leans to the left without limit: whoever walks a tree follows lhs in a
// loop, not by recursion (left_spine). Everything else is nested no deeper than kMaxNesting of
// promql/parser.hpp.
struct BinaryExpr final : Expr {
  BinaryExpr() : Expr(ExprKind::binary) {}
  ~BinaryExpr() override;
  // Scalar where both sides are.
  [[nodiscard]] ValueType type() const override { return value_type; }
  BinaryOp op = BinaryOp::add;
  ValueType value_type = ValueType::vector;
  ExprPtr lhs;
  ExprPtr rhs;
  std::optional<VectorMatching> matching;  // set when both sides are vectors
  bool return_bool = false;
};

// The chain of binary expressions that starts at `top` and follows lhs, the innermost last.
[[nodiscard]] std::vector<const BinaryExpr*> left_spine(const BinaryExpr& top);

enum class AggregateOp {
  sum,
  avg,
  count,
  min,
  max,
  group,
  stddev,
  stdvar,
  topk,
  bottomk,
  count_values,
  quantile,
  limitk,
  limit_ratio
};
[[nodiscard]] std::string_view to_string(AggregateOp op);

struct AggregateExpr final : Expr {
  AggregateExpr() : Expr(ExprKind::aggregate) {}
  [[nodiscard]] ValueType type() const override { return ValueType::vector; }
  AggregateOp op = AggregateOp::sum;
  ExprPtr expr;
  ExprPtr param;  // null unless op takes one
  std::vector<std::string> grouping;
  bool without = false;
};

struct Function;  // promql/functions.hpp: name, argument types, return type

struct Call final : Expr {
  Call() : Expr(ExprKind::call) {}
  [[nodiscard]] ValueType type() const override;
  const Function* function = nullptr;  // an entry of the static table
  std::vector<ExprPtr> args;
};

enum class StartOrEnd : std::uint8_t { none, start, end };

// `offset` and `@`, as a selector or a subquery carries them. An offset or range that was written as an
// expression keeps it in *_expr, and is resolved against the query's range when the plan is made.
struct TimeModifiers {
  Duration offset{};                   // as written; positive looks back
  ExprPtr offset_expr;                 // a DurationExpr, or null
  std::optional<Timestamp> timestamp;  // @ 1234.5
  StartOrEnd start_or_end = StartOrEnd::none;
};

struct VectorSelector final : Expr {
  VectorSelector() : Expr(ExprKind::vector_selector) {}
  [[nodiscard]] ValueType type() const override { return ValueType::vector; }
  std::string name;               // written before the braces, or ""
  std::vector<Matcher> matchers;  // all of them, the one on __name__ included
  TimeModifiers time;
  bool anchored = false;
  bool smoothed = false;
};

struct MatrixSelector final : Expr {
  MatrixSelector() : Expr(ExprKind::matrix_selector) {}
  [[nodiscard]] ValueType type() const override { return ValueType::matrix; }
  std::unique_ptr<VectorSelector> selector;  // carries the time modifiers
  Duration range{};
  ExprPtr range_expr;  // a DurationExpr, or null
};

struct SubqueryExpr final : Expr {
  SubqueryExpr() : Expr(ExprKind::subquery) {}
  [[nodiscard]] ValueType type() const override { return ValueType::matrix; }
  ExprPtr expr;
  Duration range{};
  ExprPtr range_expr;
  Duration step{};  // 0: the default, the evaluation interval
  ExprPtr step_expr;
  TimeModifiers time;
};

// Arithmetic on durations: range, offset and step may be written as one. Its leaves are NumberLiterals (in
// seconds) and the calls step() and range().
enum class DurationOp {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  negate,
  plus,
  step,
  range,
  min_of,
  max_of
};

struct DurationExpr final : Expr {
  DurationExpr() : Expr(ExprKind::duration) {}
  [[nodiscard]] ValueType type() const override { return ValueType::scalar; }
  DurationOp op = DurationOp::add;
  ExprPtr lhs;  // null for step(), range() and the unary ones
  ExprPtr rhs;
  bool wrapped = false;  // in parentheses
};

}  // namespace tocsin::promql
