// The only place that reads a clock. Everything else is handed a Now.
#pragma once

#include "promql/time.hpp"

namespace tocsin::shell {

// Thread: any. MonoTime counts from an arbitrary start and includes time the machine spent asleep, so that a
// `for` does not stop while a laptop's lid is down.
[[nodiscard]] WallTime read_wall_clock();
[[nodiscard]] MonoTime read_mono_clock();
[[nodiscard]] Now read_clocks();

}  // namespace tocsin::shell
