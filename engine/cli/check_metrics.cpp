// tocsin check metrics: lints a page of metrics from standard input, in promtool's words.
#include "engine/lint/check_metrics.hpp"

#include <optional>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/output.hpp"
#include "engine/shell/files.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

int check_metrics(const Invocation& invocation) {
  lint::CheckMetricsOptions options;
  std::string lint = "all";
  CommandLine line(invocation.command, "Checks a page of metrics on standard input for its conventions.");
  line.flag("extended", options.extended, "Print how many series each metric has.");
  line.text("lint", lint, "all or none.");
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  if (lint != "all" && lint != "none") {
    return fail(invocation, format("--lint: expected all or none, found \"{}\"", lint));
  }
  options.lint = lint == "all";
  shell::Files files;
  const Result<std::string> page = files.read("/dev/stdin");
  if (!page) return fail(invocation, format("standard input: {}", page.error().text));
  const lint::CheckMetricsReport report = lint::check_metrics(*page, options);
  put_error(report.standard_error);
  put(report.standard_output);
  return report.exit_code;
}

}  // namespace tocsin::cli
