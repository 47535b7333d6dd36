#include "engine/dispatch/told.hpp"
#include "engine/dispatch/pipeline.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/dispatch/support.hpp"

using namespace tocsin;
using namespace tocsin::dispatch;

namespace {

struct CompareCase {
  const char* rule;
  bool knows;
  Fingerprints told_firing, told_resolved;
  Fingerprints firing, resolved, unmuted;
  bool send_resolved;
  double told_at, now;
  NotifyReason reason;
};

}  // namespace

// Upstream's TestDedupStageNeedsUpdate and traps 48, 49, 57, 85; repeat_interval is 60 s.
TEST_CASE("WhatIsNewIsDecidedInUpstreamsOrder") {
  const CompareCase cases[] = {
      {"never told", false, {}, {}, ids({1}), {}, {}, true, 0, 1, NotifyReason::first_notification},
      {"never told and all over: silent",
       false,
       {},
       {},
       {},
       ids({1}),
       {},
       true,
       0,
       1,
       NotifyReason::nothing_to_tell},
      {"told resolved last: first again",
       true,
       {},
       ids({1}),
       ids({1}),
       {},
       {},
       true,
       0,
       1,
       NotifyReason::first_notification},
      {"one more fires", true, ids({1}), {}, ids({1, 2}), {}, {}, true, 0, 1, NotifyReason::new_alerts},
      {"another one fires", true, ids({1}), {}, ids({2}), {}, {}, true, 0, 1, NotifyReason::new_alerts},
      {"fewer fire", true, ids({1, 2}), {}, ids({1}), {}, {}, true, 0, 1, NotifyReason::nothing_new},
      {"one has ended",
       true,
       ids({1, 2}),
       {},
       ids({1}),
       ids({2}),
       {},
       true,
       0,
       1,
       NotifyReason::some_resolved},
      {"one has ended, not told ends",
       true,
       ids({1, 2}),
       {},
       ids({1}),
       ids({2}),
       {},
       false,
       0,
       1,
       NotifyReason::nothing_new},
      {"that end is told already",
       true,
       ids({1}),
       ids({2}),
       ids({1}),
       ids({2}),
       {},
       true,
       0,
       1,
       NotifyReason::nothing_new},
      {"all have ended", true, ids({1}), {}, {}, ids({1}), {}, true, 0, 1, NotifyReason::all_resolved},
      {"all have ended, also without send_resolved",
       true,
       ids({1}),
       {},
       {},
       ids({1}),
       {},
       false,
       0,
       1,
       NotifyReason::all_resolved},
      {"fired and ended between two looks",
       true,
       {},
       {},
       {},
       ids({1}),
       {},
       true,
       0,
       1,
       NotifyReason::nothing_to_tell},
      {"before repeat_interval",
       true,
       ids({1}),
       {},
       ids({1}),
       {},
       {},
       true,
       0,
       59.9,
       NotifyReason::nothing_new},
      {"at repeat_interval",
       true,
       ids({1}),
       {},
       ids({1}),
       {},
       {},
       true,
       0,
       60,
       NotifyReason::repeat_interval},
      {"new goes before repeat",
       true,
       ids({1}),
       {},
       ids({1, 2}),
       {},
       {},
       true,
       0,
       61,
       NotifyReason::new_alerts},
      {"unmuted", true, ids({1}), {}, ids({1}), {}, ids({1}), true, 0, 1, NotifyReason::unmuted},
      {"unmuted, and over by now",
       true,
       ids({1, 2}),
       {},
       ids({2}),
       {},
       ids({1}),
       true,
       0,
       1,
       NotifyReason::nothing_new},
  };
  for (const CompareCase& c : cases) {
    INFO(c.rule);
    Told told;
    told.firing = c.told_firing;
    told.resolved = c.told_resolved;
    told.at = mono(c.told_at);
    const CompareOptions options{c.send_resolved, true, seconds(60), mono(c.now)};
    CHECK(compare(c.knows ? &told : nullptr, {c.firing, c.resolved}, c.unmuted, options) == c.reason);
  }
}

TEST_CASE("UpstreamRepeatsOnlyAfterTheMomentOfRepeatInterval") {
  Told told;
  told.firing = ids({1});
  told.at = mono(0);
  CompareOptions options{true, false, seconds(60), mono(60)};
  CHECK(compare(&told, {ids({1}), {}}, {}, options) == NotifyReason::nothing_new);
  options.now = mono(60.001);
  CHECK(compare(&told, {ids({1}), {}}, {}, options) == NotifyReason::repeat_interval);
}

TEST_CASE("WhatWasToldIsForgottenAtItsTime") {
  ToldLog log;
  Told told;
  told.firing = ids({1});
  told.forgotten_at = mono(100);
  log.record({"group", "receiver/slack[0]"}, told);
  CHECK(log.find({"group", "receiver/slack[0]"}, mono(99)) != nullptr);
  CHECK(log.find({"group", "receiver/slack[0]"}, mono(100)) == nullptr);
  CHECK(log.find({"group", "receiver/slack[1]"}, mono(0)) == nullptr);
  log.collect(mono(100));
  CHECK(log.all().empty());
}

namespace {

// One alert in a plan: who it is, whether it has ended, what the judges say.
struct Member {
  std::uint64_t id;
  bool resolved = false;
  Withheld withheld = Withheld::no;
  bool departed = false;
};

Plan plan_of(const std::vector<Member>& members, const Fingerprints& told_firing, bool send_resolved,
             const Policy& policy) {
  std::vector<Seen> alerts;
  std::vector<Verdict> verdicts;
  for (const Member& member : members) {
    alerts.push_back({Fingerprint{member.id}, 0, member.resolved, member.departed});
    verdicts.push_back({member.withheld, {}});
  }
  Told told;
  told.firing = told_firing;
  told.at = mono(0);
  PlanOptions options;
  options.policy = policy;
  options.compare = {send_resolved, true, seconds(3600), mono(1)};
  return plan_notification(alerts, verdicts, told_firing.empty() ? nullptr : &told, {}, options);
}

}  // namespace

TEST_CASE("ASilencedAlertThatWasToldFiringIsToldResolved") {
  const std::vector<Member> members = {{1, true, Withheld::silenced}};
  Plan plan = plan_of(members, ids({1}), true, Policy{});
  CHECK(plan.reason == NotifyReason::all_resolved);
  CHECK(plan.sent == ids({1}));
  plan = plan_of(members, ids({1}), true, upstream_policy());
  CHECK(plan.reason == NotifyReason::nothing_new);
  CHECK(plan.sent.empty());
}

TEST_CASE("ASilencedAlertThatWasNotToldFiringEndsUntold") {
  const Plan plan = plan_of({{1, true, Withheld::silenced}, {2}}, ids({2}), true, Policy{});
  CHECK(plan.reason == NotifyReason::nothing_new);
  CHECK(plan.picture.resolved.empty());
}

TEST_CASE("AnAlertThatFiresWithheldStaysAmongTheToldWhenOthersAreTold") {
  const std::vector<Member> members = {{1, false, Withheld::inhibited}, {2}};
  const Plan plan = plan_of(members, ids({1}), true, Policy{});
  CHECK(plan.reason == NotifyReason::new_alerts);
  CHECK(plan.sent == ids({2}));
  CHECK(told_after(plan, nullptr, Policy{}).firing == ids({1, 2}));
  CHECK(told_after(plan, nullptr, upstream_policy()).firing == ids({2}));
}

TEST_CASE("WithoutSendResolvedAnEndIsRecordedAndNotSent") {
  Plan plan = plan_of({{1, true}}, ids({1}), false, Policy{});
  CHECK(plan.reason == NotifyReason::all_resolved);
  CHECK(plan.record_only);
  CHECK(told_after(plan, nullptr, Policy{}).firing.empty());
  plan = plan_of({{1, true}, {2}}, ids({1}), false, Policy{});
  CHECK_FALSE(plan.record_only);
  CHECK(plan.sent == ids({2}));
}

TEST_CASE("OfAnAlertThatDepartedOnlyTheEndIsTold") {
  Plan plan = plan_of({{1, true, Withheld::no, true}, {2}}, ids({1, 2}), true, upstream_policy());
  CHECK(plan.reason == NotifyReason::some_resolved);
  CHECK(plan.sent == ids({1, 2}));
  plan = plan_of({{3, true, Withheld::no, true}, {2}}, ids({2}), true, Policy{});
  CHECK(plan.reason == NotifyReason::nothing_new);
}
