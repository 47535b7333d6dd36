// What the command line decides, and what tests set: constant for the life of an engine.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "promql/time.hpp"

namespace tocsin::core {

// When rule groups and targets are due. Server: upstream's slots, a hash of file and name. Unit tests: every
// group at the evaluation interval from 0. Notification tests: each group at its own interval from 0.
enum class Schedule { hashed_slots, evaluation_interval_from_zero, own_interval_from_zero };

enum class Mode { all_in_one, rule_engine, gateway };

struct Options {
  Schedule schedule = Schedule::hashed_slots;
  std::string version = "unknown";
  std::string external_url;  // without a trailing slash; links in messages start with it
  std::string route_prefix;  // "" or "/prefix"
  Duration lookback = std::chrono::minutes(5);
  Duration query_timeout = std::chrono::minutes(2);
  std::uint64_t query_max_samples = 50'000'000;
  Duration resend_delay = std::chrono::minutes(1);
  bool enable_lifecycle = false;      // POST /-/reload in the modes with a Prometheus configuration
  std::vector<std::string> features;  // --enable-feature
  std::string notify_sink;            // shown in /-/ready and on the page; the transport does the rest
  std::vector<std::pair<std::string, std::string>> flags;  // name, value: /api/v1/status/flags
  std::uint64_t seed = 0;  // of the one random generator: target jitter and retry jitter
};

}  // namespace tocsin::core
