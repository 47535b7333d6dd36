// Slots: the expected offsets were computed with Prometheus' own labels.Labels.Hash().
#include "rules/schedule.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace tocsin::rules {
namespace {

using std::chrono::seconds;

TEST_CASE("slot offsets are Prometheus' hash of file and name") {
  struct Case {
    std::string file;
    std::string name;
    std::int64_t offset_in_30s;
    std::int64_t offset_in_60s;
  };
  const std::vector<Case> cases = {
      {"alerts/cim-alerts.yml", "cim_alerts", 170083882, 170083882},
      {"/etc/prometheus/rules/node.yml", "node", 7707652404, 7707652404},
      {"a", "b", 27127094932, 57127094932},
      {std::string(127, 'd') + "/f.yml", "long", 28874069115, 58874069115},
      {std::string(300, 'd') + ".yml", "longer", 3076622107, 3076622107},
      {std::string(255, 'e'), std::string(254, 'g'), 27480267858, 27480267858},
  };
  for (const Case& c : cases) {
    INFO(c.file);
    CHECK(slot_offset(c.file, c.name, seconds(30)).count() == c.offset_in_30s);
    CHECK(slot_offset(c.file, c.name, seconds(60)).count() == c.offset_in_60s);
  }
}

TEST_CASE("the last slot is found on both sides of the epoch") {
  const Duration interval = seconds(30);
  const Duration offset = seconds(7);
  CHECK(slot_at_or_before(WallTime(seconds(100)), interval, offset) == WallTime(seconds(97)));
  CHECK(slot_at_or_before(WallTime(seconds(97)), interval, offset) == WallTime(seconds(97)));
  CHECK(slot_at_or_before(WallTime(seconds(96)), interval, offset) == WallTime(seconds(67)));
  CHECK(slot_at_or_before(WallTime(seconds(-1)), interval, offset) == WallTime(seconds(-23)));
}

TEST_CASE("a started group waits for the first slot after now") {
  SlotClock clock = SlotClock::after(WallTime(seconds(97)), seconds(30), seconds(7));
  CHECK(clock.next() == WallTime(seconds(127)));
  CHECK_FALSE(clock.is_due(WallTime(seconds(126))));
}

TEST_CASE("a late evaluation keeps its slot's timestamp") {
  SlotClock clock = SlotClock::after(WallTime(seconds(97)), seconds(30), seconds(7));
  const SlotClock::Due due = clock.take(WallTime(seconds(150)));
  CHECK(due.slot == WallTime(seconds(127)));
  CHECK(due.missed == 0);
  CHECK(clock.next() == WallTime(seconds(157)));
}

TEST_CASE("slots that passed are counted, and the timestamp stays aligned") {
  SlotClock clock = SlotClock::after(WallTime(seconds(97)), seconds(30), seconds(7));
  const SlotClock::Due due = clock.take(WallTime(seconds(200)));
  CHECK(due.slot == WallTime(seconds(187)));
  CHECK(due.missed == 2);
  CHECK(clock.next() == WallTime(seconds(217)));
}

TEST_CASE("tests start at the start itself") {
  SlotClock clock = SlotClock::from(WallTime(seconds(0)), seconds(60));
  CHECK(clock.take(WallTime(seconds(0))).slot == WallTime(seconds(0)));
  CHECK(clock.next() == WallTime(seconds(60)));
}

TEST_CASE("after a wall-clock step slots go on from the new time and none is missed") {
  SlotClock clock = SlotClock::after(WallTime(seconds(97)), seconds(30), seconds(7));
  clock.restart(WallTime(seconds(10'000)));
  CHECK(clock.next() == WallTime(seconds(10'027)));
  clock.restart(WallTime(seconds(50)));
  CHECK(clock.next() == WallTime(seconds(67)));
}

}  // namespace
}  // namespace tocsin::rules
