// What goes wrong when: drawn from the seed before the day begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/dispatch/random.hpp"
#include "promql/time.hpp"

namespace tocsin::sim {

enum class FaultKind : std::uint8_t {
  killed,          // kill -9, and started again after a while
  power_lost,      // likewise, and what was not on the medium may be gone
  clockless_boot,  // power loss, and the clock comes up in 1970 until it is set
  stopped,         // a clean stop, and started again
  reload,          // of another configuration
  bad_reload,      // of one with errors
  receiver,        // one receiver is ill
  uplink,          // all receivers are out of reach
  disk_slow,       // a sync takes five seconds
  disk_full,       // nothing can be written
  disk_damaged,    // killed, and nothing can be read at the next start
  target_down,     // the scraped page is not there
  server_silent,   // a server cannot reach us
  clock_forward,   // the wall clock steps
  clock_back,
  silence  // somebody silences alerts for a while
};
inline constexpr int kFaultKinds = 16;
[[nodiscard]] std::string_view to_string(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::killed;
  Duration at{};
  Duration lasts{};
  std::uint64_t detail = 0;  // which receiver, ailment, server, how far
};

// One after the other, with `pause` of calm between them; some come in pairs.
[[nodiscard]] std::vector<Fault> random_faults(std::size_t count, Duration length, dispatch::Random& random);

// How long a fault and its consequences last at most, and how long all is well after that before the next
// one.
inline constexpr Duration kTurmoil = std::chrono::minutes(30);
inline constexpr Duration kCalm = std::chrono::minutes(40);

}  // namespace tocsin::sim
