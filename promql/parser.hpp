// Text to syntax tree: the whole grammar of Prometheus 3.14, its type check, and its error texts.
//
// An expression that is accepted here is accepted by Prometheus and means the same, and the other way round;
// the first error of a refused one is Prometheus' first error, word for word, at the same position. (There is
// one limit that Prometheus lacks: kMaxNesting.)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "promql/ast.hpp"
#include "promql/labels.hpp"
#include "promql/matcher.hpp"
#include "promql/result.hpp"

namespace tocsin::promql {

// How deep parentheses, calls, unary operators, powers and subqueries may be nested: what walks a tree may
// recurse this deep. Chains of binary operators have no limit.
inline constexpr int kMaxNesting = 1000;

// What has to be switched on, each by the value of --enable-feature of its name.
struct ParserOptions {
  bool experimental_functions = false;    // promql-experimental-functions
  bool duration_expressions = true;       // promql-duration-expr; on by default since 3.14
  bool extended_range_selectors = false;  // promql-extended-range-selectors
  bool binop_fill_modifiers = false;      // promql-binop-fill-modifiers
};

struct ParseError {
  PositionRange position;
  std::string text;  // without position: unexpected "(" in grouping opts, expected "," or ")"
  // The name for --enable-feature that would let it pass; a constant of the program, "" where there is none.
  std::string_view feature = {};
  friend bool operator==(const ParseError&, const ParseError&) = default;
};

// "1:18", the line and the column, both from 1 and counted in bytes, of an offset into the text; "unknown
// position" in an empty text and "invalid position" outside it. The first line is first_line.
[[nodiscard]] std::string line_and_column(std::string_view text, int offset, int first_line = 1);
// "1:18: parse error: unexpected ...", as Prometheus prints it.
[[nodiscard]] std::string to_string(const ParseError& error, std::string_view text, int first_line = 1);
// The same, and what to do where a feature is switched off: for rules and tests, whose author can.
[[nodiscard]] std::string to_string_with_feature(const ParseError& error, std::string_view text);

// What was parsed, or why not: errors, at least one, in the order in which Prometheus finds them. All errors
// of the type check are there; after an error in the syntax the parser does not go on.
template <class T>
struct [[nodiscard]] Parsed {
  T value{};
  std::vector<ParseError> errors;

  [[nodiscard]] bool ok() const { return errors.empty(); }
  // The first error, rendered. REQUIRES !ok().
  // The first error, in upstream's words.
  [[nodiscard]] Error error(std::string_view text) const { return Error(to_string(errors.front(), text)); }
};

Parsed<ExprPtr> parse_expr(std::string_view text, const ParserOptions& options = {});
// A series' name and labels: foo{a="b"}, {"foo", a="b"}.
Parsed<Labels> parse_metric(std::string_view text);
// The matchers of a vector selector, as the API's match[] has them: foo{a=~"b"}.
Parsed<std::vector<Matcher>> parse_metric_selector(std::string_view text);

}  // namespace tocsin::promql
