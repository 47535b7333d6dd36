// Durations that are written as expressions: arithmetic on seconds.
#include <cmath>

#include "promql/format.hpp"
#include "promql/go_math.hpp"
#include "promql/plan_selector.hpp"

namespace tocsin::promql {
namespace {

EvalError positioned(const Expr& expression, std::string_view text) {
  return {EvalErrorKind::invalid,
          format("{}:{}: {}", expression.position.start, expression.position.end, text)};
}

EvalResult<double> evaluate_seconds(const Expr& expression, const TimeRange& query);

EvalResult<double> evaluate_operator(const DurationExpr& node, double left, double right) {
  switch (node.op) {
    case DurationOp::add:
      return left + right;
    case DurationOp::subtract:
      return left - right;
    case DurationOp::multiply:
      return left * right;
    case DurationOp::divide:
      if (right == 0) return positioned(node, "division by zero");
      return left / right;
    case DurationOp::modulo:
      if (right == 0) return positioned(node, "modulo by zero");
      return std::fmod(left, right);
    case DurationOp::power:
      return go_pow(left, right);
    case DurationOp::negate:
      return -right;
    case DurationOp::plus:
      return right;
    case DurationOp::min_of:
      return go_min(left, right);
    case DurationOp::max_of:
      return go_max(left, right);
    case DurationOp::step:
    case DurationOp::range:
      break;
  }
  return 0.0;
}

EvalResult<double> evaluate_seconds(const Expr& expression, const TimeRange& query) {
  if (expression.kind() == ExprKind::number) return as<NumberLiteral>(expression).value;
  const auto& node = as<DurationExpr>(expression);
  if (node.op == DurationOp::step) return seconds_of(query.step);
  if (node.op == DurationOp::range) return seconds_of(query.length());
  double left = 0;
  double right = 0;
  if (node.lhs) {
    auto value = evaluate_seconds(*node.lhs, query);
    if (!value) return value.error();
    left = *value;
  }
  if (node.rhs) {
    auto value = evaluate_seconds(*node.rhs, query);
    if (!value) return value.error();
    right = *value;
  }
  return evaluate_operator(node, left, right);
}

}  // namespace

EvalResult<Duration> resolve_duration(Duration literal, const Expr* expression, bool may_be_negative,
                                      const TimeRange& query) {
  if (expression == nullptr) return literal;
  auto seconds = evaluate_seconds(*expression, query);
  if (!seconds) return seconds.error();
  if (!std::isfinite(*seconds)) return positioned(*expression, "duration is NaN or infinite");
  if (*seconds <= 0 && !may_be_negative) return positioned(*expression, "duration must be greater than 0");
  constexpr double kLimit = 9223372036854775808.0 / 1e9;
  if (*seconds > kLimit || *seconds < -kLimit) return positioned(*expression, "duration is out of range");
  return Duration(std::chrono::milliseconds(to_int64(*seconds * 1000)));
}

}  // namespace tocsin::promql
