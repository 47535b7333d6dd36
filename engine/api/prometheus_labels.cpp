// The part of Prometheus' API that reads the index: series, label names, values of a label.
#include <charconv>
#include <cstdint>
#include <utility>

#include "engine/api/answers.hpp"
#include "engine/api/routes.hpp"
#include "promql/format.hpp"
#include "promql/utf8.hpp"

namespace tocsin::api {
namespace {

struct LabelRequest {
  std::size_t limit = 0;
  Timestamp from = Timestamp::min();
  Timestamp to = Timestamp::max();
  std::vector<std::vector<Matcher>> selectors;
};

std::optional<HttpResponse> read_label_request(const HttpRequest& request, LabelRequest& out,
                                               bool names_parameter = false) {
  const auto limit = parse_limit(request.parameter("limit"));
  if (!limit) return answer_bad_parameter("limit", limit.error().text);
  out.limit = *limit;
  if (auto bad = read_time_bounds(request, out.from, out.to)) return bad;
  auto selectors = parse_selectors(request.parameters("match[]"));
  if (!selectors) {
    // Upstream names the parameter for one of the endpoints only.
    if (names_parameter) return answer_bad_parameter("match[]", selectors.error().text);
    return answer_error(ErrorType::bad_data, selectors.error().text);
  }
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

// A name as it stands in a path: U__ in front says that characters other than letters and digits are written
// as _2e_, and _ itself as __. What does not keep to that is the name itself.
std::string unescape_label_name(std::string_view name) {
  constexpr std::string_view kPrefix = "U__";
  constexpr std::size_t kMostDigits = 5;  // upstream takes no sixth
  if (!name.starts_with(kPrefix)) return std::string(name);
  std::string plain;
  for (std::string_view rest = name.substr(kPrefix.size()); !rest.empty();) {
    if (rest.front() != '_') {
      plain += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    const std::size_t close = rest.find('_', 1);
    if (close > kMostDigits + 1) return std::string(name);  // or none at all
    if (close == 1) {
      plain += '_';
    } else {
      std::uint32_t code_point = 0;
      const auto end = std::from_chars(rest.data() + 1, rest.data() + close, code_point, 16);
      if (end.ptr != rest.data() + close || is_surrogate(code_point) || code_point > 0x10FFFF)
        return std::string(name);
      append_code_point(plain, code_point);
    }
    rest.remove_prefix(close + 1);
  }
  return plain;
}

Answer label_values(std::string_view escaped, const HttpRequest& request, const View& view) {
  const std::string name = unescape_label_name(escaped);
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
  if (auto bad = read_label_request(request, labels, true)) return *bad;
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

}  // namespace

std::optional<Answer> handle_label_api(std::string_view rest, const HttpRequest& request, const View& view) {
  if (rest == "/series") return series(request, view);
  if (rest == "/labels") return label_names(request, view);
  constexpr std::string_view kPrefix = "/label/";
  constexpr std::string_view kSuffix = "/values";
  if (!rest.starts_with(kPrefix) || !rest.ends_with(kSuffix)) return std::nullopt;
  if (rest.size() <= kPrefix.size() + kSuffix.size()) return std::nullopt;
  const std::string_view name = rest.substr(kPrefix.size(), rest.size() - kPrefix.size() - kSuffix.size());
  if (name.find('/') != std::string_view::npos) return std::nullopt;
  return label_values(name, request, view);
}

}  // namespace tocsin::api
