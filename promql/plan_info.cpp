#include "promql/plan_info.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "promql/format.hpp"

namespace tocsin::promql {
namespace {

// What identifies a target; upstream has these two fixed as well.
std::span<const std::string> identifying_labels() {
  static const std::array<std::string, 2> names = {"instance", "job"};
  return names;
}

Matcher make_name_matcher(MatchType type, std::string_view value) {
  return Matcher::make(type, kMetricName, value).value();
}

// Walks to the first selector and notes the shifts on the way, outermost first. False: none is below here.
bool find_shifts(const Expr& expression, std::vector<TimeShift>& shifts) {
  const auto first_of = [&shifts](std::span<const ExprPtr> expressions) {
    return std::any_of(expressions.begin(), expressions.end(),
                       [&](const ExprPtr& inner) { return find_shifts(*inner, shifts); });
  };
  switch (expression.kind()) {
    case ExprKind::paren:
      return find_shifts(*as<ParenExpr>(expression).expr, shifts);
    case ExprKind::unary:
      return find_shifts(*as<UnaryExpr>(expression).expr, shifts);
    case ExprKind::binary:
      return find_shifts(*as<BinaryExpr>(expression).lhs, shifts) ||
             find_shifts(*as<BinaryExpr>(expression).rhs, shifts);
    case ExprKind::aggregate: {
      const auto& aggregate = as<AggregateExpr>(expression);
      return find_shifts(*aggregate.expr, shifts) ||
             (aggregate.param && find_shifts(*aggregate.param, shifts));
    }
    case ExprKind::call:
      return first_of(as<Call>(expression).args);
    case ExprKind::vector_selector:
      shifts.emplace_back(as<VectorSelector>(expression).time);
      return true;
    case ExprKind::matrix_selector:
      shifts.emplace_back(as<MatrixSelector>(expression).selector->time);
      return true;
    case ExprKind::subquery: {
      const auto& subquery = as<SubqueryExpr>(expression);
      shifts.emplace_back(subquery.time);
      if (find_shifts(*subquery.expr, shifts)) return true;
      shifts.pop_back();
      return false;
    }
    case ExprKind::number:
    case ExprKind::string:
    case ExprKind::duration:
      return false;
  }
  return false;
}

}  // namespace

InfoNode::InfoNode(const Call& call, NodePtr base, const PlanOptions& options)
    : Node(call.position), selector_(std::make_unique<VectorSelector>()) {
  if (call.args.size() > 1) {
    for (const Matcher& matcher : as<VectorSelector>(*call.args[1]).matchers) {
      (matcher.name() == kMetricName ? name_matchers_ : data_matchers_).push_back(matcher.clone());
    }
  }
  const bool selects = std::any_of(name_matchers_.begin(), name_matchers_.end(), [](const Matcher& matcher) {
    return matcher.type() == MatchType::equal || matcher.type() == MatchType::regex;
  });
  if (name_matchers_.empty()) {
    name_matchers_.push_back(make_name_matcher(MatchType::equal, "target_info"));
  } else if (!selects) {
    name_matchers_.insert(name_matchers_.begin(), make_name_matcher(MatchType::regex, ".+_info"));
  }
  for (const Matcher& matcher : name_matchers_) selector_->matchers.push_back(matcher.clone());
  for (const Matcher& matcher : data_matchers_) selector_->matchers.push_back(matcher.clone());
  selector_->position = call.position;
  find_shifts(*call.args[0], shifts_);
  adopt(std::move(base));
  adopt(std::make_unique<VectorSelectorNode>(*selector_, options.lookback, VectorSelectorNode::Value::info,
                                             true));
}

const Labels& InfoNode::labels(std::uint32_t row, Labels&) const {
  return origins_[row].labels;
}

void InfoNode::forget_rows() {
  Node::forget_rows();
  info_series_.clear();
  base_identity_.clear();
  base_is_info_.clear();
  origins_.clear();
  row_of_combination_.clear();
  collisions_.forget();
}

EvalStatus InfoNode::prepare(RunState& state) {
  for (TimeShift& shift : shifts_) {
    if (auto status = shift.prepare(state.query); !status) return status;
  }
  return Node::prepare(state);
}

Timestamp InfoNode::reference_time(Timestamp at) const {
  for (const TimeShift& shift : shifts_) at = shift.apply(at);
  return at;
}

void InfoNode::collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                                  std::vector<SelectionRequest>& requests) {
  for (TimeShift& shift : shifts_) {
    if (!shift.prepare(query)) return;
  }
  child(0).collect_selections(query, from, to, requests);
  child(1).collect_selections(query, reference_time(from), reference_time(to), requests);
}

bool InfoNode::is_info_series(const Labels& labels) const {
  return std::all_of(name_matchers_.begin(), name_matchers_.end(),
                     [&](const Matcher& matcher) { return matcher.matches(labels.metric_name()); });
}

void InfoNode::extend() {
  Labels scratch;
  for (auto row = static_cast<std::uint32_t>(base_identity_.size()); row < child(0).rows(); ++row) {
    const Labels& labels = child(0).labels(row, scratch);
    base_identity_.push_back(labels.only(identifying_labels()));
    base_is_info_.push_back(is_info_series(labels) ? 1 : 0);
  }
  for (auto row = static_cast<std::uint32_t>(info_series_.size()); row < child(1).rows(); ++row) {
    const Labels& labels = child(1).labels(row, scratch);
    info_series_.push_back({std::string(labels.metric_name()), labels.only(identifying_labels())});
  }
}

bool InfoNode::is_data_label(std::string_view name) const {
  if (name == kMetricName) return false;
  return data_matchers_.empty() ||
         std::any_of(data_matchers_.begin(), data_matchers_.end(),
                     [name](const Matcher& matcher) { return matcher.name() == name; });
}

// Of several info series of one target and name the one with the newest sample counts.
EvalStatus InfoNode::index_info_rows() {
  newest_.clear();
  std::vector<std::string_view> instances;
  std::vector<std::string_view> jobs;
  for_each_present(child(0), [&](std::uint32_t row) {
    if (base_is_info_[row] != 0) return;
    if (const auto instance = base_identity_[row].get("instance"); !instance.empty())
      instances.push_back(instance);
    if (const auto job = base_identity_[row].get("job"); !job.empty()) jobs.push_back(job);
  });
  if (instances.empty() && jobs.empty()) return {};
  const auto wanted = [](const std::vector<std::string_view>& values, std::string_view value) {
    return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
  };
  EvalStatus status;
  const Column& column = child(1).column();
  for_each_present(child(1), [&](std::uint32_t row) {
    const InfoSeries& info = info_series_[row];
    if (!status || !wanted(instances, info.identity.get("instance")) ||
        !wanted(jobs, info.identity.get("job")))
      return;
    Labels scratch;
    if (column.present[row] == kHistogram) {
      status = execution_error(format("this should be an info metric, with float samples: {}",
                                      child(1).labels(row, scratch).to_string()));
      return;
    }
    const auto [at, is_new] = newest_.try_emplace({info.identity, info.name}, row);
    if (is_new || column.values[at->second] > column.values[row]) return;
    if (column.values[at->second] < column.values[row]) {
      at->second = row;
      return;
    }
    Labels other;
    const auto time = static_cast<std::int64_t>(std::llround(column.values[row] * 1000));
    status = execution_error(format("found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                                    child(1).labels(at->second, other).to_string(), time,
                                    child(1).labels(row, scratch).to_string(), time));
  });
  return status;
}

std::vector<std::uint32_t> InfoNode::matches_of(std::uint32_t base_row) const {
  std::vector<std::uint32_t> rows;
  const Labels& identity = base_identity_[base_row];
  for (auto at = newest_.lower_bound({identity, ""}); at != newest_.end() && at->first.first == identity;
       ++at) {
    rows.push_back(at->second);
  }
  return rows;
}

EvalResult<Labels> InfoNode::enriched(const Labels& base, const std::vector<std::uint32_t>& info_rows) const {
  LabelsBuilder added;
  Labels scratch;
  for (const std::uint32_t row : info_rows) {
    for (const LabelView label : child(1).labels(row, scratch)) {
      if (!is_data_label(label.name)) continue;
      const std::string_view earlier = added.get(label.name);
      if (!earlier.empty() && earlier != label.value) {
        return execution_error(format("conflicting label: {}", label.name));
      }
      if (!base.has(label.name)) added.set(label.name, label.value);
    }
  }
  LabelsBuilder builder(base);
  for (const auto& [name, value] : added.pairs()) builder.set(name, value);
  return builder.build();
}

EvalResult<std::uint32_t> InfoNode::row_of(std::uint32_t base_row,
                                           const std::vector<std::uint32_t>& info_rows) {
  std::vector<std::uint32_t> key = {base_row};
  key.insert(key.end(), info_rows.begin(), info_rows.end());
  if (const auto found = row_of_combination_.find(key); found != row_of_combination_.end())
    return found->second;
  Labels scratch;
  auto labels = enriched(child(0).labels(base_row, scratch), info_rows);
  if (!labels) return labels.error();
  const auto row = static_cast<std::uint32_t>(origins_.size());
  origins_.push_back({base_row, std::move(*labels)});
  row_of_combination_.emplace(std::move(key), row);
  set_rows(row + 1);
  collisions_.extend(*this);
  return row;
}

EvalStatus InfoNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = child(0).step(state, frame, at); !status) return status;
  if (auto status = child(1).step(state, frame, reference_time(at)); !status) return status;
  extend();
  column_.clear();
  order_.clear();
  if (auto status = index_info_rows(); !status) return status;
  const bool needs_match = std::any_of(data_matchers_.begin(), data_matchers_.end(),
                                       [](const Matcher& matcher) { return !matcher.matches_empty(); });
  EvalStatus status;
  for_each_present(child(0), [&](std::uint32_t base_row) {
    if (!status) return;
    const bool is_info = base_is_info_[base_row] != 0;
    const auto info_rows = is_info ? std::vector<std::uint32_t>() : matches_of(base_row);
    if (!is_info && info_rows.empty() && needs_match) return;
    const auto row = row_of(base_row, info_rows);
    if (!row) {
      status = row.error();
      return;
    }
    column_.copy_row(*row, child(0).column(), base_row);
    order_.push_back(*row);
  });
  return status ? collisions_.check(column_) : status;
}

}  // namespace tocsin::promql
