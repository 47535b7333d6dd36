#include "engine/api/answers.hpp"

#include <fast_float/fast_float.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "promql/format.hpp"
#include "promql/parser.hpp"
#include "promql/value.hpp"

namespace tocsin::api {
namespace {

std::string_view name_of(ErrorType type) {
  switch (type) {
    case ErrorType::bad_data:
      return "bad_data";
    case ErrorType::execution:
      return "execution";
    case ErrorType::timeout:
      return "timeout";
    case ErrorType::canceled:
      return "canceled";
    case ErrorType::internal:
      return "internal";
    case ErrorType::not_found:
      return "not_found";
    case ErrorType::unavailable:
      return "unavailable";
  }
  return "internal";
}

unsigned status_of(ErrorType type) {
  switch (type) {
    case ErrorType::bad_data:
      return 400;
    case ErrorType::execution:
      return 422;
    case ErrorType::timeout:
    case ErrorType::unavailable:
      return 503;
    case ErrorType::canceled:
      return 499;
    case ErrorType::internal:
      return 500;
    case ErrorType::not_found:
      return 404;
  }
  return 500;
}

std::optional<double> parse_float(std::string_view text) {
  double value = 0;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto result = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.key(key).begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
}

}  // namespace

HttpResponse answer_success(const std::function<void(JsonWriter&)>& write_data, const Notes& notes) {
  JsonWriter json;
  json.begin_object().key("status").string("success").key("data");
  write_data(json);
  write_texts(json, "warnings", notes.warnings);
  write_texts(json, "infos", notes.infos);
  json.end_object();
  HttpResponse response;
  response.content_type = "application/json";
  response.body = json.take();
  return response;
}

HttpResponse answer_error(ErrorType type, std::string_view text) {
  JsonWriter json;
  json.begin_object().key("status").string("error").key("errorType").string(name_of(type));
  json.key("error").string(text).end_object();
  HttpResponse response;
  response.status = status_of(type);
  response.content_type = "application/json";
  response.body = json.take();
  return response;
}

HttpResponse answer_bad_parameter(std::string_view name, std::string_view text) {
  return answer_error(ErrorType::bad_data, format("invalid parameter {}: {}", go_quote(name), text));
}

HttpResponse answer_json(std::string body, unsigned status) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  response.body += '\n';
  return response;
}

HttpResponse answer_nothing() {
  HttpResponse response;
  response.status = 204;
  return response;
}

HttpResponse answer_text(unsigned status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

Result<Timestamp> parse_time(std::string_view text) {
  if (const auto seconds = parse_float(text); seconds && std::isfinite(*seconds)) {
    const double ms = std::round(*seconds * 1000);
    // Just within kEarliestTime and kLatestTime. Upstream takes any number, and what is larger becomes some
    // other time there.
    if (std::fabs(ms) < 9.2e18) return timestamp_from_ms(static_cast<std::int64_t>(ms));
  }
  if (const auto time = parse_rfc3339_timestamp(text)) return *time;
  // The bounds that Prometheus' own client sends for "always" do not fit into RFC 3339's four digits.
  if (text == "-292273086-05-16T16:47:06Z") return kEarliestTime;
  if (text == "292277025-08-18T07:12:54.999999999Z") return kLatestTime;
  return Error(format("cannot parse {} to a valid timestamp", go_quote(text)));
}

Result<Duration> parse_step(std::string_view text) {
  if (const auto seconds = parse_float(text)) {
    if (std::isnan(*seconds)) return Duration::zero();  // who asks refuses it, as no step takes no time
    const double ns = *seconds * 1e9;
    if (!(std::fabs(ns) < 9.2e18)) {
      return Error(format("cannot parse {} to a valid duration. It overflows int64", go_quote(text)));
    }
    return Duration(static_cast<std::int64_t>(ns));
  }
  if (const auto duration = parse_duration(text)) return *duration;
  return Error(format("cannot parse {} to a valid duration", go_quote(text)));
}

std::optional<HttpResponse> read_time_bounds(const HttpRequest& request, Timestamp& from, Timestamp& to) {
  for (const auto& [name, bound] : {std::pair{"start", &from}, std::pair{"end", &to}}) {
    const std::string_view text = request.parameter(name);
    if (text.empty()) continue;
    const auto time = parse_time(text);
    if (!time) {
      return answer_bad_parameter(name, format("invalid time value for '{}': {}", name, time.error().text));
    }
    *bound = *time;
  }
  return std::nullopt;
}

Result<std::int64_t> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = negative || text.starts_with('+') ? text.substr(1) : text;
  const bool valid = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  std::int64_t value = 0;
  // Only a minus is part of the number for from_chars.
  const std::string_view number = negative ? text : digits;
  const auto end = std::from_chars(number.data(), number.data() + number.size(), value);
  if (valid && end.ec == std::errc()) return value;
  return Error(format("strconv.Atoi: parsing {}: {}", go_quote(text),
                      valid ? "value out of range" : "invalid syntax"));
}

Result<std::size_t> parse_limit(std::string_view text) {
  if (text.empty()) return std::size_t{0};
  const auto value = parse_integer(text);
  if (!value) return value.error();
  if (*value < 0) return Error("limit must be non-negative");
  return static_cast<std::size_t>(*value);
}

Result<bool> parse_bool(std::string_view text, bool fallback) {
  if (text.empty()) return fallback;
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return Error(format("strconv.ParseBool: parsing {}: invalid syntax", go_quote(text)));
}

Result<std::vector<std::vector<Matcher>>> parse_selectors(const std::vector<std::string_view>& texts) {
  std::vector<std::vector<Matcher>> selectors;
  for (const std::string_view text : texts) {
    auto parsed = promql::parse_metric_selector(text);
    if (!parsed.ok()) return parsed.error(text);
    std::vector<Matcher>& matchers = parsed.value;
    // Upstream refuses a selector that would match everything.
    bool selective = false;
    for (const Matcher& matcher : matchers) selective = selective || !matcher.matches_empty();
    if (!selective) return Error("match[] must contain at least one non-empty matcher");
    selectors.push_back(std::move(matchers));
  }
  return selectors;
}

std::string seconds_text(Timestamp time) {
  const std::int64_t ms = ms_of(time);
  const std::uint64_t magnitude =
      ms < 0 ? 0 - static_cast<std::uint64_t>(ms) : static_cast<std::uint64_t>(ms);
  std::string text = format("{}{}", ms < 0 ? "-" : "", magnitude / 1000);
  if (magnitude % 1000 != 0) text += format(".{:03}", magnitude % 1000);
  return text;
}

std::string scientific_text(double value) {
  if (!std::isfinite(value)) return promql::format_float(value);
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  return {buffer, end.ptr};
}

}  // namespace tocsin::api
