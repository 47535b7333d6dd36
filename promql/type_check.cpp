// Source of the rules, their order and their texts: Prometheus 3.14, promql/parser/parse.go, checkAST.
#include <algorithm>
#include <utility>

#include "promql/format.hpp"
#include "promql/functions.hpp"
#include "promql/lexer.hpp"
#include "promql/parser_state.hpp"

namespace tocsin::promql {
namespace {

bool is_number_or_vector(ValueType type) {
  return type == ValueType::scalar || type == ValueType::vector;
}

class TypeChecker {
 public:
  TypeChecker(std::string_view text, std::vector<ParseError>& errors) : text_(text), errors_(errors) {}

  ValueType check(Expr& expr) {
    switch (expr.kind()) {
      case ExprKind::aggregate:
        aggregate(as<AggregateExpr>(expr));
        break;
      case ExprKind::binary:
        binary_chain(as<BinaryExpr>(expr));
        break;
      case ExprKind::call:
        call(as<Call>(expr));
        break;
      case ExprKind::paren:
        check(*as<ParenExpr>(expr).expr);
        break;
      case ExprKind::unary:
        unary(as<UnaryExpr>(expr));
        break;
      case ExprKind::subquery:
        subquery(as<SubqueryExpr>(expr));
        break;
      case ExprKind::matrix_selector:
        selector(*as<MatrixSelector>(expr).selector);
        break;
      case ExprKind::vector_selector:
        selector(as<VectorSelector>(expr));
        break;
      case ExprKind::number:
      case ExprKind::string:
      case ExprKind::duration:
        break;
    }
    return expr.type();
  }

 private:
  void report(PositionRange position, std::string text) { errors_.push_back({position, std::move(text)}); }

  void expect(Expr& expr, ValueType wanted, std::string_view context) {
    const ValueType found = check(expr);
    if (found == wanted) return;
    report(expr.position,
           format("expected type {} in {}, got {}", document_name(wanted), context, document_name(found)));
  }

  void aggregate(AggregateExpr& node) {
    expect(*node.expr, ValueType::vector, "aggregation expression");
    if (node.param == nullptr) return;
    const bool is_label = node.op == AggregateOp::count_values;
    expect(*node.param, is_label ? ValueType::string : ValueType::scalar, "aggregation parameter");
  }

  void binary_chain(BinaryExpr& top) {
    std::vector<BinaryExpr*> chain{&top};
    while (chain.back()->lhs->kind() == ExprKind::binary) {
      chain.push_back(&as<BinaryExpr>(*chain.back()->lhs));
    }
    check(*chain.back()->lhs);
    for (; !chain.empty(); chain.pop_back()) {
      check(*chain.back()->rhs);
      binary(*chain.back());
    }
  }

  // The operator with its modifiers, without the space around it.
  [[nodiscard]] PositionRange operator_range(const BinaryExpr& node) const {
    const auto is_space_at = [this](int i) {
      return is_space(static_cast<unsigned char>(text_[static_cast<std::size_t>(i)]));
    };
    PositionRange range{node.lhs->position.end, node.rhs->position.start - 1};
    while (range.start + 1 < static_cast<int>(text_.size()) && is_space_at(range.start)) ++range.start;
    while (range.end > 0 && is_space_at(range.end)) --range.end;
    return range;
  }

  void binary(BinaryExpr& node) {
    const ValueType left = node.lhs->type();
    const ValueType right = node.rhs->type();
    if (node.return_bool && !is_comparison(node.op)) {
      report(operator_range(node), "bool modifier can only be used on comparison operators");
    }
    if (is_comparison(node.op) && !node.return_bool && left == ValueType::scalar &&
        right == ValueType::scalar) {
      report(operator_range(node), "comparisons between scalars must use BOOL modifier");
    }
    matching_labels(node);
    for (const auto& [side, type] : {std::pair{node.lhs.get(), left}, std::pair{node.rhs.get(), right}}) {
      if (is_number_or_vector(type)) continue;
      report(side->position, "binary expression must contain only scalar and instant vector types");
    }
    if (left == ValueType::vector && right == ValueType::vector) {
      if (is_set_operator(node.op)) set_operation(node);
    } else {
      no_matching(node);
    }
    if ((left == ValueType::scalar || right == ValueType::scalar) && is_set_operator(node.op)) {
      report(node.position,
             format("set operator {} not allowed in binary scalar expression", go_quote(to_string(node.op))));
    }
  }

  void matching_labels(BinaryExpr& node) {
    VectorMatching& matching = *node.matching;
    if (is_set_operator(node.op) && matching.cardinality == Cardinality::one_to_one) {
      matching.cardinality = Cardinality::many_to_many;
    }
    if (!matching.on) return;
    for (const std::string& label : matching.labels) {
      for (auto i = std::ranges::count(matching.include, label); i > 0; --i) {
        report(operator_range(node),
               format("label {} must not occur in ON and GROUP clause at once", go_quote(label)));
      }
    }
  }

  void set_operation(const BinaryExpr& node) {
    const VectorMatching& matching = *node.matching;
    if (matching.cardinality != Cardinality::many_to_many) {
      report(node.position, format("no grouping allowed for {} operation", go_quote(to_string(node.op))));
      report(node.position, "set operations must always be many-to-many");
    }
    if (matching.fill_left || matching.fill_right) {
      report(node.position, "filling in missing series not allowed for set operators");
    }
  }

  void no_matching(BinaryExpr& node) {
    if (!node.matching->labels.empty()) {
      report(node.position, "vector matching only allowed between instant vectors");
    }
    if (node.matching->fill_left || node.matching->fill_right) {
      report(node.position, "filling in missing series only allowed between instant vectors");
    }
    node.matching.reset();
  }

  void argument_count(const Call& node) {
    const Function& function = *node.function;
    const int found = static_cast<int>(node.args.size());
    const int declared = static_cast<int>(function.argument_count);
    const std::string name = go_quote(function.name);
    if (function.variadic == 0) {
      if (found == declared) return;
      report(node.position, format("expected {} argument(s) in call to {}, got {}", declared, name, found));
      return;
    }
    const int least = declared - 1;
    const int most = least + function.variadic;
    if (found < least) {
      report(node.position,
             format("expected at least {} argument(s) in call to {}, got {}", least, name, found));
    } else if (function.variadic > 0 && found > most) {
      report(node.position,
             format("expected at most {} argument(s) in call to {}, got {}", most, name, found));
    }
  }

  // The second argument of info() selects labels, of no metric in particular. Whether it is such a selector.
  bool info_selector(const Call& node) {
    const Expr& argument = *node.args[1];
    if (argument.type() != ValueType::vector) {
      report(node.position, format("expected type instant vector in call to function \"info\", got {}",
                                   document_name(argument.type())));
    }
    if (argument.kind() != ExprKind::vector_selector) {
      report(argument.position, "expected label selectors only");
      return false;
    }
    if (as<VectorSelector>(argument).name.empty()) return true;
    report(argument.position, "expected label selectors only, got vector selector instead");
    return false;
  }

  void call(Call& node) {
    const Function& function = *node.function;
    argument_count(node);
    const bool is_info = function.name == "info" && node.args.size() > 1;
    const bool may_select_nothing = is_info && info_selector(node);
    for (std::size_t i = 0; i < node.args.size(); ++i) {
      if (i >= function.argument_count && function.variadic == 0) break;
      Expr& argument = *node.args[i];
      const bool is_info_selector = i == 1 && may_select_nothing;
      const ValueType found = is_info_selector ? argument.type() : check(argument);
      const ValueType wanted = function.argument_type(i);
      if (found == wanted) continue;
      report(argument.position, format("expected type {} in call to function {}, got {}",
                                       document_name(wanted), go_quote(function.name), document_name(found)));
    }
  }

  void unary(UnaryExpr& node) {
    const ValueType type = check(*node.expr);
    if (is_number_or_vector(type)) return;
    report(node.position,
           format("unary expression only allowed on expressions of type scalar or instant vector, got {}",
                  go_quote(document_name(type))));
  }

  void subquery(SubqueryExpr& node) {
    const ValueType type = check(*node.expr);
    if (type == ValueType::vector) return;
    report(node.position,
           format("subquery is only allowed on instant vector, got {} instead", api_name(type)));
  }

  void selector(const VectorSelector& node) {
    if (!node.name.empty()) {
      // The last matcher is the one of the name before the braces.
      for (std::size_t i = 0; i + 1 < node.matchers.size(); ++i) {
        if (node.matchers[i].name() != kMetricName) continue;
        report(node.position, format("metric name must not be set twice: {} or {}", go_quote(node.name),
                                     go_quote(node.matchers[i].value())));
      }
      return;
    }
    // So that a typo does not select every metric there is.
    if (std::ranges::all_of(node.matchers, &Matcher::matches_empty)) {
      report(node.position, "vector selector must contain at least one non-empty matcher");
    }
  }

  std::string_view text_;
  std::vector<ParseError>& errors_;
};

}  // namespace

void check_types(Expr& expr, std::string_view text, std::vector<ParseError>& errors) {
  TypeChecker(text, errors).check(expr);
}

}  // namespace tocsin::promql
