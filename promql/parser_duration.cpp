// Arithmetic on durations: in [brackets] and behind offset.
//
// Behind offset the grammar is narrower, so that `foo offset -2 ^ 2` stays `(foo offset -2) ^ 2`: a number, a
// signed number, a call or a signed parenthesis ends the offset; what starts with a parenthesis or with two
// signs goes on with whatever operators follow.
#include <cmath>
#include <utility>

#include "promql/format.hpp"
#include "promql/parser_state.hpp"

namespace tocsin::promql {
namespace {

constexpr int kLowestDurationPrecedence = 1;
constexpr int kPowerDurationPrecedence = 3;
constexpr double kLargestSeconds = 9223372036854775808.0 / 1e9;

int duration_precedence(TokenKind kind) {
  switch (kind) {
    case TokenKind::add:
    case TokenKind::subtract:
      return kLowestDurationPrecedence;
    case TokenKind::multiply:
    case TokenKind::divide:
    case TokenKind::modulo:
      return 2;
    case TokenKind::power:
      return kPowerDurationPrecedence;
    default:
      return 0;
  }
}

DurationOp binary_op(TokenKind kind) {
  switch (kind) {
    case TokenKind::subtract:
      return DurationOp::subtract;
    case TokenKind::multiply:
      return DurationOp::multiply;
    case TokenKind::divide:
      return DurationOp::divide;
    case TokenKind::modulo:
      return DurationOp::modulo;
    case TokenKind::power:
      return DurationOp::power;
    default:
      return DurationOp::add;
  }
}

bool is_sign(TokenKind kind) {
  return kind == TokenKind::add || kind == TokenKind::subtract;
}

bool is_literal(TokenKind kind) {
  return kind == TokenKind::number || kind == TokenKind::duration;
}

bool is_call_name(TokenKind kind) {
  return is_between(kind, TokenKind::step, TokenKind::min_of);
}

DurationOp call_op(TokenKind kind) {
  switch (kind) {
    case TokenKind::range:
      return DurationOp::range;
    case TokenKind::max_of:
      return DurationOp::max_of;
    case TokenKind::min_of:
      return DurationOp::min_of;
    default:
      return DurationOp::step;
  }
}

std::unique_ptr<DurationExpr> make_node(DurationOp op, ExprPtr lhs, ExprPtr rhs, PositionRange position) {
  auto node = std::make_unique<DurationExpr>();
  node->op = op;
  node->lhs = std::move(lhs);
  node->rhs = std::move(rhs);
  node->position = position;
  return node;
}

ExprPtr zero() {
  return std::make_unique<NumberLiteral>();
}

bool is_zero_literal(const Expr& expr) {
  return expr.kind() == ExprKind::number && as<NumberLiteral>(expr).value == 0;
}

}  // namespace

std::int64_t to_int64_as_go(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  return value >= -kLimit && value < kLimit ? static_cast<std::int64_t>(value) : INT64_MIN;
}

Duration duration_from_seconds(double seconds) {
  return Duration(to_int64_as_go(std::round(seconds * 1e9)));
}

void Parser::require_duration_expressions(PositionRange position) {
  if (!options_.duration_expressions) {
    add_error(position, "experimental duration expression is not enabled", "promql-duration-expr");
  }
}

ExprPtr Parser::positive_duration() {
  ExprPtr result = duration(kLowestDurationPrecedence);
  if (result != nullptr && result->kind() == ExprKind::number && as<NumberLiteral>(*result).value <= 0) {
    add_error(result->position, "duration must be greater than 0");
    return zero();
  }
  return result;
}

void Parser::check_range(const Token& blamed, NumberLiteral& literal) {
  if (literal.value > kLargestSeconds || literal.value < -kLargestSeconds) {
    add_error(blamed.range(), "duration out of range");
    literal.value = 0;
  }
}

ExprPtr Parser::duration_literal() {
  const Token token = peek();
  std::unique_ptr<NumberLiteral> literal = number_or_duration();
  if (literal != nullptr) check_range(token, *literal);
  return literal;
}

ExprPtr Parser::offset_duration() {
  const TokenKind first = peek().kind;
  if (is_literal(first)) return duration_literal();
  if (is_call_name(first)) return checked_duration_call();
  if (is_sign(first)) return signed_offset_duration();
  return duration(kLowestDurationPrecedence);
}

ExprPtr Parser::signed_offset_duration() {
  const Token sign = take();
  const TokenKind next = peek().kind;
  if (is_literal(next)) {
    std::unique_ptr<NumberLiteral> literal = number_or_duration();
    if (sign.kind == TokenKind::subtract) literal->value *= -1;
    check_range(sign, *literal);
    literal->position.start = sign.position;
    return literal;
  }
  if (is_call_name(next)) {
    ExprPtr operand = duration_call();
    if (operand == nullptr) return nullptr;
    const PositionRange position{sign.position, operand->position.end};
    require_duration_expressions(position);
    const bool is_negative = sign.kind == TokenKind::subtract;
    return make_node(is_negative ? DurationOp::negate : DurationOp::plus, nullptr, std::move(operand),
                     position);
  }
  if (accept(TokenKind::left_paren)) {
    ExprPtr operand = duration(kLowestDurationPrecedence);
    if (operand == nullptr || !expect(TokenKind::right_paren)) return nullptr;
    if (operand->kind() == ExprKind::duration) as<DurationExpr>(*operand).wrapped = true;
    return apply_sign(sign, std::move(operand));
  }
  ExprPtr operand = duration(kPowerDurationPrecedence);
  if (operand == nullptr) return nullptr;
  return duration_operators(apply_sign(sign, std::move(operand)), kLowestDurationPrecedence);
}

ExprPtr Parser::duration(int least_precedence) {
  Nested nested(*this);
  if (!nested.ok()) return nullptr;
  ExprPtr lhs;
  if (is_sign(peek().kind)) {
    const Token sign = take();
    ExprPtr operand = duration(kPowerDurationPrecedence);
    if (operand == nullptr) return nullptr;
    lhs = apply_sign(sign, std::move(operand));
  } else {
    lhs = duration_primary();
  }
  return duration_operators(std::move(lhs), least_precedence);
}

ExprPtr Parser::duration_operators(ExprPtr lhs, int least_precedence) {
  int operators = 0;
  while (lhs != nullptr) {
    const int precedence = duration_precedence(peek().kind);
    if (precedence == 0 || precedence < least_precedence) break;
    if (++operators > kMaxNesting) {
      fail(peek().range(), format("duration expression has more than {} operators", kMaxNesting));
      return nullptr;
    }
    const Token op = take();
    ExprPtr rhs = duration(op.kind == TokenKind::power ? precedence : precedence + 1);
    if (rhs == nullptr) return nullptr;
    lhs = combine_durations(std::move(lhs), op, std::move(rhs));
  }
  return lhs;
}

ExprPtr Parser::combine_durations(ExprPtr lhs, const Token& op, ExprPtr rhs) {
  require_duration_expressions(lhs->position);
  const bool divides = op.kind == TokenKind::divide || op.kind == TokenKind::modulo;
  if (divides && is_zero_literal(*rhs)) {
    add_error(op.range(), op.kind == TokenKind::divide ? "division by zero" : "modulo by zero");
    return zero();
  }
  const PositionRange position{lhs->position.start, rhs->position.end};
  return make_node(binary_op(op.kind), std::move(lhs), std::move(rhs), position);
}

ExprPtr Parser::duration_primary() {
  if (is_call_name(peek().kind)) return checked_duration_call();
  if (!accept(TokenKind::left_paren)) return duration_literal();
  ExprPtr inner = duration(kLowestDurationPrecedence);
  if (inner == nullptr || !expect(TokenKind::right_paren)) return nullptr;
  require_duration_expressions(inner->position);
  if (inner->kind() == ExprKind::duration) as<DurationExpr>(*inner).wrapped = true;
  return inner;
}

// step(), range(), max_of(a, b) and min_of(a, b).
ExprPtr Parser::duration_call() {
  const Token name = take();
  const DurationOp op = call_op(name.kind);
  if (!expect(TokenKind::left_paren)) return nullptr;
  if (op == DurationOp::step || op == DurationOp::range) {
    if (!expect(TokenKind::right_paren)) return nullptr;
    return make_node(op, nullptr, nullptr, {name.position, last_closing_});
  }
  ExprPtr lhs = duration(kLowestDurationPrecedence);
  if (lhs == nullptr || !expect(TokenKind::comma)) return nullptr;
  ExprPtr rhs = duration(kLowestDurationPrecedence);
  if (rhs == nullptr || !expect(TokenKind::right_paren)) return nullptr;
  const PositionRange position{lhs->position.start, rhs->position.end};
  return make_node(op, std::move(lhs), std::move(rhs), position);
}

ExprPtr Parser::checked_duration_call() {
  ExprPtr result = duration_call();
  if (result != nullptr) require_duration_expressions(result->position);
  return result;
}

ExprPtr Parser::apply_sign(const Token& sign, ExprPtr operand) {
  const bool is_negative = sign.kind == TokenKind::subtract;
  if (operand->kind() == ExprKind::number) {
    auto& literal = as<NumberLiteral>(*operand);
    if (is_negative) literal.value *= -1;
    check_range(sign, literal);
    literal.position.start = sign.position;
    return operand;
  }
  if (!is_negative) return operand;
  const PositionRange position{sign.position, operand->position.end};
  return make_node(DurationOp::negate, nullptr, std::move(operand), position);
}

}  // namespace tocsin::promql
