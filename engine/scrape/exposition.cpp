#include "engine/scrape/exposition.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/scrape/line_parser.hpp"
#include "promql/number_text.hpp"
#include "promql/value.hpp"

namespace tocsin::scrape {
namespace {

// Every NaN that is read is this one, so that none is taken for a staleness marker (upstream's NormalNaN).
constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001;

std::string normalised(MetricType type, std::string_view label, std::string value) {
  const bool bound = (type == MetricType::summary && label == "quantile") ||
                     (type == MetricType::histogram && label == "le");
  if (!bound) return value;
  const Result<double> number = promql::parse_float(value);
  return number ? format_open_metrics_float(*number) : value;
}

}  // namespace

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::unknown:
      return "unknown";
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
    case MetricType::gauge_histogram:
      return "gaugehistogram";
    case MetricType::summary:
      return "summary";
    case MetricType::info:
      return "info";
    case MetricType::stateset:
      return "stateset";
  }
  return "unknown";
}

Result<double> parse_sample_value(std::string_view text) {
  if (text.find_first_of("pP_") != std::string_view::npos) return Error("unsupported character in float");
  const Result<double> value = promql::parse_float(text);
  if (!value && text.size() > kShownBytes)
    return Error("strconv.ParseFloat: parsing " + quote_piece(text) + ": invalid syntax");
  return value && std::isnan(*value) ? std::bit_cast<double>(kNormalNanBits) : value;
}

std::string format_open_metrics_float(double value) {
  std::string text = promql::format_float_go(value);
  if (std::isfinite(value) && text.find_first_of("e.") == std::string::npos) text += ".0";
  return text;
}

ParsedLabels ExpositionParser::labels() const {
  // Strings first, views second: the views must not move.
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(label_ranges_.size() + 1);
  pairs.emplace_back(kMetricName, unescape(text_of(*name_), true));
  for (const LabelRange& range : label_ranges_) {
    std::string name = unescape(text_of(range.name), true);
    std::string value = normalised(type_, name, unescape(text_of(range.value), true));
    pairs.emplace_back(std::move(name), std::move(value));
  }
  ParsedLabels parsed;
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto repeated = std::adjacent_find(pairs.begin(), pairs.end(),
                                           [](const auto& a, const auto& b) { return a.first == b.first; });
  if (repeated != pairs.end()) parsed.repeated_name = repeated->first;
  std::vector<LabelView> views;
  views.reserve(pairs.size());
  for (const auto& [name, value] : pairs) {
    views.push_back({name, value});
    if (value.empty()) parsed.empty_names.push_back(name);
  }
  parsed.labels = Labels(std::move(views));
  return parsed;
}

std::string_view ExpositionParser::family() const {
  return text_of(*name_);
}

std::unique_ptr<ExpositionParser> make_parser(Format format, std::string_view page) {
  return format == Format::text ? make_text_parser(page) : make_open_metrics_parser(page);
}

}  // namespace tocsin::scrape
