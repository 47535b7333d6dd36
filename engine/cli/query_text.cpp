#include "engine/cli/query_text.hpp"

#include <algorithm>

#include "engine/api/json.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

namespace {

using api::AnsweredHistogram;
using api::AnsweredSample;
using api::AnsweredSeries;
using promql::format_float;

// ---- promql: up{job="a"} => 1 @[1737626400.05]

// name="value" in order of name, the metric's name among them or not.
std::string pairs_text(const Labels& labels, bool with_name) {
  std::string text;
  for (const LabelView label : labels) {
    if (!with_name && label.name == kMetricName) continue;
    text += format("{}{}={}", text.empty() ? "" : ", ", label.name, go_quote(label.value));
  }
  return text;
}

std::string metric_text(const Labels& labels) {
  const std::string pairs = pairs_text(labels, false);
  if (pairs.empty() && labels.has(kMetricName)) return std::string(labels.metric_name());
  return format("{}{{{}}}", labels.metric_name(), pairs);
}

// (0.5,1]:12
std::string bucket_text(const AnsweredHistogram::Bucket& bucket) {
  const bool with_lower = bucket.boundaries == 1 || bucket.boundaries == 3;
  const bool with_upper = bucket.boundaries == 0 || bucket.boundaries == 3;
  return format("{}{},{}{}:{}", with_lower ? '[' : '(', promql::format_float_go(bucket.lower),
                promql::format_float_go(bucket.upper), with_upper ? ']' : ')', format_float(bucket.count));
}

std::string histogram_text(const AnsweredHistogram& histogram) {
  std::string buckets;
  for (const auto& bucket : histogram.buckets) buckets += (buckets.empty() ? "" : " ") + bucket_text(bucket);
  return format("Count: {:.6f}, Sum: {:.6f}, Buckets: [{}]", histogram.count, histogram.sum, buckets);
}

std::string sample_text(const AnsweredSample& sample) {
  return format("{} @[{}]", sample.histogram ? histogram_text(*sample.histogram) : format_float(sample.value),
                format_float(seconds_of(sample.time)));
}

// The order in which the client of Prometheus prints a matrix: fewer labels first, then label by label.
bool comes_before(const AnsweredSeries& one, const AnsweredSeries& other) {
  const std::size_t counts[2] = {one.labels.size(), other.labels.size()};
  if (counts[0] != counts[1]) return counts[0] < counts[1];
  auto b = other.labels.begin();
  for (const LabelView label : one.labels) {
    const LabelView against = *b;
    if (label.name != against.name) return against.name < label.name;
    if (label.value != against.value) return label.value < against.value;
    ++b;
  }
  return false;
}

struct TextPrinter {
  std::string operator()(const promql::Scalar& scalar) const {
    return format("scalar: {} @[{}]\n", format_float(scalar.value), format_float(seconds_of(scalar.time)));
  }
  std::string operator()(const api::AnsweredVector& vector) const {
    std::string text;
    for (const AnsweredSeries& row : vector.series) {
      text += format("{} => {}\n", metric_text(row.labels), sample_text(row.samples.front()));
    }
    return text.empty() ? "\n" : text;
  }
  std::string operator()(const api::AnsweredMatrix& matrix) const {
    std::vector<const AnsweredSeries*> rows;
    for (const AnsweredSeries& row : matrix.series) rows.push_back(&row);
    std::sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return comes_before(*a, *b); });
    std::string text;
    for (const AnsweredSeries* row : rows) {
      text += format("{} =>\n", metric_text(row->labels));
      for (const AnsweredSample& sample : row->samples) text += sample_text(sample) + "\n";
    }
    return text.empty() ? "\n" : text;
  }
};

// ---- JSON: what the server answered, written anew

void write_histogram(api::JsonWriter& json, const AnsweredHistogram& histogram) {
  json.begin_object().key("count").string(format_float(histogram.count));
  json.key("sum").string(format_float(histogram.sum)).key("buckets");
  if (histogram.buckets.empty()) {
    json.null().end_object();
    return;
  }
  json.begin_array();
  for (const auto& bucket : histogram.buckets) {
    json.begin_array().integer(bucket.boundaries).string(format_float(bucket.lower));
    json.string(format_float(bucket.upper)).string(format_float(bucket.count)).end_array();
  }
  json.end_array().end_object();
}

void write_sample(api::JsonWriter& json, const AnsweredSample& sample) {
  json.begin_array().number(seconds_of(sample.time));
  if (sample.histogram) {
    write_histogram(json, *sample.histogram);
  } else {
    json.string(format_float(sample.value));
  }
  json.end_array();
}

void write_samples(api::JsonWriter& json, std::string_view key, const AnsweredSeries& series,
                   bool histograms) {
  json.key(key).begin_array();
  for (const AnsweredSample& sample : series.samples) {
    if (sample.histogram.has_value() == histograms) write_sample(json, sample);
  }
  json.end_array();
}

struct JsonPrinter {
  api::JsonWriter& json;

  void operator()(const promql::Scalar& scalar) const {
    json.begin_array().number(seconds_of(scalar.time)).string(format_float(scalar.value)).end_array();
  }
  void operator()(const api::AnsweredVector& vector) const {
    json.begin_array();
    for (const AnsweredSeries& row : vector.series) {
      const AnsweredSample& sample = row.samples.front();
      json.begin_object().key("metric").labels(row.labels).key(sample.histogram ? "histogram" : "value");
      write_sample(json, sample);
      json.end_object();
    }
    json.end_array();
  }
  void operator()(const api::AnsweredMatrix& matrix) const {
    json.begin_array();
    for (const AnsweredSeries& row : matrix.series) {
      const auto is_histogram = [](const AnsweredSample& sample) { return sample.histogram.has_value(); };
      const bool any = std::any_of(row.samples.begin(), row.samples.end(), is_histogram);
      const bool all = any && std::all_of(row.samples.begin(), row.samples.end(), is_histogram);
      json.begin_object().key("metric").labels(row.labels);
      if (!all) write_samples(json, "values", row, false);
      if (any) write_samples(json, "histograms", row, true);
      json.end_object();
    }
    json.end_array();
  }
};

}  // namespace

std::string value_text(const api::AnsweredValue& value, QueryFormat format) {
  if (format == QueryFormat::promql) return std::visit(TextPrinter{}, value);
  api::JsonWriter json;
  std::visit(JsonPrinter{json}, value);
  return json.take() + "\n";
}

std::string series_text(const std::vector<Labels>& series, QueryFormat format) {
  if (format == QueryFormat::promql) {
    std::string text;
    for (const Labels& labels : series) text += "{" + pairs_text(labels, true) + "}\n";
    return text;
  }
  api::JsonWriter json;
  json.begin_array();
  for (const Labels& labels : series) json.labels(labels);
  json.end_array();
  return json.take() + "\n";
}

std::string names_text(const std::vector<std::string>& names, QueryFormat format) {
  if (format == QueryFormat::promql) {
    std::string text;
    for (const std::string& name : names) text += name + "\n";
    return text;
  }
  api::JsonWriter json;
  json.begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array();
  return json.take() + "\n";
}

}  // namespace tocsin::cli
