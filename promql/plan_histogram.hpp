// histogram_quantile, histogram_quantiles and histogram_fraction, over classic and native histograms.
// Internal to the evaluator.
#pragma once

#include <string>
#include <vector>

#include "promql/plan_node.hpp"
#include "promql/quantile.hpp"

namespace tocsin::promql {

// The histograms that the rows of a vector make up: the rows of a classic one differ in `le` alone.
class HistogramGroups {
 public:
  struct Bucket {
    double upper_bound;
    std::uint32_t row;
  };
  struct Group {
    std::vector<Bucket> buckets;  // sorted by upper bound
  };
  void forget();
  void extend(const Node& input);
  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  // Without le; of a native histogram that has such a label, with it.
  [[nodiscard]] const Labels& labels(std::size_t group) const { return *labels_[group]; }
  // The histogram that a row is if its sample is a native one.
  [[nodiscard]] std::uint32_t native_group(std::uint32_t row) const { return native_group_[row]; }
  // Rows whose `le` is missing or no number.
  [[nodiscard]] const std::vector<std::uint32_t>& malformed() const { return malformed_; }

 private:
  std::uint32_t group_of(const Labels& labels);

  std::unordered_map<Labels, std::uint32_t, LabelsHash> group_of_labels_;
  std::vector<const Labels*> labels_;  // keys of the map
  std::vector<Group> groups_;
  std::vector<std::uint32_t> native_group_;
  std::vector<std::uint32_t> malformed_;
  std::uint32_t extended_ = 0;
};

class HistogramQuantileNode final : public Node {
 public:
  enum class Kind { quantile, quantiles, fraction };
  // `arguments`: the vector first, then the scalars.
  HistogramQuantileNode(const Call& call, Kind kind, std::vector<NodePtr> arguments, bool delayed);
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t) const override { return delayed_; }
  [[nodiscard]] bool unique_without_name() const override { return !delayed_; }
  [[nodiscard]] std::span<const std::uint32_t> order() const override { return order_; }
  void forget_rows() override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  struct Row {
    std::uint32_t group;
    std::uint32_t series;
  };
  // Results for one value of the quantile label; the other functions have a single one, without a label.
  struct ResultSeries {
    std::string label_value;
    std::vector<std::uint32_t> row_of_group;
  };
  [[nodiscard]] std::string name_in_notes(std::uint32_t group) const;
  void extend_series(std::uint32_t series);
  void assign_series();
  void evaluate_group(RunState& state, Timestamp at, std::uint32_t group);
  void order_by_quantile();
  void note_malformed(RunState& state);
  void note_quantiles(RunState& state);
  [[nodiscard]] double classic_value(RunState& state, Timestamp at, std::uint32_t group, double quantile);
  [[nodiscard]] double native_value(RunState& state, std::uint32_t group, const FloatHistogram& histogram,
                                    double quantile);

  Kind kind_;
  bool delayed_;
  std::string quantile_label_;
  PositionRange vector_position_;
  std::vector<PositionRange> scalar_positions_;
  HistogramGroups histograms_;
  std::vector<ResultSeries> series_;
  std::vector<Row> rows_of_results_;
  std::vector<double> scalars_;
  std::vector<double> known_scalars_;  // those that series_of_scalar_ was made for
  std::vector<std::uint32_t> series_of_scalar_;
  std::vector<const FloatHistogram*> native_;  // of each group, in this step
  std::vector<std::uint32_t> order_;           // of histogram_quantiles()
  std::vector<ClassicBucket> present_buckets_;
  std::vector<ClassicBucket> work_buckets_;
  bool tracking_ = false;
  CollisionTracker collisions_;
};

}  // namespace tocsin::promql
