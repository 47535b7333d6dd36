// Back-off, deadlines, policy: the small parts.
#include "engine/dispatch/backoff.hpp"
#include "engine/dispatch/deadlines.hpp"
#include "engine/dispatch/policy.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/dispatch/support.hpp"

using namespace tocsin;
using namespace tocsin::dispatch;

TEST_CASE("BackoffGrowsByHalfUpToAMinuteWithHalfJitter") {
  const double intervals[] = {0.5, 0.75, 1.125, 1.6875, 2.53125};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    Backoff backoff;
    for (const double interval : intervals) {
      const double wait = std::chrono::duration<double>(backoff.next(random)).count();
      CHECK(wait >= interval * 0.5);
      CHECK(wait <= interval * 1.5 + 1e-6);
    }
    for (int i = 0; i < 30; ++i) (void)backoff.next(random);
    const double wait = std::chrono::duration<double>(backoff.next(random)).count();
    CHECK(wait >= 30);
    CHECK(wait <= 90.001);
  }
}

TEST_CASE("TheSameSeedGivesTheSameBackoff") {
  Random one(7);
  Random two(7);
  Backoff a;
  Backoff b;
  for (int i = 0; i < 20; ++i) CHECK(a.next(one) == b.next(two));
}

TEST_CASE("EqualDeadlinesComeInTheOrderOfKeys") {
  Deadlines<int> deadlines;
  deadlines.set(3, mono(5));
  deadlines.set(1, mono(5));
  deadlines.set(2, mono(1));
  deadlines.set(2, mono(9));
  CHECK(deadlines.next() == mono(5));
  CHECK_FALSE(deadlines.take_due(mono(4)).has_value());
  CHECK(deadlines.take_due(mono(5)) == 1);
  CHECK(deadlines.take_due(mono(5)) == 3);
  CHECK_FALSE(deadlines.take_due(mono(5)).has_value());
  CHECK(deadlines.of(2) == mono(9));
  deadlines.remove(2);
  CHECK_FALSE(deadlines.next().has_value());
}

TEST_CASE("EveryDeviationCanBeSetBackAndPicked") {
  const Policy upstream = *parse_policy("upstream");
  for (const PolicyField& field : policy_fields()) {
    INFO(field.name);
    CHECK(Policy{}.*field.member);
    CHECK_FALSE(upstream.*field.member);
    const Policy picked = *parse_policy("upstream,+" + std::string(field.name));
    CHECK(picked.*field.member);
    const Policy dropped = *parse_policy("-" + std::string(field.name));
    CHECK_FALSE(dropped.*field.member);
    CHECK_FALSE(field.reference.empty());
  }
  CHECK(*parse_policy("") == Policy{});
  CHECK(sizeof(Policy) == policy_fields().size());  // no field without a line in the table
}

TEST_CASE("AWrongPolicyIsNamed") {
  CHECK(parse_policy("upstream,+nothing").error().text.starts_with("compat: unknown deviation \"nothing\""));
  CHECK(parse_policy("told_resolved").error().text ==
        "compat: found \"told_resolved\", expected \"upstream\", \"tocsin\", +name or -name");
}
