// `check config`, `check rules` and `check-config`: what is wrong with files, and what to print about it, in
// tocsin's own form or in that of promtool and amtool. Pure: files come through a FileSource.
#pragma once

#include <string>
#include <vector>

#include "engine/config/file_source.hpp"
#include "engine/lint/rule_lint.hpp"
#include "promql/parser.hpp"
#include "promql/time.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::lint {

struct CheckOptions {
  LintSettings lint{.duplicate_rules = true};  // promtool's --lint
  bool lint_fatal = false;                     // --lint-fatal: a finding of these makes the exit code 3
  bool ignore_unknown_keys = false;            // of rule files
  bool syntax_only = false;  // --syntax-only: files that a configuration names are not looked at
  Duration lookback = std::chrono::minutes(5);
  promql::ParserOptions parser;
};

enum class FileKind { prometheus, rules, alertmanager };

// What was found in one file.
struct CheckedFile {
  std::string path;
  FileKind kind = FileKind::prometheus;
  std::vector<Diagnostic> diagnostics;  // promtool's lint findings included
  std::size_t lint_findings = 0;        // how many of them are those
  std::vector<DuplicateRule> duplicates;
  // Counts for the summary; those that do not apply are 0.
  std::size_t rule_files = 0;
  std::size_t rules = 0;
  std::size_t scrape_jobs = 0;
  std::size_t receivers = 0;
  std::size_t routes = 0;
  std::size_t inhibit_rules = 0;
  std::size_t templates = 0;
  bool has_global = false;
  std::vector<std::string> notes;  // what a person should know although nothing is wrong

  [[nodiscard]] bool valid() const;
};

struct CheckReport {
  std::vector<CheckedFile> files;  // rule files that a configuration names follow it
  bool lint_fatal = false;

  [[nodiscard]] bool valid() const;
  // 0; 1 for errors; 3 for lint findings alone where they are fatal.
  [[nodiscard]] int exit_code() const;
};

[[nodiscard]] CheckReport check_config(const std::vector<std::string>& paths, const CheckOptions& options,
                                       config::FileSource& files);
[[nodiscard]] CheckReport check_rules(const std::vector<std::string>& paths, const CheckOptions& options,
                                      config::FileSource& files);
// Rules from standard input; `name` is what messages call it.
[[nodiscard]] CheckReport check_rules_text(const std::string& name, std::string text,
                                           const CheckOptions& options);
[[nodiscard]] CheckReport check_alertmanager(const std::vector<std::string>& paths,
                                             const CheckOptions& options, config::FileSource& files);

struct Printed {
  std::string out;
  std::string err;
};
// All findings, then one line a valid file, or the line with the counts.
[[nodiscard]] Printed print_report(const CheckReport& report);
// The same in the layout of promtool (config, rules) and amtool (check-config): what scripts look for.
[[nodiscard]] Printed print_as_upstream(const CheckReport& report);

}  // namespace tocsin::lint
