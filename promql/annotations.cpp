#include "promql/annotations.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/parser.hpp"
#include "promql/value.hpp"

namespace tocsin::promql {
namespace {

// Go's %.2g, which is C's.
std::string two_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}

Timestamp whole_seconds(Timestamp time) {
  return timestamp_from_ms(ms_of(time) / 1000 * 1000);
}

Annotation warning(std::string text, PositionRange position) {
  return {AnnotationLevel::warning,
          "PromQL warning: " + std::move(text),
          position,
          std::nullopt,
          0,
          std::nullopt};
}
Annotation info(std::string text, PositionRange position) {
  return {AnnotationLevel::info, "PromQL info: " + std::move(text), position, std::nullopt, 0, std::nullopt};
}

std::string with_metric(std::string text, std::string_view metric) {
  if (metric.empty()) return text;
  return format("{} for metric name {}", text, go_quote(metric));
}

bool same_side(const std::optional<double>& left, const std::optional<double>& right) {
  return left && right && !std::isnan(*left) && !std::isnan(*right) && (*left > 0) == (*right > 0);
}

void widen(ForcedMonotonicity& into, const ForcedMonotonicity& other) {
  into.first = std::min(into.first, other.first);
  into.last = std::max(into.last, other.last);
  into.min_bucket = std::min(into.min_bucket, other.min_bucket);
  into.max_bucket = std::max(into.max_bucket, other.max_bucket);
  into.max_difference = std::max(into.max_difference, other.max_difference);
  into.samples += other.samples;
}

}  // namespace

std::string Annotation::to_string(std::string_view query) const {
  const std::string where = line_and_column(query, position.start);
  if (monotonicity) {
    return format("{}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to {} ({})",
                  text, format_float_go(monotonicity->min_bucket), format_float_go(monotonicity->max_bucket),
                  two_digits(monotonicity->max_difference), monotonicity->samples,
                  format_rfc3339(to_wall(whole_seconds(monotonicity->first))),
                  format_rfc3339(to_wall(whole_seconds(monotonicity->last))), where);
  }
  if (overlaps > 1) return format("{} ({} occurrences) ({})", text, overlaps, where);
  return format("{} ({})", text, where);
}

void Annotations::add(Annotation annotation) {
  const auto same = std::find_if(all_.begin(), all_.end(), [&](const Annotation& other) {
    return other.text == annotation.text ||
           (other.position == annotation.position && same_side(other.farthest, annotation.farthest));
  });
  if (same == all_.end()) {
    all_.push_back(std::move(annotation));
  } else if (same->monotonicity && annotation.monotonicity) {
    widen(*same->monotonicity, *annotation.monotonicity);
  } else if (same->overlaps > 0) {
    same->overlaps += annotation.overlaps;
  } else if (same_side(same->farthest, annotation.farthest)) {
    if (std::fabs(*same->farthest) < std::fabs(*annotation.farthest)) *same = std::move(annotation);
  } else {
    same->position = annotation.position;
  }
}

void Annotations::merge(const Annotations& other) {
  for (const Annotation& annotation : other.all_) add(annotation);
}

std::vector<std::string> Annotations::texts(AnnotationLevel level, std::string_view query) const {
  std::vector<std::string> result;
  for (const Annotation& annotation : all_) {
    if (annotation.level == level) result.push_back(annotation.to_string(query));
  }
  return result;
}

namespace note {
namespace {

std::string_view name_of(Operation operation) {
  switch (operation) {
    case Operation::addition:
      return "addition";
    case Operation::subtraction:
      return "subtraction";
    case Operation::aggregation:
      return "aggregation";
  }
  return "";
}

}  // namespace

Annotation invalid_quantile(double quantile, PositionRange position) {
  return warning(format("quantile value should be between 0 and 1, got {}", format_float_go(quantile)),
                 position);
}
Annotation invalid_quantile_parameter(double quantile, PositionRange position) {
  Annotation annotation = invalid_quantile(quantile, position);
  annotation.farthest = quantile;
  return annotation;
}
Annotation invalid_ratio(double ratio, double capped_to, PositionRange position) {
  Annotation annotation = warning(format("ratio value should be between -1 and 1, got {}, capping to {}",
                                         format_float_go(ratio), format_float_go(capped_to)),
                                  position);
  annotation.farthest = ratio;
  return annotation;
}
Annotation bad_bucket_label(std::string_view metric, std::string_view value, PositionRange position) {
  return warning(
      with_metric(format("bucket label \"le\" is missing or has a malformed value of {}", go_quote(value)),
                  metric),
      position);
}
Annotation mixed_floats_histograms(std::string_view metric, PositionRange position) {
  return warning(format("encountered a mix of histograms and floats for metric name {}", go_quote(metric)),
                 position);
}
Annotation mixed_floats_histograms_in_aggregation(PositionRange position) {
  return warning("encountered a mix of histograms and floats for aggregation", position);
}
Annotation mixed_classic_native(std::string_view metric, PositionRange position) {
  return warning(with_metric("vector contains a mix of classic and native histograms", metric), position);
}
Annotation native_not_counter(std::string_view metric, PositionRange position) {
  return warning(format("this native histogram metric is not a counter: {}", go_quote(metric)), position);
}
Annotation native_not_gauge(std::string_view metric, PositionRange position) {
  return warning(format("this native histogram metric is not a gauge: {}", go_quote(metric)), position);
}
Annotation mixed_exponential_custom(std::string_view metric, PositionRange position) {
  return warning(format("vector contains a mix of histograms with exponential and custom buckets schemas for "
                        "metric name {}",
                        go_quote(metric)),
                 position);
}
Annotation incompatible_bucket_layout(std::string_view binary_operator, PositionRange position) {
  return warning(format("incompatible bucket layout encountered for binary operator {}", binary_operator),
                 position);
}
Annotation sort_in_range_query(PositionRange position) {
  return warning("sort is ineffective for range queries since results are always ordered by labels",
                 position);
}
Annotation possible_non_counter(std::string_view metric, PositionRange position) {
  return info(format("metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                     go_quote(metric)),
              position);
}
Annotation possible_non_counter_type(std::string_view metric, std::string_view type, PositionRange position) {
  return info(
      format("metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", "
             "got {}: {}",
             go_quote(type), go_quote(metric)),
      position);
}
Annotation forced_monotonicity(std::string_view metric, const ForcedMonotonicity& what,
                               PositionRange position) {
  Annotation annotation =
      info(with_metric("input to histogram_quantile needed to be fixed for monotonicity (see "
                       "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
                       metric),
           position);
  annotation.monotonicity = what;
  return annotation;
}
Annotation incompatible_types(std::string_view left, std::string_view binary_operator, std::string_view right,
                              PositionRange position) {
  return info(format("incompatible sample types encountered for binary operator {}: {} {} {}",
                     go_quote(binary_operator), left, binary_operator, right),
              position);
}
Annotation histogram_ignored_in_aggregation(std::string_view aggregation, PositionRange position) {
  return info(format("ignored histogram in {} aggregation", aggregation), position);
}
Annotation histogram_ignored_in_mixed_range(std::string_view metric, PositionRange position) {
  return info(format("ignored histograms in a range containing both floats and histograms for metric name {}",
                     go_quote(metric)),
              position);
}
Annotation quantile_is_nan(std::string_view metric, PositionRange position) {
  return info(with_metric("input to histogram_quantile has NaN observations, result is NaN", metric),
              position);
}
Annotation quantile_skewed_by_nan(std::string_view metric, PositionRange position) {
  return info(
      with_metric("input to histogram_quantile has NaN observations, result is skewed higher", metric),
      position);
}
Annotation fraction_without_nan(std::string_view metric, PositionRange position) {
  return info(
      with_metric("input to histogram_fraction has NaN observations, which are excluded from all fractions",
                  metric),
      position);
}
Annotation counter_reset_collision(Operation operation, PositionRange position) {
  return warning(format("conflicting counter resets during histogram {}", name_of(operation)), position);
}
Annotation bounds_reconciled(Operation operation, PositionRange position) {
  return info(format("mismatched custom buckets were reconciled during {}", name_of(operation)), position);
}
Annotation start_time_overlap(std::string_view metric, PositionRange position) {
  Annotation annotation =
      warning(format("sample has start time that overlaps with previous sample timestamp for metric {}",
                     go_quote(metric)),
              position);
  annotation.overlaps = 1;
  return annotation;
}

}  // namespace note
}  // namespace tocsin::promql
