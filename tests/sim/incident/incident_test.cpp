// CIM's incident over an hour of virtual time, for many seeds. A failure names its seed; TOCSIN_SIM_SEED=n
// runs that one alone, TOCSIN_SIM_SEEDS=n so many of them.
#include <cstdlib>
#include <string>

#include "tests/sim/incident/incident_checker.hpp"
#include "tests/sim/incident/incident_world.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
};

Seeds seeds() {
  const std::uint64_t one = from_environment("TOCSIN_SIM_SEED", 0);
  if (one != 0) return {one, one};
  return {1, from_environment("TOCSIN_SIM_SEEDS", 100)};
}

void check_all(bool slack_hears_resolves) {
  const Seeds range = seeds();
  for (std::uint64_t seed = range.first; seed <= range.last; ++seed) {
    const IncidentResult result = play_incident({.seed = seed, .slack_hears_resolves = slack_hears_resolves});
    INFO("seed " << seed);
    // All five rules of CIM fire once in the incident.
    CHECK(result.firings.size() == 5);
    for (const std::string& violation : violations(result, slack_hears_resolves)) {
      FAIL_CHECK(violation);
    }
  }
}

TEST_CASE("whoever is on an alert's route is told once that it fires, and PagerDuty that it is over") {
  check_all(false);
}

TEST_CASE("with send_resolved Slack is told too that it is over") {
  check_all(true);
}

TEST_CASE("the same seed gives the same actions with any number of workers") {
  const std::uint64_t seed = seeds().first;
  const std::string expected = play_incident({.seed = seed}).action_log;
  REQUIRE_FALSE(expected.empty());
  CHECK(play_incident({.seed = seed}).action_log == expected);
  for (const unsigned workers : {1U, 4U}) {
    for (std::uint64_t order = 0; order < 3; ++order) {
      const IncidentResult result = play_incident({.seed = seed, .jobs = {workers, order}});
      INFO(workers << " workers, order " << order);
      CHECK(result.action_log == expected);
    }
  }
}

TEST_CASE("other seeds are other worlds") {
  CHECK(play_incident({.seed = 1}).action_log != play_incident({.seed = 2}).action_log);
}

}  // namespace
}  // namespace tocsin::sim
