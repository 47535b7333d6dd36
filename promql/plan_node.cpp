#include "promql/plan_node.hpp"

#include <algorithm>
#include <array>

namespace tocsin::promql {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

std::span<const std::string> metadata_labels() {
  static const std::array<std::string, 3> names = {"__name__", "__type__", "__unit__"};
  return names;
}

}  // namespace

void Column::resize(std::size_t rows) {
  values.resize(rows);
  present.resize(rows, kAbsent);
  if (!histograms.empty()) histograms.resize(rows);
}

void Column::clear() {
  std::fill(present.begin(), present.end(), std::uint8_t{kAbsent});
  if (holds_histograms) std::fill(histograms.begin(), histograms.end(), nullptr);
  holds_histograms = false;
}

void Column::set_histogram(std::uint32_t row, HistogramPtr histogram) {
  if (histograms.size() < present.size()) histograms.resize(present.size());
  histograms[row] = std::move(histogram);
  present[row] = kHistogram;
  values[row] = 0;
  holds_histograms = true;
}

void Column::copy_row(std::uint32_t row, const Column& from, std::uint32_t from_row) {
  if (from.present[from_row] == kHistogram) {
    set_histogram(row, from.histograms[from_row]);
  } else {
    values[row] = from.values[from_row];
    present[row] = from.present[from_row];
  }
}

bool Column::any_present() const {
  return std::any_of(present.begin(), present.end(), [](std::uint8_t p) { return p != kAbsent; });
}

EvalError same_labelset_error() {
  return execution_error("vector cannot contain metrics with the same labelset");
}

EvalStatus RunState::hold(std::size_t samples) {
  held_ += samples;
  return read(0);
}

EvalStatus RunState::read(std::size_t samples) {
  samples_read += samples;
  peak_samples = std::max(peak_samples, held_ + samples);
  if (limits.max_samples != 0 && held_ + samples > limits.max_samples) {
    return execution_error("query processing would load too many samples into memory in query execution");
  }
  return {};
}

EvalStatus RunState::check_abort() const {
  if (!limits.abort) return {};
  switch (limits.abort()) {
    case Abort::none:
      return {};
    case Abort::timeout:
      return EvalError(EvalErrorKind::timeout, "query timed out in expression evaluation");
    case Abort::canceled:
      return EvalError(EvalErrorKind::canceled, "query was canceled in expression evaluation");
  }
  return {};
}

void Node::attach(SeriesSource& source) {
  for (const NodePtr& node : children_) node->attach(source);
}

void Node::detach() {
  for (const NodePtr& node : children_) node->detach();
}

bool Node::outdated() const {
  return std::any_of(children_.begin(), children_.end(),
                     [](const NodePtr& node) { return node->outdated(); });
}

void Node::forget_rows() {
  for (const NodePtr& node : children_) node->forget_rows();
  rows_ = 0;
  done_frame_ = 0;
  column_ = Column();
}

void Node::sync() {
  for (const NodePtr& node : children_) node->sync();
  extend();
}

void Node::collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                              std::vector<SelectionRequest>& requests) {
  for (const NodePtr& node : children_) node->collect_selections(query, from, to, requests);
}

EvalStatus Node::prepare(RunState& state) {
  for (const NodePtr& node : children_) {
    if (auto status = node->prepare(state); !status) return status;
  }
  return {};
}

EvalStatus Node::begin(RunState& state, const Frame& frame) {
  for (const NodePtr& node : children_) {
    if (auto status = node->begin(state, frame); !status) return status;
  }
  return {};
}

EvalStatus Node::step(RunState& state, const Frame& frame, Timestamp at) {
  if (step_invariant_ && done_frame_ == frame.id) return {};
  done_frame_ = frame.id;
  return evaluate(state, frame, at);
}

void Node::finish(RunState& state) {
  for (const NodePtr& node : children_) node->finish(state);
}

EvalStatus Node::step_children(RunState& state, const Frame& frame, Timestamp at) {
  for (const NodePtr& node : children_) {
    if (auto status = node->step(state, frame, at); !status) return status;
  }
  extend();
  return {};
}

void Node::set_rows(std::uint32_t rows) {
  if (rows == rows_) return;
  rows_ = rows;
  column_.resize(rows);
}

void CollisionTracker::forget() {
  *this = CollisionTracker();
}

void CollisionTracker::extend(const Node& node) {
  Labels scratch;
  for (; extended_ < node.rows(); ++extended_) {
    const auto [number, is_new] = index_.number_of(node.labels(extended_, scratch));
    if (is_new) {
      first_.push_back({extended_, kNone});
      continue;
    }
    First& first = first_[number];
    if (first.group == kNone) {
      first.group = static_cast<std::uint32_t>(seen_.size());
      seen_.emplace_back();
      contested_.push_back({first.row, first.group});
    }
    contested_.push_back({extended_, first.group});
  }
}

EvalStatus CollisionTracker::check(const Column& column) {
  return contested_.empty() ? EvalStatus() : check_with(column, ++token_);
}

EvalStatus CollisionTracker::check_and_merge(Column& column) {
  if (!column.holds_histograms) return check(column);
  ++token_;
  for (const Contested& entry : contested_) {
    if (column.present[entry.row] == kAbsent) continue;
    Seen& seen = seen_[entry.group];
    if (seen.token == token_ && seen.row != entry.row) {
      if (column.present[seen.row] == column.present[entry.row]) return same_labelset_error();
      const std::uint32_t number = column.present[seen.row] == kNumber ? seen.row : entry.row;
      column.present[number] = kAbsent;
      if (number == entry.row) continue;
    }
    seen = {token_, entry.row};
  }
  return {};
}

EvalStatus CollisionTracker::check_frame(const Column& column, std::uint64_t frame_id) {
  return contested_.empty() ? EvalStatus() : check_with(column, frame_id);
}

EvalStatus CollisionTracker::check_with(const Column& column, std::uint64_t token) {
  for (const Contested& entry : contested_) {
    if (column.present[entry.row] == kAbsent) continue;
    Seen& seen = seen_[entry.group];
    if (seen.token == token && seen.row != entry.row) return same_labelset_error();
    seen = {token, entry.row};
  }
  return {};
}

const Labels& NameDroppingNode::labels(std::uint32_t row, Labels& scratch) const {
  const Labels& labels = child(0).labels(row, scratch);
  return delayed_ ? labels : drop_metadata(labels, scratch);
}

void NameDroppingNode::forget_rows() {
  RowwiseNode::forget_rows();
  tracking_ = false;
  collisions_.forget();
}

void NameDroppingNode::extend() {
  if (rows() == child(0).rows()) return;
  set_rows(child(0).rows());
  if (!delayed_ && !child(0).unique_without_name()) tracking_ = true;
  if (tracking_) collisions_.extend(*this);
}

const Expr& without_parens(const Expr& expr) {
  const Expr* inner = &expr;
  while (inner->kind() == ExprKind::paren) inner = as<ParenExpr>(*inner).expr.get();
  return *inner;
}

const Labels& drop_metadata(const Labels& labels, Labels& scratch) {
  scratch = labels.without(metadata_labels());
  return scratch;
}

bool has_type_or_unit(const Labels& labels) {
  return labels.has("__type__") || labels.has("__unit__");
}

std::string metric_name_of(const Node& node, std::uint32_t row) {
  Labels scratch;
  return std::string(node.labels(row, scratch).metric_name());
}

}  // namespace tocsin::promql
