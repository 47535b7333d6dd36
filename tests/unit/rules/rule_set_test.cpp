// What scripts cannot say: slots and missed ones, the order of groups, rounds cut short, clock steps, and
// alerts that move from one set to another.
#include "rules/rule_set.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/rules/rule_world.hpp"

namespace tocsin::rules::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Lines = std::vector<std::string>;

WallTime at(int second) {
  return WallTime(seconds(second));
}

RuleSetOptions scheduled(Schedule schedule) {
  RuleSetOptions options;
  options.schedule = schedule;
  return options;
}

constexpr std::string_view kOneAlert = R"(
groups:
- name: g
  interval: 30s
  rules:
  - {alert: A, expr: x > 0, for: 1m, keep_firing_for: 1m}
)";

// "group/rule@slot" of each run.
Lines runs(RuleWorld& world, WallTime now) {
  Lines lines;
  for (const Run& run : world.run(now)) {
    lines.push_back(run.group + "/" + run.rule + "@" + show(run.slot));
  }
  return lines;
}

TEST_CASE("the server evaluates a group in the slots of its hash") {
  RuleWorld world(scheduled(Schedule::hashed_slots));
  (void)world.load({std::string(kOneAlert)}, at(1000));
  const WallTime first = slot_at_or_before(at(1000), seconds(30), slot_offset("0.yml", "g", seconds(30)));
  CHECK(world.rules().next_due() == first + seconds(30));
  CHECK(world.run(first + seconds(30) - Duration(1)).empty());
  CHECK(world.run(first + seconds(30)).size() == 1);
}

TEST_CASE("a late round keeps its slot and counts the ones it missed") {
  RuleWorld world(scheduled(Schedule::own_interval_from_zero));
  (void)world.load({std::string(kOneAlert)});
  CHECK(runs(world, at(0)) == Lines{"g/A@0s"});
  CHECK(runs(world, at(100)) == Lines{"g/A@1m30s"});
  const GroupStatistics& statistics = world.rules().groups()[0]->statistics();
  CHECK(statistics.iterations == 4);
  CHECK(statistics.missed == 2);
  CHECK(statistics.last_slot == at(90));
  CHECK(statistics.last_evaluation == at(100));
}

TEST_CASE("unit tests step every group at the evaluation interval, in the order asked for") {
  RuleSetOptions options = scheduled(Schedule::evaluation_interval_from_zero);
  options.evaluation_interval = minutes(1);
  options.group_order = {{"c", 0}, {"a", 1}, {"b", 2}};
  RuleWorld world(options);
  (void)world.load({R"(
groups:
- name: a
  interval: 10s
  rules: [{record: r, expr: "1"}]
- name: b
  rules: [{record: s, expr: "1"}]
- name: c
  interval: 5m
  rules: [{record: t, expr: "1"}]
)"});
  CHECK(runs(world, at(0)) == Lines{"c/t@0s", "a/r@0s", "b/s@0s"});
  CHECK(runs(world, at(60)) == Lines{"c/t@1m", "a/r@1m", "b/s@1m"});
}

TEST_CASE("groups without an order run in that of the files") {
  RuleWorld world(scheduled(Schedule::evaluation_interval_from_zero));
  (void)world.load({"groups: [{name: z, rules: [{record: r, expr: '1'}]}]",
                    "groups: [{name: a, rules: [{record: s, expr: '1'}]}]"});
  CHECK(runs(world, at(0)) == Lines{"z/r@0s", "a/s@0s"});
}

TEST_CASE("an identical group is untouched by a reload, its slots too") {
  RuleWorld world(scheduled(Schedule::own_interval_from_zero));
  (void)world.load({std::string(kOneAlert)});
  (void)world.run(at(0));
  world.options.start = at(17);
  const ReloadReport report = world.load({std::string(kOneAlert)}, at(17));
  CHECK(report.groups_kept == 1);
  CHECK(report.groups_changed + report.groups_added + report.groups_removed == 0);
  CHECK(world.rules().next_due() == at(30));
}

TEST_CASE("the same file twice is one set of groups") {
  RuleSet rules({});
  Diagnostics diagnostics;
  const RuleFile file = load_rule_file(std::string(kOneAlert), {.file = "a.yml"}, diagnostics);
  const std::vector<const RuleFile*> files = {&file, &file};
  CHECK(rules.load(files, {}, at(0)).groups_added == 1);
}

TEST_CASE("a wall clock that steps forward resolves nothing while the rule is unsure") {
  RuleWorld world(scheduled(Schedule::own_interval_from_zero));
  (void)world.load({std::string(kOneAlert)});
  const Labels x{{"__name__", "x"}};
  for (int second = 0; second <= 90; second += 30) {
    world.append(x, at(second), 1);
    (void)world.run(at(second));
  }
  CHECK(world.alerts() == Lines{R"({alertname="A"} firing active=0s fired=1m value=1)"});

  // Two hours later by the clock, the samples are too old to be seen.
  const Duration step = hours(2);
  world.rules().wall_clock_stepped(at(95) + step, step);
  world.rules().groups()[0]->rules()[0]->set_unsure_until(at(155) + step);
  CHECK(world.rules().next_due() == at(120) + step);
  CHECK(world.run(at(120) + step)[0].outcome.changes.empty());
  CHECK(world.alerts() == Lines{R"({alertname="A"} firing active=2h fired=2h1m value=1)"});
  // The next scrape is there: it goes on as if nothing had been.
  world.append(x, at(140) + step, 1);
  CHECK(world.run(at(150) + step)[0].outcome.changes.empty());
  CHECK(world.alerts() == Lines{R"({alertname="A"} firing active=2h fired=2h1m value=1)"});
  // And once the clock has settled, what is gone is gone.
  world.append_stale(x, at(170) + step);
  (void)world.run(at(180) + step);
  CHECK(world.alerts() == Lines{R"({alertname="A"} firing active=2h fired=2h1m kept=2h3m value=1)"});
}

TEST_CASE("alerts move from one set to another with all their clocks") {
  RuleWorld world(scheduled(Schedule::own_interval_from_zero));
  (void)world.load({std::string(kOneAlert)});
  const Labels x{{"__name__", "x"}};
  for (int second = 0; second <= 90; second += 30) {
    world.append(x, at(second), second < 90 ? 1 : 0);
    (void)world.run(at(second));
  }
  const Lines before = {R"({alertname="A"} firing active=0s fired=1m kept=1m30s value=1)"};
  REQUIRE(world.alerts() == before);

  RuleSetOptions options = scheduled(Schedule::own_interval_from_zero);
  options.start = at(120);
  RuleWorld restarted(options);
  (void)restarted.load({std::string(kOneAlert)}, at(120));
  const ImportReport imported = restarted.rules().import_state(world.rules().export_state(), at(120));
  CHECK(imported.left.empty());
  CHECK(imported.changes.empty());
  CHECK(restarted.alerts() == before);
  // keep_firing_for goes on where it was, and the dispatcher is not told again what it knows.
  CHECK(restarted.run(at(120))[0].outcome.changes.empty());
  const std::vector<Run> ended = restarted.run(at(150));
  REQUIRE(ended[0].outcome.changes.size() == 1);
  CHECK(show(ended[0].outcome.changes[0]) ==
        R"(resolved(condition_false) {alertname="A"} starts=1m ends=2m30s)");
}

TEST_CASE("the alerts of a rule that is not there are given back") {
  RuleWorld world(scheduled(Schedule::own_interval_from_zero));
  (void)world.load({std::string(kOneAlert)});
  world.append(Labels{{"__name__", "x"}}, at(0), 1);
  (void)world.run(at(0));
  RuleSet other({});
  const std::vector<RuleState> left = other.import_state(world.rules().export_state(), at(0)).left;
  REQUIRE(left.size() == 1);
  CHECK(left[0].group == "g");
  CHECK(left[0].alerts.size() == 1);
}

TEST_CASE("external labels that change move alerts to their new labels") {
  RuleWorld world(scheduled(Schedule::own_interval_from_zero));
  const std::string rules = R"(groups: [{name: g, rules: [{alert: A, expr: x > 0}]}])";
  const auto with_cluster = [&world](const char* cluster) {
    const Labels external{{"cluster", cluster}};
    world.options.rules.map_labels = [external](const Labels& labels) {
      return std::optional(with_external_labels(labels, external));
    };
  };
  with_cluster("a");
  (void)world.load({rules});
  world.append(Labels{{"__name__", "x"}}, at(0), 1);
  (void)world.run(at(0));
  with_cluster("b");
  const ReloadReport report = world.load({rules}, at(10));
  REQUIRE(report.changes.size() == 2);
  CHECK(show(report.changes[0]) == R"(resolved(relabelled) {alertname="A", cluster="a"} starts=0s ends=10s)");
  CHECK(show(report.changes[1]) == R"(fired {alertname="A", cluster="b"} starts=0s ends=-)");
}

TEST_CASE("an alert that relabelling drops is told to nobody") {
  RuleWorld world(scheduled(Schedule::own_interval_from_zero));
  world.options.rules.map_labels = [](const Labels&) { return std::nullopt; };
  (void)world.load({R"(groups: [{name: g, rules: [{alert: A, expr: x > 0}]}])"});
  world.append(Labels{{"__name__", "x"}}, at(0), 1);
  const std::vector<Run> first = world.run(at(0));
  CHECK(first[0].outcome.changes.empty());
  CHECK(first[0].outcome.to_send.empty());
  world.append(Labels{{"__name__", "x"}}, at(60), 0);
  CHECK(world.run(at(60))[0].outcome.changes.empty());
}

TEST_CASE("a sample that the store refuses makes the rule unhealthy, but its alerts go out") {
  RuleWorld world(scheduled(Schedule::own_interval_from_zero));
  (void)world.load({R"(groups: [{name: g, rules: [{alert: A, expr: x > 0}]}])"});
  world.append(Labels{{"__name__", "x"}}, at(0), 1);
  world.append(Labels{{"__name__", "ALERTS"}, {"alertname", "A"}, {"alertstate", "firing"}}, at(30), 1);
  const std::vector<Run> runs = world.run(at(0));
  CHECK(runs[0].outcome.evaluated);
  CHECK(runs[0].outcome.error == "out of order sample");
  CHECK(runs[0].outcome.changes.size() == 1);
  CHECK(world.rules().groups()[0]->rules()[0]->status().health == RuleHealth::err);
}

TEST_CASE("a rule's status follows its last evaluation") {
  RuleWorld world(scheduled(Schedule::own_interval_from_zero));
  (void)world.load({R"(groups: [{name: g, rules: [{record: r, expr: 'x{a="1"} + on() x'}]}])"});
  const RunningRule& rule = *world.rules().groups()[0]->rules()[0];
  CHECK(rule.status().health == RuleHealth::unknown);
  CHECK(rule.status().last_evaluation == kNoTime);
  (void)world.run(at(0));
  CHECK(rule.status().health == RuleHealth::ok);
  world.append(Labels{{"__name__", "x"}, {"a", "1"}}, at(60), 1);
  world.append(Labels{{"__name__", "x"}, {"a", "2"}}, at(60), 1);
  (void)world.run(at(60));
  CHECK(rule.status().health == RuleHealth::err);
  CHECK(rule.status().last_error.find("many-to-many matching not allowed") != std::string::npos);
  CHECK(rule.status().last_evaluation == at(60));
}

}  // namespace
}  // namespace tocsin::rules::testing
