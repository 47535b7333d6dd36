#include "engine/lint/check.hpp"
#include "promql/format.hpp"

namespace tocsin::lint {
namespace {

std::size_t warnings_of(const CheckedFile& file) {
  return count_severity(file.diagnostics, Severity::warning);
}

std::vector<Diagnostic> all_diagnostics(const CheckReport& report) {
  std::vector<Diagnostic> all;
  for (const CheckedFile& file : report.files)
    all.insert(all.end(), file.diagnostics.begin(), file.diagnostics.end());
  return all;
}

// "prometheus.yml: valid, 3 scrape jobs, 5 rules, 4 warnings"; of a configuration with its rule files.
std::string summary(const CheckedFile& file, std::size_t warnings) {
  std::string out = file.path + ": valid";
  switch (file.kind) {
    case FileKind::prometheus:
      out += ", " + count_of(file.scrape_jobs, "scrape job") + ", " + count_of(file.rules, "rule");
      break;
    case FileKind::rules:
      out += ", " + count_of(file.rules, "rule");
      break;
    case FileKind::alertmanager:
      out += ", " + count_of(file.routes, "route") + ", " + count_of(file.receivers, "receiver");
      if (file.inhibit_rules > 0) out += ", " + count_of(file.inhibit_rules, "inhibit rule");
      break;
  }
  if (warnings > 0) out += ", " + count_of(warnings, "warning");
  out += '\n';
  for (const std::string& note : file.notes) out += "    note: " + note + '\n';
  return out;
}

// One line a finding: the source line and the caret are not in upstream's layout.
std::string findings(const CheckedFile& file, Severity severity) {
  std::vector<Diagnostic> some;
  for (Diagnostic diagnostic : file.diagnostics) {
    const bool lint = diagnostic.severity == Severity::warning && !file.duplicates.empty();
    if (diagnostic.severity != severity || lint) continue;
    diagnostic.source_line.clear();
    some.push_back(std::move(diagnostic));
  }
  return format_diagnostics(some);
}

std::string duplicates_text(const std::vector<DuplicateRule>& duplicates) {
  std::string out = format("lint error {} duplicate rule(s) found.\n", duplicates.size());
  for (const DuplicateRule& duplicate : duplicates) {
    out += format("Metric: {}\nLabel(s):\n", duplicate.name);
    for (const auto& [name, value] : duplicate.labels) out += format("\t{}: {}\n", name, value);
  }
  return out + "Might cause inconsistency while recording expressions\n";
}

void print_as_promtool(const CheckedFile& file, Printed& printed) {
  printed.out += format("Checking {}\n", file.path);
  printed.err += findings(file, Severity::warning);
  if (!file.valid()) {
    printed.err += "  FAILED:\n" + findings(file, Severity::error);
    // promtool goes on to the next rule file without the empty line.
    if (file.kind == FileKind::rules) return;
  } else if (!file.duplicates.empty()) {
    printed.err += "  FAILED:\n" + duplicates_text(file.duplicates);
  } else if (file.kind == FileKind::rules) {
    printed.out += format("  SUCCESS: {} rules found\n", file.rules);
  } else {
    if (file.rule_files > 0) printed.out += format("  SUCCESS: {} rule files found\n", file.rule_files);
    printed.out += format(" SUCCESS: {} is valid prometheus config file syntax\n", file.path);
  }
  printed.out += '\n';
}

void print_as_amtool(const CheckedFile& file, Printed& printed) {
  printed.err += findings(file, Severity::warning);
  if (!file.valid()) {
    printed.out += format("Checking '{}'  FAILED: {}\n", file.path, findings(file, Severity::error));
    return;
  }
  printed.out += format("Checking '{}'  SUCCESS\nFound:\n", file.path);
  if (file.has_global) printed.out += " - global config\n";
  printed.out += " - route\n";
  printed.out += format(" - {} inhibit rules\n - {} receivers\n - {} templates\n", file.inhibit_rules,
                        file.receivers, file.templates);
  if (file.templates > 0) printed.out += "  SUCCESS\n";
  printed.out += '\n';
}

}  // namespace

Printed print_report(const CheckReport& report) {
  Printed printed;
  const std::vector<Diagnostic> all = all_diagnostics(report);
  printed.err = format_diagnostics(all);
  if (!report.valid()) {
    printed.err += failed_line(all, report.files.size()) + '\n';
    return printed;
  }
  for (std::size_t i = 0; i < report.files.size(); ++i) {
    const CheckedFile& file = report.files[i];
    std::size_t warnings = warnings_of(file);
    // The rule files behind a configuration are told with it.
    if (file.kind == FileKind::prometheus) {
      while (i + 1 < report.files.size() && report.files[i + 1].kind == FileKind::rules) {
        warnings += warnings_of(report.files[++i]);
      }
    }
    printed.out += summary(file, warnings);
  }
  return printed;
}

Printed print_as_upstream(const CheckReport& report) {
  Printed printed;
  int failed = 0;
  bool amtool = false;
  for (const CheckedFile& file : report.files) {
    amtool = amtool || file.kind == FileKind::alertmanager;
    if (!file.valid()) ++failed;
    if (file.kind == FileKind::alertmanager) {
      print_as_amtool(file, printed);
    } else {
      print_as_promtool(file, printed);
    }
  }
  if (amtool && failed > 0) printed.err += format("amtool: error: failed to validate {} file(s)\n\n", failed);
  return printed;
}

}  // namespace tocsin::lint
