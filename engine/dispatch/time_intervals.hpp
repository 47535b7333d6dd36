// Named time intervals, by which routes are muted or active. Pure: the zone's rules are loaded once, from the
// configuration's names.
//
// Fields of an interval must all match, of a field's ranges any one; ends of the time of day are exclusive,
// everything else is inclusive; without a location the time is UTC (trap 60), and the location Local is the
// machine's zone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/config/alertmanager_config.hpp"
#include "promql/time.hpp"
#include "rules/template/go_time.hpp"

namespace tocsin::dispatch {

[[nodiscard]] bool contains_time(const config::TimeInterval& interval, const templates::Zone& zone,
                                 WallTime time);

class TimeIntervals {
 public:
  TimeIntervals() = default;
  // Borrows the configuration's intervals. A zone that cannot be loaded counts as UTC: the configuration's
  // loader has refused it before.
  explicit TimeIntervals(const std::vector<config::NamedTimeIntervals>& named);

  // Those of the names whose intervals contain the time.
  [[nodiscard]] std::vector<std::string> containing(const std::vector<std::string>& names,
                                                    WallTime time) const;

 private:
  struct Zoned {
    const config::TimeInterval* interval;
    templates::Zone zone;
  };
  std::map<std::string, std::vector<Zoned>, std::less<>> named_;
};

}  // namespace tocsin::dispatch
