// CIM's incident in a world with a seed: scrapes that take their time, receivers that are slow, fail and come
// back, reloads in between. It notes what each service was told, as the service saw it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/config/file_source.hpp"
#include "engine/testing/virtual_world.hpp"

namespace tocsin::sim {

enum class Service { slack, pagerduty };
[[nodiscard]] std::string_view to_string(Service service);

// A stretch of time in which a service takes nothing.
struct Outage {
  Service service = Service::slack;
  MonoTime from{};
  MonoTime to{};
};

// A notification that a service took.
struct Told {
  MonoTime at{};
  Service service = Service::slack;
  std::string alert;  // its name; CIM groups by name, and the model has one alert of each
  bool resolved = false;
};

// When an alert fired, by the rules' own samples: from the first evaluation that said so to the first that
// did not, or to the end of the run.
struct Firing {
  std::string alert;
  MonoTime from{};
  MonoTime to{};
  bool ended = false;
};

struct IncidentOptions {
  std::uint64_t seed = 0;
  bool slack_hears_resolves = false;  // alertmanager-resolved.yml
  Duration length = std::chrono::hours(1);
  testing::JobOrder jobs;
};

struct IncidentResult {
  MonoTime start{};
  MonoTime end{};
  std::vector<Outage> outages;
  std::vector<Told> told;
  std::vector<Told> tried;  // attempts that a service did not take
  std::vector<Firing> firings;
  std::size_t reloads = 0;
  std::string action_log;
};

[[nodiscard]] IncidentResult play_incident(const IncidentOptions& options);

}  // namespace tocsin::sim
