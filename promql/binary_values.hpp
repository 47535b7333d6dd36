// Binary operators on two values: numbers, histograms, or one of each. Internal to the evaluator.
#pragma once

#include <cmath>
#include <optional>

#include "promql/annotations.hpp"
#include "promql/go_math.hpp"
#include "promql/plan_node.hpp"

namespace tocsin::promql {

// One side of an operator; a null histogram means that it is the number.
struct Operand {
  double value = 0;
  const FloatHistogram* histogram = nullptr;
};

struct BinaryResult {
  enum class Outcome {
    value,      // the result, or the left side of a comparison that holds
    dropped,    // a comparison that does not hold
    impossible  // the sides do not go together: no result, whatever the operator
  };
  Outcome outcome = Outcome::value;
  double value = 0;
  std::optional<FloatHistogram> histogram;
  bool is_left_histogram = false;  // the result is the left side itself: a comparison of histograms
  std::optional<Annotation> annotation;
};

// REQUIRES: an arithmetic, comparison or trimming operator.
[[nodiscard]] BinaryResult binary_values(BinaryOp op, const Operand& left, const Operand& right,
                                         PositionRange position);

// Calls visit(f) with the operator as a function object on two numbers, so that a loop is compiled for each.
// Arithmetic gives a number, a comparison a bool. Trimming and set operators are not visited.
template <class Visit>
void visit_arithmetic(BinaryOp op, Visit&& visit) {
  switch (op) {
    case BinaryOp::add:
      return visit([](double a, double b) { return a + b; });
    case BinaryOp::subtract:
      return visit([](double a, double b) { return a - b; });
    case BinaryOp::multiply:
      return visit([](double a, double b) { return a * b; });
    case BinaryOp::divide:
      return visit([](double a, double b) { return a / b; });
    case BinaryOp::modulo:
      return visit([](double a, double b) { return std::fmod(a, b); });
    case BinaryOp::power:
      return visit(go_pow);
    case BinaryOp::atan2:
      return visit(go_atan2);
    default:
      return;
  }
}
template <class Visit>
void visit_comparison(BinaryOp op, Visit&& visit) {
  switch (op) {
    case BinaryOp::equal:
      return visit([](double a, double b) { return a == b; });
    case BinaryOp::not_equal:
      return visit([](double a, double b) { return a != b; });
    case BinaryOp::less:
      return visit([](double a, double b) { return a < b; });
    case BinaryOp::less_or_equal:
      return visit([](double a, double b) { return a <= b; });
    case BinaryOp::greater:
      return visit([](double a, double b) { return a > b; });
    case BinaryOp::greater_or_equal:
      return visit([](double a, double b) { return a >= b; });
    default:
      return;
  }
}

// The result has no metric name: arithmetic does not keep it.
[[nodiscard]] constexpr bool changes_metric(BinaryOp op) {
  return op <= BinaryOp::atan2;
}

}  // namespace tocsin::promql
