// The part of Prometheus' API that reads samples: query and query_range.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "engine/api/answers.hpp"
#include "engine/api/routes.hpp"
#include "promql/format.hpp"
#include "promql/histogram.hpp"
#include "promql/value.hpp"

namespace tocsin::api {
namespace {

constexpr std::int64_t kMostPointsPerSeries = 11'000;

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
    if (*lookback > Duration::zero()) command.lookback = *lookback;
  }
  command.stats = request.parameter("stats");
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
  const double points = (static_cast<double>(ms_of(*end)) - static_cast<double>(ms_of(*start))) * 1e6 /
                        static_cast<double>(step->count());
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

// Of a sample; a scalar's number has the plain form at any size.
std::string number_text(double value) {
  const double size = std::fabs(value);
  if (size != 0 && (size < 1e-6 || size >= 1e21)) return scientific_text(value);
  return promql::format_float(value);
}

// Of a scalar or a string: a number as Go's encoder writes it.
void write_time(JsonWriter& json, Timestamp time) {
  json.number(static_cast<double>(ms_of(time)) / 1000);
}

// 0: open below, closed above; 1: closed below; 2: open on both sides; 3: closed on both sides.
int boundary_code(const promql::HistogramBucket& bucket) {
  if (bucket.lower_inclusive) return bucket.upper_inclusive ? 3 : 1;
  return bucket.upper_inclusive ? 0 : 2;
}

void write_histogram(JsonWriter& json, const promql::FloatHistogram& histogram) {
  json.begin_object();
  json.key("count").string(number_text(histogram.count));
  json.key("sum").string(number_text(histogram.sum));
  bool open = false;
  for (const promql::HistogramBucket& bucket : promql::all_buckets(histogram)) {
    if (bucket.count == 0) continue;
    if (!open) json.key("buckets").begin_array();
    open = true;
    json.begin_array().integer(boundary_code(bucket));
    json.string(number_text(bucket.lower)).string(number_text(bucket.upper));
    json.string(number_text(bucket.count)).end_array();
  }
  if (open) json.end_array();
  json.end_object();
}

void write_point(JsonWriter& json, const promql::Sample& sample) {
  json.begin_array().raw(seconds_text(sample.time));
  if (sample.histogram != nullptr) {
    write_histogram(json, *sample.histogram);
  } else {
    json.string(number_text(sample.value));
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
    write_time(json, scalar.time);
    json.string(promql::format_float(scalar.value)).end_array();
  }
  void operator()(const promql::StringValue& text) const {
    json.key("resultType").string("string").key("result").begin_array();
    write_time(json, text.time);
    json.string(text.value).end_array();
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

// No more than upstream shows.
void add_notes(std::vector<std::string>& notes, std::vector<std::string> texts, std::string_view kind) {
  constexpr std::size_t kMost = 10;
  const std::size_t shown = std::min(texts.size(), kMost - notes.size());
  std::move(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(shown), std::back_inserter(notes));
  if (shown == texts.size()) return;
  notes.push_back(format("{} more {} annotations omitted", texts.size() - shown, kind));
}

// All of upstream's fields, so that clients find them. Sorting is part of the evaluation here.
void write_statistics(JsonWriter& json, const promql::QueryResult& result, const QueryTimings& timings) {
  json.key("stats").begin_object().key("timings").begin_object();
  json.key("evalTotalTime").number(seconds_of(timings.preparation + timings.evaluation));
  json.key("resultSortTime").number(0);
  json.key("queryPreparationTime").number(seconds_of(timings.preparation));
  json.key("innerEvalTime").number(seconds_of(timings.evaluation));
  json.key("execQueueTime").number(seconds_of(timings.queue));
  json.key("execTotalTime").number(seconds_of(timings.queue + timings.preparation + timings.evaluation));
  const auto samples = static_cast<std::int64_t>(result.samples_read);
  json.end_object().key("samples").begin_object().key("totalQueryableSamples").integer(samples);
  json.key("samplesRead").integer(samples);
  json.key("peakSamples").integer(static_cast<std::int64_t>(result.peak_samples)).end_object().end_object();
}

}  // namespace

std::optional<Answer> handle_query_api(std::string_view rest, const HttpRequest& request, const View& view) {
  if (rest == "/query") return instant_query(request, view);
  if (rest == "/query_range") return range_query(request);
  return std::nullopt;
}

HttpResponse answer_query(const QueryCommand& command, const promql::EvalResult<promql::QueryResult>& result,
                          const QueryTimings& timings) {
  if (!result) {
    switch (result.error().kind) {
      case promql::EvalErrorKind::timeout:
        return answer_error(ErrorType::timeout, result.error().text);
      case promql::EvalErrorKind::canceled:
        return answer_error(ErrorType::canceled, result.error().text);
      case promql::EvalErrorKind::invalid:
        return answer_bad_query(result.error().text);
      case promql::EvalErrorKind::execution:
        break;
    }
    return answer_error(ErrorType::execution, result.error().text);
  }
  Notes notes;
  promql::Value value = result->value;
  if (truncate(value, command.limit)) notes.warnings.emplace_back(kTruncated);
  if (!command.stats.empty() && command.stats != "true" && command.stats != "all") {
    notes.warnings.push_back(format(
        "value {} for parameter \"stats\" is deprecated and will be rejected in the next major release, "
        "use \"true\" or \"all\"",
        go_quote(command.stats)));
  }
  add_notes(notes.warnings, result->annotations.texts(promql::AnnotationLevel::warning, command.query),
            "warning");
  add_notes(notes.infos, result->annotations.texts(promql::AnnotationLevel::info, command.query), "info");
  return answer_success(
      [&](JsonWriter& json) {
        json.begin_object();
        std::visit(ValueWriter{json}, value);
        if (!command.stats.empty()) write_statistics(json, *result, timings);
        json.end_object();
      },
      notes);
}

HttpResponse answer_bad_query(std::string_view error) {
  return answer_bad_parameter("query", error);
}

}  // namespace tocsin::api
