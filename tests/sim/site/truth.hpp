// Which alerts there are and when they fire: known to the world, learnt by the engine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/dispatch/random.hpp"
#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::sim {

// From `from` on it fires, until `to`. Times since the beginning of the world.
struct Episode {
  Duration from{};
  Duration to{};
};

struct TrueAlert {
  Labels labels;           // as receivers know it
  std::size_t source = 0;  // 0: the engine's own rules; 1 and 2: a server that posts
  std::string series;      // on the page that is scraped
  std::vector<Episode> episodes;

  // Fires at this moment, and has so for `settled`; or the same of not firing.
  [[nodiscard]] bool fires_at(Duration at) const;
  [[nodiscard]] bool stable(Duration at, Duration settled) const;
  [[nodiscard]] const Episode* episode_at(Duration at) const;
  // Whether it began or ended in [from, to].
  [[nodiscard]] bool changed_between(Duration from, Duration to) const;
  [[nodiscard]] bool ended_between(Duration from, Duration to) const;
};

inline constexpr std::size_t kServers = 2;
// How long Prometheus goes on posting what has ended.
inline constexpr Duration kResolvedRetention = std::chrono::minutes(15);

[[nodiscard]] std::vector<TrueAlert> random_alerts(std::size_t count, Duration length,
                                                   dispatch::Random& random);

// The page that the engine scrapes.
[[nodiscard]] std::string metrics_page(const std::vector<TrueAlert>& alerts, Duration at);
// What a server posts at this moment, by a clock that shows `wall`. Empty: nothing to say.
[[nodiscard]] std::string posted_alerts(const std::vector<TrueAlert>& alerts, std::size_t server, Duration at,
                                        WallTime wall);

}  // namespace tocsin::sim
