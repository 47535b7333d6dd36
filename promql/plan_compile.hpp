// From a checked syntax tree to nodes. Internal to the evaluator.
#pragma once

#include "promql/ast.hpp"
#include "promql/plan_node.hpp"
#include "promql/result.hpp"

namespace tocsin::promql {

// Nodes are stepped by recursion, so an expression may be so deep and no deeper; a chain of operators counts
// one for each.
inline constexpr int kMaxPlanDepth = 1000;

// REQUIRES: the tree has passed the type check; it and `options` outlive the nodes. The error names what the
// evaluator does not have.
[[nodiscard]] Result<NodePtr> compile_expression(const Expr& expr, const PlanOptions& options);

}  // namespace tocsin::promql
