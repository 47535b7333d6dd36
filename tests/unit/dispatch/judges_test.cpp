#include "engine/dispatch/inhibition.hpp"
#include "engine/dispatch/silences.hpp"
#include "engine/dispatch/time_intervals.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/dispatch/support.hpp"

using namespace tocsin;
using namespace tocsin::dispatch;

namespace {

config::InhibitRule critical_inhibits_warning() {
  config::InhibitRule rule;
  rule.source_matchers = matchers({{"severity", MatchType::equal, "critical"}});
  rule.target_matchers = matchers({{"severity", MatchType::equal, "warning"}});
  rule.equal = {"cluster", "service"};
  return rule;
}

struct Inhibition1 {
  std::vector<config::InhibitRule> rules;
  AlertStore store{Limits{}};
  std::unique_ptr<Inhibitor> inhibitor;

  explicit Inhibition1(config::InhibitRule rule) {
    rules.push_back(std::move(rule));
    inhibitor = std::make_unique<Inhibitor>(&rules, &store);
  }
  void put(const Labels& labels, double starts, double ends = -1) {
    store.put(own_alert(labels, starts, ends), at(starts));
    inhibitor->add(fingerprint(labels), labels);
  }
  bool inhibits(const Labels& target, double when) const {
    return inhibitor->inhibits(target, at(when)).has_value();
  }
};

}  // namespace

TEST_CASE("ASourceInhibitsTargetsThatAgreeInTheEqualLabels") {
  Inhibition1 world(critical_inhibits_warning());
  world.put({{"severity", "critical"}, {"cluster", "a"}}, 0);
  CHECK(world.inhibits({{"severity", "warning"}, {"cluster", "a"}}, 1));
  CHECK_FALSE(world.inhibits({{"severity", "warning"}, {"cluster", "b"}}, 1));
  CHECK_FALSE(world.inhibits({{"severity", "info"}, {"cluster", "a"}}, 1));
  // A label that both lack is equal; one that only the target has is not.
  CHECK_FALSE(world.inhibits({{"severity", "warning"}, {"cluster", "a"}, {"service", "x"}}, 1));
}

TEST_CASE("ASourceThatHasEndedInhibitsNoMore") {
  Inhibition1 world(critical_inhibits_warning());
  const Labels source{{"severity", "critical"}};
  world.put(source, 0, 10);
  CHECK(world.inhibits({{"severity", "warning"}}, 9));
  CHECK_FALSE(world.inhibits({{"severity", "warning"}}, 10));
  world.put(source, 20);
  CHECK(world.inhibits({{"severity", "warning"}}, 21));
  world.inhibitor->remove(fingerprint(source), source);
  CHECK_FALSE(world.inhibits({{"severity", "warning"}}, 21));
}

TEST_CASE("AnAlertOnBothSidesIsNotInhibitedByAnotherOnBothSides") {
  config::InhibitRule rule;
  rule.source_matchers = matchers({{"s", MatchType::equal, "1"}});
  rule.target_matchers = matchers({{"t", MatchType::equal, "1"}});
  Inhibition1 world(std::move(rule));
  world.put({{"s", "1"}, {"t", "1"}}, 0);
  CHECK_FALSE(world.inhibits({{"s", "1"}, {"t", "1"}}, 1));
  CHECK_FALSE(world.inhibits({{"s", "1"}, {"t", "1"}, {"x", "y"}}, 1));
  CHECK(world.inhibits({{"t", "1"}}, 1));
  world.put({{"s", "1"}}, 0);
  CHECK(world.inhibits({{"s", "1"}, {"t", "1"}}, 1));
}

namespace {

Silence silence_of(std::initializer_list<MatcherText> texts, double starts, double ends) {
  Silence silence;
  silence.matcher_sets.push_back(matchers(texts));
  silence.starts_at = at(starts);
  silence.ends_at = at(ends);
  return silence;
}

}  // namespace

TEST_CASE("ASilenceIsPendingActiveAndExpired") {
  Silences silences{Limits{}};
  Random random(1);
  const std::string id = *silences.set(silence_of({{"a", MatchType::equal, "1"}}, 10, 20), at(0), random);
  CHECK(id.size() == 36);
  CHECK(id[14] == '4');
  CHECK(silences.find(id)->state(at(9)) == SilenceState::pending);
  CHECK(silences.find(id)->state(at(10)) == SilenceState::active);
  CHECK(silences.find(id)->state(at(20)) == SilenceState::expired);
  CHECK(silences.silencing({{"a", "1"}}, at(9)).empty());
  CHECK(silences.silencing({{"a", "1"}}, at(10)) == std::vector<std::string>{id});
  CHECK(silences.silencing({{"a", "2"}}, at(10)).empty());
}

TEST_CASE("ASilenceMatchesIfAnyOfItsSetsMatchesWhole") {
  Silence silence = silence_of({{"a", MatchType::equal, "1"}, {"b", MatchType::equal, "2"}}, 0, 10);
  silence.matcher_sets.push_back(matchers({{"c", MatchType::regex, "x.*"}}));
  CHECK(silence.matches({{"a", "1"}, {"b", "2"}}));
  CHECK_FALSE(silence.matches({{"a", "1"}}));
  CHECK(silence.matches({{"c", "xyz"}}));
}

TEST_CASE("ASilenceThatWouldMatchEverythingIsRefused") {
  struct Case {
    std::vector<MatcherText> set;
    std::string error;
  };
  const Case cases[] = {
      {{}, "invalid silence: matcher set 0 is empty"},
      {{{"a", MatchType::equal, ""}},
       "invalid silence: matcher set 0: at least one matcher must not match the empty string"},
      {{{"a", MatchType::regex, ".*"}},
       "invalid silence: matcher set 0: at least one matcher must not match the empty string"},
      {{{"a", MatchType::regex, ".*"}, {"b", MatchType::equal, "1"}}, ""},
      // As upstream: != and !~ are not looked at.
      {{{"a", MatchType::not_equal, "1"}}, ""},
      {{{"", MatchType::equal, "1"}},
       "invalid silence: invalid label matcher 0 in set 0: invalid label name \"\""},
  };
  for (const Case& c : cases) {
    Silences silences{Limits{}};
    Random random(1);
    Silence silence = silence_of({}, 0, 10);
    for (const MatcherText& text : c.set) {
      silence.matcher_sets[0].push_back(std::move(*Matcher::make(text.type, text.name, text.value)));
    }
    const Result<std::string> id = silences.set(std::move(silence), at(0), random);
    CHECK((id ? "" : id.error().text) == c.error);
  }
}

TEST_CASE("AnActiveSilenceMayOnlyChangeItsEndInPlace") {
  Silences silences{Limits{}};
  Random random(1);
  const std::string id = *silences.set(silence_of({{"a", MatchType::equal, "1"}}, 0, 100), at(0), random);
  Silence longer = silence_of({{"a", MatchType::equal, "1"}}, 0, 200);
  longer.id = id;
  CHECK(*silences.set(std::move(longer), at(10), random) == id);

  Silence other = silence_of({{"a", MatchType::equal, "2"}}, 0, 200);
  other.id = id;
  const std::string replaced = *silences.set(std::move(other), at(20), random);
  CHECK(replaced != id);
  CHECK(silences.find(id)->state(at(20)) == SilenceState::expired);
  CHECK(silences.find(replaced)->starts_at == at(20));
  Silence unknown = silence_of({{"a", MatchType::equal, "2"}}, 0, 200);
  unknown.id = "nobody";
  CHECK(silences.set(std::move(unknown), at(20), random).error().text == kSilenceNotFound);
}

TEST_CASE("AnExpiredSilenceIsKeptForTheRetention") {
  Silences silences{Limits{}};
  Random random(1);
  const std::string id = *silences.set(silence_of({{"a", MatchType::equal, "1"}}, 0, 100), at(0), random);
  REQUIRE(silences.expire(id, at(10)));
  CHECK(silences.find(id)->ends_at == at(10));
  silences.collect(at(10 + 120 * 3600 - 1));
  CHECK(silences.find(id) != nullptr);
  silences.collect(at(10 + 120 * 3600));
  CHECK(silences.find(id) == nullptr);
  CHECK_FALSE(silences.expire(id, at(10)));
}

TEST_CASE("SilencesBeyondTheLimitAreRefused") {
  Limits limits;
  limits.silences = 1;
  limits.silence_bytes = 1000;
  Silences silences(limits);
  Random random(1);
  Silence large = silence_of({{"a", MatchType::equal, "1"}}, 0, 100);
  large.comment = std::string(2000, 'x');
  CHECK_FALSE(silences.set(std::move(large), at(0), random));
  CHECK(silences.set(silence_of({{"a", MatchType::equal, "1"}}, 0, 100), at(0), random));
  CHECK(silences.set(silence_of({{"a", MatchType::equal, "1"}}, 0, 100), at(0), random).error().text ==
        "exceeded maximum number of silences: 1 (limit: 1)");
  CHECK(silences.refused() == 2);
}

TEST_CASE("TimeIntervalsAreUtcWithExclusiveEndsAndClampedDays") {
  using config::InclusiveRange;
  config::TimeInterval office;
  office.times = {{9 * 60, 17 * 60}};
  office.weekdays = {InclusiveRange{1, 5}};
  const auto inside = [](const config::TimeInterval& interval, const char* time) {
    return contains_time(interval, *templates::Zone::load(interval.location), *parse_rfc3339(time));
  };
  CHECK(inside(office, "2026-01-05T09:00:00Z"));
  CHECK(inside(office, "2026-01-05T16:59:59Z"));
  CHECK_FALSE(inside(office, "2026-01-05T17:00:00Z"));
  CHECK_FALSE(inside(office, "2026-01-04T12:00:00Z"));  // a Sunday

  office.location = "Australia/Sydney";  // eleven hours ahead
  CHECK(inside(office, "2026-01-04T22:00:00Z"));
  CHECK_FALSE(inside(office, "2026-01-05T09:00:00Z"));

  config::TimeInterval last_days;
  last_days.days_of_month = {InclusiveRange{-2, -1}};
  CHECK(inside(last_days, "2024-02-28T00:00:00Z"));
  CHECK_FALSE(inside(last_days, "2024-02-27T00:00:00Z"));
  CHECK(inside(last_days, "2026-02-27T00:00:00Z"));
  last_days.days_of_month = {InclusiveRange{30, 31}};
  CHECK_FALSE(inside(last_days, "2026-02-28T00:00:00Z"));
  CHECK(inside(last_days, "2026-04-30T00:00:00Z"));

  config::TimeInterval years;
  years.months = {InclusiveRange{1, 3}};
  years.years = {InclusiveRange{2025, 2026}};
  CHECK(inside(years, "2026-03-31T23:59:59Z"));
  CHECK_FALSE(inside(years, "2026-04-01T00:00:00Z"));
  CHECK_FALSE(inside(years, "2027-03-01T00:00:00Z"));

  config::TimeInterval never;
  never.times.emplace();
  CHECK_FALSE(inside(never, "2026-01-05T09:00:00Z"));
}
