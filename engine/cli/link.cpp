// tocsin link DIR: the names under which scripts call upstream's programs, as links to this one.
#include <filesystem>
#include <optional>
#include <system_error>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/output.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

namespace fs = std::filesystem;

namespace {

// Renamed over what stands there, so that a script that calls it finds the one or the other.
void make_link(const fs::path& self, const fs::path& target, bool force, std::error_code& error) {
  error.clear();
  if (!force) return fs::create_symlink(self, target, error);
  const fs::path made = target.string() + ".new";
  std::error_code ignored;
  fs::remove(made, ignored);
  fs::create_symlink(self, made, error);
  if (!error) fs::rename(made, target, error);
}

}  // namespace

int link(const Invocation& invocation) {
  std::vector<std::string> folder;
  bool force = false;
  CommandLine line(invocation.command,
                   "Makes links named prometheus, alertmanager, promtool and amtool to this program.");
  line.arguments("DIR", folder, "An existing folder, for instance /usr/local/bin.", 1, 1);
  line.flag("force", force, "Replace what stands there under these names.");
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    return fail(invocation, format("cannot tell where this program is: {}", error.message()));
  }
  int failures = 0;
  for (const std::string_view name : {"prometheus", "alertmanager", "promtool", "amtool"}) {
    const fs::path target = fs::path(folder[0]) / name;
    if (!fs::is_symlink(fs::symlink_status(target, error)) && fs::equivalent(target, self, error)) {
      ++failures;
      complain(invocation,
               format("{}: is this program's own file, and cannot be a link to it", target.string()));
      continue;
    }
    make_link(self, target, force, error);
    if (error) {
      ++failures;
      complain(invocation, format("{}: {}", target.string(), error.message()));
    } else {
      put(format("{} -> {}\n", target.string(), self.string()));
    }
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace tocsin::cli
