// The part of Prometheus' API that reads samples: query, query_range, series, labels, label values.
#include <algorithm>
#include <cmath>

#include "engine/api/answers.hpp"
#include "engine/api/routes.hpp"
#include "promql/format.hpp"
#include "promql/histogram.hpp"
#include "promql/parser.hpp"
#include "promql/printer.hpp"
#include "promql/value.hpp"

namespace tocsin::api {
namespace {

constexpr std::int64_t kMostPointsPerSeries = 11'000;
constexpr std::string_view kTruncated = "results truncated due to limit";

// ---- parameters

std::optional<HttpResponse> read_common(const HttpRequest& request, QueryCommand& command) {
  const auto limit = parse_limit(request.parameter("limit"));
  if (!limit) return answer_bad_parameter("limit", limit.error().text);
  command.limit = *limit;
  if (const auto text = request.parameter("timeout"); !text.empty()) {
    const auto timeout = parse_step(text);
    if (!timeout) return answer_bad_parameter("timeout", timeout.error().text);
    command.timeout = *timeout;
  }
  if (const auto text = request.parameter("lookback_delta"); !text.empty()) {
    const auto lookback = parse_step(text);
    if (!lookback) {
      return answer_error(ErrorType::bad_data,
                          format("error parsing lookback delta duration: {}", lookback.error().text));
    }
    command.lookback = *lookback;
  }
  command.with_stats = !request.parameter("stats").empty();
  command.query = request.parameter("query");
  return std::nullopt;
}

Answer instant_query(const HttpRequest& request, const View& view) {
  QueryCommand command;
  if (auto bad = read_common(request, command)) return *bad;
  Timestamp time = to_timestamp(view.status().now);
  if (const auto text = request.parameter("time"); !text.empty()) {
    const auto parsed = parse_time(text);
    if (!parsed) {
      return answer_bad_parameter("time", format("invalid time value for 'time': {}", parsed.error().text));
    }
    time = *parsed;
  }
  command.range = {time, time, Duration{}};
  return command;
}

Answer range_query(const HttpRequest& request) {
  QueryCommand command;
  command.instant = false;
  if (auto bad = read_common(request, command)) return *bad;
  const auto start = parse_time(request.parameter("start"));
  if (!start) return answer_bad_parameter("start", start.error().text);
  const auto end = parse_time(request.parameter("end"));
  if (!end) return answer_bad_parameter("end", end.error().text);
  if (*end < *start) return answer_bad_parameter("end", "end timestamp must not be before start time");
  const auto step = parse_step(request.parameter("step"));
  if (!step) return answer_bad_parameter("step", step.error().text);
  if (*step <= Duration::zero()) {
    return answer_bad_parameter(
        "step", "zero or negative query resolution step widths are not accepted. Try a positive integer");
  }
  const double points =
      static_cast<double>(ms_of(*end) - ms_of(*start)) * 1e6 / static_cast<double>(step->count());
  if (points >= static_cast<double>(kMostPointsPerSeries + 1)) {
    return answer_error(
        ErrorType::bad_data,
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
        "resolution (?step=XX)");
  }
  command.range = {*start, *end, *step};
  return command;
}

// ---- results

// 0: open below, closed above; 1: closed below; 2: open on both sides; 3: closed on both sides.
int boundary_code(const promql::HistogramBucket& bucket) {
  if (bucket.lower_inclusive) return bucket.upper_inclusive ? 3 : 1;
  return bucket.upper_inclusive ? 0 : 2;
}

void write_histogram(JsonWriter& json, const promql::FloatHistogram& histogram) {
  json.begin_object();
  json.key("count").string(promql::format_float(histogram.count));
  json.key("sum").string(promql::format_float(histogram.sum));
  bool open = false;
  for (const promql::HistogramBucket& bucket : promql::all_buckets(histogram)) {
    if (bucket.count == 0) continue;
    if (!open) json.key("buckets").begin_array();
    open = true;
    json.begin_array().integer(boundary_code(bucket));
    json.string(promql::format_float(bucket.lower)).string(promql::format_float(bucket.upper));
    json.string(promql::format_float(bucket.count)).end_array();
  }
  if (open) json.end_array();
  json.end_object();
}

void write_point(JsonWriter& json, const promql::Sample& sample) {
  json.begin_array().raw(seconds_text(sample.time));
  if (sample.histogram != nullptr) {
    write_histogram(json, *sample.histogram);
  } else {
    json.string(promql::format_float(sample.value));
  }
  json.end_array();
}

void write_vector(JsonWriter& json, const promql::Vector& vector) {
  json.begin_array();
  for (const promql::VectorSample& row : vector) {
    json.begin_object().key("metric").raw_labels(row.labels);
    json.key(row.sample.histogram != nullptr ? "histogram" : "value");
    write_point(json, row.sample);
    json.end_object();
  }
  json.end_array();
}

void write_points(JsonWriter& json, std::string_view key, const std::vector<promql::Sample>& samples,
                  bool histograms) {
  bool open = false;
  for (const promql::Sample& sample : samples) {
    if ((sample.histogram != nullptr) != histograms) continue;
    if (!open) json.key(key).begin_array();
    open = true;
    write_point(json, sample);
  }
  if (open) json.end_array();
}

void write_matrix(JsonWriter& json, const promql::Matrix& matrix) {
  json.begin_array();
  for (const promql::Series& series : matrix) {
    json.begin_object().key("metric").raw_labels(series.labels);
    write_points(json, "values", series.samples, false);
    write_points(json, "histograms", series.samples, true);
    json.end_object();
  }
  json.end_array();
}

struct ValueWriter {
  JsonWriter& json;
  void operator()(const promql::Scalar& scalar) const {
    json.key("resultType").string("scalar").key("result").begin_array();
    json.raw(seconds_text(scalar.time)).string(promql::format_float(scalar.value)).end_array();
  }
  void operator()(const promql::StringValue& text) const {
    json.key("resultType").string("string").key("result").begin_array();
    json.raw(seconds_text(text.time)).string(text.value).end_array();
  }
  void operator()(const promql::Vector& vector) const {
    json.key("resultType").string("vector").key("result");
    write_vector(json, vector);
  }
  void operator()(const promql::Matrix& matrix) const {
    json.key("resultType").string("matrix").key("result");
    write_matrix(json, matrix);
  }
};

// Cuts the value to `limit` series and says whether anything was cut.
bool truncate(promql::Value& value, std::size_t limit) {
  const auto cut = [limit](auto& rows) {
    if (limit == 0 || rows.size() <= limit) return false;
    rows.resize(limit);
    return true;
  };
  if (auto* vector = std::get_if<promql::Vector>(&value)) return cut(*vector);
  if (auto* matrix = std::get_if<promql::Matrix>(&value)) return cut(*matrix);
  return false;
}

// ---- labels

struct LabelRequest {
  std::size_t limit = 0;
  Timestamp from = Timestamp::min();
  Timestamp to = Timestamp::max();
  std::vector<std::vector<Matcher>> selectors;
};

std::optional<HttpResponse> read_label_request(const HttpRequest& request, LabelRequest& out) {
  const auto limit = parse_limit(request.parameter("limit"));
  if (!limit) return answer_bad_parameter("limit", limit.error().text);
  out.limit = *limit;
  for (const auto& [name, field] :
       {std::pair{"start", &LabelRequest::from}, std::pair{"end", &LabelRequest::to}}) {
    const auto text = request.parameter(name);
    if (text.empty()) continue;
    const auto time = parse_time(text);
    if (!time) {
      return answer_bad_parameter(name, format("invalid time value for '{}': {}", name, time.error().text));
    }
    out.*field = *time;
  }
  auto selectors = parse_selectors(request.parameters("match[]"));
  if (!selectors) return answer_error(ErrorType::bad_data, selectors.error().text);
  out.selectors = std::move(*selectors);
  return std::nullopt;
}

HttpResponse answer_names(std::vector<std::string> names, std::size_t limit) {
  Notes notes;
  if (limit > 0 && names.size() > limit) {
    names.resize(limit);
    notes.warnings.emplace_back(kTruncated);
  }
  return answer_success(
      [&names](JsonWriter& json) {
        json.begin_array();
        for (const std::string& name : names) json.string(name);
        json.end_array();
      },
      notes);
}

Answer label_names(const HttpRequest& request, const View& view) {
  LabelRequest labels;
  if (auto bad = read_label_request(request, labels)) return *bad;
  return answer_names(view.label_names({labels.selectors, labels.from, labels.to}), labels.limit);
}

Answer label_values(std::string_view name, const HttpRequest& request, const View& view) {
  if (name.empty() || !is_valid_utf8(name)) {
    return answer_error(ErrorType::bad_data, format("invalid label name: {}", go_quote(name)));
  }
  LabelRequest labels;
  if (auto bad = read_label_request(request, labels)) return *bad;
  return answer_names(view.label_values(name, {labels.selectors, labels.from, labels.to}), labels.limit);
}

Answer series(const HttpRequest& request, const View& view) {
  if (request.parameters("match[]").empty()) {
    return answer_error(ErrorType::bad_data, "no match[] parameter provided");
  }
  LabelRequest labels;
  if (auto bad = read_label_request(request, labels)) return *bad;
  auto found = view.series({labels.selectors, labels.from, labels.to});
  Notes notes;
  if (labels.limit > 0 && found.size() > labels.limit) {
    found.resize(labels.limit);
    notes.warnings.emplace_back(kTruncated);
  }
  return answer_success(
      [&found](JsonWriter& json) {
        json.begin_array();
        for (const Labels& one : found) json.raw_labels(one);
        json.end_array();
      },
      notes);
}

Answer format_query(const HttpRequest& request) {
  const std::string query(request.parameter("query"));
  auto expr = promql::parse_expr(query);
  if (!expr.ok()) return answer_bad_parameter("query", expr.error(query).text);
  return answer_success([&expr](JsonWriter& json) { json.string(promql::prettify(*expr.value)); });
}

}  // namespace

std::optional<Answer> handle_query_api(std::string_view rest, const HttpRequest& request, const View& view) {
  if (rest == "/query") return instant_query(request, view);
  if (rest == "/query_range") return range_query(request);
  if (rest == "/series") return series(request, view);
  if (rest == "/labels") return label_names(request, view);
  if (rest == "/format_query") return format_query(request);
  if (rest == "/query_exemplars") {
    return answer_success([](JsonWriter& json) { json.begin_array().end_array(); });
  }
  constexpr std::string_view kPrefix = "/label/";
  constexpr std::string_view kSuffix = "/values";
  if (rest.starts_with(kPrefix) && rest.ends_with(kSuffix) && rest.size() > kPrefix.size() + kSuffix.size()) {
    return label_values(rest.substr(kPrefix.size(), rest.size() - kPrefix.size() - kSuffix.size()), request,
                        view);
  }
  return std::nullopt;
}

HttpResponse answer_query(const QueryCommand& command,
                          const promql::EvalResult<promql::QueryResult>& result) {
  if (!result) {
    switch (result.error().kind) {
      case promql::EvalErrorKind::timeout:
        return answer_error(ErrorType::timeout, result.error().text);
      case promql::EvalErrorKind::canceled:
        return answer_error(ErrorType::canceled, result.error().text);
      case promql::EvalErrorKind::execution:
        break;
    }
    return answer_error(ErrorType::execution, result.error().text);
  }
  Notes notes;
  notes.warnings = result->annotations.texts(promql::AnnotationLevel::warning, command.query);
  notes.infos = result->annotations.texts(promql::AnnotationLevel::info, command.query);
  promql::Value value = result->value;
  if (truncate(value, command.limit)) notes.warnings.emplace_back(kTruncated);
  return answer_success(
      [&](JsonWriter& json) {
        json.begin_object();
        std::visit(ValueWriter{json}, value);
        if (command.with_stats) {
          json.key("stats").begin_object().key("samples").begin_object().key("totalQueryableSamples");
          json.integer(static_cast<std::int64_t>(result->samples_read)).end_object().end_object();
        }
        json.end_object();
      },
      notes);
}

HttpResponse answer_bad_query(std::string_view error) {
  return answer_bad_parameter("query", error);
}

}  // namespace tocsin::api
