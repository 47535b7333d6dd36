#include "promql/engine.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "promql/format.hpp"
#include "promql/plan_compile.hpp"
#include "promql/plan_extended.hpp"
#include "promql/plan_node.hpp"
#include "promql/plan_selector.hpp"

namespace tocsin::promql {
class Plan::Impl {
 public:
  Impl(ExprPtr expr, std::string text, const PlanOptions& options)
      : expr_(std::move(expr)), text_(std::move(text)), options_(options) {}

  [[nodiscard]] Result<void> compile() {
    if (expr_->type() == ValueType::string) return {};
    auto root = compile_expression(*expr_, options_);
    if (!root) return root.error();
    root_ = std::move(*root);
    return {};
  }

  [[nodiscard]] const Expr& expr() const { return *expr_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::uint64_t binding_epoch() const { return binding_epoch_; }
  [[nodiscard]] std::vector<SelectionRequest> selections(const TimeRange& range) const;
  void bind(SeriesSource& source);
  void unbind();
  [[nodiscard]] EvalResult<InstantRows> run_at(Timestamp at, const RunLimits& limits);
  [[nodiscard]] EvalResult<InstantRows> run_rows(RunState& state, Timestamp at);
  [[nodiscard]] const Labels& row_labels(std::uint32_t row);
  [[nodiscard]] EvalResult<QueryResult> query_at(Timestamp at, const RunLimits& limits);
  [[nodiscard]] EvalResult<QueryResult> query_range(const TimeRange& range, const RunLimits& limits);

 private:
  // Series of a result while it is put together, by their final labels.
  using SeriesTable = std::unordered_map<Labels, std::size_t, LabelsHash>;

  void forget_rows();
  [[nodiscard]] EvalStatus begin(RunState& state, const Frame& frame);
  [[nodiscard]] Labels final_labels(std::uint32_t row) const;
  [[nodiscard]] EvalStatus check_final_labels() const;
  [[nodiscard]] Value instant_value(Timestamp at);
  [[nodiscard]] EvalResult<Matrix> matrix_value(RunState& state, Timestamp at);
  [[nodiscard]] EvalStatus collect_step(RunState& state, Timestamp at,
                                        std::vector<std::vector<Sample>>& samples);
  [[nodiscard]] EvalResult<Matrix> merge_by_labels(std::vector<std::vector<Sample>> samples) const;

  ExprPtr expr_;
  std::string text_;
  PlanOptions options_;
  NodePtr root_;  // null for a string
  SeriesSource* source_ = nullptr;
  std::uint64_t binding_epoch_ = 1;
  std::uint64_t frames_ = 0;
  Annotations annotations_;
  std::vector<ResultRow> result_rows_;
  std::unordered_map<std::uint32_t, Labels> row_labels_;
};

std::vector<SelectionRequest> Plan::Impl::selections(const TimeRange& range) const {
  std::vector<SelectionRequest> requests;
  if (root_) root_->collect_selections(range, range.start, range.end, requests);
  return requests;
}

void Plan::Impl::forget_rows() {
  if (root_) root_->forget_rows();
  row_labels_.clear();
  ++binding_epoch_;
}

void Plan::Impl::bind(SeriesSource& source) {
  if (source_ == &source) return;
  unbind();
  source_ = &source;
  if (!root_) return;
  root_->attach(source);
  root_->sync();
}

void Plan::Impl::unbind() {
  if (source_ == nullptr) return;
  forget_rows();
  if (root_) root_->detach();
  source_ = nullptr;
}

EvalStatus Plan::Impl::begin(RunState& state, const Frame& frame) {
  annotations_.clear();
  if (root_->outdated()) forget_rows();
  if (auto status = state.check_abort(); !status) return status;
  if (auto status = root_->prepare(state); !status) return status;
  return root_->begin(state, frame);
}

Labels Plan::Impl::final_labels(std::uint32_t row) const {
  Labels scratch;
  const Labels& labels = root_->labels(row, scratch);
  return root_->drops_name(row) ? drop_metadata(labels, scratch) : labels;
}

// With delayed name removal nobody before has seen to it that names do not make the difference.
EvalStatus Plan::Impl::check_final_labels() const {
  if (!options_.delayed_name_removal) return {};
  std::unordered_set<Labels, LabelsHash> seen;
  EvalStatus status;
  for_each_present(*root_, [&](std::uint32_t row) {
    if (status && !seen.insert(final_labels(row)).second) status = same_labelset_error();
  });
  return status;
}

EvalResult<InstantRows> Plan::Impl::run_at(Timestamp at, const RunLimits& limits) {
  result_rows_.clear();
  if (!root_) return InstantRows{ValueType::string, {}, &annotations_};
  const TimeRange query{at, at, Duration::zero()};
  RunState state(options_, query, limits, annotations_, frames_);
  return run_rows(state, at);
}

EvalResult<InstantRows> Plan::Impl::run_rows(RunState& state, Timestamp at) {
  result_rows_.clear();
  const Frame frame = state.make_frame(at, at, 1);
  if (auto status = begin(state, frame); !status) return status.error();
  if (auto status = root_->step(state, frame, at); !status) return status.error();
  if (auto status = check_final_labels(); !status) return status.error();
  const Column& column = root_->column();
  for_each_present(*root_, [&](std::uint32_t row) {
    ResultRow& result = result_rows_.emplace_back();
    result.row = row;
    if (column.present[row] == kHistogram) {
      result.histogram = column.histograms[row];
    } else {
      result.value = column.values[row];
    }
  });
  root_->finish(state);
  return InstantRows{expr_->type(), result_rows_, &annotations_};
}

const Labels& Plan::Impl::row_labels(std::uint32_t row) {
  if (options_.delayed_name_removal) return row_labels_[row] = final_labels(row);
  const auto found = row_labels_.find(row);
  return found != row_labels_.end() ? found->second
                                    : row_labels_.emplace(row, final_labels(row)).first->second;
}

Value Plan::Impl::instant_value(Timestamp at) {
  if (expr_->type() == ValueType::scalar) return Scalar{at, root_->column().values[0]};
  Vector vector;
  vector.reserve(result_rows_.size());
  for (const ResultRow& row : result_rows_) {
    vector.push_back({final_labels(row.row), {at, row.value, row.histogram}});
  }
  return vector;
}

EvalResult<QueryResult> Plan::Impl::query_at(Timestamp at, const RunLimits& limits) {
  QueryResult result;
  if (!root_) {
    result.value = StringValue{at, as<StringLiteral>(without_parens(*expr_)).value};
    return result;
  }
  const TimeRange query{at, at, Duration::zero()};
  RunState state(options_, query, limits, annotations_, frames_);
  if (expr_->type() == ValueType::matrix) {
    auto matrix = matrix_value(state, at);
    if (!matrix) return matrix.error();
    result.value = std::move(*matrix);
  } else {
    auto rows = run_rows(state, at);
    if (!rows) return rows.error();
    result.value = instant_value(at);
  }
  result.annotations = annotations_;
  result.samples_read = state.samples_read;
  result.peak_samples = state.peak_samples;
  return result;
}

// A range selector or a subquery that is the whole expression.
EvalResult<Matrix> Plan::Impl::matrix_value(RunState& state, Timestamp at) {
  const Frame frame = state.make_frame(at, at, 1);
  if (auto status = begin(state, frame); !status) return status.error();
  root_->sync();
  const bool is_subquery = without_parens(*expr_).kind() == ExprKind::subquery;
  auto& range = static_cast<RangeNode&>(*root_);
  std::vector<std::vector<Sample>> samples(range.rows());
  WindowSplitter splitter;
  for (std::uint32_t row = 0; row < range.rows(); ++row) {
    Window window;
    if (is_subquery) {
      window = static_cast<SubqueryNode&>(range).points(row);
    } else {
      range.windows(at, row, {&window, 1});
    }
    if (range.anchored() || range.smoothed()) {
      const RangeSamples parts = splitter.split(window, false);
      if (!parts.histograms.empty()) {
        return execution_error(format("{} modifier is not supported with histograms",
                                      range.anchored() ? "anchored" : "smoothed"));
      }
      const Timestamp end = range.window_end(at);
      samples[row] = extended_samples(parts, end - range.range(), end, range.smoothed());
      continue;
    }
    for (std::uint32_t i = 0; i < window.count; ++i) {
      const HistogramPtr histogram = window.histograms == nullptr ? nullptr : window.histograms[i];
      if (histogram ? histogram->is_stale_marker() : is_stale_nan(window.values[i])) continue;
      samples[row].push_back({window.times[i], histogram ? 0 : window.values[i], histogram});
    }
    state.samples_read += samples[row].size();
    if (auto status = state.hold(samples[row].size()); !status) return status.error();
  }
  root_->finish(state);
  return merge_by_labels(std::move(samples));
}

EvalStatus Plan::Impl::collect_step(RunState& state, Timestamp at,
                                    std::vector<std::vector<Sample>>& samples) {
  const Column& column = root_->column();
  samples.resize(root_->rows());
  std::size_t collected = 0;
  for_each_present(*root_, [&](std::uint32_t row) {
    const bool is_histogram = column.present[row] == kHistogram;
    samples[row].push_back(
        {at, is_histogram ? 0 : column.values[row], is_histogram ? column.histograms[row] : nullptr});
    collected += is_histogram ? column.histograms[row]->sample_weight() : 1;
  });
  return state.hold(collected);
}

EvalResult<QueryResult> Plan::Impl::query_range(const TimeRange& range, const RunLimits& limits) {
  const ValueType type = expr_->type();
  if (type != ValueType::scalar && type != ValueType::vector) {
    return execution_error(
        format("invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
               document_name(type)));
  }
  RunState state(options_, range, limits, annotations_, frames_);
  const auto step = std::chrono::duration_cast<std::chrono::milliseconds>(range.step);
  const Frame frame = state.make_frame(range.start, range.end, std::max<std::int64_t>(1, step.count()));
  if (auto status = begin(state, frame); !status) return status.error();
  std::vector<std::vector<Sample>> samples;
  const std::uint64_t steps = frame.steps();
  for (std::uint64_t i = 0; i < steps; ++i) {
    const Timestamp at = frame.time_of(i);
    if (auto status = state.check_abort(); !status) return status.error();
    if (auto status = root_->step(state, frame, at); !status) return status.error();
    if (auto status = collect_step(state, at, samples); !status) return status.error();
  }
  root_->finish(state);
  auto matrix = merge_by_labels(std::move(samples));
  if (!matrix) return matrix.error();
  return QueryResult{std::move(*matrix), annotations_, state.samples_read, state.peak_samples};
}

// Rows of equal labels are one series, as long as their samples do not meet at one time.
EvalResult<Matrix> Plan::Impl::merge_by_labels(std::vector<std::vector<Sample>> samples) const {
  Matrix matrix;
  SeriesTable series_of_labels;
  for (std::uint32_t row = 0; row < samples.size(); ++row) {
    if (samples[row].empty()) continue;
    Labels labels = final_labels(row);
    const auto [at, is_new] = series_of_labels.try_emplace(labels, matrix.size());
    if (is_new) {
      matrix.push_back({std::move(labels), std::move(samples[row])});
      continue;
    }
    std::vector<Sample>& merged = matrix[at->second].samples;
    const auto middle = static_cast<std::ptrdiff_t>(merged.size());
    merged.insert(merged.end(), samples[row].begin(), samples[row].end());
    std::inplace_merge(merged.begin(), merged.begin() + middle, merged.end(),
                       [](const Sample& a, const Sample& b) { return a.time < b.time; });
    const auto same_time = [](const Sample& a, const Sample& b) { return a.time == b.time; };
    if (std::adjacent_find(merged.begin(), merged.end(), same_time) != merged.end())
      return same_labelset_error();
  }
  std::sort(matrix.begin(), matrix.end(),
            [](const Series& a, const Series& b) { return a.labels < b.labels; });
  return matrix;
}

Plan::Plan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;
Plan::~Plan() = default;

Result<Plan> Plan::compile(ExprPtr expr, std::string text, const PlanOptions& options) {
  auto impl = std::make_unique<Impl>(std::move(expr), std::move(text), options);
  if (auto status = impl->compile(); !status) return status.error();
  return Plan(std::move(impl));
}

const Expr& Plan::expr() const {
  return impl_->expr();
}
const std::string& Plan::text() const {
  return impl_->text();
}
ValueType Plan::type() const {
  return impl_->expr().type();
}
std::vector<SelectionRequest> Plan::selections(const TimeRange& range) const {
  return impl_->selections(range);
}
void Plan::bind(SeriesSource& source) {
  impl_->bind(source);
}
void Plan::unbind() {
  impl_->unbind();
}
std::uint64_t Plan::binding_epoch() const {
  return impl_->binding_epoch();
}
EvalResult<InstantRows> Plan::run_at(Timestamp at, const RunLimits& limits) {
  return impl_->run_at(at, limits);
}
const Labels& Plan::row_labels(std::uint32_t row) const {
  return impl_->row_labels(row);
}
EvalResult<QueryResult> Plan::query_at(Timestamp at, const RunLimits& limits) {
  return impl_->query_at(at, limits);
}
EvalResult<QueryResult> Plan::query_range(const TimeRange& range, const RunLimits& limits) {
  return impl_->query_range(range, limits);
}

}  // namespace tocsin::promql
