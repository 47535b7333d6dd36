// Selectors with their matchers, lists of labels, and what may stand behind an expression: [ranges],
// [subqueries:], offset, @, anchored and smoothed.
#include <cmath>
#include <utility>

#include "promql/format.hpp"
#include "promql/parser_state.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {
namespace {

constexpr std::string_view kGroupingOpts = "grouping opts";
constexpr std::string_view kLabelMatching = "label matching";
constexpr std::string_view kLabelSet = "label set";

bool is_match_operator(TokenKind kind) {
  return kind == TokenKind::equal || kind == TokenKind::not_equal || kind == TokenKind::equal_regex ||
         kind == TokenKind::not_equal_regex;
}

MatchType match_type(TokenKind op) {
  switch (op) {
    case TokenKind::not_equal:
      return MatchType::not_equal;
    case TokenKind::equal_regex:
      return MatchType::regex;
    case TokenKind::not_equal_regex:
      return MatchType::not_regex;
    default:
      return MatchType::equal;
  }
}

// The selector or subquery that offset and @ apply to, or null.
TimeModifiers* time_modifiers(Expr& expr) {
  switch (expr.kind()) {
    case ExprKind::vector_selector:
      return &as<VectorSelector>(expr).time;
    case ExprKind::matrix_selector:
      return &as<MatrixSelector>(expr).selector->time;
    case ExprKind::subquery:
      return &as<SubqueryExpr>(expr).time;
    default:
      return nullptr;
  }
}

// Sorts a duration into its two places: as a value, or as an expression that the query's range decides.
void set_duration(ExprPtr source, Duration& value, ExprPtr& expr) {
  if (source->kind() == ExprKind::number) {
    value = duration_from_seconds(as<NumberLiteral>(*source).value);
  } else {
    expr = std::move(source);
  }
}

}  // namespace

bool Parser::grouping_labels(std::vector<std::string>& labels) {
  if (!accept(TokenKind::left_paren)) {
    unexpected(kGroupingOpts, "\"(\"");
    return false;
  }
  if (accept(TokenKind::right_paren)) return true;
  while (grouping_label(labels)) {
    if (accept(TokenKind::right_paren)) return true;
    if (!accept(TokenKind::comma)) {
      unexpected(kGroupingOpts, "\",\" or \")\"");
      return false;
    }
    if (accept(TokenKind::right_paren)) return true;
  }
  return false;
}

bool Parser::grouping_label(std::vector<std::string>& labels) {
  const TokenKind kind = peek().kind;
  if (kind != TokenKind::string && !is_grouping_name(kind)) {
    unexpected(kGroupingOpts, "label");
    return false;
  }
  const Token token = take();
  std::string name = kind == TokenKind::string ? unquoted(token) : std::string(token.text);
  if (name.empty() || !is_valid_utf8(name)) {
    add_error(token.range(), "invalid label name for grouping: " + go_quote(name));
  }
  labels.push_back(std::move(name));
  return true;
}

std::unique_ptr<VectorSelector> Parser::selector(const Token& name) {
  std::unique_ptr<VectorSelector> result;
  if (peek().kind == TokenKind::left_brace) {
    result = braces();
    if (result == nullptr) return nullptr;
  } else {
    result = std::make_unique<VectorSelector>();
    result->position = name.range();
  }
  result->position.start = name.position;
  result->name = name.text;
  result->matchers.push_back(Matcher::make(MatchType::equal, kMetricName, name.text).value());
  return result;
}

std::unique_ptr<VectorSelector> Parser::braces() {
  auto result = std::make_unique<VectorSelector>();
  result->position.start = take().position;
  bool is_first = true;
  for (;;) {
    if (peek().kind == TokenKind::right_brace) {
      result->position.end = take().range().end;
      return result;
    }
    if (!is_first && !accept(TokenKind::comma)) {
      unexpected(kLabelMatching, "\",\" or \"}\"");
      return nullptr;
    }
    if (!is_first && peek().kind == TokenKind::right_brace) continue;
    if (!label_matcher(result->matchers)) return nullptr;
    is_first = false;
  }
}

bool Parser::label_matcher(std::vector<Matcher>& matchers) {
  const TokenKind kind = peek().kind;
  if (kind != TokenKind::identifier && kind != TokenKind::string) {
    unexpected(kLabelMatching, "identifier or \"}\"");
    return false;
  }
  const Token label = take();
  const std::string name = kind == TokenKind::string ? unquoted(label) : std::string(label.text);
  if (!is_match_operator(peek().kind)) {
    if (kind == TokenKind::string) {
      matchers.push_back(Matcher::make(MatchType::equal, kMetricName, name).value());
      return true;
    }
    unexpected(kLabelMatching, "label matching operator");
    return false;
  }
  const TokenKind op = take().kind;
  if (peek().kind != TokenKind::string) {
    unexpected(kLabelMatching, "string");
    return false;
  }
  add_matcher(matchers, label, name, op, take());
  return true;
}

void Parser::add_matcher(std::vector<Matcher>& matchers, const Token& label, std::string_view label_name,
                         TokenKind op, const Token& value) {
  Result<Matcher> matcher = Matcher::make(match_type(op), label_name, unquoted(value));
  if (matcher) {
    matchers.push_back(std::move(*matcher));
  } else {
    add_error({label.position, value.range().end}, matcher.error().text);
  }
}

std::unique_ptr<VectorSelector> Parser::whole_selector() {
  std::unique_ptr<VectorSelector> result;
  if (peek().kind == TokenKind::left_brace) {
    result = braces();
  } else if (is_metric_name(peek().kind)) {
    result = selector(take());
  } else {
    unexpected();
  }
  expect_end();
  return result;
}

Labels Parser::whole_metric() {
  LabelsBuilder labels;
  std::string name;
  if (is_metric_name(peek().kind)) name = take().text;
  if (peek().kind == TokenKind::left_brace && !label_set(labels)) return {};
  if (!name.empty()) labels.set(kMetricName, name);
  expect_end();
  return labels.build();
}

// Reads no token behind the metric: what follows has tokens of its own. Hence no space before the brace.
Labels Parser::leading_metric() {
  LabelsBuilder labels;
  std::string name;
  bool has_braces = peek().kind == TokenKind::left_brace;
  if (is_metric_name(peek().kind)) {
    name = take().text;
    has_braces = lexer_.text().substr(static_cast<std::size_t>(lexer_.position())).starts_with('{');
  } else if (!has_braces && peek().kind != TokenKind::end) {
    unexpected("series values", "");
  }
  if (has_braces && !label_set(labels)) return {};
  if (!name.empty()) labels.set(kMetricName, name);
  return labels.build();
}

bool Parser::label_set(LabelsBuilder& labels) {
  take();
  if (accept(TokenKind::right_brace)) return true;
  while (label_set_item(labels)) {
    if (accept(TokenKind::right_brace)) return true;
    if (!accept(TokenKind::comma)) {
      unexpected(kLabelSet, "\",\" or \"}\"");
      return false;
    }
    if (accept(TokenKind::right_brace)) return true;
  }
  return false;
}

bool Parser::label_set_item(LabelsBuilder& labels) {
  const TokenKind kind = peek().kind;
  if (kind != TokenKind::identifier && kind != TokenKind::string) {
    unexpected(kLabelSet, "identifier or \"}\"");
    return false;
  }
  const Token label = take();
  const std::string name = kind == TokenKind::string ? unquoted(label) : std::string(label.text);
  if (!accept(TokenKind::equal)) {
    if (kind == TokenKind::string) {
      labels.set(kMetricName, name);
      return true;
    }
    unexpected(kLabelSet, "\"=\"");
    return false;
  }
  if (peek().kind != TokenKind::string) {
    unexpected(kLabelSet, "string");
    return false;
  }
  labels.set(name, unquoted(take()));
  return true;
}

ExprPtr Parser::postfix(ExprPtr expr) {
  int brackets = 0;
  while (expr != nullptr) {
    switch (peek().kind) {
      case TokenKind::left_bracket:
        // Each one nests the expression before it, without this function being called again.
        if (nesting_ + ++brackets > kMaxNesting) {
          fail(peek().range(), format("expression is nested too deeply, more than {} levels", kMaxNesting));
          return nullptr;
        }
        expr = range_or_subquery(std::move(expr));
        break;
      case TokenKind::offset:
        expr = offset(std::move(expr));
        break;
      case TokenKind::at:
        expr = at(std::move(expr));
        break;
      case TokenKind::anchored:
      case TokenKind::smoothed:
        expr = extend(std::move(expr));
        break;
      default:
        return expr;
    }
  }
  return nullptr;
}

ExprPtr Parser::range_or_subquery(ExprPtr expr) {
  const Token bracket = take();
  ExprPtr range_duration;
  {
    const ErrorContext context(*this, "subquery or range selector", "number, duration, step(), or range()");
    range_duration = positive_duration();
    if (range_duration == nullptr) return nullptr;
  }
  if (peek().kind == TokenKind::right_bracket) {
    return range(std::move(expr), std::move(range_duration), {bracket.position, take().range().end});
  }
  if (!accept(TokenKind::colon)) {
    unexpected("subquery or range", "\":\" or \"]\"");
    return nullptr;
  }
  auto result = std::make_unique<SubqueryExpr>();
  if (peek().kind != TokenKind::right_bracket) {
    const ErrorContext context(*this, "subquery selector", "number, duration, step(), range(), or \"]\"");
    ExprPtr step = positive_duration();
    if (step == nullptr) return nullptr;
    set_duration(std::move(step), result->step, result->step_expr);
  }
  if (peek().kind != TokenKind::right_bracket) {
    unexpected("subquery selector", "\"]\"");
    return nullptr;
  }
  result->position = {expr->position.start, take().range().end};
  set_duration(std::move(range_duration), result->range, result->range_expr);
  result->expr = std::move(expr);
  return result;
}

ExprPtr Parser::range(ExprPtr expr, ExprPtr range, PositionRange brackets) {
  if (expr->kind() != ExprKind::vector_selector) {
    fail(brackets, "ranges only allowed for vector selectors");
    return nullptr;
  }
  auto& selector = as<VectorSelector>(*expr);
  if (selector.time.offset != Duration::zero()) {
    fail(brackets, "no offset modifiers allowed before range");
    return nullptr;
  }
  if (selector.time.timestamp) {
    fail(brackets, "no @ modifiers allowed before range");
    return nullptr;
  }
  auto result = std::make_unique<MatrixSelector>();
  result->position = {expr->position.start, last_closing_};
  set_duration(std::move(range), result->range, result->range_expr);
  result->selector.reset(static_cast<VectorSelector*>(expr.release()));
  return result;
}

ExprPtr Parser::offset(ExprPtr expr) {
  take();
  ExprPtr value;
  {
    const ErrorContext context(*this, "offset", "number, duration, step(), or range()");
    value = offset_duration();
    if (value == nullptr) return nullptr;
  }
  TimeModifiers* const time = time_modifiers(*expr);
  if (time == nullptr) {
    fail(expr->position,
         "offset modifier must be preceded by an instant vector selector or range vector selector or a "
         "subquery");
    return nullptr;
  }
  if (time->offset != Duration::zero() || time->offset_expr != nullptr) {
    fail(expr->position, "offset may not be set multiple times");
    return nullptr;
  }
  set_duration(std::move(value), time->offset, time->offset_expr);
  expr->position.end = last_closing_;
  return expr;
}

ExprPtr Parser::at(ExprPtr expr) {
  take();
  const ErrorContext context(*this, "@", "timestamp");
  if (peek().kind == TokenKind::start || peek().kind == TokenKind::end_of_range) {
    const bool is_start = take().kind == TokenKind::start;
    if (!expect(TokenKind::left_paren) || !expect(TokenKind::right_paren)) return nullptr;
    set_at(*expr, std::nullopt, is_start ? StartOrEnd::start : StartOrEnd::end);
  } else {
    const std::optional<double> seconds = timestamp();
    if (!seconds) return nullptr;
    set_at(*expr, seconds, StartOrEnd::none);
  }
  return failed_ ? nullptr : std::move(expr);
}

std::optional<double> Parser::timestamp() {
  double sign = 1;
  if (peek().kind == TokenKind::add || peek().kind == TokenKind::subtract) {
    sign = take().kind == TokenKind::subtract ? -1 : 1;
  }
  if (peek().kind != TokenKind::number && peek().kind != TokenKind::duration) {
    unexpected();
    return std::nullopt;
  }
  return sign * number(take());
}

void Parser::set_at(Expr& expr, std::optional<double> seconds, StartOrEnd start_or_end) {
  constexpr double kLimit = 9223372036854775808.0;
  if (seconds && !(*seconds > -kLimit && *seconds < kLimit)) {
    fail(expr.position, "timestamp out of bounds for @ modifier: " + format_float_fixed(*seconds));
    return;
  }
  TimeModifiers* const time = time_modifiers(expr);
  if (time == nullptr) {
    fail(expr.position,
         "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    return;
  }
  if (time->timestamp || time->start_or_end != StartOrEnd::none) {
    fail(expr.position, "@ <timestamp> may not be set multiple times");
    return;
  }
  if (seconds) time->timestamp = timestamp_from_ms(to_int64_as_go(std::round(*seconds * 1000)));
  time->start_or_end = start_or_end;
  expr.position.end = last_closing_;
}

ExprPtr Parser::extend(ExprPtr expr) {
  const bool is_anchored = take().kind == TokenKind::anchored;
  const std::string_view name = is_anchored ? "anchored" : "smoothed";
  if (!options_.extended_range_selectors) {
    fail(expr->position, format("{} modifier is experimental and not enabled", name),
         "promql-extended-range-selectors");
    return nullptr;
  }
  VectorSelector* selector = nullptr;
  if (expr->kind() == ExprKind::vector_selector) selector = &as<VectorSelector>(*expr);
  if (expr->kind() == ExprKind::matrix_selector) selector = as<MatrixSelector>(*expr).selector.get();
  if (selector == nullptr) {
    const bool is_subquery = expr->kind() == ExprKind::subquery;
    fail(expr->position,
         format("{} modifier {}", name, is_subquery ? "is not supported for subqueries" : "not implemented"));
    return nullptr;
  }
  (is_anchored ? selector->anchored : selector->smoothed) = true;
  if (selector->anchored && selector->smoothed) {
    fail(expr->position, "anchored and smoothed modifiers cannot be used together");
    return nullptr;
  }
  return expr;
}

}  // namespace tocsin::promql
