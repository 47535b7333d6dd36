// CIM's incident over an hour of virtual time, for many seeds. A failure names its seed; TOCSIN_SIM_SEED=n
// runs that one alone, TOCSIN_SIM_SEEDS=n so many of them.
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

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

// A checker that finds nothing proves nothing.
TEST_CASE("the checker finds what is missing, doubled, late or uncalled for") {
  const IncidentResult good = play_incident({.seed = 3});
  REQUIRE(violations(good, false).empty());
  REQUIRE(good.told.size() >= 6);
  struct Tampering {
    std::string what;
    std::function<void(IncidentResult&)> apply;
    std::string found;
  };
  const std::vector<Tampering> tamperings = {
      {"a page is lost", [](IncidentResult& r) { r.told.erase(r.told.begin()); },
       "pagerduty was never told that NATSDisconnected fires, from 1m27.596s to 9m27.596s"},
      {"a page comes twice",
       [](IncidentResult& r) {
         r.told.push_back(r.told.front());
         r.told.back().at += std::chrono::minutes(1);
       },
       "pagerduty was told 2 times that NATSDisconnected fires, since 1m27.596s"},
      {"a page is late", [](IncidentResult& r) { r.told.front().at += std::chrono::minutes(2); },
       "pagerduty heard at 3m37.596172175s that NATSDisconnected fires, expected by 2m17.596s"},
      {"a resolve is lost",
       [](IncidentResult& r) { std::erase_if(r.told, [](const Told& told) { return told.resolved; }); },
       "pagerduty was not told that NATSDisconnected is over since 9m27.596s"},
      {"Slack hears a resolve it did not ask for",
       [](IncidentResult& r) {
         r.told.push_back({r.end - std::chrono::minutes(5), Service::slack, "SlowQueries", true});
       },
       "slack was told 1 times that SlowQueries is over, expected 0"},
      {"somebody hears of what did not happen",
       [](IncidentResult& r) {
         r.told.push_back({r.start + std::chrono::minutes(50), Service::slack, "ProjectionLag", false});
       },
       "50m0s: slack was told the firing of ProjectionLag, and nothing asks for it"},
  };
  for (const Tampering& tampering : tamperings) {
    INFO(tampering.what);
    IncidentResult result = good;
    tampering.apply(result);
    const std::vector<std::string> found = violations(result, false);
    REQUIRE_FALSE(found.empty());
    CHECK(found.front() == tampering.found);
  }
}

TEST_CASE("the log says why an alert is where it is") {
  const std::string log = play_incident({.seed = 3}).action_log;
  const auto says = [&log](const std::string& text) { return log.find(text) != std::string::npos; };
  const std::string alert =
      R"(log alert changed state alert={alertname="NATSDisconnected", instance="localhost:9091", )"
      R"(job="cim-alchemist", severity="critical"} )";
  CHECK(says(alert + "state=pending reason=started value=0\n"));
  CHECK(says(alert + "state=firing reason=fired value=0\n"));
  CHECK(says(alert + "state=inactive reason=resolved value=0\n"));
}

TEST_CASE("other seeds are other worlds") {
  CHECK(play_incident({.seed = 1}).action_log != play_incident({.seed = 2}).action_log);
}

}  // namespace
}  // namespace tocsin::sim
