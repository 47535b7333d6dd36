#include "promql/plan_histogram.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "promql/number_text.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {
namespace {

constexpr std::string_view kBucketLabel = "le";

// A quantile as a label value: always recognisable as a floating-point number.
std::string quantile_text(double quantile) {
  std::string text = format_float_go(quantile);
  const bool plain = text.find_first_of(".eNI") == std::string::npos;
  return plain ? text + ".0" : text;
}

}  // namespace

void HistogramGroups::forget() {
  *this = HistogramGroups();
}

std::uint32_t HistogramGroups::group_of(const Labels& labels) {
  const auto [at, is_new] = group_of_labels_.try_emplace(labels, static_cast<std::uint32_t>(groups_.size()));
  if (is_new) {
    labels_.push_back(&at->first);
    groups_.emplace_back();
  }
  return at->second;
}

void HistogramGroups::extend(const Node& input) {
  Labels scratch;
  for (; extended_ < input.rows(); ++extended_) {
    const Labels& labels = input.labels(extended_, scratch);
    const std::string_view le = labels.get(kBucketLabel);
    const std::uint32_t group = group_of(labels.without(kBucketLabel));
    native_group_.push_back(le.empty() ? group : group_of(labels));
    const auto bound = parse_float(le);
    if (!bound) {
      malformed_.push_back(extended_);
      continue;
    }
    std::vector<Bucket>& buckets = groups_[group].buckets;
    const auto after =
        std::upper_bound(buckets.begin(), buckets.end(), *bound,
                         [](double value, const Bucket& bucket) { return value < bucket.upper_bound; });
    buckets.insert(after, {*bound, extended_});
  }
}

HistogramQuantileNode::HistogramQuantileNode(const Call& call, Kind kind, std::vector<NodePtr> arguments,
                                             bool delayed)
    : Node(call.position), kind_(kind), delayed_(delayed) {
  for (NodePtr& argument : arguments) adopt(std::move(argument));
  const std::size_t vector_index = kind == Kind::quantile ? 1 : (kind == Kind::fraction ? 2 : 0);
  vector_position_ = without_parens(*call.args[vector_index]).position;
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    if (call.args[i]->type() == ValueType::string)
      quantile_label_ = as<StringLiteral>(without_parens(*call.args[i])).value;
    if (call.args[i]->type() == ValueType::scalar)
      scalar_positions_.push_back(without_parens(*call.args[i]).position);
  }
  if (kind != Kind::quantiles) series_.emplace_back();
}

const Labels& HistogramQuantileNode::labels(std::uint32_t row, Labels& scratch) const {
  const Row& result = rows_of_results_[row];
  const Labels& group = histograms_.labels(result.group);
  if (kind_ != Kind::quantiles) return delayed_ ? group : drop_metadata(group, scratch);
  const Labels& base = delayed_ ? group : drop_metadata(group, scratch);
  scratch = LabelsBuilder(base).set(quantile_label_, series_[result.series].label_value).build();
  return scratch;
}

void HistogramQuantileNode::forget_rows() {
  Node::forget_rows();
  histograms_.forget();
  rows_of_results_.clear();
  series_.clear();
  known_scalars_.clear();
  series_of_scalar_.clear();
  if (kind_ != Kind::quantiles) series_.emplace_back();
  tracking_ = false;
  collisions_.forget();
}

void HistogramQuantileNode::extend() {
  histograms_.extend(child(0));
  native_.resize(histograms_.groups().size());
  for (std::uint32_t i = 0; i < series_.size(); ++i) extend_series(i);
}

void HistogramQuantileNode::extend_series(std::uint32_t series) {
  ResultSeries& results = series_[series];
  const auto known = static_cast<std::uint32_t>(results.row_of_group.size());
  const auto count = static_cast<std::uint32_t>(histograms_.groups().size());
  if (known == count) return;
  for (std::uint32_t group = known; group < count; ++group) {
    results.row_of_group.push_back(static_cast<std::uint32_t>(rows_of_results_.size()));
    rows_of_results_.push_back({group, series});
  }
  set_rows(static_cast<std::uint32_t>(rows_of_results_.size()));
  tracking_ = tracking_ || kind_ == Kind::quantiles || (!delayed_ && !child(0).unique_without_name());
  if (tracking_) collisions_.extend(*this);
}

// Labels come from the quantiles, so this is done when those change. One that is asked for twice has a series
// of its own each time, of equal labels.
void HistogramQuantileNode::assign_series() {
  known_scalars_ = scalars_;
  series_of_scalar_.assign(scalars_.size(), 0);
  if (kind_ != Kind::quantiles) return;
  std::vector<bool> taken(series_.size());
  for (std::size_t i = 0; i < scalars_.size(); ++i) {
    std::string text = quantile_text(scalars_[i]);
    std::uint32_t index = 0;
    while (index < series_.size() && (taken[index] || series_[index].label_value != text)) ++index;
    if (index == series_.size()) {
      series_.push_back({std::move(text), {}});
      taken.push_back(false);
      extend_series(index);
    }
    taken[index] = true;
    series_of_scalar_[i] = index;
  }
}

std::string HistogramQuantileNode::name_in_notes(std::uint32_t group) const {
  return delayed_ ? std::string(histograms_.labels(group).metric_name()) : "";
}

void HistogramQuantileNode::note_quantiles(RunState& state) {
  if (kind_ == Kind::fraction) return;
  for (std::size_t i = 0; i < scalars_.size(); ++i) {
    const double quantile = scalars_[i];
    if (quantile >= 0 && quantile <= 1) continue;
    state.annotations.add(note::invalid_quantile(quantile, scalar_positions_[i]));
  }
}

void HistogramQuantileNode::note_malformed(RunState& state) {
  Labels scratch;
  for (const std::uint32_t row : histograms_.malformed()) {
    if (child(0).column().present[row] != kNumber) continue;
    const Labels& labels = child(0).labels(row, scratch);
    const std::string_view name = delayed_ ? labels.metric_name() : std::string_view();
    state.annotations.add(note::bad_bucket_label(name, labels.get(kBucketLabel), vector_position_));
  }
}

EvalStatus HistogramQuantileNode::evaluate(RunState& state, const Frame& frame, Timestamp at) {
  if (auto status = step_children(state, frame, at); !status) return status;
  scalars_.clear();
  for (std::size_t i = 1; i < child_count(); ++i) scalars_.push_back(scalar_value(child(i)));
  if (!std::ranges::equal(scalars_, known_scalars_, same_bits)) assign_series();
  column_.clear();
  note_quantiles(state);
  note_malformed(state);

  const Column& from = child(0).column();
  std::fill(native_.begin(), native_.end(), nullptr);
  for (std::uint32_t row = 0; from.holds_histograms && row < from.present.size(); ++row) {
    if (from.present[row] == kHistogram) native_[histograms_.native_group(row)] = from.histograms[row].get();
  }
  for (std::uint32_t group = 0; group < native_.size(); ++group) evaluate_group(state, at, group);
  if (kind_ == Kind::quantiles) order_by_quantile();
  // With delayed name removal what is evaluated once is looked at for equal rows at the end of the query
  // only.
  const bool once = frame.single() || step_invariant();
  return tracking_ && !(delayed_ && once) ? collisions_.check(column_) : EvalStatus();
}

// One quantile of all histograms after the other, native ones first.
void HistogramQuantileNode::order_by_quantile() {
  order_.clear();
  for (const std::uint32_t series : series_of_scalar_) {
    for (const bool native : {true, false}) {
      for (std::uint32_t group = 0; group < native_.size(); ++group) {
        const std::uint32_t row = series_[series].row_of_group[group];
        if ((native_[group] != nullptr) == native && column_.present[row] != kAbsent) order_.push_back(row);
      }
    }
  }
}

void HistogramQuantileNode::evaluate_group(RunState& state, Timestamp at, std::uint32_t group) {
  const Column& from = child(0).column();
  present_buckets_.clear();
  for (const HistogramGroups::Bucket& bucket : histograms_.groups()[group].buckets) {
    if (from.present[bucket.row] == kNumber)
      present_buckets_.push_back({bucket.upper_bound, from.values[bucket.row]});
  }
  const FloatHistogram* native = native_[group];
  if (native != nullptr && !present_buckets_.empty()) {
    state.annotations.add(note::mixed_classic_native(name_in_notes(group), vector_position_));
    return;
  }
  if (native == nullptr && present_buckets_.empty()) return;
  work_buckets_ = present_buckets_;
  const std::size_t results = kind_ == Kind::fraction ? 1 : scalars_.size();
  for (std::size_t i = 0; i < results; ++i) {
    const std::uint32_t row = series_[series_of_scalar_[i]].row_of_group[group];
    if (i > 0) std::ranges::sort(work_buckets_, {}, &ClassicBucket::upper_bound);
    column_.set(row, native != nullptr ? native_value(state, group, *native, scalars_[i])
                                       : classic_value(state, at, group, scalars_[i]));
  }
}

double HistogramQuantileNode::classic_value(RunState& state, Timestamp at, std::uint32_t group,
                                            double quantile) {
  if (kind_ == Kind::fraction) return bucket_fraction(scalars_[0], scalars_[1], work_buckets_);
  const BucketQuantile result = bucket_quantile(quantile, work_buckets_);
  if (result.forced_monotonic) {
    const ForcedMonotonicity what{at, at, result.min_bucket, result.max_bucket, result.max_difference, 1};
    state.annotations.add(note::forced_monotonicity(name_in_notes(group), what, vector_position_));
  }
  return result.value;
}

double HistogramQuantileNode::native_value(RunState& state, std::uint32_t group,
                                           const FloatHistogram& histogram, double quantile) {
  const NativeQuantile result = kind_ == Kind::fraction ? native_fraction(scalars_[0], scalars_[1], histogram)
                                                        : native_quantile(quantile, histogram);
  const std::string name = result.nan == NanEffect::none ? "" : name_in_notes(group);
  switch (result.nan) {
    case NanEffect::none:
      break;
    case NanEffect::result_is_nan:
      state.annotations.add(note::quantile_is_nan(name, vector_position_));
      break;
    case NanEffect::skewed:
      state.annotations.add(note::quantile_skewed_by_nan(name, vector_position_));
      break;
    case NanEffect::left_out:
      state.annotations.add(note::fraction_without_nan(name, vector_position_));
      break;
  }
  return result.value;
}

}  // namespace tocsin::promql
