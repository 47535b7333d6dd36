// A page of metrics by family, as promtool's `check metrics` sees it: read with the rules and the words of
// upstream's expfmt.TextParser, which is another parser than the one that scrapes (engine/scrape).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promql/result.hpp"

namespace tocsin::lint {

enum class FamilyType { counter, gauge, summary, untyped, histogram, gauge_histogram };
[[nodiscard]] std::string_view to_string(FamilyType type);  // "gauge_histogram"

using FamilyLabels = std::vector<std::pair<std::string, std::string>>;

// One metric of a family. All lines of a histogram or summary with the same labels are one.
struct FamilyMetric {
  // As written; without le and quantile where these are a histogram's or summary's own.
  FamilyLabels labels;
  std::size_t parts = 0;  // buckets or quantiles
};

struct MetricFamily {
  std::string name;
  std::optional<std::string> help;
  std::optional<FamilyType> type;
  std::vector<FamilyMetric> metrics;
};

// By name; families without a metric are left out. The error is upstream's:
// text format parsing error in line 3: expected float as value, got "x".
struct ParsedFamilies {
  std::map<std::string, MetricFamily> families;  // what was read before the error, if there is one
  std::optional<Error> error;
};
enum class FamilyNames { classic, utf8 };  // which names are valid
[[nodiscard]] ParsedFamilies parse_metric_families(std::string_view page, FamilyNames names);

}  // namespace tocsin::lint
