// tocsin check-config: alertmanager.yml and its templates; called as amtool, in amtool's layout.
#include <cstdio>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/core/config_snapshot.hpp"
#include "engine/dispatch/policy.hpp"
#include "engine/shell/files.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

namespace {

bool failed(const core::LoadedConfig& loaded) {
  return loaded.snapshot == nullptr;
}

// One file in amtool's words. True if it is valid.
bool print_as_amtool(const std::string& path, const core::LoadedConfig& loaded) {
  std::string text = format("Checking '{}'", path);
  if (failed(loaded)) {
    text += "  FAILED: ";
    for (Diagnostic finding : loaded.diagnostics) {
      if (finding.severity != Severity::error) continue;
      finding.source_line.clear();
      text += format_diagnostic(finding, SeverityWord::never_for_errors) + "\n";
    }
  } else {
    const config::AlertmanagerConfig& config = *loaded.snapshot->alertmanager;
    text += format(
        "  SUCCESS\nFound:\n - global config\n - route\n - {} inhibit rules\n - {} receivers\n - {} "
        "templates\n",
        config.inhibit_rules.size(), config.receivers.size(), config.template_patterns.size());
    if (!config.template_patterns.empty()) text += "  SUCCESS\n";
  }
  std::fputs((text + "\n").c_str(), stdout);
  return !failed(loaded);
}

void print_valid(const std::string& path, const core::LoadedConfig& loaded) {
  const config::AlertmanagerConfig& config = *loaded.snapshot->alertmanager;
  std::string line =
      format("{}: valid, {}, {}", path, count_of(static_cast<int>(config.receivers.size()), "receiver"),
             count_of(static_cast<int>(config.inhibit_rules.size()), "inhibit rule"));
  if (!loaded.diagnostics.empty())
    line += ", " + count_of(static_cast<int>(loaded.diagnostics.size()), "warning");
  std::fputs((format_diagnostics(loaded.diagnostics) + line + "\n").c_str(), stdout);
}

int print_deviations() {
  std::string text;
  for (const dispatch::PolicyField& field : dispatch::policy_fields()) {
    text += format("{:<28}{:<14}{}\n", field.name, field.reference, field.summary);
  }
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

int check_alertmanager_config(const Invocation& invocation) {
  std::vector<std::string> paths;
  bool deviations = false;
  CommandLine line(invocation.command,
                   "Checks Alertmanager configurations and their templates; without arguments, "
                   "standard input.");
  line.flag("deviations", deviations, "Print where tocsin differs from upstream on purpose, for --compat.");
  line.arguments("FILE", paths, "The configurations.", 0, 0);
  if (const auto outcome = line.parse(invocation.arguments); outcome != CommandLine::Outcome::run) {
    return outcome == CommandLine::Outcome::helped ? 0 : 1;
  }
  if (deviations) return print_deviations();
  if (paths.empty()) paths.emplace_back("/dev/stdin");
  shell::Files files;
  std::vector<Diagnostic> findings;
  int failures = 0, count = 0;
  for (const std::string& path : paths) {
    core::LoadedConfig loaded = core::load_config({"", path}, files, Severity::warning);
    count += loaded.files;
    if (invocation.program == Program::amtool) {
      failures += print_as_amtool(path, loaded) ? 0 : 1;
    } else if (failed(loaded)) {
      ++failures;
      findings.insert(findings.end(), loaded.diagnostics.begin(), loaded.diagnostics.end());
    } else {
      print_valid(path, loaded);
    }
  }
  if (failures == 0) return 0;
  if (invocation.program == Program::amtool) {
    std::fputs(format("amtool: error: failed to validate {} file(s)\n\n", failures).c_str(), stderr);
  } else {
    std::fputs((format_diagnostics(findings) + failed_line(findings, count) + "\n").c_str(), stderr);
  }
  return 1;
}

}  // namespace tocsin::cli
