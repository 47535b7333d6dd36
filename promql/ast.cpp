#include "promql/ast.hpp"

#include "promql/functions.hpp"

namespace tocsin::promql {

std::string_view document_name(ValueType type) {
  switch (type) {
    case ValueType::none:
      return "none";
    case ValueType::scalar:
      return "scalar";
    case ValueType::vector:
      return "instant vector";
    case ValueType::matrix:
      return "range vector";
    case ValueType::string:
      return "string";
  }
  return "";
}

std::string_view api_name(ValueType type) {
  switch (type) {
    case ValueType::none:
      return "none";
    case ValueType::scalar:
      return "scalar";
    case ValueType::vector:
      return "vector";
    case ValueType::matrix:
      return "matrix";
    case ValueType::string:
      return "string";
  }
  return "";
}

std::string_view to_string(BinaryOp op) {
  switch (op) {
    case BinaryOp::add:
      return "+";
    case BinaryOp::subtract:
      return "-";
    case BinaryOp::multiply:
      return "*";
    case BinaryOp::divide:
      return "/";
    case BinaryOp::modulo:
      return "%";
    case BinaryOp::power:
      return "^";
    case BinaryOp::atan2:
      return "atan2";
    case BinaryOp::equal:
      return "==";
    case BinaryOp::not_equal:
      return "!=";
    case BinaryOp::less:
      return "<";
    case BinaryOp::less_or_equal:
      return "<=";
    case BinaryOp::greater:
      return ">";
    case BinaryOp::greater_or_equal:
      return ">=";
    case BinaryOp::trim_upper:
      return "</";
    case BinaryOp::trim_lower:
      return ">/";
    case BinaryOp::and_:
      return "and";
    case BinaryOp::or_:
      return "or";
    case BinaryOp::unless:
      return "unless";
  }
  return "";
}

std::string_view to_string(AggregateOp op) {
  switch (op) {
    case AggregateOp::sum:
      return "sum";
    case AggregateOp::avg:
      return "avg";
    case AggregateOp::count:
      return "count";
    case AggregateOp::min:
      return "min";
    case AggregateOp::max:
      return "max";
    case AggregateOp::group:
      return "group";
    case AggregateOp::stddev:
      return "stddev";
    case AggregateOp::stdvar:
      return "stdvar";
    case AggregateOp::topk:
      return "topk";
    case AggregateOp::bottomk:
      return "bottomk";
    case AggregateOp::count_values:
      return "count_values";
    case AggregateOp::quantile:
      return "quantile";
    case AggregateOp::limitk:
      return "limitk";
    case AggregateOp::limit_ratio:
      return "limit_ratio";
  }
  return "";
}

BinaryExpr::~BinaryExpr() {
  // Takes the chain apart link by link: by recursion a long one would overflow the stack.
  ExprPtr next = std::move(lhs);
  while (next != nullptr && next->kind() == ExprKind::binary) {
    ExprPtr below = std::move(as<BinaryExpr>(*next).lhs);
    next = std::move(below);
  }
}

std::vector<const BinaryExpr*> left_spine(const BinaryExpr& top) {
  std::vector<const BinaryExpr*> spine{&top};
  while (spine.back()->lhs->kind() == ExprKind::binary) {
    spine.push_back(&as<BinaryExpr>(*spine.back()->lhs));
  }
  return spine;
}

ValueType Call::type() const {
  return function == nullptr ? ValueType::none : function->return_type;
}

}  // namespace tocsin::promql
