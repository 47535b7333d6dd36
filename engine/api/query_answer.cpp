#include "engine/api/query_answer.hpp"

#include <fast_float/fast_float.h>

#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "engine/api/body.hpp"
#include "promql/ascii.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kOddShape = "bad_response: the answer is not what Prometheus' API answers";

struct Envelope {
  json::value data;
  std::vector<std::string> warnings;
};

// A status that the API never answers with: somebody else spoke.
Error foreign_error(unsigned status, std::string_view body) {
  std::string text = format("bad_response: bad response code {}", status);
  if (status / 100 == 4) text = format("client_error: client error: {}", status);
  if (status / 100 == 5) text = format("server_error: server error: {}", status);
  const std::string_view detail = trimmed(body);
  return Error(detail.empty() ? text : format("{} (detail: {})", text, detail));
}

Result<Envelope> read_envelope(unsigned status, std::string_view body) {
  const bool refused = status == 400 || status == 422;
  if (status / 100 != 2 && !refused) return foreign_error(status, body);
  boost::system::error_code failed;
  json::value document = json::parse(body, failed);
  if (failed || !document.is_object()) return Error(std::string(kOddShape));
  json::object& envelope = document.get_object();
  const std::string verdict = text_of(envelope, "status");
  if (verdict == "error") {
    return Error(format("{}: {}", text_of(envelope, "errorType"), text_of(envelope, "error")));
  }
  if (refused) return Error("bad_response: inconsistent body for response code");
  Envelope result;
  if (const json::value* warnings = envelope.if_contains("warnings");
      warnings != nullptr && warnings->is_array()) {
    for (const json::value& warning : warnings->get_array()) {
      if (warning.is_string()) result.warnings.emplace_back(warning.get_string());
    }
  }
  if (json::value* data = envelope.if_contains("data"); data != nullptr) result.data = std::move(*data);
  return result;
}

std::optional<double> number_of(const json::value& value) {
  const json::string* text = value.if_string();
  if (text == nullptr) return std::nullopt;
  const char* begin = text->data();
  const char* end = begin + text->size();
  if (begin != end && *begin == '+') ++begin;
  double number = 0;
  const auto read = fast_float::from_chars(begin, end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

std::optional<Timestamp> time_of(const json::value& value) {
  boost::system::error_code failed;
  const double seconds = value.to_number<double>(failed);
  if (failed || !(std::fabs(seconds) < 9e15)) return std::nullopt;
  return timestamp_from_ms(std::llround(seconds * 1000));
}

std::optional<AnsweredHistogram::Bucket> bucket_of(const json::value& value) {
  const json::array* parts = value.if_array();
  if (parts == nullptr || parts->size() != 4 || !(*parts)[0].is_int64()) return std::nullopt;
  const auto lower = number_of((*parts)[1]);
  const auto upper = number_of((*parts)[2]);
  const auto count = number_of((*parts)[3]);
  if (!lower || !upper || !count) return std::nullopt;
  return AnsweredHistogram::Bucket{static_cast<int>((*parts)[0].get_int64()), *lower, *upper, *count};
}

std::optional<AnsweredHistogram> histogram_of(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr || !object->contains("count") || !object->contains("sum")) return std::nullopt;
  const auto count = number_of(object->at("count"));
  const auto sum = number_of(object->at("sum"));
  if (!count || !sum) return std::nullopt;
  AnsweredHistogram histogram{*count, *sum, {}};
  const json::value* buckets = object->if_contains("buckets");
  if (buckets == nullptr || !buckets->is_array()) return histogram;
  for (const json::value& one : buckets->get_array()) {
    const auto bucket = bucket_of(one);
    if (!bucket) return std::nullopt;
    histogram.buckets.push_back(*bucket);
  }
  return histogram;
}

// [1737626400.05,"1"], or with a histogram instead of the number.
std::optional<AnsweredSample> sample_of(const json::value& value) {
  const json::array* pair = value.if_array();
  if (pair == nullptr || pair->size() != 2) return std::nullopt;
  const auto time = time_of((*pair)[0]);
  if (!time) return std::nullopt;
  if (const auto number = number_of((*pair)[1])) return AnsweredSample{*time, *number, {}};
  auto histogram = histogram_of((*pair)[1]);
  if (!histogram) return std::nullopt;
  return AnsweredSample{*time, 0, std::move(histogram)};
}

std::optional<Labels> labels_of(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  LabelsBuilder builder;
  for (const auto& member : *object) {
    if (!member.value().is_string()) return std::nullopt;
    builder.set(member.key(), std::string_view(member.value().get_string()));
  }
  return builder.build();
}

// A row of a vector has "value" or "histogram", one of a matrix lists of them.
std::optional<AnsweredSeries> series_of(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr || !object->contains("metric")) return std::nullopt;
  auto labels = labels_of(object->at("metric"));
  if (!labels) return std::nullopt;
  AnsweredSeries series{std::move(*labels), {}};
  for (const std::string_view name : {"value", "histogram"}) {
    const json::value* one = object->if_contains(name);
    if (one == nullptr) continue;
    auto sample = sample_of(*one);
    if (!sample) return std::nullopt;
    series.samples.push_back(std::move(*sample));
  }
  for (const std::string_view name : {"values", "histograms"}) {
    const json::value* list = object->if_contains(name);
    if (list == nullptr || !list->is_array()) continue;
    for (const json::value& one : list->get_array()) {
      auto sample = sample_of(one);
      if (!sample) return std::nullopt;
      series.samples.push_back(std::move(*sample));
    }
  }
  return series;
}

std::optional<std::vector<AnsweredSeries>> rows_of(const json::value& value) {
  const json::array* list = value.if_array();
  if (list == nullptr) return std::nullopt;
  std::vector<AnsweredSeries> rows;
  rows.reserve(list->size());
  for (const json::value& one : *list) {
    auto row = series_of(one);
    if (!row) return std::nullopt;
    rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace

Result<Answered<AnsweredValue>> read_value_answer(unsigned status, std::string_view body) {
  auto envelope = read_envelope(status, body);
  if (!envelope) return envelope.error();
  const json::object* data = envelope->data.if_object();
  if (data == nullptr || !data->contains("result")) return Error(std::string(kOddShape));
  const std::string type = text_of(*data, "resultType");
  const json::value& result = data->at("result");
  if (type == "scalar") {
    const auto sample = sample_of(result);
    if (!sample) return Error(std::string(kOddShape));
    return Answered<AnsweredValue>{promql::Scalar{sample->time, sample->value},
                                   std::move(envelope->warnings)};
  }
  if (type != "vector" && type != "matrix") {
    return Error(format("unexpected value type {}", go_quote(type)));
  }
  auto rows = rows_of(result);
  if (!rows) return Error(std::string(kOddShape));
  AnsweredValue value = AnsweredVector{};
  if (type == "vector") {
    for (const AnsweredSeries& row : *rows) {
      if (row.samples.size() != 1) return Error(std::string(kOddShape));
    }
    value = AnsweredVector{std::move(*rows)};
  } else {
    value = AnsweredMatrix{std::move(*rows)};
  }
  return Answered<AnsweredValue>{std::move(value), std::move(envelope->warnings)};
}

Result<Answered<std::vector<Labels>>> read_series_answer(unsigned status, std::string_view body) {
  auto envelope = read_envelope(status, body);
  if (!envelope) return envelope.error();
  Answered<std::vector<Labels>> answer{{}, std::move(envelope->warnings)};
  const json::array* list = envelope->data.if_array();
  if (list == nullptr) return Error(std::string(kOddShape));
  for (const json::value& one : *list) {
    auto labels = labels_of(one);
    if (!labels) return Error(std::string(kOddShape));
    answer.data.push_back(std::move(*labels));
  }
  return answer;
}

Result<Answered<std::vector<std::string>>> read_names_answer(unsigned status, std::string_view body) {
  auto envelope = read_envelope(status, body);
  if (!envelope) return envelope.error();
  Answered<std::vector<std::string>> answer{{}, std::move(envelope->warnings)};
  const json::array* list = envelope->data.if_array();
  if (list == nullptr) return Error(std::string(kOddShape));
  for (const json::value& one : *list) {
    if (!one.is_string()) return Error(std::string(kOddShape));
    answer.data.emplace_back(one.get_string());
  }
  return answer;
}

}  // namespace tocsin::api
