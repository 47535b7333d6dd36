// One node for each operator and function. A node is step-invariant, and so evaluated once for all steps of a
// range query, if nothing below it depends on the time of the step: its selectors all have an @, and no
// function looks at the clock.
#include "promql/plan_compile.hpp"

#include <algorithm>
#include <array>
#include <numbers>

#include "promql/format.hpp"
#include "promql/functions.hpp"
#include "promql/go_math.hpp"
#include "promql/plan_aggregate.hpp"
#include "promql/plan_binary.hpp"
#include "promql/plan_elementwise.hpp"
#include "promql/plan_histogram.hpp"
#include "promql/plan_info.hpp"
#include "promql/plan_labels.hpp"
#include "promql/plan_selector.hpp"
#include "promql/range_functions.hpp"

namespace tocsin::promql {
namespace {

// Counts one more while it lives.
class Above {
 public:
  Above(int& count, bool applies) : count_(applies ? &count : nullptr) {
    if (count_ != nullptr) ++*count_;
  }
  Above(const Above&) = delete;
  Above& operator=(const Above&) = delete;
  ~Above() {
    if (count_ != nullptr) --*count_;
  }

 private:
  int* count_;
};

class Compiler {
 public:
  explicit Compiler(const PlanOptions& options) : options_(options) {}

  Result<NodePtr> expression(const Expr& expr);

 private:
  Result<NodePtr> unary(const UnaryExpr& unary);
  Result<NodePtr> binary(const BinaryExpr& binary);
  [[nodiscard]] NodePtr join(const BinaryExpr& binary, NodePtr left, NodePtr right) const;
  Result<NodePtr> aggregate(const AggregateExpr& aggregate);
  Result<NodePtr> call(const Call& call);
  Result<NodePtr> call_without_arguments(const Call& call);
  Result<NodePtr> timestamp(const Call& call);
  Result<NodePtr> range_function(const Call& call, const RangeFunction& function);
  Result<NodePtr> vector_function(const Call& call, std::vector<NodePtr> arguments);
  Result<NodePtr> subquery(const SubqueryExpr& subquery);
  // Nodes of the arguments; strings give none.
  Result<std::vector<NodePtr>> arguments(const Call& call);

  template <class T, class... Arguments>
  NodePtr make(Arguments&&... values) const {
    return std::make_unique<T>(std::forward<Arguments>(values)...);
  }
  // Invariant if all children are.
  static NodePtr inherit(NodePtr node) {
    bool invariant = true;
    for (std::size_t i = 0; i < node->child_count(); ++i)
      invariant = invariant && node->child(i).step_invariant();
    node->set_step_invariant(invariant);
    return node;
  }
  // A node that reads samples at a time of its own. In the parameter of an aggregation upstream does not
  // resolve
  // @ start() and @ end() (promql/engine.go, preprocessExprHelper).
  template <class T>
  NodePtr placed(std::unique_ptr<T> node) const {
    if (in_parameter_ > 0) node->ignore_query_bounds();
    return node;
  }
  // An aggregation is invariant if what it aggregates is, whatever its parameter is: upstream looks no
  // further (promql/engine.go, preprocessExprHelper).
  static NodePtr inherit_from_input(NodePtr node) {
    node->set_step_invariant(node->child(0).step_invariant());
    return node;
  }
  [[nodiscard]] bool delayed() const { return options_.delayed_name_removal; }
  // Nothing above but looks at a histogram's count or sum.
  [[nodiscard]] bool statistics_only() const { return statistics_above_ > 0 && buckets_above_ == 0; }

  const PlanOptions& options_;
  int depth_ = 0;
  int in_parameter_ = 0;      // of aggregations
  int statistics_above_ = 0;  // calls of histogram_count and its like
  int buckets_above_ = 0;     // what needs whole histograms
};

Result<NodePtr> Compiler::expression(const Expr& expr) {
  const Above deeper(depth_, true);
  if (depth_ > kMaxPlanDepth) {
    return Error(
        format("expression is too deep: more than {} operators and calls within one another", kMaxPlanDepth));
  }
  switch (expr.kind()) {
    case ExprKind::paren:
      return expression(without_parens(expr));
    case ExprKind::number:
      return make<ConstantNode>(expr.position, as<NumberLiteral>(expr).value);
    case ExprKind::unary:
      return unary(as<UnaryExpr>(expr));
    case ExprKind::binary:
      return binary(as<BinaryExpr>(expr));
    case ExprKind::aggregate:
      return aggregate(as<AggregateExpr>(expr));
    case ExprKind::call:
      return call(as<Call>(expr));
    case ExprKind::vector_selector: {
      auto node = std::make_unique<VectorSelectorNode>(as<VectorSelector>(expr), options_.lookback);
      node->set_statistics_only(statistics_only());
      return placed(std::move(node));
    }
    case ExprKind::matrix_selector: {
      auto node = std::make_unique<MatrixSelectorNode>(as<MatrixSelector>(expr), options_.lookback);
      node->set_statistics_only(statistics_only());
      return placed(std::move(node));
    }
    case ExprKind::subquery:
      return subquery(as<SubqueryExpr>(expr));
    case ExprKind::string:
    case ExprKind::duration:
      break;
  }
  return Error("a string or a duration cannot be evaluated here");
}

Result<NodePtr> Compiler::subquery(const SubqueryExpr& subquery) {
  const Above whole(buckets_above_, true);
  auto inner = expression(*subquery.expr);
  if (!inner) return inner.error();
  auto node = std::make_unique<SubqueryNode>(subquery, std::move(*inner), options_.default_subquery_step);
  return placed(std::move(node));
}

Result<NodePtr> Compiler::unary(const UnaryExpr& unary) {
  auto inner = expression(*unary.expr);
  if (!inner || !unary.negate) return inner;
  if (unary.type() == ValueType::scalar) {
    return inherit(make<VectorOfScalarNode>(unary.position, std::move(*inner), true));
  }
  return inherit(make<NegateNode>(unary.position, std::move(*inner), delayed()));
}

// A chain is compiled from its innermost operator outwards, in a loop: it may be as long as an expression may
// be deep, and a stack frame for each operator would be too many.
Result<NodePtr> Compiler::binary(const BinaryExpr& binary) {
  const std::vector<const BinaryExpr*> spine = left_spine(binary);
  const auto is_trim = [](const BinaryExpr& one) {
    return one.op == BinaryOp::trim_upper || one.op == BinaryOp::trim_lower;
  };
  depth_ += static_cast<int>(spine.size()) - 1;
  for (const BinaryExpr* one : spine) buckets_above_ += is_trim(*one) ? 1 : 0;
  auto left = expression(*spine.back()->lhs);
  for (auto one = spine.rbegin(); one != spine.rend(); ++one) {
    if (!left) return left;
    auto right = expression(*(*one)->rhs);
    if (!right) return right;
    left = join(**one, std::move(*left), std::move(*right));
    buckets_above_ -= is_trim(**one) ? 1 : 0;
    if (one + 1 != spine.rend()) --depth_;
  }
  return left;
}

NodePtr Compiler::join(const BinaryExpr& binary, NodePtr left, NodePtr right) const {
  const bool left_scalar = binary.lhs->type() == ValueType::scalar;
  const bool right_scalar = binary.rhs->type() == ValueType::scalar;
  if (left_scalar && right_scalar) {
    const ScalarPairNode::Function function = scalar_operator(binary.op);
    if (function == nullptr) {
      return make<RefusedScalarNode>(binary.position, format("operator {} not allowed for Scalar operations",
                                                             go_quote(to_string(binary.op))));
    }
    return inherit(make<ScalarPairNode>(binary.position, function, std::move(left), std::move(right)));
  }
  if (left_scalar || right_scalar) {
    NodePtr& vector = left_scalar ? right : left;
    NodePtr& scalar = left_scalar ? left : right;
    return inherit(
        make<VectorScalarNode>(binary, std::move(vector), std::move(scalar), left_scalar, delayed()));
  }
  switch (binary.op) {
    case BinaryOp::and_:
      return inherit(make<MaskNode>(binary, SetOperator::and_, std::move(left), std::move(right)));
    case BinaryOp::unless:
      return inherit(make<MaskNode>(binary, SetOperator::unless, std::move(left), std::move(right)));
    case BinaryOp::or_:
      return inherit(make<OrNode>(binary, std::move(left), std::move(right)));
    default:
      return inherit(make<VectorMatchNode>(binary, std::move(left), std::move(right), delayed()));
  }
}

Result<NodePtr> Compiler::aggregate(const AggregateExpr& aggregate) {
  auto input = expression(without_parens(*aggregate.expr));
  if (!input) return input;
  if (aggregate.op == AggregateOp::count_values) {
    const auto& label = as<StringLiteral>(without_parens(*aggregate.param));
    return inherit(make<CountValuesNode>(aggregate, std::move(*input), label.value));
  }
  NodePtr param;
  if (aggregate.param) {
    const Above parameter(in_parameter_, true);
    auto compiled = expression(without_parens(*aggregate.param));
    if (!compiled) return compiled;
    param = std::move(*compiled);
  }
  switch (aggregate.op) {
    case AggregateOp::sum:
    case AggregateOp::avg:
      return inherit(make<SumNode>(aggregate, std::move(*input), delayed()));
    case AggregateOp::quantile:
      return inherit_from_input(
          make<QuantileNode>(aggregate, std::move(*input), std::move(param), delayed()));
    case AggregateOp::topk:
    case AggregateOp::bottomk:
    case AggregateOp::limitk:
    case AggregateOp::limit_ratio:
      return inherit_from_input(make<ChooseNode>(aggregate, std::move(*input), std::move(param)));
    default:
      return inherit(make<FoldNode>(aggregate, std::move(*input), delayed()));
  }
}

Result<std::vector<NodePtr>> Compiler::arguments(const Call& call) {
  std::vector<NodePtr> nodes;
  for (const ExprPtr& argument : call.args) {
    const Expr& expr = without_parens(*argument);
    if (expr.type() == ValueType::string) continue;
    auto node = expression(expr);
    if (!node) return node.error();
    nodes.push_back(std::move(*node));
  }
  return nodes;
}

struct QueryTimeFunction {
  std::string_view name;
  QueryTime what;
};
constexpr std::array kQueryTimes = std::to_array<QueryTimeFunction>({{"time", QueryTime::time},
                                                                     {"start", QueryTime::start},
                                                                     {"end", QueryTime::end},
                                                                     {"range", QueryTime::range},
                                                                     {"step", QueryTime::step}});

Result<NodePtr> Compiler::call_without_arguments(const Call& call) {
  const std::string_view name = call.function->name;
  if (name == "pi") return make<ConstantNode>(call.position, std::numbers::pi);
  for (const QueryTimeFunction& entry : kQueryTimes) {
    if (entry.name == name) return make<QueryTimeNode>(call.position, entry.what);
  }
  if (const DateFunction* date = find_date_function(name)) return make<DateOfTimeNode>(call.position, *date);
  return Error(format("function \"{}\" cannot be evaluated", name));
}

// Of a selector, the samples' own times; of anything else, the evaluation time.
Result<NodePtr> Compiler::timestamp(const Call& call) {
  const bool start = call.function->name == "start_timestamp";
  const Expr& argument = without_parens(*call.args[0]);
  if (argument.kind() == ExprKind::vector_selector) {
    using Value = VectorSelectorNode::Value;
    auto node =
        std::make_unique<VectorSelectorNode>(as<VectorSelector>(argument), options_.lookback,
                                             start ? Value::start_timestamp : Value::timestamp, delayed());
    return placed(std::move(node));
  }
  auto vector = expression(argument);
  if (!vector) return vector;
  return make<EvaluationTimeNode>(call.position, std::move(*vector), delayed(), start);
}

Result<NodePtr> Compiler::range_function(const Call& call, const RangeFunction& function) {
  std::size_t range_index = 0;
  while (call.args[range_index]->type() != ValueType::matrix) ++range_index;
  auto nodes = arguments(call);
  if (!nodes) return nodes.error();
  NodePtr node = inherit(make<RangeFunctionNode>(call, function, std::move(*nodes), range_index, options_));
  if (function.name == "predict_linear") node->set_step_invariant(false);
  return node;
}

Result<NodePtr> Compiler::call(const Call& call) {
  const std::string_view name = call.function->name;
  const Above statistics(statistics_above_,
                         name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg");
  const Above whole(buckets_above_, name == "histogram_quantile" || name == "histogram_quantiles" ||
                                        name == "histogram_fraction");
  if (call.args.empty()) return call_without_arguments(call);
  if (name == "timestamp" || name == "start_timestamp") return timestamp(call);
  if (const RangeFunction* range = find_range_function(name)) return range_function(call, *range);
  if (name == "info") {
    auto base = expression(without_parens(*call.args[0]));
    if (!base) return base;
    return inherit(make<InfoNode>(call, std::move(*base), options_));
  }
  auto nodes = arguments(call);
  if (!nodes) return nodes.error();
  auto node = vector_function(call, std::move(*nodes));
  if (!node) return node;
  return inherit(std::move(*node));
}

// The vector first, then the scalars, in their order.
std::vector<NodePtr> vector_first(std::vector<NodePtr> nodes, std::size_t vector_index) {
  std::rotate(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(vector_index),
              nodes.begin() + static_cast<std::ptrdiff_t>(vector_index) + 1);
  return nodes;
}

struct BoundedName {
  std::string_view name;
  BoundedFunction function;
};
constexpr std::array kBounded = std::to_array<BoundedName>({{"clamp", BoundedFunction::clamp},
                                                            {"clamp_max", BoundedFunction::clamp_max},
                                                            {"clamp_min", BoundedFunction::clamp_min},
                                                            {"round", BoundedFunction::round}});

std::vector<std::string> string_arguments(const Call& call) {
  std::vector<std::string> values;
  for (const ExprPtr& argument : call.args) {
    const Expr& expr = without_parens(*argument);
    if (expr.kind() == ExprKind::string) values.push_back(as<StringLiteral>(expr).value);
  }
  return values;
}

Result<NodePtr> Compiler::vector_function(const Call& call, std::vector<NodePtr> nodes) {
  const std::string_view name = call.function->name;
  const PositionRange position = call.position;
  using Kind = HistogramQuantileNode::Kind;
  if (const NumberFunction* number = find_number_function(name)) {
    return make<NumberFunctionNode>(position, *number, std::move(nodes[0]), delayed());
  }
  if (const HistogramFunction* histogram = find_histogram_function(name)) {
    return make<HistogramFunctionNode>(position, *histogram, std::move(nodes[0]), delayed());
  }
  if (const DateFunction* date = find_date_function(name)) {
    return make<DateFunctionNode>(position, *date, std::move(nodes[0]), delayed());
  }
  for (const BoundedName& bounded : kBounded) {
    if (bounded.name == name) {
      return make<BoundedFunctionNode>(position, bounded.function, std::move(nodes), delayed());
    }
  }
  if (name == "scalar") return make<ScalarOfVectorNode>(position, std::move(nodes[0]));
  if (name == "vector") return make<VectorOfScalarNode>(position, std::move(nodes[0]), false);
  if (name == "max_of")
    return make<ScalarPairNode>(position, go_max, std::move(nodes[0]), std::move(nodes[1]));
  if (name == "min_of")
    return make<ScalarPairNode>(position, go_min, std::move(nodes[0]), std::move(nodes[1]));
  if (name == "absent") {
    return make<AbsentNode>(position, std::move(nodes[0]), absent_labels(without_parens(*call.args[0])));
  }
  if (name == "absent_over_time") {
    return make<AbsentOverTimeNode>(call, std::move(nodes[0]), absent_labels(without_parens(*call.args[0])),
                                    delayed());
  }
  if (name == "label_replace") return make<LabelReplaceNode>(call, std::move(nodes[0]));
  if (name == "label_join") return make<LabelJoinNode>(call, std::move(nodes[0]));
  if (name == "sort" || name == "sort_desc" || name == "sort_by_label" || name == "sort_by_label_desc") {
    return make<SortNode>(call, std::move(nodes[0]), name.ends_with("_desc"), string_arguments(call),
                          name.starts_with("sort_by_label"));
  }
  if (name == "histogram_quantile") {
    return make<HistogramQuantileNode>(call, Kind::quantile, vector_first(std::move(nodes), 1), delayed());
  }
  if (name == "histogram_fraction") {
    return make<HistogramQuantileNode>(call, Kind::fraction, vector_first(std::move(nodes), 2), delayed());
  }
  if (name == "histogram_quantiles") {
    return make<HistogramQuantileNode>(call, Kind::quantiles, std::move(nodes), delayed());
  }
  return Error(format("function \"{}\" is not supported by this version's evaluator", name));
}

}  // namespace

ScalarPairNode::Function scalar_operator(BinaryOp op) {
  switch (op) {
    case BinaryOp::add:
      return [](double a, double b) { return a + b; };
    case BinaryOp::subtract:
      return [](double a, double b) { return a - b; };
    case BinaryOp::multiply:
      return [](double a, double b) { return a * b; };
    case BinaryOp::divide:
      return [](double a, double b) { return a / b; };
    case BinaryOp::modulo:
      return [](double a, double b) { return std::fmod(a, b); };
    case BinaryOp::power:
      return go_pow;
    case BinaryOp::atan2:
      return go_atan2;
    case BinaryOp::equal:
      return [](double a, double b) { return a == b ? 1.0 : 0.0; };
    case BinaryOp::not_equal:
      return [](double a, double b) { return a != b ? 1.0 : 0.0; };
    case BinaryOp::less:
      return [](double a, double b) { return a < b ? 1.0 : 0.0; };
    case BinaryOp::less_or_equal:
      return [](double a, double b) { return a <= b ? 1.0 : 0.0; };
    case BinaryOp::greater:
      return [](double a, double b) { return a > b ? 1.0 : 0.0; };
    case BinaryOp::greater_or_equal:
      return [](double a, double b) { return a >= b ? 1.0 : 0.0; };
    default:
      return nullptr;
  }
}

Result<NodePtr> compile_expression(const Expr& expr, const PlanOptions& options) {
  return Compiler(options).expression(expr);
}

}  // namespace tocsin::promql
