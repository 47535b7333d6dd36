#include "engine/lint/check.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/config/alertmanager_loader.hpp"
#include "engine/config/prometheus_loader.hpp"
#include "engine/lint/target_check.hpp"
#include "notifiers/notification_template.hpp"
#include "promql/format.hpp"

namespace tocsin::lint {
namespace {

Diagnostic unreadable(const std::string& path, const Error& error) {
  Diagnostic diagnostic;
  diagnostic.file = path;
  diagnostic.text = error.text;
  return diagnostic;
}

// Reads the file into the result, or says why not.
std::optional<std::string> read(CheckedFile& file, config::FileSource& files) {
  Result<std::string> text = files.read(file.path);
  if (text) return *std::move(text);
  file.diagnostics.push_back(unreadable(file.path, text.error()));
  return std::nullopt;
}

void add_lint(CheckedFile& file, std::vector<Diagnostic> findings) {
  file.lint_findings += findings.size();
  std::ranges::move(findings, std::back_inserter(file.diagnostics));
}

CheckedFile check_rule_text(const std::string& path, std::string text, const CheckOptions& options,
                            bool legacy_names) {
  CheckedFile file;
  file.path = path;
  file.kind = FileKind::rules;
  rules::RuleFileOptions loading;
  loading.file = path;
  loading.ignore_unknown_keys = options.ignore_unknown_keys;
  loading.legacy_names = legacy_names;
  loading.parser = options.parser;
  Diagnostics diagnostics;
  const rules::RuleFile loaded = rules::load_rule_file(std::move(text), loading, diagnostics);
  file.diagnostics = diagnostics.take();
  for (const rules::RuleGroup& group : loaded.groups) file.rules += group.rules.size();
  if (file.valid() && options.lint.duplicate_rules) {
    file.duplicates = duplicate_rules(loaded);
    add_lint(file, duplicate_rule_findings(loaded));
  }
  return file;
}

CheckedFile check_rule_file(const std::string& path, const CheckOptions& options, bool legacy_names,
                            config::FileSource& files) {
  CheckedFile file;
  file.path = path;
  file.kind = FileKind::rules;
  auto text = read(file, files);
  return text ? check_rule_text(path, *std::move(text), options, legacy_names) : file;
}

void check_one_config(const std::string& path, const CheckOptions& options, config::FileSource& files,
                      CheckReport& report) {
  CheckedFile file;
  file.path = path;
  file.kind = FileKind::prometheus;
  auto text = read(file, files);
  if (!text) {
    report.files.push_back(std::move(file));
    return;
  }
  config::LoadOptions loading;
  loading.file = path;
  loading.unset_reference = Severity::warning;
  loading.missing_rule_file = options.syntax_only ? Severity::warning : Severity::error;
  Diagnostics diagnostics;
  const auto loaded = config::load_prometheus_config(*std::move(text), loading, files, diagnostics);
  if (loaded && !options.syntax_only) check_referenced_files(*loaded, files, diagnostics);
  file.diagnostics = diagnostics.take();
  if (!loaded) {
    report.files.push_back(std::move(file));
    return;
  }
  file.scrape_jobs = loaded->scrape_configs.size();
  file.rule_files = loaded->rule_files.size();
  if (options.lint.too_long_scrape_interval)
    add_lint(file, scrape_interval_findings(*loaded, options.lookback));
  const std::size_t at = report.files.size();
  report.files.push_back(std::move(file));
  if (options.syntax_only) return;
  const bool legacy = loaded->global.name_validation == config::NameScheme::legacy;
  for (const std::string& rule_path : loaded->rule_files) {
    CheckedFile rules = check_rule_file(rule_path, options, legacy, files);
    report.files.at(at).rules += rules.rules;
    report.files.push_back(std::move(rules));
  }
}

std::size_t count_routes(const config::Route& route) {
  std::size_t count = 1;
  for (const config::Route& child : route.routes) count += count_routes(child);
  return count;
}

// Upstream's check-config parses the template files too; those that do not exist are no error.
void check_templates(const config::AlertmanagerConfig& config, config::FileSource& files,
                     Diagnostics& diagnostics) {
  templates::TemplateSet set = notifiers::notification_templates();
  for (const std::string& path : config.template_files) {
    const Result<std::string> text = files.read(path);
    const std::string name = path.substr(path.rfind('/') + 1);
    const Result<void> added = text ? set.add(name, *text) : Result<void>(text.error());
    if (!added) diagnostics.add(unreadable(path, added.error()));
  }
}

// An integration without send_resolved is never told that an alert is over, as upstream has it.
void add_notes(const config::AlertmanagerConfig& config, CheckedFile& file) {
  for (const config::Receiver& receiver : config.receivers) {
    for (const config::Integration& integration : receiver.integrations) {
      if (integration.send_resolved) continue;
      file.notes.push_back(
          format("receiver \"{}\": {}[{}] is never told that an alert is over (send_resolved: false)",
                 receiver.name, integration.service->table.config_key, integration.index));
    }
  }
}

CheckedFile check_one_alertmanager(const std::string& path, const CheckOptions& options,
                                   config::FileSource& files) {
  CheckedFile file;
  file.path = path;
  file.kind = FileKind::alertmanager;
  auto text = read(file, files);
  if (!text) return file;
  config::LoadOptions loading;
  loading.file = path;
  loading.unset_reference = Severity::warning;
  Diagnostics diagnostics;
  const auto loaded = config::load_alertmanager_config(*std::move(text), loading, files, diagnostics);
  if (loaded && !options.syntax_only) check_templates(*loaded, files, diagnostics);
  file.diagnostics = diagnostics.take();
  if (!loaded) return file;
  file.has_global = true;
  file.receivers = loaded->receivers.size();
  file.routes = count_routes(loaded->route);
  file.inhibit_rules = loaded->inhibit_rules.size();
  file.templates = loaded->template_patterns.size();
  add_notes(*loaded, file);
  return file;
}

}  // namespace

bool CheckedFile::valid() const {
  return std::ranges::none_of(
      diagnostics, [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; });
}

bool CheckReport::valid() const {
  return std::ranges::all_of(files, &CheckedFile::valid);
}

int CheckReport::exit_code() const {
  if (!valid()) return 1;
  const bool findings =
      std::ranges::any_of(files, [](const CheckedFile& file) { return file.lint_findings > 0; });
  return lint_fatal && findings ? 3 : 0;
}

CheckReport check_config(const std::vector<std::string>& paths, const CheckOptions& options,
                         config::FileSource& files) {
  CheckReport report;
  report.lint_fatal = options.lint_fatal;
  for (const std::string& path : paths) check_one_config(path, options, files, report);
  return report;
}

CheckReport check_rules(const std::vector<std::string>& paths, const CheckOptions& options,
                        config::FileSource& files) {
  CheckReport report;
  report.lint_fatal = options.lint_fatal;
  for (const std::string& path : paths) report.files.push_back(check_rule_file(path, options, false, files));
  return report;
}

CheckReport check_rules_text(const std::string& name, std::string text, const CheckOptions& options) {
  CheckReport report;
  report.lint_fatal = options.lint_fatal;
  report.files.push_back(check_rule_text(name, std::move(text), options, false));
  return report;
}

CheckReport check_alertmanager(const std::vector<std::string>& paths, const CheckOptions& options,
                               config::FileSource& files) {
  CheckReport report;
  report.lint_fatal = options.lint_fatal;
  for (const std::string& path : paths) report.files.push_back(check_one_alertmanager(path, options, files));
  return report;
}

}  // namespace tocsin::lint
