// Labels that rules have from their group. Upstream checks the templates of a rule's own labels and not
// these, so a bad one must not cost the file.
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/rules/rule_world.hpp"

namespace tocsin::rules::testing {
namespace {

constexpr std::string_view kBadTemplate = R"(groups:
- name: g
  labels: {team: 'x {{ $lables.t }}'}
  rules:
  - {alert: A, expr: up == 0}
  - {alert: B, expr: up == 0}
  - {alert: C, expr: up == 0, labels: {team: own}}
)";

std::string findings(std::string_view text) {
  Diagnostics diagnostics;
  (void)load_rule_file(std::string(text), {.file = "r.yml"}, diagnostics);
  return format_diagnostics(diagnostics.all());
}

TEST_CASE("a group's label with a bad template is a warning, and one for all rules") {
  CHECK(findings(kBadTemplate) ==
        "r.yml:3:24: warning: group \"g\": label \"team\": undefined variable \"$lables\", did you mean "
        "\"$labels\"?\n"
        "    alerts of this group will carry the error as the value of this label\n");
  CHECK(findings("groups: [{name: g, labels: {a: '{{'}, rules: [{record: r, expr: up}]}]").empty());
}

TEST_CASE("a rule's own label with a bad template is an error") {
  CHECK(findings("groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: '{{ $lables.t }}'}}]}]") ==
        "r.yml:1:65: group \"g\", rule 1, \"A\": label \"a\": undefined variable \"$lables\", did you mean "
        "\"$labels\"?\n");
}

TEST_CASE("alerts carry the error of their group's template, as upstream's do") {
  RuleSetOptions options;
  options.schedule = Schedule::own_interval_from_zero;
  RuleWorld world(options);
  (void)world.load({std::string(kBadTemplate)});
  world.append(Labels{{"__name__", "up"}}, WallTime{}, 0);
  const std::vector<Run> runs = world.run(WallTime{});
  REQUIRE(runs.size() == 3);
  CHECK(
      runs[0].outcome.template_errors ==
      std::vector<std::string>{"error parsing template __alert_A: template: __alert_A:1: undefined variable "
                               "\"$lables\""});
  CHECK(world.alerts() ==
        std::vector<std::string>{
            R"({alertname="A", team="<error expanding template: error parsing template __alert_A: template: )"
            R"(__alert_A:1: undefined variable \"$lables\">"} firing active=0s fired=0s value=0)",
            R"({alertname="B", team="<error expanding template: error parsing template __alert_B: template: )"
            R"(__alert_B:1: undefined variable \"$lables\">"} firing active=0s fired=0s value=0)",
            R"({alertname="C", team="own"} firing active=0s fired=0s value=0)"});
}

}  // namespace
}  // namespace tocsin::rules::testing
