// The syntax tree of an expression as JSON, for the tree view of Prometheus' page and for editors: what
// GET /api/v1/parse_query answers. Keys are sorted, as Go's encoder sorts those of a map.
//
// A chain of binary operators leans to the left without limit, so it is written in a loop: the heads of all
// its members down to the innermost left side, then their tails back up. Everything else is nested no deeper
// than the parser allows and is written by recursion.
#include "engine/api/expression_tree.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "promql/functions.hpp"
#include "promql/value.hpp"

namespace tocsin::api {
namespace {

using promql::AggregateExpr;
using promql::as;
using promql::BinaryExpr;
using promql::Call;
using promql::Cardinality;
using promql::DurationExpr;
using promql::DurationOp;
using promql::Expr;
using promql::ExprKind;
using promql::ExprPtr;
using promql::format_float;
using promql::left_spine;
using promql::MatrixSelector;
using promql::NumberLiteral;
using promql::ParenExpr;
using promql::StartOrEnd;
using promql::StringLiteral;
using promql::SubqueryExpr;
using promql::TimeModifiers;
using promql::UnaryExpr;
using promql::ValueType;
using promql::VectorMatching;
using promql::VectorSelector;

std::int64_t milliseconds_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string_view name_of(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::one_to_one:
      return "one-to-one";
    case Cardinality::many_to_one:
      return "many-to-one";
    case Cardinality::one_to_many:
      return "one-to-many";
    case Cardinality::many_to_many:
      break;
  }
  return "many-to-many";
}

std::string_view name_of(DurationOp op) {
  switch (op) {
    case DurationOp::add:
    case DurationOp::plus:
      return "+";
    case DurationOp::subtract:
    case DurationOp::negate:
      return "-";
    case DurationOp::multiply:
      return "*";
    case DurationOp::divide:
      return "/";
    case DurationOp::modulo:
      return "%";
    case DurationOp::power:
      return "^";
    case DurationOp::step:
      return "step";
    case DurationOp::range:
      return "range";
    case DurationOp::min_of:
      return "min_of";
    case DurationOp::max_of:
      break;
  }
  return "max_of";
}

class TreeWriter {
 public:
  explicit TreeWriter(JsonWriter& json) : json_(json) {}

  void write(const Expr* expr) {
    if (expr == nullptr) {
      json_.null();
      return;
    }
    switch (expr->kind()) {
      case ExprKind::number:
        return write_number(as<NumberLiteral>(*expr));
      case ExprKind::string:
        return write_string(as<StringLiteral>(*expr));
      case ExprKind::paren:
        return write_paren(as<ParenExpr>(*expr));
      case ExprKind::unary:
        return write_unary(as<UnaryExpr>(*expr));
      case ExprKind::binary:
        return write_binary(as<BinaryExpr>(*expr));
      case ExprKind::aggregate:
        return write_aggregate(as<AggregateExpr>(*expr));
      case ExprKind::call:
        return write_call(as<Call>(*expr));
      case ExprKind::vector_selector:
        return write_selector(as<VectorSelector>(*expr), nullptr);
      case ExprKind::matrix_selector:
        return write_selector(*as<MatrixSelector>(*expr).selector, &as<MatrixSelector>(*expr));
      case ExprKind::subquery:
        return write_subquery(as<SubqueryExpr>(*expr));
      case ExprKind::duration:
        return write_duration(expr);
    }
  }

 private:
  void write_number(const NumberLiteral& number) {
    json_.begin_object().key("type").string("numberLiteral").key("val").string(format_float(number.value));
    json_.end_object();
  }

  void write_string(const StringLiteral& text) {
    json_.begin_object().key("type").string("stringLiteral").key("val").string(text.value).end_object();
  }

  void write_paren(const ParenExpr& paren) {
    json_.begin_object().key("expr");
    write(paren.expr.get());
    json_.key("type").string("parenExpr").end_object();
  }

  void write_unary(const UnaryExpr& unary) {
    json_.begin_object().key("expr");
    write(unary.expr.get());
    json_.key("op").string(unary.negate ? "-" : "+").key("type").string("unaryExpr").end_object();
  }

  void write_binary(const BinaryExpr& top) {
    const std::vector<const BinaryExpr*> spine = left_spine(top);
    for (const BinaryExpr* binary : spine) {
      json_.begin_object().key("bool").boolean(binary->return_bool).key("lhs");
    }
    write(spine.back()->lhs.get());
    for (auto binary = spine.rbegin(); binary != spine.rend(); ++binary) {
      json_.key("matching");
      write_matching((*binary)->matching);
      json_.key("op").string(to_string((*binary)->op)).key("rhs");
      write((*binary)->rhs.get());
      json_.key("type").string("binaryExpr").end_object();
    }
  }

  void write_matching(const std::optional<VectorMatching>& matching) {
    if (!matching) {
      json_.null();
      return;
    }
    json_.begin_object().key("card").string(name_of(matching->cardinality));
    json_.key("fillValues").begin_object().key("lhs");
    write_fill(matching->fill_left);
    json_.key("rhs");
    write_fill(matching->fill_right);
    json_.end_object().key("include");
    write_names(matching->include);
    json_.key("labels");
    write_names(matching->labels);
    json_.key("on").boolean(matching->on).end_object();
  }

  void write_fill(const std::optional<double>& value) {
    if (value) {
      json_.number(*value);
    } else {
      json_.null();
    }
  }

  void write_names(const std::vector<std::string>& names) {
    json_.begin_array();
    for (const std::string& name : names) json_.string(name);
    json_.end_array();
  }

  void write_aggregate(const AggregateExpr& aggregate) {
    json_.begin_object().key("expr");
    write(aggregate.expr.get());
    json_.key("grouping");
    write_names(aggregate.grouping);
    json_.key("op").string(to_string(aggregate.op)).key("param");
    write(aggregate.param.get());
    json_.key("type").string("aggregation").key("without").boolean(aggregate.without).end_object();
  }

  void write_call(const Call& call) {
    json_.begin_object().key("args").begin_array();
    for (const ExprPtr& argument : call.args) write(argument.get());
    json_.end_array().key("func").begin_object().key("argTypes").begin_array();
    for (const ValueType type : call.function->arguments()) json_.string(api_name(type));
    json_.end_array().key("name").string(call.function->name);
    json_.key("returnType").string(api_name(call.function->return_type));
    json_.key("variadic").integer(call.function->variadic).end_object();
    json_.key("type").string("call").end_object();
  }

  // `matrix`: the range selector that it is part of, or null.
  void write_selector(const VectorSelector& selector, const MatrixSelector* matrix) {
    json_.begin_object().key("anchored").boolean(selector.anchored).key("matchers").begin_array();
    for (const Matcher& matcher : selector.matchers) {
      json_.begin_object().key("name").string(matcher.name()).key("type").string(to_string(matcher.type()));
      json_.key("value").string(matcher.value()).end_object();
    }
    json_.end_array().key("name").string(selector.name);
    write_offset(selector.time);
    if (matrix != nullptr) {
      json_.key("range").integer(milliseconds_of(matrix->range)).key("rangeExpr");
      write_duration(matrix->range_expr.get());
    }
    json_.key("smoothed").boolean(selector.smoothed);
    write_start_or_end(selector.time);
    write_timestamp(selector.time);
    json_.key("type").string(matrix != nullptr ? "matrixSelector" : "vectorSelector").end_object();
  }

  void write_subquery(const SubqueryExpr& subquery) {
    json_.begin_object().key("expr");
    write(subquery.expr.get());
    write_offset(subquery.time);
    json_.key("range").integer(milliseconds_of(subquery.range)).key("rangeExpr");
    write_duration(subquery.range_expr.get());
    write_start_or_end(subquery.time);
    json_.key("step").integer(milliseconds_of(subquery.step)).key("stepExpr");
    write_duration(subquery.step_expr.get());
    write_timestamp(subquery.time);
    json_.key("type").string("subquery").end_object();
  }

  void write_offset(const TimeModifiers& time) {
    json_.key("offset").integer(milliseconds_of(time.offset)).key("offsetExpr");
    write_duration(time.offset_expr.get());
  }

  void write_start_or_end(const TimeModifiers& time) {
    json_.key("startOrEnd");
    if (time.start_or_end == StartOrEnd::none) {
      json_.null();
    } else {
      json_.string(time.start_or_end == StartOrEnd::start ? "start" : "end");
    }
  }

  void write_timestamp(const TimeModifiers& time) {
    json_.key("timestamp");
    if (time.timestamp) {
      json_.integer(ms_of(*time.timestamp));
    } else {
      json_.null();
    }
  }

  // Inside a duration a number says whether it was written as one.
  void write_duration(const Expr* expr) {
    if (expr == nullptr) {
      json_.null();
      return;
    }
    if (expr->kind() == ExprKind::number) {
      const auto& number = as<NumberLiteral>(*expr);
      json_.begin_object().key("duration").boolean(number.is_duration).key("type").string("numberLiteral");
      json_.key("val").string(format_float(number.value)).end_object();
      return;
    }
    if (expr->kind() != ExprKind::duration) return write(expr);
    const auto& duration = as<DurationExpr>(*expr);
    json_.begin_object().key("lhs");
    write_duration(duration.lhs.get());
    json_.key("op").string(name_of(duration.op)).key("rhs");
    write_duration(duration.rhs.get());
    json_.key("type").string("durationExpr").key("wrapped").boolean(duration.wrapped).end_object();
  }

  JsonWriter& json_;
};

}  // namespace

void write_tree(JsonWriter& json, const Expr& expr) {
  TreeWriter(json).write(&expr);
}

bool has_selector(const Expr& expr) {
  switch (expr.kind()) {
    case ExprKind::vector_selector:
    case ExprKind::matrix_selector:
      return true;
    case ExprKind::number:
    case ExprKind::string:
    case ExprKind::duration:
      return false;
    case ExprKind::paren:
      return has_selector(*as<ParenExpr>(expr).expr);
    case ExprKind::unary:
      return has_selector(*as<UnaryExpr>(expr).expr);
    case ExprKind::subquery:
      return has_selector(*as<SubqueryExpr>(expr).expr);
    case ExprKind::aggregate: {
      const auto& aggregate = as<AggregateExpr>(expr);
      return has_selector(*aggregate.expr) || (aggregate.param != nullptr && has_selector(*aggregate.param));
    }
    case ExprKind::call: {
      const auto& arguments = as<Call>(expr).args;
      return std::any_of(arguments.begin(), arguments.end(),
                         [](const auto& one) { return has_selector(*one); });
    }
    case ExprKind::binary:
      break;
  }
  const auto spine = left_spine(as<BinaryExpr>(expr));
  return has_selector(*spine.back()->lhs) ||
         std::any_of(spine.begin(), spine.end(), [](const auto* one) { return has_selector(*one->rhs); });
}

}  // namespace tocsin::api
