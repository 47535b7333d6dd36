// What must hold of every run, whatever its seed: contract C2, and when and how often people are told.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/incident/incident_world.hpp"

namespace tocsin::sim {

// Each violation as a sentence; empty when all is well.
//   - an alert that fires is told as firing to each integration of its route exactly once (repeat_interval is
//     twelve hours), the first time within evaluation interval + group_wait + the receiver's outage;
//   - an integration with send_resolved that was told so is told once that it is over, one without never is;
//   - nobody is told anything else.
[[nodiscard]] std::vector<std::string> violations(const IncidentResult& result, bool slack_hears_resolves);

}  // namespace tocsin::sim
