#include "engine/scrape/exposition.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "engine/scrape/line_parser.hpp"
#include "promql/value.hpp"

namespace tocsin::scrape {
namespace {

Error float_error(std::string_view text, std::string_view what) {
  return Error("strconv.ParseFloat: parsing " + quote_piece(text) + ": " + std::string(what));
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) { return (a | 0x20) == b; });
}

constexpr double kNormalNan = std::numeric_limits<double>::quiet_NaN();

// The value that ends in a double's range of exponents or beyond it: from_chars does not say which.
double at_the_end_of_range(std::string_view text) {
  return std::strtod(std::string(text).c_str(), nullptr);
}

std::string normalised(MetricType type, std::string_view label, std::string value) {
  const bool bound = (type == MetricType::summary && label == "quantile") ||
                     (type == MetricType::histogram && label == "le");
  if (!bound) return value;
  const Result<double> number = parse_sample_value(value);
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
  std::string_view digits = text;
  const bool has_sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  const bool negative = has_sign && text[0] == '-';
  if (has_sign) digits.remove_prefix(1);
  if (equal_ignoring_case(digits, "inf") || equal_ignoring_case(digits, "infinity"))
    return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  if (!has_sign && equal_ignoring_case(digits, "nan")) return kNormalNan;
  if (digits.empty() || !(is_digit(digits[0]) || digits[0] == '.'))
    return float_error(text, "invalid syntax");
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size() || error == std::errc::invalid_argument)
    return float_error(text, "invalid syntax");
  if (error == std::errc::result_out_of_range) {
    value = at_the_end_of_range(digits);
    if (std::isinf(value)) return float_error(text, "value out of range");
  }
  return negative ? -value : value;
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
