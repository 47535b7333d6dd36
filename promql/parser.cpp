// Grammar: Prometheus 3.14, promql/parser/generated_parser.y. How this differs from a generated parser is
// told in parser_state.hpp.
#include "promql/parser.hpp"

#include <algorithm>
#include <utility>

#include "promql/format.hpp"
#include "promql/functions.hpp"
#include "promql/number_text.hpp"
#include "promql/parser_state.hpp"
#include "promql/quote.hpp"

namespace tocsin::promql {
namespace {

constexpr int kLowestPrecedence = 1;
constexpr int kPowerPrecedence = 6;

// 0: not a binary operator.
int precedence_of(TokenKind kind) {
  if (!is_binary_operator(kind)) return 0;
  switch (to_binary_op(kind)) {
    case BinaryOp::or_:
      return kLowestPrecedence;
    case BinaryOp::and_:
    case BinaryOp::unless:
      return 2;
    case BinaryOp::equal:
    case BinaryOp::not_equal:
    case BinaryOp::less:
    case BinaryOp::less_or_equal:
    case BinaryOp::greater:
    case BinaryOp::greater_or_equal:
    case BinaryOp::trim_upper:
    case BinaryOp::trim_lower:
      return 3;
    case BinaryOp::add:
    case BinaryOp::subtract:
      return 4;
    case BinaryOp::multiply:
    case BinaryOp::divide:
    case BinaryOp::modulo:
    case BinaryOp::atan2:
      return 5;
    case BinaryOp::power:
      return kPowerPrecedence;
  }
  return 0;
}

bool takes_parameter(AggregateOp op) {
  switch (op) {
    case AggregateOp::topk:
    case AggregateOp::bottomk:
    case AggregateOp::count_values:
    case AggregateOp::quantile:
    case AggregateOp::limitk:
    case AggregateOp::limit_ratio:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool is_metric_name(TokenKind kind) {
  switch (kind) {
    case TokenKind::identifier:
    case TokenKind::metric_identifier:
    case TokenKind::and_:
    case TokenKind::or_:
    case TokenKind::unless:
    case TokenKind::by:
    case TokenKind::without:
    case TokenKind::offset:
    case TokenKind::anchored:
    case TokenKind::smoothed:
    case TokenKind::fill:
    case TokenKind::fill_left:
    case TokenKind::fill_right:
      return true;
    default:
      return is_aggregator(kind) ||
             is_between(kind, TokenKind::first_preprocessor, TokenKind::last_preprocessor);
  }
}

bool is_grouping_name(TokenKind kind) {
  return is_metric_name(kind) || kind == TokenKind::atan2 ||
         is_between(kind, TokenKind::first_keyword, TokenKind::last_keyword);
}

bool starts_expression(TokenKind kind) {
  switch (kind) {
    case TokenKind::number:
    case TokenKind::duration:
    case TokenKind::string:
    case TokenKind::left_brace:
    case TokenKind::left_paren:
    case TokenKind::add:
    case TokenKind::subtract:
      return true;
    default:
      return is_metric_name(kind);
  }
}

Parser::ErrorContext::ErrorContext(Parser& parser, std::string_view rule, std::string_view expected)
    : parser_(parser) {
  parser.contexts_.push_back({rule, expected});
}

bool Parser::Nested::ok() {
  if (parser_.nesting_ <= kMaxNesting) return true;
  parser_.fail(parser_.peek().range(),
               format("expression is nested too deeply, more than {} levels", kMaxNesting));
  return false;
}

const Token& Parser::peek() {
  if (lookahead_) return *lookahead_;
  Token token = lexer_.next();
  while (token.kind == TokenKind::comment) token = lexer_.next();
  switch (token.kind) {
    case TokenKind::error:
      fail({token.position, static_cast<int>(lexer_.text().size())}, std::string(token.text));
      break;
    case TokenKind::right_brace:
    case TokenKind::right_paren:
    case TokenKind::right_bracket:
    case TokenKind::duration:
    case TokenKind::number:
      last_closing_ = token.range().end;
      break;
    default:
      break;
  }
  return lookahead_.emplace(token);
}

Token Parser::take() {
  const Token token = peek();
  lookahead_.reset();
  return token;
}

bool Parser::accept(TokenKind kind) {
  if (peek().kind != kind) return false;
  lookahead_.reset();
  return true;
}

bool Parser::expect(TokenKind kind) {
  if (accept(kind)) return true;
  unexpected();
  return false;
}

void Parser::add_error(PositionRange position, std::string text, std::string_view feature) {
  errors_.push_back({position, std::move(text), feature});
}

void Parser::fail(PositionRange position, std::string text, std::string_view feature) {
  if (!failed_) add_error(position, std::move(text), feature);
  failed_ = true;
}

void Parser::unexpected() {
  const Context context = contexts_.empty() ? Context{} : contexts_.back();
  unexpected(context.rule, context.expected);
}

void Parser::unexpected(std::string_view rule, std::string_view expected) {
  const Token& token = peek();
  std::string text = "unexpected " + describe(token);
  if (!rule.empty()) text += format(" in {}", rule);
  if (!expected.empty()) text += format(", expected {}", expected);
  fail(token.range(), std::move(text));
}

void Parser::expect_end() {
  if (!failed_ && peek().kind != TokenKind::end) unexpected();
}

ExprPtr Parser::whole_expression() {
  if (peek().kind == TokenKind::end) {
    fail({}, "no expression found in input");
    return nullptr;
  }
  ExprPtr expr = expression(kLowestPrecedence);
  expect_end();
  return expr;
}

ExprPtr Parser::expression(int least_precedence) {
  Nested nested(*this);
  if (!nested.ok()) return nullptr;
  ExprPtr lhs = unary();
  while (lhs != nullptr) {
    const int precedence = precedence_of(peek().kind);
    if (precedence == 0 || precedence < least_precedence) break;
    lhs = binary(std::move(lhs), precedence, precedence == kPowerPrecedence);
  }
  return lhs;
}

ExprPtr Parser::binary(ExprPtr lhs, int precedence, bool is_right_associative) {
  auto result = std::make_unique<BinaryExpr>();
  result->op = to_binary_op(take().kind);
  if (!binary_modifiers(*result)) return nullptr;
  ExprPtr rhs = expression(is_right_associative ? precedence : precedence + 1);
  if (rhs == nullptr) return nullptr;
  result->position = {lhs->position.start, rhs->position.end};
  const bool is_scalar = lhs->type() == ValueType::scalar && rhs->type() == ValueType::scalar;
  result->value_type = is_scalar ? ValueType::scalar : ValueType::vector;
  result->lhs = std::move(lhs);
  result->rhs = std::move(rhs);
  if (!options_.binop_fill_modifiers && (result->matching->fill_left || result->matching->fill_right)) {
    add_error(result->position, "binop fill modifiers are experimental and not enabled",
              "promql-binop-fill-modifiers");
  }
  return result;
}

bool Parser::binary_modifiers(BinaryExpr& binary) {
  VectorMatching& matching = binary.matching.emplace();
  binary.return_bool = accept(TokenKind::bool_);
  if (peek().kind == TokenKind::on || peek().kind == TokenKind::ignoring) {
    matching.on = take().kind == TokenKind::on;
    if (!grouping_labels(matching.labels)) return false;
    if (peek().kind == TokenKind::group_left || peek().kind == TokenKind::group_right) {
      const bool is_left = take().kind == TokenKind::group_left;
      matching.cardinality = is_left ? Cardinality::many_to_one : Cardinality::one_to_many;
      const bool has_labels = peek().kind == TokenKind::left_paren || !starts_expression(peek().kind);
      if (has_labels && !grouping_labels(matching.include)) return false;
    }
  }
  return fill_modifiers(matching);
}

bool Parser::fill_modifiers(VectorMatching& matching) {
  const TokenKind first = peek().kind;
  if (!is_between(first, TokenKind::fill, TokenKind::fill_right)) return true;
  take();
  const std::optional<double> value = fill_value();
  if (!value) return false;
  if (first != TokenKind::fill_right) matching.fill_left = value;
  if (first != TokenKind::fill_left) matching.fill_right = value;
  if (first == TokenKind::fill) return true;
  const TokenKind other = first == TokenKind::fill_left ? TokenKind::fill_right : TokenKind::fill_left;
  if (!accept(other)) return true;
  const std::optional<double> other_value = fill_value();
  (other == TokenKind::fill_left ? matching.fill_left : matching.fill_right) = other_value;
  return other_value.has_value();
}

std::optional<double> Parser::fill_value() {
  if (!expect(TokenKind::left_paren)) return std::nullopt;
  const bool is_negative = peek().kind == TokenKind::subtract;
  if (is_negative || peek().kind == TokenKind::add) take();
  const std::unique_ptr<NumberLiteral> literal = number_or_duration();
  if (literal == nullptr || !expect(TokenKind::right_paren)) return std::nullopt;
  return is_negative ? -literal->value : literal->value;
}

ExprPtr Parser::unary() {
  if (peek().kind != TokenKind::add && peek().kind != TokenKind::subtract) return primary();
  const Token sign = take();
  const bool is_negative = sign.kind == TokenKind::subtract;
  ExprPtr operand = expression(kPowerPrecedence);
  if (operand == nullptr) return nullptr;
  if (operand->kind() == ExprKind::number) {
    if (is_negative) as<NumberLiteral>(*operand).value *= -1;
    operand->position.start = sign.position;
    return operand;
  }
  auto result = std::make_unique<UnaryExpr>();
  result->position = {sign.position, operand->position.end};
  result->negate = is_negative;
  result->expr = std::move(operand);
  return result;
}

ExprPtr Parser::primary() {
  switch (peek().kind) {
    case TokenKind::number:
    case TokenKind::duration:
      return postfix(number_or_duration());
    case TokenKind::string:
      return postfix(string_literal());
    case TokenKind::left_paren:
      return postfix(parenthesized());
    case TokenKind::left_brace:
      return postfix(braces());
    default:
      break;
  }
  if (is_metric_name(peek().kind)) return postfix(name_or_call());
  unexpected();
  return nullptr;
}

std::unique_ptr<NumberLiteral> Parser::number_or_duration() {
  if (peek().kind != TokenKind::number && peek().kind != TokenKind::duration) {
    unexpected();
    return nullptr;
  }
  const Token token = take();
  auto literal = std::make_unique<NumberLiteral>();
  literal->position = token.range();
  literal->is_duration = token.kind == TokenKind::duration;
  literal->value = number(token);
  return literal;
}

// The value of a number or a duration (in seconds). An error is recorded, and parsing goes on.
double Parser::number(const Token& token) {
  if (token.kind == TokenKind::duration) {
    const Result<Duration> duration = parse_duration(token.text);
    if (!duration) add_error(token.range(), duration.error().text);
    if (!duration) return 0;
    // Whole seconds and the rest apart, as Go's Duration.Seconds: the last bit depends on it.
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*duration);
    return static_cast<double>(seconds.count()) + static_cast<double>((*duration - seconds).count()) / 1e9;
  }
  const Result<double> value = parse_number(token.text);
  if (!value) add_error(token.range(), "error parsing number: " + value.error().text);
  return value ? *value : 0;
}

std::string Parser::unquoted(const Token& token) {
  const Result<std::string> text = unquote(token.text);
  if (text) return *text;
  add_error(token.range(), format("error unquoting string {}: {}", go_quote(token.text), text.error().text));
  return {};
}

ExprPtr Parser::string_literal() {
  const Token token = take();
  auto literal = std::make_unique<StringLiteral>();
  literal->position = token.range();
  literal->value = unquoted(token);
  return literal;
}

ExprPtr Parser::parenthesized() {
  auto result = std::make_unique<ParenExpr>();
  result->position.start = take().position;
  result->expr = expression(kLowestPrecedence);
  if (result->expr == nullptr) return nullptr;
  const PositionRange closing = peek().range();
  if (!expect(TokenKind::right_paren)) return nullptr;
  result->position.end = closing.end;
  return result;
}

ExprPtr Parser::name_or_call() {
  const Token name = take();
  const TokenKind next = peek().kind;
  if (is_aggregator(name.kind)) {
    if (next == TokenKind::left_paren || next == TokenKind::by || next == TokenKind::without) {
      return aggregate(name);
    }
  } else if (next == TokenKind::left_paren &&
             (name.kind == TokenKind::identifier ||
              is_between(name.kind, TokenKind::first_preprocessor, TokenKind::last_preprocessor))) {
    return call(name);
  }
  return selector(name);
}

ExprPtr Parser::call(const Token& name) {
  auto result = std::make_unique<Call>();
  if (!arguments(result->args)) return nullptr;
  result->function = find_function(name.text);
  if (result->function == nullptr) {
    add_error(name.range(), "unknown function with name " + go_quote(name.text));
  } else if (result->function->is_experimental && !options_.experimental_functions) {
    add_error(name.range(), format("function {} is not enabled", go_quote(name.text)),
              "promql-experimental-functions");
  }
  result->position = {name.position, last_closing_};
  return result;
}

bool Parser::arguments(std::vector<ExprPtr>& arguments) {
  if (!expect(TokenKind::left_paren)) return false;
  if (accept(TokenKind::right_paren)) return true;
  arguments.push_back(expression(kLowestPrecedence));
  while (arguments.back() != nullptr) {
    if (accept(TokenKind::right_paren)) return true;
    const PositionRange comma = peek().range();
    if (!expect(TokenKind::comma)) return false;
    const TokenKind next = peek().kind;
    if (failed_) return false;
    if (starts_expression(next)) {
      arguments.push_back(expression(kLowestPrecedence));
    } else {
      add_error(comma, "trailing commas not allowed in function call args");
    }
  }
  return false;
}

ExprPtr Parser::aggregate(const Token& op) {
  const ErrorContext context(*this, "aggregation", "");
  auto result = std::make_unique<AggregateExpr>();
  result->op = to_aggregate_op(op.kind);
  result->position.start = op.position;
  std::vector<ExprPtr> args;
  const auto has_modifier = [&] { return peek().kind == TokenKind::by || peek().kind == TokenKind::without; };
  const bool modifier_first = has_modifier();
  if (modifier_first && !aggregate_modifier(*result)) return nullptr;
  if (!arguments(args)) return nullptr;
  const bool modifier_last = !modifier_first && has_modifier();
  if (modifier_last && !aggregate_modifier(*result)) return nullptr;
  const bool has_read_ahead = !modifier_first && !modifier_last;
  result->position.end = has_read_ahead ? end_of_closing_paren_before_lookahead() : last_closing_;
  return finish_aggregate(std::move(result), std::move(args));
}

bool Parser::aggregate_modifier(AggregateExpr& aggregate) {
  aggregate.without = take().kind == TokenKind::without;
  return grouping_labels(aggregate.grouping);
}

ExprPtr Parser::finish_aggregate(std::unique_ptr<AggregateExpr> aggregate, std::vector<ExprPtr> arguments) {
  if (arguments.empty()) {
    fail(aggregate->position, "no arguments for aggregate expression provided");
    return nullptr;
  }
  const bool has_parameter = takes_parameter(aggregate->op);
  const bool is_experimental =
      aggregate->op == AggregateOp::limitk || aggregate->op == AggregateOp::limit_ratio;
  if (is_experimental && !options_.experimental_functions) {
    fail(
        aggregate->position,
        format("{}() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
               to_string(aggregate->op)));
    return nullptr;
  }
  const std::size_t wanted = has_parameter ? 2 : 1;
  if (arguments.size() != wanted) {
    fail(aggregate->position,
         format("wrong number of arguments for aggregate expression provided, expected {}, got {}", wanted,
                arguments.size()));
    return nullptr;
  }
  if (has_parameter) aggregate->param = std::move(arguments.front());
  aggregate->expr = std::move(arguments.back());
  return aggregate;
}

// An aggregation without modifier is complete only once the token behind it is read; if that is a closing
// parenthesis too, the one before it is looked for in the text, as upstream does.
int Parser::end_of_closing_paren_before_lookahead() {
  const std::string_view text = lexer_.text();
  const int last = lexer_.last_position();
  const auto at = [text](int i) { return text[static_cast<std::size_t>(i)]; };
  const int size = static_cast<int>(text.size());
  if (last_closing_ <= 0 || last_closing_ > size || last <= 0 || last >= size || at(last) != ')') {
    return last_closing_;
  }
  for (int i = last - 1; i > 0; --i) {
    if (at(i) == ')') return i + 1;
    if (!is_space(static_cast<unsigned char>(at(i)))) break;
  }
  return last_closing_;
}

std::string line_and_column(std::string_view text, int offset, int first_line) {
  if (text.empty()) return "unknown position";
  if (offset < 0 || static_cast<std::size_t>(offset) > text.size()) return "invalid position";
  const std::string_view before = text.substr(0, static_cast<std::size_t>(offset));
  const auto line = first_line + std::ranges::count(before, '\n');
  const std::size_t last_break = before.rfind('\n');
  const std::size_t line_start = last_break == before.npos ? 0 : last_break + 1;
  return format("{}:{}", line, before.size() - line_start + 1);
}

std::string to_string(const ParseError& error, std::string_view text, int first_line) {
  return format("{}: parse error: {}", line_and_column(text, error.position.start, first_line), error.text);
}

std::string to_string_with_feature(const ParseError& error, std::string_view text) {
  std::string result = to_string(error, text);
  if (!error.feature.empty()) result += format("; --enable-feature={} enables it", error.feature);
  return result;
}

Parsed<ExprPtr> parse_expr(std::string_view text, const ParserOptions& options) {
  Parser parser(text, options);
  Parsed<ExprPtr> result{parser.whole_expression(), {}};
  result.errors = std::move(parser.errors());
  if (result.ok()) check_types(*result.value, text, result.errors);
  if (!result.ok()) result.value = nullptr;
  return result;
}

Parsed<Labels> parse_metric(std::string_view text) {
  Parser parser(text, {});
  Parsed<Labels> result{parser.whole_metric(), {}};
  result.errors = std::move(parser.errors());
  return result;
}

Parsed<std::vector<Matcher>> parse_metric_selector(std::string_view text) {
  Parser parser(text, {});
  const std::unique_ptr<VectorSelector> selector = parser.whole_selector();
  Parsed<std::vector<Matcher>> result;
  if (selector != nullptr) result.value = std::move(selector->matchers);
  result.errors = std::move(parser.errors());
  return result;
}

}  // namespace tocsin::promql
