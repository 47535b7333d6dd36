// The tokens of PromQL, and how error texts name them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "promql/ast.hpp"

namespace tocsin::promql {

enum class TokenKind : std::uint8_t {
  error,  // text is the message
  end,
  comment,
  identifier,
  metric_identifier,  // an identifier with a colon
  number,
  duration,
  string,
  // Punctuation.
  equal,
  colon,
  comma,
  left_brace,
  right_brace,
  left_bracket,
  right_bracket,
  left_paren,
  right_paren,
  // Of series descriptions.
  blank,
  space,
  times,
  open_histogram,
  close_histogram,
  histogram_field,  // schema, sum, count ...
  reset_hint,       // unknown, reset, not_reset, gauge
  // Operators: BinaryOp's in its order, then those that only match labels or modify.
  first_operator,
  add = first_operator,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  atan2,
  double_equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  trim_upper,
  trim_lower,
  and_,
  or_,
  last_binary_operator,
  unless = last_binary_operator,
  equal_regex,
  not_equal_regex,
  last_operator,
  at = last_operator,
  // Aggregations: AggregateOp's in its order.
  first_aggregator,
  sum = first_aggregator,
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
  last_aggregator,
  limit_ratio = last_aggregator,
  // Keywords.
  first_keyword,
  bool_ = first_keyword,
  by,
  group_left,
  group_right,
  fill,
  fill_left,
  fill_right,
  ignoring,
  offset,
  smoothed,
  anchored,
  on,
  last_keyword,
  without = last_keyword,
  // Names that stand for a value of the query.
  first_preprocessor,
  start = first_preprocessor,
  end_of_range,  // end
  step,
  range,
  max_of,
  last_preprocessor,
  min_of = last_preprocessor
};

struct Token {
  TokenKind kind = TokenKind::end;
  int position = 0;       // of its first byte
  std::string_view text;  // as written

  [[nodiscard]] PositionRange range() const { return {position, position + static_cast<int>(text.size())}; }
};

[[nodiscard]] constexpr bool is_between(TokenKind kind, TokenKind first, TokenKind last) {
  return kind >= first && kind <= last;
}
[[nodiscard]] constexpr bool is_aggregator(TokenKind kind) {
  return is_between(kind, TokenKind::first_aggregator, TokenKind::last_aggregator);
}
[[nodiscard]] constexpr bool is_binary_operator(TokenKind kind) {
  return is_between(kind, TokenKind::first_operator, TokenKind::last_binary_operator);
}
// REQUIRES is_binary_operator or is_aggregator of the kind.
[[nodiscard]] BinaryOp to_binary_op(TokenKind kind);
[[nodiscard]] AggregateOp to_aggregate_op(TokenKind kind);

// The keyword of a name, in any case, or identifier. "inf" and "nan" are numbers.
[[nodiscard]] TokenKind keyword_kind(std::string_view name);

// As upstream's error texts name a token: `"("`, `<op:+>`, `identifier "foo"`, `end of input`.
[[nodiscard]] std::string describe(const Token& token);

}  // namespace tocsin::promql
