// Plays days at a site.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/testing/virtual_world.hpp"
#include "promql/time.hpp"

namespace tocsin::sim {

struct SiteOptions {
  std::uint64_t seed = 1;
  Duration length = std::chrono::hours(24);
  std::size_t alerts = 500;
  std::size_t faults = 20;
  testing::JobOrder jobs;
  bool keep_action_log = false;
  bool print_as_it_goes = false;  // log records of the engine, faults and messages, on standard output
  std::string compat;             // a policy, as of --compat
};

struct SiteOutcome {
  std::vector<std::string> violations;
  std::string log;         // what went wrong, and what services were told
  std::string action_log;  // of every engine, if it was to be kept
  std::size_t messages = 0;
  std::size_t attempts = 0;
  std::size_t starts = 0;
  std::uint64_t bytes_written = 0;
};

[[nodiscard]] SiteOutcome play_site(const SiteOptions& options);

}  // namespace tocsin::sim
