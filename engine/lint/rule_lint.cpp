#include "engine/lint/rule_lint.hpp"

#include <map>
#include <utility>

#include "promql/format.hpp"

namespace tocsin::lint {

Result<LintSettings> parse_lint_settings(std::string_view text) {
  LintSettings settings;
  bool none = false;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view name = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    if (name == "all" || name == "duplicate-rules") settings.duplicate_rules = true;
    if (name == "all" || name == "too-long-scrape-interval") settings.too_long_scrape_interval = true;
    if (name == "none") none = true;
    if (name != "all" && name != "duplicate-rules" && name != "too-long-scrape-interval" && name != "none") {
      return Error(format(
          "unknown lint option \"{}\", expected all, duplicate-rules, too-long-scrape-interval or none",
          name));
    }
  }
  return none ? LintSettings{} : settings;
}

std::vector<DuplicateRule> duplicate_rules(const rules::RuleFile& file) {
  struct Seen {
    SourcePosition first;
    bool told = false;
  };
  std::map<std::pair<std::string, std::map<std::string, std::string>>, Seen> seen;
  std::vector<DuplicateRule> found;
  for (const rules::RuleGroup& group : file.groups) {
    for (const rules::Rule& rule : group.rules) {
      const auto [entry, fresh] = seen.try_emplace({rule.name, rule.labels}, Seen{rule.position});
      if (fresh || std::exchange(entry->second.told, true)) continue;
      found.push_back({rule.name, rule.labels, entry->second.first, rule.position});
    }
  }
  return found;
}

std::vector<Diagnostic> duplicate_rule_findings(const rules::RuleFile& file) {
  std::vector<Diagnostic> findings;
  for (const DuplicateRule& duplicate : duplicate_rules(file)) {
    Diagnostic finding;
    finding.file = file.file;
    finding.position = duplicate.position;
    finding.severity = Severity::warning;
    finding.code = "duplicate-rules";
    finding.text = format("\"{}\" with the same labels stands at {}:{} too: both write the same series",
                          duplicate.name, duplicate.first.line, duplicate.first.column);
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::vector<Diagnostic> scrape_interval_findings(const config::PrometheusConfig& config, Duration lookback) {
  std::vector<Diagnostic> findings;
  for (const config::ScrapeConfig& job : config.scrape_configs) {
    if (job.scrape_interval < lookback) continue;
    Diagnostic finding;
    finding.file = config.file;
    finding.position = job.position;
    finding.severity = Severity::warning;
    finding.code = "too-long-scrape-interval";
    finding.text = format("job \"{}\" is scraped every {}: a sample is stale after {}, so queries find gaps",
                          job.job_name, format_duration(job.scrape_interval), format_duration(lookback));
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace tocsin::lint
