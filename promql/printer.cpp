// Source of the forms: Prometheus 3.14, promql/parser/printer.go and prettier.go.
//
// Chains of binary operators are walked in a loop, because they have no limit in length. Whether a node has
// to be broken into lines depends on the length of its one-line form; a Line that stops writing behind the
// limit answers that without printing subtrees again and again in full. Of a chain the lines of all its
// operations begin alike, so one Line that grows by an operation at a time tells how many have to be broken.
//
// Each operation of a broken chain stands two columns further in than the one around it, which makes the
// pretty form quadratic in the length of the chain: n operations are indented by about 2n² bytes. So a Page,
// too, stops writing behind a limit.
#include "promql/printer.hpp"

#include <algorithm>
#include <limits>

#include "promql/format.hpp"
#include "promql/functions.hpp"
#include "promql/labels.hpp"
#include "promql/parser_state.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {
namespace {

constexpr std::size_t kLongestLine = 100;
constexpr std::size_t kIndentWidth = 2;

std::string join_labels(const std::vector<std::string>& labels) {
  std::string out;
  for (const std::string& label : labels) {
    if (!out.empty()) out += ", ";
    out += is_classic_label_name(label) ? label : go_quote(label);
  }
  return out;
}

// " on (a) group_left (b) fill (0)", or nothing.
std::string matching_text(const BinaryExpr& node) {
  if (!node.matching) return {};
  const VectorMatching& matching = *node.matching;
  const bool is_grouped =
      matching.cardinality == Cardinality::many_to_one || matching.cardinality == Cardinality::one_to_many;
  std::string out;
  if (!matching.labels.empty() || matching.on || is_grouped) {
    out += format(" {} ({})", matching.on ? "on" : "ignoring", join_labels(matching.labels));
  }
  if (is_grouped) {
    const bool is_left = matching.cardinality == Cardinality::many_to_one;
    out += format(" group_{} ({})", is_left ? "left" : "right", join_labels(matching.include));
  }
  if (matching.fill_left && matching.fill_left == matching.fill_right) {
    return out + format(" fill ({})", format_float_go(*matching.fill_left));
  }
  if (matching.fill_left) out += format(" fill_left ({})", format_float_go(*matching.fill_left));
  if (matching.fill_right) out += format(" fill_right ({})", format_float_go(*matching.fill_right));
  return out;
}

std::string operator_text(const BinaryExpr& node) {
  return format("{}{}{}", to_string(node.op), node.return_bool ? " bool" : "", matching_text(node));
}

std::string aggregate_head(const AggregateExpr& node) {
  if (node.without) return format("{} without ({}) ", to_string(node.op), join_labels(node.grouping));
  if (node.grouping.empty()) return std::string(to_string(node.op));
  return format("{} by ({}) ", to_string(node.op), join_labels(node.grouping));
}

std::string number_text(const NumberLiteral& node) {
  if (!node.is_duration) return format_float(node.value);
  const bool is_negative = node.value < 0;
  const double nanoseconds = (is_negative ? -node.value : node.value) * 1e9;
  return (is_negative ? "-" : "") + format_duration(Duration(to_int64_as_go(nanoseconds)));
}

std::string at_text(const TimeModifiers& time) {
  if (time.timestamp) return format(" @ {:.3f}", seconds_of(*time.timestamp));
  if (time.start_or_end == StartOrEnd::start) return " @ start()";
  return time.start_or_end == StartOrEnd::end ? " @ end()" : "";
}

std::string offset_text(const TimeModifiers& time) {
  if (time.offset_expr != nullptr) return " offset " + to_string(*time.offset_expr);
  if (time.offset == Duration::zero()) return {};
  if (time.offset > Duration::zero()) return " offset " + format_duration(time.offset);
  // The least duration is its own negative, as it is in Go.
  return " offset -" + format_duration(time.offset == Duration::min() ? time.offset : -time.offset);
}

std::string extension_text(const VectorSelector& node) {
  return node.anchored ? " anchored" : node.smoothed ? " smoothed" : "";
}

std::string range_text(Duration range, const ExprPtr& range_expr) {
  return range_expr != nullptr ? to_string(*range_expr) : format_duration(range);
}

std::string subquery_suffix(const SubqueryExpr& node) {
  std::string step;
  if (node.step != Duration::zero() || node.step_expr != nullptr) {
    step = node.step != Duration::zero() ? format_duration(node.step) : to_string(*node.step_expr);
  }
  return format("[{}:{}]{}{}", range_text(node.range, node.range_expr), step, at_text(node.time),
                offset_text(node.time));
}

std::string name_and_matchers(const VectorSelector& node) {
  std::vector<std::string> matchers;
  for (const Matcher& matcher : node.matchers) {
    const bool is_the_name = matcher.name() == kMetricName && matcher.type() == MatchType::equal &&
                             matcher.value() == node.name && !matcher.value().empty();
    if (!is_the_name) matchers.push_back(matcher.to_string());
  }
  // Upstream prints nothing at all for {}, which info() may have: then the text could not be parsed again.
  if (matchers.empty()) return node.name.empty() ? "{}" : node.name;
  std::ranges::sort(matchers);
  std::string out = node.name + "{";
  for (const std::string& matcher : matchers) {
    if (&matcher != &matchers.front()) out += ",";
    out += matcher;
  }
  return out + "}";
}

std::string_view duration_operator(DurationOp op) {
  switch (op) {
    case DurationOp::add:
      return " + ";
    case DurationOp::subtract:
      return " - ";
    case DurationOp::multiply:
      return " * ";
    case DurationOp::divide:
      return " / ";
    case DurationOp::modulo:
      return " % ";
    default:
      return " ^ ";
  }
}

// One line of text that takes no more once it is longer than its limit.
class Line {
 public:
  explicit Line(std::size_t limit) : limit_(limit) {}

  void write(const Expr& expr) {
    if (is_full()) return;
    switch (expr.kind()) {
      case ExprKind::number:
        return append(number_text(as<NumberLiteral>(expr)));
      case ExprKind::string:
        return append(go_quote(as<StringLiteral>(expr).value));
      case ExprKind::paren:
        append("(");
        write(*as<ParenExpr>(expr).expr);
        return append(")");
      case ExprKind::unary:
        append(as<UnaryExpr>(expr).negate ? "-" : "+");
        return write(*as<UnaryExpr>(expr).expr);
      case ExprKind::binary:
        return binary(as<BinaryExpr>(expr));
      case ExprKind::aggregate:
        return aggregate(as<AggregateExpr>(expr));
      case ExprKind::call:
        return call(as<Call>(expr));
      case ExprKind::vector_selector:
        return vector_selector(as<VectorSelector>(expr));
      case ExprKind::matrix_selector:
        return matrix_selector(as<MatrixSelector>(expr));
      case ExprKind::subquery:
        write(*as<SubqueryExpr>(expr).expr);
        return append(subquery_suffix(as<SubqueryExpr>(expr)));
      case ExprKind::duration:
        return duration(as<DurationExpr>(expr));
    }
  }

  // What stands behind the left operand.
  void write_operation(const BinaryExpr& node) {
    if (is_full()) return;
    append(" ");
    append(operator_text(node));
    append(" ");
    write(*node.rhs);
  }

  [[nodiscard]] bool is_full() const { return text_.size() > limit_; }
  [[nodiscard]] std::string&& text() { return std::move(text_); }

 private:
  void append(std::string_view text) {
    if (!is_full()) text_ += text;
  }

  void binary(const BinaryExpr& top) {
    const std::vector<const BinaryExpr*> spine = left_spine(top);
    write(*spine.back()->lhs);
    for (auto node = spine.rbegin(); node != spine.rend() && !is_full(); ++node) write_operation(**node);
  }

  void aggregate(const AggregateExpr& node) {
    append(aggregate_head(node));
    append("(");
    if (node.param != nullptr) {
      write(*node.param);
      append(", ");
    }
    write(*node.expr);
    append(")");
  }

  void call(const Call& node) {
    append(node.function->name);
    append("(");
    for (const ExprPtr& argument : node.args) {
      if (argument != node.args.front()) append(", ");
      write(*argument);
    }
    append(")");
  }

  void vector_selector(const VectorSelector& node) {
    append(name_and_matchers(node));
    append(at_text(node.time));
    append(extension_text(node));
    append(offset_text(node.time));
  }

  void matrix_selector(const MatrixSelector& node) {
    append(name_and_matchers(*node.selector));
    append(format("[{}]", range_text(node.range, node.range_expr)));
    append(extension_text(*node.selector));
    append(at_text(node.selector->time));
    append(offset_text(node.selector->time));
  }

  void duration(const DurationExpr& node) {
    if (node.wrapped) append("(");
    switch (node.op) {
      case DurationOp::step:
        append("step()");
        break;
      case DurationOp::range:
        append("range()");
        break;
      case DurationOp::min_of:
      case DurationOp::max_of:
        append(node.op == DurationOp::min_of ? "min_of(" : "max_of(");
        write(*node.lhs);
        append(", ");
        write(*node.rhs);
        append(")");
        break;
      case DurationOp::negate:
      case DurationOp::plus:
        if (node.op == DurationOp::negate) append("-");
        write(*node.rhs);
        break;
      default:
        write(*node.lhs);
        append(duration_operator(node.op));
        write(*node.rhs);
        break;
    }
    if (node.wrapped) append(")");
  }

  std::size_t limit_;
  std::string text_;
};

bool needs_split(const Expr& expr) {
  Line line(kLongestLine);
  line.write(expr);
  return line.is_full();
}

// How many operations of a spine do not fit into a line: the outer ones.
std::size_t count_split(const std::vector<const BinaryExpr*>& spine) {
  Line line(kLongestLine);
  line.write(*spine.back()->lhs);
  for (std::size_t i = spine.size(); i-- > 0;) {
    line.write_operation(*spine[i]);
    if (line.is_full()) return i + 1;
  }
  return 0;
}

// Indented lines of text, of which no more is written once they are longer than the limit.
class Page {
 public:
  explicit Page(std::size_t limit) : limit_(limit) {}

  void write(const Expr& expr, std::size_t level) {
    if (is_full()) return;
    switch (expr.kind()) {
      case ExprKind::unary:
        return unary(as<UnaryExpr>(expr), level);
      case ExprKind::subquery:
        return subquery(as<SubqueryExpr>(expr), level);
      case ExprKind::binary:
        return binary(as<BinaryExpr>(expr), level);
      case ExprKind::aggregate:
        if (needs_split(expr)) return aggregate(as<AggregateExpr>(expr), level);
        break;
      case ExprKind::call:
        if (needs_split(expr)) return call(as<Call>(expr), level);
        break;
      case ExprKind::paren:
        if (needs_split(expr)) return paren(as<ParenExpr>(expr), level);
        break;
      default:
        break;
    }
    line(expr, level);
  }

  [[nodiscard]] bool is_full() const { return text_.size() > limit_; }
  [[nodiscard]] std::string&& text() { return std::move(text_); }

 private:
  void append(std::string_view text) {
    if (is_full()) return;
    text_ += text;
    behind_sign_ = false;
  }

  // What follows a sign stands behind it.
  void indent(std::size_t level) {
    if (!is_full() && !behind_sign_) text_.append(level * kIndentWidth, ' ');
  }

  void line(const Expr& expr, std::size_t level) {
    indent(level);
    append(to_string(expr));
  }

  void close(std::size_t level) {
    append("\n");
    indent(level);
    append(")");
  }

  void unary(const UnaryExpr& node, std::size_t level) {
    indent(level);
    append(node.negate ? "-" : "+");
    behind_sign_ = true;
    write(*node.expr, level);
  }

  void subquery(const SubqueryExpr& node, std::size_t level) {
    // A short one is not indented: a quirk of upstream's that files in the field already have.
    if (!needs_split(node)) return append(to_string(node));
    write(*node.expr, level);
    append(subquery_suffix(node));
  }

  // From the innermost operation outwards: each stands one level deeper than the one around it.
  void binary(const BinaryExpr& top, std::size_t level) {
    const std::vector<const BinaryExpr*> spine = left_spine(top);
    const std::size_t split = count_split(spine);
    if (split == 0) return line(top, level);
    const Expr* const unsplit = split < spine.size() ? spine[split] : spine.back()->lhs.get();
    write(*unsplit, level + split);
    for (std::size_t i = split; i-- > 0 && !is_full();) {
      append("\n");
      indent(level + i);
      append(operator_text(*spine[i]));
      append("\n");
      write(*spine[i]->rhs, level + i + 1);
    }
  }

  void aggregate(const AggregateExpr& node, std::size_t level) {
    indent(level);
    append(aggregate_head(node));
    append("(\n");
    if (node.param != nullptr) {
      write(*node.param, level + 1);
      append(",\n");
    }
    write(*node.expr, level + 1);
    close(level);
  }

  void call(const Call& node, std::size_t level) {
    indent(level);
    append(node.function->name);
    append("(\n");
    for (const ExprPtr& argument : node.args) {
      if (argument != node.args.front()) append(",\n");
      write(*argument, level + 1);
    }
    close(level);
  }

  void paren(const ParenExpr& node, std::size_t level) {
    indent(level);
    append("(\n");
    write(*node.expr, level + 1);
    close(level);
  }

  std::size_t limit_;
  std::string text_;
  bool behind_sign_ = false;
};

}  // namespace

std::string to_string(const Expr& expr) {
  Line line(std::numeric_limits<std::size_t>::max());
  line.write(expr);
  return line.text();
}

std::string prettify(const Expr& expr) {
  return *prettify(expr, std::numeric_limits<std::size_t>::max());
}

std::optional<std::string> prettify(const Expr& expr, std::size_t limit) {
  Page page(limit);
  page.write(expr, 0);
  if (page.is_full()) return std::nullopt;
  return page.text();
}

}  // namespace tocsin::promql
