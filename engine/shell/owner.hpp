// The owner loop: the one thread that steps the core. It waits for an input or for the core's next deadline,
// steps, and hands the actions out. It performs nothing itself, so nothing can hold it up but the core.
#pragma once

#include <functional>
#include <optional>

#include "engine/core/io.hpp"
#include "engine/shell/inbox.hpp"
#include "engine/shell/limits.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

using InputBox = Inbox<core::Input>;

struct OwnerParts {
  // The core's two functions.
  std::function<core::Actions(const Now&, core::Input)> step;
  std::function<std::optional<MonoTime>()> next_wakeup;
  std::function<Now()> clocks;
  // Gets all actions of one step, in order. Must not block.
  std::function<void(core::Actions)> perform;
};

// Runs on the calling thread until the core says Stop, which is performed too.
void run_owner(InputBox& inbox, const OwnerParts& parts);

// How long to wait for an input before the core must be called again; no value: for ever. Cut to a bound,
// because a waiting thread's clock stands still while the machine sleeps and MonoTime does not.
[[nodiscard]] std::optional<Duration> wait_time(std::optional<MonoTime> wakeup, MonoTime now);

}  // namespace tocsin::shell
