// Visits parts of a syntax tree. Without recursion, so trees of any shape are fine.
#pragma once

#include <functional>

#include "promql/ast.hpp"

namespace tocsin::promql {

// Every selector in the tree, those of ranges, subqueries and arguments included, in no particular order. The
// visitor may change a selector, not the tree around it.
void for_each_selector(Expr& top, const std::function<void(VectorSelector&)>& visit);

}  // namespace tocsin::promql
