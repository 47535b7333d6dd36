// What a script expects against what came out. The order of the checks and the first line of each text follow
// upstream's compareResult (promql/promqltest/test.go); the lines under it show both series in the notation
// of the script, so that the right one can be copied.
#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "engine/testing/script_commands.hpp"
#include "promql/format.hpp"
#include "promql/histogram.hpp"
#include "promql/value.hpp"

namespace tocsin::testing {
namespace {

using promql::FloatHistogram;
using promql::HistogramSpan;
using promql::SequenceValue;

constexpr double kTolerance = 0.000001;

// Whether two numbers differ by less than their sum times the tolerance. A staleness marker equals only
// another, any other NaN any other.
bool almost_equal(double a, double b) {
  if (promql::is_stale_nan(a) || promql::is_stale_nan(b)) {
    return promql::is_stale_nan(a) && promql::is_stale_nan(b);
  }
  if ((std::isnan(a) && std::isnan(b)) || a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  constexpr double kLeastNormal = std::numeric_limits<double>::min();
  if (a == 0 || b == 0 || sum < kLeastNormal) return difference < kTolerance * kLeastNormal;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

bool almost_equal(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return almost_equal(x, y); });
}

// Spans without those of no length, whose gaps go to the next one.
std::vector<HistogramSpan> without_empty(const std::vector<HistogramSpan>& spans) {
  std::vector<HistogramSpan> out;
  std::int32_t gap = 0;
  for (const HistogramSpan& span : spans) {
    gap += span.offset;
    if (span.length == 0) continue;
    out.push_back({gap, span.length});
    gap = 0;
  }
  return out;
}

bool almost_equal(const promql::HistogramSide& a, const promql::HistogramSide& b) {
  return without_empty(a.spans) == without_empty(b.spans) && almost_equal(a.buckets, b.buckets);
}

bool almost_equal(const SequenceValue& expected, const FloatHistogram& found) {
  FloatHistogram a = *expected.histogram;
  FloatHistogram b = found;
  a.compact(0);
  b.compact(0);
  return a.schema == b.schema && almost_equal(a.count, b.count) && almost_equal(a.sum, b.sum) &&
         (!a.uses_custom_buckets() || a.custom_values == b.custom_values) &&
         a.zero_threshold == b.zero_threshold && almost_equal(a.zero_count, b.zero_count) &&
         almost_equal(a.negative, b.negative) && almost_equal(a.positive, b.positive) &&
         (!expected.names_reset_hint || a.counter_reset == b.counter_reset);
}

bool almost_equal(const SequenceValue& expected, const promql::Sample& found) {
  if ((expected.histogram == nullptr) != (found.histogram == nullptr)) return false;
  return expected.histogram != nullptr ? almost_equal(expected, *found.histogram)
                                       : almost_equal(expected.value, found.value);
}

std::string text_of(double value) {
  return promql::is_stale_nan(value) ? "stale" : promql::format_float_go(value);
}

std::string text_of(const SequenceValue& value) {
  if (value.is_omitted) return "_";
  return value.histogram != nullptr ? value.histogram->to_test_expression() : text_of(value.value);
}

std::string text_of(const promql::Sample& sample) {
  return sample.histogram != nullptr ? sample.histogram->to_test_expression() : text_of(sample.value);
}

std::string joined(const std::vector<SequenceValue>& values) {
  std::string out;
  for (const SequenceValue& value : values) out += " " + text_of(value);
  return out;
}

// The samples as the script would write them, gaps included.
std::string joined(const std::vector<promql::Sample>& samples, const EvalCommand& command) {
  std::string out;
  WallTime expected = to_wall(command.start);
  for (const promql::Sample& sample : samples) {
    for (; to_timestamp(expected) < sample.time && command.step > Duration::zero();
         expected += command.step) {
      out += " _";
    }
    out += " " + text_of(sample);
    if (to_timestamp(expected) != sample.time) out += format("@{}ms", ms_of(sample.time));
    expected += command.step;
  }
  return out;
}

std::string both(const Labels& labels, const std::string& expected, const std::string& found) {
  return format("\n    expected {}{}\n    found    {}{}", labels.to_string(), expected, labels.to_string(),
                found);
}

std::string vector_text(const promql::Vector& vector) {
  std::string out;
  for (const promql::VectorSample& sample : vector) {
    out += format("\n    found    {} {}", sample.labels.to_string(), text_of(sample.sample));
  }
  return out;
}

using ExpectedByLabels = std::unordered_map<Labels, const ExpectedSeries*, LabelsHash>;

ExpectedByLabels by_labels(const EvalCommand& command) {
  ExpectedByLabels expected;
  for (const ExpectedSeries& series : command.series) expected[series.labels] = &series;
  return expected;
}

std::string first_missing(const EvalCommand& command, const std::unordered_set<Labels, LabelsHash>& seen) {
  for (const ExpectedSeries& series : command.series) {
    if (seen.contains(series.labels)) continue;
    return format("expected metric {} not found\n    expected {}{}", series.labels.to_string(),
                  series.labels.to_string(), joined(series.values));
  }
  return {};
}

std::string compare_series(const EvalCommand& command, const ExpectedSeries& expected,
                           const promql::Series& found) {
  const std::string labels = found.labels.to_string();
  const auto lines = [&] {
    return both(found.labels, joined(expected.values), joined(found.samples, command));
  };
  std::vector<std::pair<Timestamp, const SequenceValue*>> points;
  WallTime time = to_wall(command.start);
  for (const SequenceValue& value : expected.values) {
    if (time > to_wall(command.end)) {
      return format("expected {} points for {}, but query time range cannot return this many points",
                    expected.values.size(), labels);
    }
    if (!value.is_omitted) points.emplace_back(to_timestamp(time), &value);
    time += command.step;
  }
  if (points.size() != found.samples.size()) {
    return format("expected {} points for {}, but got {}", points.size(), labels, found.samples.size()) +
           lines();
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const promql::Sample& sample = found.samples[i];
    if (points[i].first != sample.time) {
      return format("expected value at index {} for {} to have timestamp {}, but it had timestamp {}", i,
                    labels, ms_of(points[i].first), ms_of(sample.time)) +
             lines();
    }
    if (!almost_equal(*points[i].second, sample)) {
      return format("expected value at index {} (t={}) for {} to be {}, but got {}", i, ms_of(sample.time),
                    labels, text_of(*points[i].second), text_of(sample)) +
             lines();
    }
  }
  return {};
}

std::string compare_matrix(const EvalCommand& command, const promql::Matrix& matrix) {
  if (command.find(ExpectationKind::ordered) != nullptr) {
    return "expected ordered result, but query returned a matrix";
  }
  if (command.scalar) return "expected scalar result, but got matrix";
  const ExpectedByLabels expected = by_labels(command);
  std::unordered_set<Labels, LabelsHash> seen;
  const Labels* before = nullptr;
  for (const promql::Series& series : matrix) {
    if (before != nullptr && *before > series.labels) {
      return format("matrix results should always be sorted by labels, but {} comes after {}",
                    series.labels.to_string(), before->to_string());
    }
    before = &series.labels;
  }
  for (const promql::Series& series : matrix) {
    const auto at = expected.find(series.labels);
    if (at == expected.end()) {
      return format("unexpected metric {} in result\n    found    {}{}", series.labels.to_string(),
                    series.labels.to_string(), joined(series.samples, command));
    }
    seen.insert(series.labels);
    if (std::string wrong = compare_series(command, *at->second, series); !wrong.empty()) return wrong;
  }
  return first_missing(command, seen);
}

std::string compare_vector(const EvalCommand& command, const promql::Vector& vector) {
  if (command.scalar) return "expected scalar result, but got vector" + vector_text(vector);
  const bool is_ordered = command.find(ExpectationKind::ordered) != nullptr;
  const ExpectedByLabels expected = by_labels(command);
  std::unordered_set<Labels, LabelsHash> seen;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    const auto& [labels, sample] = vector[i];
    const auto at = expected.find(labels);
    if (at == expected.end()) {
      return format("unexpected metric {} in result\n    found    {} {}", labels.to_string(),
                    labels.to_string(), text_of(sample));
    }
    const ExpectedSeries& series = *at->second;
    if (is_ordered && series.position != i + 1) {
      return format("expected metric {} at position {} but was at {}", labels.to_string(), series.position,
                    i + 1) +
             vector_text(vector);
    }
    if (series.values.empty() || !almost_equal(series.values.front(), sample)) {
      return format("expected {} for {} but got {}",
                    series.values.empty() ? "no value" : text_of(series.values.front()), labels.to_string(),
                    text_of(sample)) +
             both(labels, joined(series.values), " " + text_of(sample));
    }
    seen.insert(labels);
  }
  return first_missing(command, seen);
}

}  // namespace

std::string compare_result(const EvalCommand& command, const promql::Value& result) {
  if (const auto* const matrix = std::get_if<promql::Matrix>(&result))
    return compare_matrix(command, *matrix);
  if (const auto* const vector = std::get_if<promql::Vector>(&result))
    return compare_vector(command, *vector);
  if (const auto* const scalar = std::get_if<promql::Scalar>(&result)) {
    if (!command.scalar)
      return format("expected vector or matrix result, but got scalar {}", text_of(scalar->value));
    if (almost_equal(command.scalar->value, scalar->value)) return {};
    return format("expected scalar {} but got {}", text_of(command.scalar->value), text_of(scalar->value));
  }
  const std::string& found = std::get<promql::StringValue>(result).value;
  const std::string expected = command.string.value_or("");
  if (expected == found) return {};
  return format("expected string {} but got {}", go_quote(expected), go_quote(found));
}

}  // namespace tocsin::testing
