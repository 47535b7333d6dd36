#include "promql/walk.hpp"

#include <vector>

namespace tocsin::promql {

void for_each_selector(Expr& top, const std::function<void(VectorSelector&)>& visit) {
  std::vector<Expr*> open{&top};
  const auto add = [&open](const ExprPtr& expr) {
    if (expr != nullptr) open.push_back(expr.get());
  };
  while (!open.empty()) {
    Expr& expr = *open.back();
    open.pop_back();
    switch (expr.kind()) {
      case ExprKind::number:
      case ExprKind::string:
      case ExprKind::duration:
        break;
      case ExprKind::paren:
        add(as<ParenExpr>(expr).expr);
        break;
      case ExprKind::unary:
        add(as<UnaryExpr>(expr).expr);
        break;
      case ExprKind::binary:
        add(as<BinaryExpr>(expr).lhs);
        add(as<BinaryExpr>(expr).rhs);
        break;
      case ExprKind::aggregate:
        add(as<AggregateExpr>(expr).expr);
        add(as<AggregateExpr>(expr).param);
        break;
      case ExprKind::call:
        for (const ExprPtr& argument : as<Call>(expr).args) add(argument);
        break;
      case ExprKind::vector_selector:
        visit(as<VectorSelector>(expr));
        break;
      case ExprKind::matrix_selector:
        visit(*as<MatrixSelector>(expr).selector);
        break;
      case ExprKind::subquery:
        add(as<SubqueryExpr>(expr).expr);
        break;
    }
  }
}

}  // namespace tocsin::promql
