// tocsin link DIR: the names under which scripts call upstream's programs, as links to this one.
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

namespace fs = std::filesystem;

int link(const Invocation& invocation) {
  std::vector<std::string> folder;
  bool force = false;
  CommandLine line(invocation.command,
                   "Makes links named prometheus, alertmanager, promtool and amtool to this program.");
  line.arguments("DIR", folder, "An existing folder, for instance /usr/local/bin.", 1, 1);
  line.flag("force", force, "Replace what stands there under these names.");
  if (const auto outcome = line.parse(invocation.arguments); outcome != CommandLine::Outcome::run) {
    return outcome == CommandLine::Outcome::helped ? 0 : 1;
  }
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    std::fputs(
        format("{}: cannot tell where this program is: {}\n", invocation.command, error.message()).c_str(),
        stderr);
    return 1;
  }
  int failures = 0;
  for (const std::string_view name : {"prometheus", "alertmanager", "promtool", "amtool"}) {
    const fs::path target = fs::path(folder[0]) / name;
    error.clear();
    if (force) fs::remove(target, error);
    if (!error) fs::create_symlink(self, target, error);
    if (error) {
      ++failures;
      std::fputs(format("{}: {}: {}\n", invocation.command, target.string(), error.message()).c_str(),
                 stderr);
    } else {
      std::fputs(format("{} -> {}\n", target.string(), self.string()).c_str(), stdout);
    }
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace tocsin::cli
