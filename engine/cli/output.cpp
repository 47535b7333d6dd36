#include "engine/cli/output.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "promql/format.hpp"

namespace tocsin::cli {

void put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void put_error(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void complain(const Invocation& invocation, std::string_view text) {
  put_error(format("{}: {}\n", invocation.command, text));
}

int fail(const Invocation& invocation, std::string_view text) {
  complain(invocation, text);
  return 1;
}

int finish(std::string_view program, int exit_code) {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) return exit_code;
  // An earlier write that failed left no reason behind.
  const std::string reason =
      errno == 0 ? "not everything was written" : std::generic_category().message(errno);
  put_error(format("{}: standard output: {}\n", program, reason));
  return exit_code == 0 ? 1 : exit_code;
}

}  // namespace tocsin::cli
