// tocsin check metrics: lints a page of metrics from standard input, in promtool's words.
#include "engine/lint/check_metrics.hpp"

#include <cstdio>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/shell/files.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

int check_metrics(const Invocation& invocation) {
  lint::CheckMetricsOptions options;
  std::string lint = "all";
  CommandLine line(invocation.command, "Checks a page of metrics on standard input for its conventions.");
  line.flag("extended", options.extended, "Print how many series each metric has.");
  line.text("lint", lint, "all or none.");
  if (const auto outcome = line.parse(invocation.arguments); outcome != CommandLine::Outcome::run) {
    return outcome == CommandLine::Outcome::helped ? 0 : 1;
  }
  if (lint != "all" && lint != "none") {
    std::fputs(format("{}: --lint: expected all or none, found \"{}\"\n", invocation.command, lint).c_str(),
               stderr);
    return 1;
  }
  options.lint = lint == "all";
  shell::Files files;
  const Result<std::string> page = files.read("/dev/stdin");
  if (!page) {
    std::fputs(format("{}: standard input: {}\n", invocation.command, page.error().text).c_str(), stderr);
    return 1;
  }
  const lint::CheckMetricsReport report = lint::check_metrics(*page, options);
  std::fputs(report.standard_error.c_str(), stderr);
  std::fputs(report.standard_output.c_str(), stdout);
  return report.exit_code;
}

}  // namespace tocsin::cli
