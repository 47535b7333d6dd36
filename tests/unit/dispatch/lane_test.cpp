// The states of the way to a receiver.
#include "engine/dispatch/lane.hpp"

#include "tests/unit/dispatch/support.hpp"

namespace tocsin::dispatch {
namespace {

constexpr GroupNumber kOne{1};
constexpr GroupNumber kTwo{2};

// Fails so often, a second apart; true if the last failure took it down.
bool fail(Lane& lane, Random& random, unsigned times, double from = 0) {
  bool down = false;
  for (unsigned i = 0; i < times; ++i) down = lane.failed(mono(from + i), random);
  return down;
}

TEST_CASE("FiveFailuresInARowTakeAReceiverDown") {
  Random random(1);
  Lane lane;
  CHECK_FALSE(fail(lane, random, 4));
  CHECK(lane.is_up());
  CHECK(fail(lane, random, 1, 4));
  CHECK(lane.state() == Lane::State::down);
  CHECK(lane.down_since() == mono(0));
}

TEST_CASE("AnAnswerBetweenFailuresStartsTheCountAnew") {
  Random random(1);
  Lane lane;
  CHECK_FALSE(fail(lane, random, 4));
  CHECK_FALSE(lane.answered());
  CHECK_FALSE(fail(lane, random, 4, 10));
  CHECK(lane.is_up());
}

TEST_CASE("OneGroupAtATimeProbesAndOnlyWhenItIsTime") {
  Random random(1);
  Lane lane;
  (void)fail(lane, random, 5);
  CHECK_FALSE(lane.take_probe(kOne, mono(4)));
  const MonoTime due = lane.not_before();
  CHECK(due > mono(4));
  CHECK(due <= mono(4) + Lane::kProbeInterval * 3 / 2);
  CHECK(lane.take_probe(kOne, due));
  CHECK(lane.take_probe(kOne, due));
  CHECK_FALSE(lane.take_probe(kTwo, due));
  CHECK(lane.admits(kOne));
  CHECK_FALSE(lane.admits(kTwo));
  lane.give_up_probe(kTwo);
  CHECK(lane.has_probe());
  lane.give_up_probe(kOne);
  CHECK(lane.take_probe(kTwo, due));
}

TEST_CASE("HeldGroupsProbeInTurn") {
  Random random(1);
  Lane lane;
  (void)fail(lane, random, 5);
  lane.held = {kOne, kTwo};
  for (const GroupNumber expected : {kOne, kTwo, kOne, kTwo}) {
    CHECK(lane.next_probe() == expected);
    CHECK(lane.take_probe(lane.next_probe(), lane.not_before()));
    (void)lane.failed(lane.not_before(), random);
  }
  lane.held = {kOne};
  CHECK(lane.next_probe() == kOne);
}

TEST_CASE("AProbeThatFailsIsFollowedByALongerWaitThatEndsSomewhere") {
  Random random(1);
  Lane lane;
  (void)fail(lane, random, 5);
  for (int i = 0; i < 50; ++i) {
    const MonoTime now = lane.not_before();
    CHECK(lane.take_probe(kOne, now));
    CHECK_FALSE(lane.failed(now, random));
    CHECK_FALSE(lane.has_probe());
    CHECK(lane.not_before() > now);
    CHECK(lane.not_before() <= now + Lane::kProbeInterval * 3 / 2);
  }
}

TEST_CASE("AnAnswerToTheProbeBringsItBack") {
  Random random(1);
  Lane lane;
  (void)fail(lane, random, 5);
  CHECK(lane.take_probe(kOne, lane.not_before()));
  CHECK(lane.answered());
  CHECK(lane.is_up());
  CHECK(lane.admits(kTwo));
  CHECK(lane.failures() == 0);
}

TEST_CASE("ARefusalHoldsForAnHourOrUntilAReload") {
  Lane lane;
  CHECK(lane.refused(mono(10)));
  CHECK(lane.state() == Lane::State::refused);
  CHECK_FALSE(lane.take_probe(kOne, mono(10) + Lane::kRefusedFor - seconds(1)));
  CHECK_FALSE(lane.refused(mono(20)));
  lane.reloaded(mono(30));
  CHECK(lane.take_probe(kOne, mono(30)));
  CHECK_FALSE(lane.refused(mono(31)));
  CHECK(lane.take_probe(kOne, mono(31) + Lane::kRefusedFor));
  CHECK(lane.answered());
}

TEST_CASE("AReloadDoesNotHurryAReceiverThatIsDown") {
  Random random(1);
  Lane lane;
  (void)fail(lane, random, 5);
  const MonoTime due = lane.not_before();
  lane.reloaded(mono(4));
  CHECK(lane.not_before() == due);
}

TEST_CASE("RetryAfterIsWaitedForByTheProbeToo") {
  Random random(1);
  Lane lane;
  lane.ask_to_wait(mono(100));
  (void)fail(lane, random, 5);
  CHECK_FALSE(lane.take_probe(kOne, mono(99)));
  CHECK(lane.take_probe(kOne, mono(100)));
}

}  // namespace
}  // namespace tocsin::dispatch
