// What must hold for any text at all that is taken for an expression, a selector, a metric or a series.
#pragma once

#include <string>
#include <string_view>

#include "promql/parser.hpp"
#include "promql/printer.hpp"
#include "promql/series_notation.hpp"

namespace tocsin::promql {

// The first error's text, or "".
template <class T>
std::string check_errors(const Parsed<T>& parsed, std::string_view text) {
  for (const ParseError& error : parsed.errors) {
    if (error.text.empty()) return "an error without text";
    if (to_string(error, text).find("invalid position") != std::string::npos)
      return "an error out of the text";
  }
  return {};
}

// The printed form, or nothing where the text is refused.
inline std::string print_again(std::string_view text, const ParserOptions& options) {
  const Parsed<ExprPtr> parsed = parse_expr(text, options);
  return parsed.ok() ? to_string(*parsed.value) : std::string();
}

// Says what does not hold, or "".
inline std::string check_any_text(std::string_view text) {
  const ParserOptions everything{true, true, true, true};
  const Parsed<ExprPtr> parsed = parse_expr(text, everything);
  if (std::string wrong = check_errors(parsed, text); !wrong.empty()) return wrong;
  if (std::string wrong = check_errors(parse_metric(text), text); !wrong.empty()) return wrong;
  if (std::string wrong = check_errors(parse_metric_selector(text), text); !wrong.empty()) return wrong;
  if (std::string wrong = check_errors(parse_series(text), text); !wrong.empty()) return wrong;
  if (!parsed.ok()) return {};

  // Duration arithmetic is left out of what follows: upstream's printing, which ours is, drops parentheses
  // around its numbers. Below a millisecond a duration is printed as 0s, hence the second round.
  ParserOptions options = everything;
  options.duration_expressions = false;
  const std::string once = print_again(text, options);
  if (once.empty()) return {};
  const std::string twice = print_again(once, options);
  if (twice.empty()) {
    // Two things that upstream prints so that they cannot be read again: 0s as a range, and offset NaN.
    const auto has = [&once](std::string_view part) { return once.find(part) != once.npos; };
    return has("[0s") || has(":0s") || has("offset --") ? "" : "refused: " + once;
  }
  // Upstream prints Inf with a plus, which a power behind it makes a sign of its own at each reading.
  if (twice.find("+Inf ^") != twice.npos) return {};
  if (const std::string thrice = print_again(twice, options); thrice != twice) {
    return "prints as " + twice + ", then as " + thrice;
  }
  const std::string pretty = prettify(*parse_expr(twice, options).value);
  if (print_again(pretty, options) != twice) return "pretty form differs: " + pretty;
  return {};
}

}  // namespace tocsin::promql
