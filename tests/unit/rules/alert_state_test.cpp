// The alert state machine as scripts: one step a line, "time presence -> state reason".
#include "rules/alert_state.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace tocsin::rules {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

WallTime at(int second) {
  return WallTime(seconds(1'000'000 + second));
}

struct Step {
  int second;
  Presence presence;
  AlertState state;
  AlertReason reason;
  int hold = -1;  // from this step on, when not negative
};

struct Script {
  std::string rule;
  int hold;
  int keep_firing_for;
  std::vector<Step> steps;
};

constexpr Presence kSeen = Presence::seen;
constexpr Presence kUnseen = Presence::unseen;
constexpr Presence kUnsure = Presence::unsure;
constexpr AlertState kInactive = AlertState::inactive;
constexpr AlertState kPending = AlertState::pending;
constexpr AlertState kFiring = AlertState::firing;

const std::vector<Script> kScripts = {
    {"WithoutForAnAlertFiresInItsFirstEvaluation",
     0,
     0,
     {{0, kSeen, kFiring, AlertReason::fired_at_once},
      {30, kSeen, kFiring, AlertReason::still_firing},
      {60, kUnseen, kInactive, AlertReason::resolved}}},
    {"ForIsReachedAtEquality",
     60,
     0,
     {{0, kSeen, kPending, AlertReason::started},
      {30, kSeen, kPending, AlertReason::holding},
      {60, kSeen, kFiring, AlertReason::fired}}},
    {"OneMissedEvaluationRestartsFor",
     60,
     0,
     {{0, kSeen, kPending, AlertReason::started},
      {30, kUnseen, kInactive, AlertReason::reset},
      {60, kSeen, kPending, AlertReason::started},
      {120, kSeen, kFiring, AlertReason::fired}}},
    {"NeverSeenStaysVacant", 60, 0, {{0, kUnseen, kInactive, AlertReason::never_seen}}},
    {"KeepFiringForRunsFromTheFirstUnseenEvaluationAndEndsAtEquality",
     0,
     60,
     {{0, kSeen, kFiring, AlertReason::fired_at_once},
      {30, kUnseen, kFiring, AlertReason::kept_firing},
      {60, kUnseen, kFiring, AlertReason::kept_firing},
      {90, kUnseen, kInactive, AlertReason::resolved}}},
    {"KeepFiringForDoesNotHoldAPendingAlert",
     60,
     300,
     {{0, kSeen, kPending, AlertReason::started}, {30, kUnseen, kInactive, AlertReason::reset}}},
    {"SeenAgainStopsKeepFiringForWhichThenStartsAnew",
     0,
     60,
     {{0, kSeen, kFiring, AlertReason::fired_at_once},
      {30, kUnseen, kFiring, AlertReason::kept_firing},
      {60, kSeen, kFiring, AlertReason::seen_again},
      {90, kUnseen, kFiring, AlertReason::kept_firing},
      {120, kUnseen, kFiring, AlertReason::kept_firing},
      {150, kUnseen, kInactive, AlertReason::resolved}}},
    {"ResolvedIsRememberedFifteenMinutesThenForgotten",
     0,
     0,
     {{0, kSeen, kFiring, AlertReason::fired_at_once},
      {60, kUnseen, kInactive, AlertReason::resolved},
      {960, kUnseen, kInactive, AlertReason::still_resolved},
      {961, kUnseen, kInactive, AlertReason::forgotten},
      {1000, kUnseen, kInactive, AlertReason::never_seen}}},
    {"ReFiringWithinTheRetentionRunsForAgain",
     60,
     0,
     {{0, kSeen, kPending, AlertReason::started},
      {60, kSeen, kFiring, AlertReason::fired},
      {90, kUnseen, kInactive, AlertReason::resolved},
      {120, kSeen, kPending, AlertReason::started},
      {180, kSeen, kFiring, AlertReason::fired}}},
    {"RaisedForDemotesAFiringAlert",
     60,
     0,
     {{0, kSeen, kPending, AlertReason::started},
      {60, kSeen, kFiring, AlertReason::fired},
      {90, kSeen, kPending, AlertReason::for_raised, 180},
      {180, kSeen, kFiring, AlertReason::fired}}},
    {"RaisedForDemotesAKeptAlertWhichIsThenReset",
     60,
     600,
     {{0, kSeen, kPending, AlertReason::started},
      {60, kSeen, kFiring, AlertReason::fired},
      {90, kUnseen, kPending, AlertReason::for_raised, 180},
      {120, kUnseen, kInactive, AlertReason::reset}}},
    {"LoweredForFiresAtTheNextEvaluation",
     600,
     0,
     {{0, kSeen, kPending, AlertReason::started}, {30, kSeen, kFiring, AlertReason::fired, 30}}},
    {"AnEvaluationThatCannotKnowChangesNothing",
     60,
     0,
     {{0, kSeen, kPending, AlertReason::started},
      {30, kUnsure, kPending, AlertReason::not_known},
      {60, kSeen, kFiring, AlertReason::fired},
      {90, kUnsure, kFiring, AlertReason::not_known}}},
};

TEST_CASE("alert states follow their scripts") {
  for (const Script& script : kScripts) {
    AlertClock clock;
    AlertTiming timing{seconds(script.hold), seconds(script.keep_firing_for)};
    for (const Step& step : script.steps) {
      INFO(script.rule << " at " << step.second << "s");
      if (step.hold >= 0) timing.hold = seconds(step.hold);
      const AlertStep result = next(clock, step.presence, at(step.second), timing);
      CHECK(to_string(result.reason) == to_string(step.reason));
      CHECK(to_string(result.clock.state) == to_string(step.state));
      clock = result.clock;
    }
  }
}

TEST_CASE("a new run of an alert has times of its own") {
  AlertClock clock = next({}, kSeen, at(0), {}).clock;
  CHECK(clock.active_at == at(0));
  CHECK(clock.fired_at == at(0));
  clock = next(clock, kUnseen, at(30), {}).clock;
  CHECK(clock.resolved_at == at(30));
  clock = next(clock, kSeen, at(60), {}).clock;
  CHECK(clock.active_at == at(60));
  CHECK(clock.fired_at == at(60));
  CHECK(clock.resolved_at == kNoTime);
}

TEST_CASE("a pending alert that is reset and a forgotten one leave nothing behind") {
  const AlertTiming timing{seconds(60), {}};
  CHECK(next(next({}, kSeen, at(0), timing).clock, kUnseen, at(30), timing).clock.vacant());
}

TEST_CASE("needs_sending follows Prometheus' resend rules") {
  const Duration delay = minutes(1);
  const AlertClock pending{kPending, at(0), kNoTime, kNoTime, kNoTime};
  const AlertClock firing{kFiring, at(0), at(0), kNoTime, kNoTime};
  const AlertClock resolved{kInactive, at(0), at(0), at(90), kNoTime};
  struct Case {
    std::string rule;
    AlertClock clock;
    WallTime last_sent;
    int now;
    bool expected;
  };
  const std::vector<Case> cases = {
      {"VacantIsNeverSent", {}, kNoTime, 0, false},
      {"PendingIsNeverSent", pending, kNoTime, 600, false},
      {"FiringIsSentAtOnce", firing, kNoTime, 0, true},
      {"FiringIsNotRepeatedAtTheDelay", firing, at(0), 60, false},
      {"FiringIsRepeatedAfterTheDelay", firing, at(0), 61, true},
      {"ResolvedIsSentAtOnce", resolved, at(60), 90, true},
      {"ResolvedIsRepeatedAfterTheDelay", resolved, at(90), 151, true},
      {"ResolvedIsNotRepeatedBefore", resolved, at(90), 150, false},
  };
  for (const Case& c : cases) {
    INFO(c.rule);
    CHECK(needs_sending(c.clock, c.last_sent, at(c.now), delay) == c.expected);
  }
}

TEST_CASE("a shifted clock runs on across a wall-clock step") {
  const AlertTiming timing{seconds(60), {}};
  const AlertClock clock = shifted(next({}, kSeen, at(0), timing).clock, seconds(7200));
  CHECK(clock.fired_at == kNoTime);
  CHECK(next(clock, kSeen, at(7200 + 59), timing).reason == AlertReason::holding);
  CHECK(next(clock, kSeen, at(7200 + 60), timing).reason == AlertReason::fired);
}

}  // namespace
}  // namespace tocsin::rules
