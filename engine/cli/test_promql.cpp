// tocsin test promql: scripts in the format of Prometheus' promqltest.
#include <optional>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/output.hpp"
#include "engine/shell/files.hpp"
#include "engine/testing/promql_script.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

int test_promql(const Invocation& invocation) {
  std::vector<std::string> paths;
  CommandLine line(invocation.command, "Runs test scripts of the query language, all features on.");
  line.arguments("FILE", paths, "The scripts.", 1, 0);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  shell::Files files;
  bool all_passed = true;
  for (const std::string& path : paths) {
    const Result<std::string> text = files.read(path);
    if (!text) {
      put_error(format("{}: {}\n", path, text.error().text));
      all_passed = false;
      continue;
    }
    const testing::ScriptReport report = testing::run_promql_script(*text);
    std::string printed = report.to_string(path);
    if (!printed.empty() && printed.back() != '\n') printed += '\n';
    report.ok() ? put(printed) : put_error(printed);
    all_passed = all_passed && report.ok();
  }
  return all_passed ? 0 : 1;
}

}  // namespace tocsin::cli
