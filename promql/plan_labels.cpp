#include "promql/plan_labels.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/go_sort.hpp"
#include "promql/regex_groups.hpp"

namespace tocsin::promql {
namespace {

const std::string& string_argument(const Call& call, std::size_t i) {
  return as<StringLiteral>(without_parens(*call.args[i])).value;
}

bool is_valid_name(std::string_view name) {
  return !name.empty() && is_valid_utf8(name);
}

std::string label_replace_error(const Call& call) {
  if (!AnchoredRegex::compile(string_argument(call, 4))) {
    return format("invalid regular expression in label_replace(): {}", string_argument(call, 4));
  }
  if (!is_valid_name(string_argument(call, 1))) {
    return format("invalid destination label name in label_replace(): {}", string_argument(call, 1));
  }
  return "";
}

std::string label_join_error(const Call& call) {
  for (std::size_t i = 3; i < call.args.size(); ++i) {
    if (!is_valid_name(string_argument(call, i))) {
      return format("invalid source label name in label_join(): {}", string_argument(call, i));
    }
  }
  if (!is_valid_name(string_argument(call, 1))) {
    return format("invalid destination label name in label_join(): {}", string_argument(call, 1));
  }
  return "";
}

}  // namespace

RelabelNode::RelabelNode(PositionRange position, NodePtr vector, std::string destination, std::string error)
    : RowwiseNode(position), destination_(std::move(destination)), error_(std::move(error)) {
  adopt(std::move(vector));
}

const Labels& RelabelNode::labels(std::uint32_t row, Labels& scratch) const {
  const Labels& labels = child(0).labels(row, scratch);
  auto value = new_value(labels);
  if (!value) return labels;
  scratch = LabelsBuilder(labels).set(destination_, *value).build();
  return scratch;
}

bool RelabelNode::drops_name(std::uint32_t row) const {
  if (!child(0).drops_name(row)) return false;
  if (destination_ != kMetricName) return true;
  Labels scratch;
  return !new_value(child(0).labels(row, scratch)).has_value();
}

void RelabelNode::forget_rows() {
  RowwiseNode::forget_rows();
  collisions_.forget();
}

void RelabelNode::extend() {
  if (rows() == child(0).rows()) return;
  RowwiseNode::extend();
  collisions_.extend(*this);
}

EvalStatus RelabelNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (!error_.empty()) return execution_error(error_);
  if (auto status = step_children(state, frame, at); !status) return status;
  column_ = child(0).column();
  return collisions_.check_and_merge(column_);
}

LabelReplaceNode::LabelReplaceNode(const Call& call, NodePtr vector)
    : RelabelNode(call.position, std::move(vector), string_argument(call, 1), label_replace_error(call)),
      replacement_(string_argument(call, 2)),
      source_(string_argument(call, 3)) {
  if (auto regex = AnchoredRegex::compile(string_argument(call, 4))) regex_ = std::move(*regex);
}

std::optional<std::string> LabelReplaceNode::new_value(const Labels& labels) const {
  if (!regex_) return std::nullopt;
  const auto groups = RegexGroups::match(*regex_, labels.get(source_));
  if (!groups) return std::nullopt;
  return groups->expand(replacement_);
}

LabelJoinNode::LabelJoinNode(const Call& call, NodePtr vector)
    : RelabelNode(call.position, std::move(vector), string_argument(call, 1), label_join_error(call)),
      separator_(string_argument(call, 2)) {
  for (std::size_t i = 3; i < call.args.size(); ++i) sources_.push_back(string_argument(call, i));
}

std::optional<std::string> LabelJoinNode::new_value(const Labels& labels) const {
  std::string joined;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (i > 0) joined += separator_;
    joined += labels.get(sources_[i]);
  }
  return joined;
}

SortNode::SortNode(const Call& call, NodePtr vector, bool descending, std::vector<std::string> labels,
                   bool by_label)
    : RowwiseNode(call.position), descending_(descending), by_label_(by_label), labels_(std::move(labels)) {
  adopt(std::move(vector));
}

EvalStatus SortNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (!frame.single() && !step_invariant()) state.annotations.add(note::sort_in_range_query(position()));
  if (auto status = step_children(state, frame, at); !status) return status;
  column_ = child(0).column();
  order_.clear();
  for_each_present(child(0), [&](std::uint32_t row) {
    if (by_label_ || column_.present[row] == kNumber) {
      order_.push_back(row);
    } else {
      column_.present[row] = kAbsent;  // sorting by value leaves histograms out
    }
  });
  if (by_label_) {
    sort_by_labels();
  } else {
    sort_by_value();
  }
  return {};
}

// NaN comes last, in both directions.
void SortNode::sort_by_value() {
  go_sort(order_, [this](std::uint32_t a, std::uint32_t b) {
    const double left = column_.values[a];
    const double right = column_.values[b];
    return std::isnan(right) || (descending_ ? left > right : left < right);
  });
}

// The natural order contradicts itself: of "" and "1", neither is less. So what comes out depends on how it
// is sorted, and Go's way it must be; the standard library's would be undefined.
void SortNode::sort_by_labels() {
  const auto is_less = [this](std::uint32_t a, std::uint32_t b) {
    Labels left_scratch;
    Labels right_scratch;
    const Labels& left = child(0).labels(a, left_scratch);
    const Labels& right = child(0).labels(b, right_scratch);
    for (const std::string& name : labels_) {
      const std::string_view left_value = left.get(name);
      const std::string_view right_value = right.get(name);
      if (left_value != right_value) return natural_less(left_value, right_value) != descending_;
    }
    return descending_ ? left > right : left < right;
  };
  go_sort(order_, is_less);
}

AbsentNode::AbsentNode(PositionRange position, NodePtr vector, Labels labels)
    : Node(position), labels_(std::move(labels)) {
  adopt(std::move(vector));
}

EvalStatus AbsentNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  column_.clear();
  if (!child(0).column().any_present()) column_.set(0, 1);
  return {};
}

Labels absent_labels(const Expr& argument) {
  const VectorSelector* selector = nullptr;
  if (argument.kind() == ExprKind::vector_selector) selector = &as<VectorSelector>(argument);
  if (argument.kind() == ExprKind::matrix_selector) selector = as<MatrixSelector>(argument).selector.get();
  if (selector == nullptr) return {};
  LabelsBuilder builder;
  std::vector<std::string_view> seen;
  for (const Matcher& matcher : selector->matchers) {
    if (matcher.name() == kMetricName) continue;
    const bool again = std::find(seen.begin(), seen.end(), matcher.name()) != seen.end();
    if (matcher.type() == MatchType::equal && !again) {
      builder.set(matcher.name(), matcher.value());
      seen.push_back(matcher.name());
    } else {
      builder.remove(matcher.name());
    }
  }
  return builder.build();
}

namespace {

std::string_view next_chunk(std::string_view& text) {
  std::size_t length = 1;
  while (length < text.size() && is_digit(text[length]) == is_digit(text[0])) ++length;
  const std::string_view chunk = text.substr(0, length);
  text.remove_prefix(length);
  return chunk;
}

std::optional<std::int64_t> as_integer(std::string_view chunk) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(chunk.data(), chunk.data() + chunk.size(), value);
  if (error != std::errc() || end != chunk.data() + chunk.size()) return std::nullopt;
  return value;
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
  while (!a.empty()) {
    if (b.empty()) return false;
    const std::string_view left = next_chunk(a);
    const std::string_view right = next_chunk(b);
    const auto left_number = as_integer(left);
    const auto right_number = as_integer(right);
    const bool numbers = left_number.has_value() && right_number.has_value();
    if (numbers ? *left_number == *right_number : left == right) {
      if (a.empty()) return true;
      if (b.empty()) return false;
      continue;
    }
    return numbers ? *left_number < *right_number : left < right;
  }
  return false;
}

}  // namespace tocsin::promql
