#include "engine/lint/check_metrics.hpp"

#include <algorithm>
#include <array>

#include "promql/ascii.hpp"
#include "promql/format.hpp"

namespace tocsin::lint {
namespace {

struct Unit {
  std::string_view name;
  std::string_view base;
};
constexpr std::array kUnits = {
    Unit{"amperes", "amperes"}, Unit{"bytes", "bytes"},        Unit{"celsius", "celsius"},
    Unit{"grams", "grams"},     Unit{"joules", "joules"},      Unit{"kelvin", "kelvin"},
    Unit{"meters", "meters"},   Unit{"metres", "metres"},      Unit{"seconds", "seconds"},
    Unit{"volts", "volts"},     Unit{"minutes", "seconds"},    Unit{"hours", "seconds"},
    Unit{"days", "seconds"},    Unit{"weeks", "seconds"},      Unit{"kelvins", "kelvin"},
    Unit{"rankine", "celsius"}, Unit{"fahrenheit", "celsius"}, Unit{"inches", "meters"},
    Unit{"yards", "meters"},    Unit{"miles", "meters"},       Unit{"bits", "bytes"},
    Unit{"calories", "joules"}, Unit{"pounds", "grams"},       Unit{"ounces", "grams"}};
// "mibi" is upstream's own.
constexpr std::array<std::string_view, 18> kPrefixes = {"pico", "nano",  "micro", "milli", "centi", "deci",
                                                        "deca", "hecto", "kilo",  "kibi",  "mega",  "mibi",
                                                        "giga", "gibi",  "tera",  "tebi",  "peta",  "pebi"};
constexpr std::array<std::string_view, 14> kAbbreviations = {"s",  "ms", "us", "ns", "sec", "b", "kb",
                                                             "mb", "gb", "tb", "pb", "m",   "h", "d"};

const Unit* find_unit(std::string_view word) {
  const auto found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& unit) { return unit.name == word; });
  return found == kUnits.end() ? nullptr : &*found;
}

bool is_camel_case(std::string_view name) {
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (name[i - 1] >= 'a' && name[i - 1] <= 'z' && name[i] >= 'A' && name[i] <= 'Z') return true;
  }
  return false;
}

// As a word between underscores, or the last one.
bool has_part(std::string_view name, std::string_view part) {
  const std::string word = "_" + std::string(part);
  return name.find(word + "_") != std::string_view::npos || name.ends_with(word);
}

class FamilyLint {
 public:
  FamilyLint(const MetricFamily& family, std::vector<MetricProblem>& problems)
      : family_(family), type_(family.type.value_or(FamilyType::counter)), problems_(problems) {}

  void run() {
    if (!family_.help) add("no help text");
    units();
    counter();
    if (type_ != FamilyType::untyped) {
      reserved();
      if (has_part(ascii_lower(family_.name), to_string(type_)))
        add(format("metric name should not include type '{}'", to_string(type_)));
    }
    if (family_.name.find(':') != std::string::npos) add("metric names should not contain ':'");
    camel_case();
    for (const std::string_view word : kAbbreviations) {
      if (has_part(ascii_lower(family_.name), word)) add("metric names should not contain abbreviated units");
    }
    duplicates();
  }

 private:
  void add(std::string text) { problems_.push_back({family_.name, std::move(text)}); }

  // The first word that is a unit, with or without a prefix, decides.
  void units() {
    std::string_view rest = family_.name;
    while (true) {
      const std::size_t end = rest.find('_');
      const std::string_view word = rest.substr(0, end);
      const Unit* unit = find_unit(word);
      for (const std::string_view prefix : kPrefixes) {
        if (!unit && word.starts_with(prefix)) unit = find_unit(word.substr(prefix.size()));
      }
      if (unit) {
        if (unit->base != word) {
          add(format("use base unit \"{}\" instead of \"{}\"", unit->base, word));
        }
        return;
      }
      if (end == std::string_view::npos) return;
      rest.remove_prefix(end + 1);
    }
  }

  void counter() {
    const bool total = family_.name.ends_with("_total");
    if (type_ == FamilyType::counter && !total) add("counter metrics should have \"_total\" suffix");
    if (type_ != FamilyType::counter && type_ != FamilyType::untyped && total)
      add("non-counter metrics should not have \"_total\" suffix");
  }

  void reserved() {
    const bool histogram = type_ == FamilyType::histogram;
    const bool summary = type_ == FamilyType::summary;
    const std::string_view name = family_.name;
    if (!histogram && name.ends_with("_bucket"))
      add("non-histogram metrics should not have \"_bucket\" suffix");
    if (!histogram && !summary && name.ends_with("_count"))
      add("non-histogram and non-summary metrics should not have \"_count\" suffix");
    if (!histogram && !summary && name.ends_with("_sum"))
      add("non-histogram and non-summary metrics should not have \"_sum\" suffix");
    for (const FamilyMetric& metric : family_.metrics) {
      for (const auto& [label, value] : metric.labels) {
        if (!histogram && label == "le") add("non-histogram metrics should not have \"le\" label");
        if (!summary && label == "quantile") add("non-summary metrics should not have \"quantile\" label");
      }
    }
  }

  void camel_case() {
    if (is_camel_case(family_.name)) add("metric names should be written in 'snake_case' not 'camelCase'");
    for (const FamilyMetric& metric : family_.metrics) {
      for (const auto& [label, value] : metric.labels) {
        if (is_camel_case(label)) add("label names should be written in 'snake_case' not 'camelCase'");
      }
    }
  }

  // One problem for each metric that has an equal one after it.
  void duplicates() {
    std::map<std::vector<std::pair<std::string, std::string>>, std::size_t> count;
    for (const FamilyMetric& metric : family_.metrics) {
      if (++count[metric.labels] > 1) add("metric not unique");
    }
  }

  const MetricFamily& family_;
  FamilyType type_;
  std::vector<MetricProblem>& problems_;
};

struct Cardinality {
  std::string name;
  std::size_t count = 0;
};

// A histogram or summary counts with its sum, its count and the parts of its first metric.
std::size_t cardinality_of(const MetricFamily& family) {
  const bool in_parts = family.type == FamilyType::histogram || family.type == FamilyType::summary;
  return family.metrics.size() * (in_parts ? 2 + family.metrics[0].parts : 1);
}

// Columns as wide as their widest cell and four blanks.
std::string table(const std::vector<std::array<std::string, 3>>& rows) {
  std::array<std::size_t, 3> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size() + 4);
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out += row[i] + std::string(widths[i] - row[i].size(), ' ');
    out += '\n';
  }
  return out;
}

std::string cardinality_table(const ParsedFamilies& parsed) {
  std::vector<Cardinality> counts;
  std::size_t total = 0;
  for (const auto& [name, family] : parsed.families) {
    counts.push_back({name, cardinality_of(family)});
    total += counts.back().count;
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const Cardinality& a, const Cardinality& b) { return a.count > b.count; });
  std::vector<std::array<std::string, 3>> rows = {{"Metric", "Cardinality", "Percentage"}};
  for (const Cardinality& one : counts) {
    const double percentage = static_cast<double>(one.count) / static_cast<double>(total) * 100;
    rows.push_back({one.name, std::to_string(one.count), format("{:.2f}%", percentage)});
  }
  rows.push_back({"Total", std::to_string(total), "100%"});
  return table(rows);
}

}  // namespace

std::vector<MetricProblem> lint_families(const ParsedFamilies& parsed) {
  std::vector<MetricProblem> problems;
  for (const auto& [name, family] : parsed.families) FamilyLint(family, problems).run();
  std::stable_sort(problems.begin(), problems.end());
  return problems;
}

CheckMetricsReport check_metrics(std::string_view page, const CheckMetricsOptions& options) {
  CheckMetricsReport report;
  if (!options.lint && !options.extended) {
    report.standard_error =
        "error: at least one of --extended or linting must be enabled\n"
        "Use --extended for cardinality analysis, or remove --lint=none to enable linting\n";
    report.exit_code = 1;
    return report;
  }
  // promtool lints by the rules of classic names, and counts by those of UTF-8.
  const ParsedFamilies parsed =
      parse_metric_families(page, options.lint ? FamilyNames::classic : FamilyNames::utf8);
  if (parsed.error) {
    const std::string_view doing =
        options.lint ? "error while linting: " : "error while parsing text to metric families: ";
    report.standard_error = std::string(doing) + parsed.error->text + "\n";
    report.exit_code = 1;
    return report;
  }
  if (options.lint) {
    for (const MetricProblem& problem : lint_families(parsed)) {
      report.standard_error += problem.metric + " " + problem.text + "\n";
      report.exit_code = 3;
    }
  }
  if (options.extended) report.standard_output = cardinality_table(parsed);
  return report;
}

}  // namespace tocsin::lint
