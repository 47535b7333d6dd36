// Syntax tree to text, byte for byte as Prometheus prints it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "promql/ast.hpp"

namespace tocsin::promql {

// On one line: upstream's Expr.String(), which API answers, logs and the alerts page show. Parsing it again
// gives the same tree (so {} is printed, where upstream prints nothing).
[[nodiscard]] std::string to_string(const Expr& expr);
// Broken into indented lines where it is longer than 100 bytes: `promtool promql format`.
[[nodiscard]] std::string prettify(const Expr& expr);
// The same, or nothing if it is longer than `limit` bytes. That takes time and memory of the order of the
// limit, where the whole may be as long as the square of the expression.
[[nodiscard]] std::optional<std::string> prettify(const Expr& expr, std::size_t limit);

}  // namespace tocsin::promql
