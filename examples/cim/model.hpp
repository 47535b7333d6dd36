// CIM as its monitoring sees it: every metric of CIM 0.4.2 as a function of the time since it started, with
// one incident in it. Pure: the exporter renders it against the wall clock, the fast run against a virtual
// one.
//
// Durations come both ways that CIM has had them: as summaries (quantile=) and as the histograms that its
// rules ask for.
#pragma once

#include <string>
#include <vector>

#include "promql/time.hpp"

namespace tocsin::examples {

// A stretch of the incident, in time since the start.
struct Phase {
  Duration from{};
  Duration to{};
  std::string what;
};

// What happens when, for whoever narrates it. In the order of `from`.
[[nodiscard]] std::vector<Phase> incident();
// When the last phase is over and everything that was told has had time to be told as over.
[[nodiscard]] Duration incident_length();

// The page that CIM answers on /metrics.
[[nodiscard]] std::string cim_metrics(Duration since_start);

}  // namespace tocsin::examples
