#include "promql/binary_values.hpp"

namespace tocsin::promql {
namespace {

BinaryResult incompatible(BinaryOp op, const Operand& left, const Operand& right, PositionRange position) {
  const auto kind = [](const Operand& side) { return side.histogram == nullptr ? "float" : "histogram"; };
  BinaryResult result;
  result.outcome = BinaryResult::Outcome::impossible;
  result.annotation = note::incompatible_types(kind(left), to_string(op), kind(right), position);
  return result;
}

BinaryResult number(double value) {
  BinaryResult result;
  result.value = value;
  return result;
}

BinaryResult histogram(FloatHistogram value) {
  BinaryResult result;
  result.histogram = std::move(value);
  return result;
}

BinaryResult compared(bool holds) {
  BinaryResult result;
  result.outcome = holds ? BinaryResult::Outcome::value : BinaryResult::Outcome::dropped;
  return result;
}

BinaryResult numbers(BinaryOp op, double left, double right) {
  BinaryResult result;
  visit_arithmetic(op, [&](auto f) { result = number(f(left, right)); });
  visit_comparison(op, [&](auto f) {
    result = compared(f(left, right));
    result.value = left;
  });
  return result;
}

BinaryResult scaled(const FloatHistogram& by_value, double factor) {
  FloatHistogram result = by_value;
  result.multiply(factor).compact(0);
  return histogram(std::move(result));
}

BinaryResult histogram_and_number(BinaryOp op, const Operand& left, const Operand& right,
                                  PositionRange position) {
  switch (op) {
    case BinaryOp::multiply:
      return scaled(*left.histogram, right.value);
    case BinaryOp::divide: {
      FloatHistogram result = *left.histogram;
      result.divide(right.value).compact(0);
      return histogram(std::move(result));
    }
    case BinaryOp::trim_upper:
    case BinaryOp::trim_lower: {
      FloatHistogram result = *left.histogram;
      result.trim(right.value, op == BinaryOp::trim_upper);
      return histogram(std::move(result));
    }
    default:
      return incompatible(op, left, right, position);
  }
}

BinaryResult sum_of(BinaryOp op, const Operand& left, const Operand& right, PositionRange position) {
  const bool adds = op == BinaryOp::add;
  const auto operation = adds ? note::Operation::addition : note::Operation::subtraction;
  FloatHistogram value = *left.histogram;
  const auto merged = adds ? value.add(*right.histogram) : value.subtract(*right.histogram);
  BinaryResult result;
  if (!merged) {
    result.outcome = BinaryResult::Outcome::impossible;
    result.annotation = note::incompatible_bucket_layout(to_string(op), position);
    return result;
  }
  if (!adds) value.counter_reset = CounterReset::gauge;
  if (merged->reset_collision) {
    // Upstream treats this warning as a failure of the pair.
    result.outcome = BinaryResult::Outcome::impossible;
    result.annotation = note::counter_reset_collision(operation, position);
    return result;
  }
  if (merged->bounds_reconciled) result.annotation = note::bounds_reconciled(operation, position);
  value.compact(0);
  result.histogram = std::move(value);
  return result;
}

BinaryResult histograms(BinaryOp op, const Operand& left, const Operand& right, PositionRange position) {
  switch (op) {
    case BinaryOp::add:
    case BinaryOp::subtract:
      return sum_of(op, left, right, position);
    case BinaryOp::equal:
    case BinaryOp::not_equal: {
      const bool equal = left.histogram->equals(*right.histogram);
      BinaryResult result = compared(equal == (op == BinaryOp::equal));
      result.is_left_histogram = true;
      return result;
    }
    default:
      return incompatible(op, left, right, position);
  }
}

}  // namespace

BinaryResult binary_values(BinaryOp op, const Operand& left, const Operand& right, PositionRange position) {
  if (left.histogram == nullptr && right.histogram == nullptr) {
    if (op == BinaryOp::trim_upper || op == BinaryOp::trim_lower)
      return incompatible(op, left, right, position);
    return numbers(op, left.value, right.value);
  }
  if (left.histogram != nullptr && right.histogram != nullptr) return histograms(op, left, right, position);
  if (left.histogram != nullptr) return histogram_and_number(op, left, right, position);
  if (op == BinaryOp::multiply) return scaled(*right.histogram, left.value);
  return incompatible(op, left, right, position);
}

}  // namespace tocsin::promql
