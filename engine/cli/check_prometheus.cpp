// tocsin check config and check rules: in wording of our own, and, when called as promtool, in promtool's
// layout.
#include <cstdio>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/config/prometheus_loader.hpp"
#include "engine/lint/rule_lint.hpp"
#include "engine/shell/files.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

namespace {

struct Settings {
  lint::LintSettings lint;
  bool lint_fatal = false;
  bool ignore_unknown = false;
  bool syntax_only = false;
  Duration lookback = std::chrono::minutes(5);
  bool as_promtool = false;
};

// What the checks of all files came to.
struct Tally {
  std::vector<Diagnostic> findings;
  int files = 0;
  bool lint_failed = false;
};

std::size_t rule_count(const rules::RuleFile& file) {
  std::size_t count = 0;
  for (const rules::RuleGroup& group : file.groups) count += group.rules.size();
  return count;
}

bool has_errors(const std::vector<Diagnostic>& findings) {
  for (const Diagnostic& finding : findings) {
    if (finding.severity == Severity::error) return true;
  }
  return false;
}

// The messages of findings as promtool prints them below "FAILED:".
void print_failed(const std::vector<Diagnostic>& findings) {
  std::fputs("  FAILED:\n", stderr);
  for (const Diagnostic& finding : findings) {
    Diagnostic plain = finding;
    plain.source_line.clear();
    std::fputs((format_diagnostic(plain, SeverityWord::never_for_errors) + "\n").c_str(), stderr);
  }
}

void print_duplicates(const std::vector<lint::DuplicateRule>& duplicates) {
  std::string text = format("  FAILED:\nlint error {} duplicate rule(s) found.\n", duplicates.size());
  for (const lint::DuplicateRule& duplicate : duplicates) {
    text += format("Metric: {}\nLabel(s):\n", duplicate.name);
    for (const auto& [name, value] : duplicate.labels) text += format("\t{}: {}\n", name, value);
  }
  std::fputs((text + "Might cause inconsistency while recording expressions\n").c_str(), stderr);
}

// Checks one rule file and adds what it finds; gives the number of its rules.
std::size_t check_rule_file(const std::string& path, config::FileSource& files, const Settings& settings,
                            Tally& tally) {
  ++tally.files;
  if (settings.as_promtool) std::fputs(format("Checking {}\n", path).c_str(), stdout);
  Diagnostics diagnostics;
  rules::RuleFile file;
  if (Result<std::string> text = files.read(path)) {
    file = rules::load_rule_file(std::move(*text), {path, settings.ignore_unknown, false}, diagnostics);
  } else {
    Diagnostic unreadable;
    unreadable.file = path;
    unreadable.text = text.error().text;
    diagnostics.add(std::move(unreadable));
  }
  diagnostics.sort();
  std::vector<Diagnostic> found = diagnostics.take();
  const bool failed = has_errors(found);
  if (settings.as_promtool && failed) print_failed(found);
  tally.findings.insert(tally.findings.end(), found.begin(), found.end());
  if (!failed && settings.lint.duplicate_rules) {
    const std::vector<Diagnostic> duplicates = lint::duplicate_rule_findings(file);
    tally.lint_failed = tally.lint_failed || !duplicates.empty();
    tally.findings.insert(tally.findings.end(), duplicates.begin(), duplicates.end());
    if (settings.as_promtool && !duplicates.empty()) {
      print_duplicates(lint::duplicate_rules(file));
      std::fputs("\n", stdout);
      return rule_count(file);
    }
  }
  if (settings.as_promtool) {
    std::fputs(failed ? "" : format("  SUCCESS: {} rules found\n\n", rule_count(file)).c_str(), stdout);
  }
  return rule_count(file);
}

void check_config_file(const std::string& path, config::FileSource& files, const Settings& settings,
                       Tally& tally) {
  ++tally.files;
  if (settings.as_promtool) std::fputs(format("Checking {}\n", path).c_str(), stdout);
  Diagnostics diagnostics;
  std::optional<config::PrometheusConfig> config;
  if (Result<std::string> text = files.read(path)) {
    config::LoadOptions options;
    options.file = path;
    options.unset_reference = Severity::warning;
    options.missing_rule_file = Severity::error;
    config = config::load_prometheus_config(std::move(*text), options, files, diagnostics);
  } else {
    Diagnostic unreadable;
    unreadable.file = path;
    unreadable.text = text.error().text;
    diagnostics.add(std::move(unreadable));
  }
  diagnostics.sort();
  std::vector<Diagnostic> found = diagnostics.take();
  if (config && settings.lint.too_long_scrape_interval) {
    const auto slow = lint::scrape_interval_findings(*config, settings.lookback);
    tally.lint_failed = tally.lint_failed || !slow.empty();
    found.insert(found.end(), slow.begin(), slow.end());
  }
  const bool failed = !config || has_errors(found);
  const std::size_t before = tally.findings.size();
  tally.findings.insert(tally.findings.end(), found.begin(), found.end());
  if (settings.as_promtool) {
    if (failed) {
      print_failed(found);
    } else {
      if (!config->rule_files.empty()) {
        std::fputs(format("  SUCCESS: {} rule files found\n", config->rule_files.size()).c_str(), stdout);
      }
      std::fputs(format(" SUCCESS: {} is valid prometheus config file syntax\n", path).c_str(), stdout);
    }
    std::fputs("\n", stdout);
  }
  std::size_t rules = 0;
  if (config && !settings.syntax_only) {
    for (const std::string& file : config->rule_files) rules += check_rule_file(file, files, settings, tally);
  }
  if (settings.as_promtool || failed) return;
  const std::vector<Diagnostic> mine(tally.findings.begin() + static_cast<std::ptrdiff_t>(before),
                                     tally.findings.end());
  if (has_errors(mine)) return;
  std::string line = format("{}: valid, {}, {}", path,
                            count_of(static_cast<int>(config->scrape_configs.size()), "scrape job"),
                            count_of(static_cast<int>(rules), "rule"));
  if (!mine.empty()) line += ", " + count_of(static_cast<int>(mine.size()), "warning");
  std::fputs((format_diagnostics(mine) + line + "\n").c_str(), stdout);
}

int exit_code(const Tally& tally, const Settings& settings) {
  if (has_errors(tally.findings)) {
    if (!settings.as_promtool) {
      std::fputs(
          (format_diagnostics(tally.findings) + failed_line(tally.findings, tally.files) + "\n").c_str(),
          stderr);
    }
    return 1;
  }
  return tally.lint_failed && settings.lint_fatal ? 3 : 0;
}

void declare_lint(CommandLine& line, std::string& lint, Settings& settings) {
  line.text("lint", lint, "all, duplicate-rules, too-long-scrape-interval or none, separated by commas.");
  line.flag("lint-fatal", settings.lint_fatal, "End with status 3 when lint finds something.");
  line.flag("ignore-unknown-fields", settings.ignore_unknown, "Accept unknown keys in rule files.");
}

bool use_lint(const std::string& lint, const std::string& command, Settings& settings) {
  const Result<lint::LintSettings> parsed = lint::parse_lint_settings(lint);
  if (parsed) {
    settings.lint = *parsed;
  } else {
    std::fputs(format("{}: --lint: {}\n", command, parsed.error().text).c_str(), stderr);
  }
  return parsed.has_value();
}

}  // namespace

int check_config(const Invocation& invocation) {
  Settings settings;
  settings.as_promtool = invocation.program == Program::promtool;
  std::string lint = "duplicate-rules";
  std::vector<std::string> paths, unused;
  CommandLine line(invocation.command, "Checks Prometheus configurations and the rule files they name.");
  declare_lint(line, lint, settings);
  line.flag("syntax-only", settings.syntax_only, "Do not look into the files that the configuration names.");
  line.duration("query.lookback-delta", settings.lookback, "What too-long-scrape-interval compares with.");
  line.ignored("agent", false, unused);
  line.arguments("FILE", paths, "The configurations.", 1, 0);
  if (const auto outcome = line.parse(invocation.arguments); outcome != CommandLine::Outcome::run) {
    return outcome == CommandLine::Outcome::helped ? 0 : 1;
  }
  if (!use_lint(lint, invocation.command, settings)) return 1;
  shell::Files files;
  Tally tally;
  for (const std::string& path : paths) check_config_file(path, files, settings, tally);
  return exit_code(tally, settings);
}

int check_rules(const Invocation& invocation) {
  Settings settings;
  settings.as_promtool = invocation.program == Program::promtool;
  std::string lint = "duplicate-rules";
  std::vector<std::string> paths;
  CommandLine line(invocation.command, "Checks rule files; without arguments, standard input.");
  declare_lint(line, lint, settings);
  line.arguments("FILE", paths, "The rule files.", 0, 0);
  if (const auto outcome = line.parse(invocation.arguments); outcome != CommandLine::Outcome::run) {
    return outcome == CommandLine::Outcome::helped ? 0 : 1;
  }
  if (!use_lint(lint, invocation.command, settings)) return 1;
  if (paths.empty()) paths.emplace_back("/dev/stdin");
  shell::Files files;
  Tally tally;
  std::size_t rules = 0;
  for (const std::string& path : paths) rules += check_rule_file(path, files, settings, tally);
  const int code = exit_code(tally, settings);
  if (code != 1 && !settings.as_promtool) {
    std::string text = format_diagnostics(tally.findings);
    text += format("{} valid, {}", count_of(tally.files, "file"), count_of(static_cast<int>(rules), "rule"));
    if (!tally.findings.empty()) text += ", " + count_of(static_cast<int>(tally.findings.size()), "warning");
    std::fputs((text + "\n").c_str(), stdout);
  }
  return code;
}

}  // namespace tocsin::cli
