// info(): adds data labels of info series to the series of a vector. Internal to the evaluator.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "promql/plan_selector.hpp"

namespace tocsin::promql {

// Which info series goes with a row depends on which info sample is the newest, so labels come from values
// here: rows are made as combinations are met, and each step looks combinations up.
class InfoNode final : public Node {
 public:
  InfoNode(const Call& call, NodePtr base, const PlanOptions& options);
  [[nodiscard]] const Labels& labels(std::uint32_t row, Labels& scratch) const override;
  [[nodiscard]] bool drops_name(std::uint32_t row) const override {
    return child(0).drops_name(origins_[row].base);
  }
  [[nodiscard]] std::span<const std::uint32_t> order() const override { return order_; }
  [[nodiscard]] bool outdated() const override {
    return Node::outdated() || too_many_rows(rows(), order_.size());
  }
  void forget_rows() override;
  void collect_selections(const TimeRange& query, Timestamp from, Timestamp to,
                          std::vector<SelectionRequest>& requests) override;
  [[nodiscard]] EvalStatus prepare(RunState& state) override;

 protected:
  void extend() override;
  [[nodiscard]] EvalStatus evaluate(RunState& state, const Frame& frame, Timestamp at) override;

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  // A result row: a row of the base with info rows, one a metric name, or as it is.
  struct Origin {
    std::uint32_t base;
    Labels labels;
  };
  struct InfoSeries {
    std::string name;
    Labels identity;  // instance and job
  };
  [[nodiscard]] bool is_info_series(const Labels& labels) const;
  [[nodiscard]] EvalStatus index_info_rows();
  [[nodiscard]] std::vector<std::uint32_t> matches_of(std::uint32_t base_row) const;
  [[nodiscard]] EvalResult<std::uint32_t> row_of(std::uint32_t base_row,
                                                 const std::vector<std::uint32_t>& info_rows);
  [[nodiscard]] EvalResult<Labels> enriched(const Labels& base,
                                            const std::vector<std::uint32_t>& info_rows) const;
  [[nodiscard]] bool is_data_label(std::string_view name) const;
  [[nodiscard]] Timestamp reference_time(Timestamp at) const;

  std::vector<Matcher> name_matchers_;
  std::vector<Matcher> data_matchers_;
  std::unique_ptr<VectorSelector> selector_;
  std::vector<TimeShift>
      shifts_;  // of the base's first selector and the subqueries around it, outermost first
  std::vector<InfoSeries> info_series_;
  std::vector<Labels> base_identity_;
  std::vector<std::uint8_t> base_is_info_;
  std::map<std::pair<Labels, std::string>, std::uint32_t> newest_;  // by identity and name
  std::vector<Origin> origins_;
  std::map<std::vector<std::uint32_t>, std::uint32_t> row_of_combination_;  // base row, then info rows
  std::vector<std::uint32_t> order_;
  CollisionTracker collisions_;
};

}  // namespace tocsin::promql
