// An answer of the query API read back: what `tocsin query` prints.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "promql/labels.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"
#include "promql/value.hpp"

namespace tocsin::api {

// A native histogram as the API shows it: its buckets with their bounds, no longer its schema.
struct AnsweredHistogram {
  struct Bucket {
    int boundaries = 0;  // which bounds belong to it: 0 upper, 1 lower, 2 none, 3 both
    double lower = 0;
    double upper = 0;
    double count = 0;
  };
  double count = 0;
  double sum = 0;
  std::vector<Bucket> buckets;
};

// A number, or a histogram.
struct AnsweredSample {
  Timestamp time{};
  double value = 0;
  std::optional<AnsweredHistogram> histogram;
};

struct AnsweredSeries {
  Labels labels;
  std::vector<AnsweredSample> samples;  // numbers first, then histograms; of a vector exactly one
};

struct AnsweredVector {
  std::vector<AnsweredSeries> series;
};
struct AnsweredMatrix {
  std::vector<AnsweredSeries> series;
};
using AnsweredValue = std::variant<promql::Scalar, AnsweredVector, AnsweredMatrix>;

// The three kinds of data that an answer can be about, each with the warnings beside it.
template <class T>
struct Answered {
  T data{};
  std::vector<std::string> warnings;
};

// The error is what the client of Prometheus says of the same answer: "bad_data: invalid parameter ...", or
// of one that is no API's "client error: 404 (detail: 404 page not found)".
[[nodiscard]] Result<Answered<AnsweredValue>> read_value_answer(unsigned status, std::string_view body);
[[nodiscard]] Result<Answered<std::vector<Labels>>> read_series_answer(unsigned status,
                                                                       std::string_view body);
[[nodiscard]] Result<Answered<std::vector<std::string>>> read_names_answer(unsigned status,
                                                                           std::string_view body);

}  // namespace tocsin::api
