#include "engine/shell/clock.hpp"

#include <ctime>

namespace tocsin::shell {

namespace {

Duration read(clockid_t clock) {
  timespec time{};
  // Fails only for a clock the kernel does not know; both of these have been there since Linux 2.6.39.
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

WallTime read_wall_clock() {
  return WallTime(read(CLOCK_REALTIME));
}

MonoTime read_mono_clock() {
  return MonoTime(read(CLOCK_BOOTTIME));
}

Now read_clocks() {
  return Now{read_wall_clock(), read_mono_clock()};
}

}  // namespace tocsin::shell
