// Info and warning annotations of an evaluation, with Prometheus' texts. An annotation of the same text is
// kept once; the forced-monotonicity notes and the start-time overlaps merge into one that covers them all,
// and of the values that an aggregation's parameter takes over time the farthest is named.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/ast.hpp"
#include "promql/time.hpp"

namespace tocsin::promql {

enum class AnnotationLevel : std::uint8_t { info, warning };

// What a note on histogram_quantile's input covers.
struct ForcedMonotonicity {
  Timestamp first{};
  Timestamp last{};
  double min_bucket = 0;
  double max_bucket = 0;
  double max_difference = 0;
  int samples = 1;
};

struct Annotation {
  AnnotationLevel level = AnnotationLevel::warning;
  std::string text;        // starts with "PromQL warning: " or "PromQL info: ", without the position
  PositionRange position;  // in the expression; what it points at is added when it is printed
  std::optional<ForcedMonotonicity> monotonicity;
  int overlaps = 0;  // of start times
  // The value at fault, where only the farthest of those on its side of zero is named.
  std::optional<double> farthest;

  // The text that the API shows: `text` and, in brackets, line and column in `query`.
  [[nodiscard]] std::string to_string(std::string_view query) const;
};

class Annotations {
 public:
  void add(Annotation annotation);
  void merge(const Annotations& other);
  void clear() { all_.clear(); }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] const std::vector<Annotation>& all() const { return all_; }
  // Texts of one level with their positions, in the order in which they were raised.
  [[nodiscard]] std::vector<std::string> texts(AnnotationLevel level, std::string_view query) const;

 private:
  std::vector<Annotation> all_;
};

// The annotations that evaluation raises. `metric` is a metric name, "" where none is known.
namespace note {

enum class Operation { addition, subtraction, aggregation };

[[nodiscard]] Annotation invalid_quantile(double quantile, PositionRange position);
// The same of an aggregation's parameter.
[[nodiscard]] Annotation invalid_quantile_parameter(double quantile, PositionRange position);
[[nodiscard]] Annotation invalid_ratio(double ratio, double capped_to, PositionRange position);
[[nodiscard]] Annotation bad_bucket_label(std::string_view metric, std::string_view value,
                                          PositionRange position);
[[nodiscard]] Annotation mixed_floats_histograms(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation mixed_floats_histograms_in_aggregation(PositionRange position);
[[nodiscard]] Annotation mixed_classic_native(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation native_not_counter(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation native_not_gauge(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation mixed_exponential_custom(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation incompatible_bucket_layout(std::string_view binary_operator, PositionRange position);
[[nodiscard]] Annotation sort_in_range_query(PositionRange position);
[[nodiscard]] Annotation possible_non_counter(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation possible_non_counter_type(std::string_view metric, std::string_view type,
                                                   PositionRange position);
[[nodiscard]] Annotation forced_monotonicity(std::string_view metric, const ForcedMonotonicity& what,
                                             PositionRange position);
[[nodiscard]] Annotation incompatible_types(std::string_view left, std::string_view binary_operator,
                                            std::string_view right, PositionRange position);
[[nodiscard]] Annotation histogram_ignored_in_aggregation(std::string_view aggregation,
                                                          PositionRange position);
[[nodiscard]] Annotation histogram_ignored_in_mixed_range(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation quantile_is_nan(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation quantile_skewed_by_nan(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation fraction_without_nan(std::string_view metric, PositionRange position);
[[nodiscard]] Annotation counter_reset_collision(Operation operation, PositionRange position);
[[nodiscard]] Annotation bounds_reconciled(Operation operation, PositionRange position);
[[nodiscard]] Annotation start_time_overlap(std::string_view metric, PositionRange position);

}  // namespace note
}  // namespace tocsin::promql
