// The syntax tree of an expression: as JSON, and what is in it (expression_tree.cpp).
#pragma once

#include "engine/api/json.hpp"
#include "promql/ast.hpp"

namespace tocsin::api {

// As GET /api/v1/parse_query answers it.
void write_tree(JsonWriter& json, const promql::Expr& expr);
// Whether anything in the expression reads series.
[[nodiscard]] bool has_selector(const promql::Expr& expr);

}  // namespace tocsin::api
