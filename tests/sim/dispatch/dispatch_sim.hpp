// Random timelines of alerts, silences, outages and reloads against the Dispatcher alone, in virtual time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/dispatch/policy.hpp"
#include "promql/time.hpp"

namespace tocsin::sim {

// What a simulated world came to.
struct Outcome {
  std::vector<std::string> violations;
  std::string log;  // a line for each attempt; the same seed gives the same, to the byte
  std::size_t attempts = 0;
  std::size_t failed = 0;
};

[[nodiscard]] Outcome run_dispatch(std::uint64_t seed, Duration length, const dispatch::Policy& policy);

}  // namespace tocsin::sim
