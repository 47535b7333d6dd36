// What the command line decides, and what tests set: constant for the life of an engine.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/dispatch/limits.hpp"
#include "engine/dispatch/policy.hpp"
#include "engine/scrape/target_url.hpp"
#include "notifiers/registry.hpp"
#include "promql/engine.hpp"
#include "promql/parser.hpp"
#include "promql/time.hpp"
#include "rules/schedule.hpp"

namespace tocsin::core {

enum class Mode { all_in_one, rule_engine, gateway };

struct Options {
  std::string version = "unknown";
  std::string external_url;            // without a trailing slash; links in messages start with it
  std::vector<std::string> listening;  // "0.0.0.0:9090": what this process answers on
  scrape::OwnAddress own_address;      // what links to targets on this machine are rewritten to
  rules::Schedule schedule = rules::Schedule::hashed_slots;
  promql::PlanOptions plan;  // lookback and feature flags; the subquery step comes from the configuration
  promql::ParserOptions parser;
  Duration query_timeout = std::chrono::minutes(2);
  std::size_t query_max_samples = 50'000'000;
  std::size_t query_concurrency = 20;  // ad-hoc queries that run at once
  Duration resend_delay = std::chrono::minutes(1);
  bool enable_lifecycle = false;  // POST /-/reload in the modes with a Prometheus configuration
  std::string notify_sink;        // as it is shown, without a password; the transport has the URL
  std::vector<std::pair<std::string, std::string>> flags;  // name, value: /api/v1/status/flags
  // How long a notification, or the answer to a post, waits for its record to be written; then it goes
  // anyway.
  Duration commit_wait = std::chrono::seconds(1);
  // How long a gateway that starts without state waits before it tells anybody anything.
  Duration start_delay{};
  dispatch::Policy policy;
  dispatch::Limits dispatch_limits;
  // Content of a file that a receiver's *_file field names, read each time a notification is rendered so that
  // a rotated secret is used at once. Given by whoever owns files.
  notifiers::ReadFile read_file;
  // Of the one random generator: places of targets in their interval, retry jitter.
  std::uint64_t seed = 0;
};

}  // namespace tocsin::core
