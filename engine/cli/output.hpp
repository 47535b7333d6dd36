// What every command prints with.
#pragma once

#include <string_view>

#include "engine/cli/commands.hpp"

namespace tocsin::cli {

// All of it, zero bytes too, to standard output and to standard error.
void put(std::string_view text);
void put_error(std::string_view text);

// "promtool check rules: TEXT" on standard error.
void complain(const Invocation& invocation, std::string_view text);
// The same, and the exit code that goes with it.
[[nodiscard]] int fail(const Invocation& invocation, std::string_view text);

// The last thing of a command: what was printed is written out. A full disk or a closed pipe is a failure,
// because a script would take what is there for the whole.
[[nodiscard]] int finish(std::string_view program, int exit_code);

}  // namespace tocsin::cli
