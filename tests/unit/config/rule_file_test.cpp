#include "rules/rule_file.hpp"

#include "promql/format.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::rules;
using namespace std::chrono_literals;

namespace {

struct Loaded {
  RuleFile file;
  std::string findings;
};

Loaded load(const std::string& text, bool ignore_unknown = false, bool legacy = false) {
  Diagnostics diagnostics;
  RuleFileOptions options;
  options.file = "r.yml";
  options.ignore_unknown_keys = ignore_unknown;
  options.legacy_names = legacy;
  Loaded loaded{load_rule_file(text, options, diagnostics), ""};
  loaded.findings = format_diagnostics(diagnostics.all());
  return loaded;
}

}  // namespace

TEST_CASE("GroupsAndRulesAreRead") {
  const Loaded loaded = load(
      "groups:\n"
      "- name: g\n"
      "  interval: 30s\n"
      "  query_offset: 0s\n"
      "  limit: 5\n"
      "  labels: {team: group, tier: '1'}\n"
      "  rules:\n"
      "  - alert: A\n"
      "    expr: up == 0\n"
      "    for: 1m\n"
      "    keep_firing_for: 2m\n"
      "    labels: {team: rule, sum: '{{ $value }}'}\n"
      "    annotations: {text: down}\n"
      "  - record: r\n"
      "    expr: 1\n"
      "- name: h\n"
      "  interval: 0s\n");
  CHECK(loaded.findings.empty());
  REQUIRE(loaded.file.groups.size() == 2);
  const RuleGroup& group = loaded.file.groups.at(0);
  CHECK(group.interval == 30s);
  CHECK(group.query_offset == 0s);
  CHECK(group.limit == 5);
  const Rule& alert = group.rules.at(0);
  CHECK(alert.kind == RuleKind::alerting);
  CHECK(alert.hold == 1min);
  CHECK(alert.keep_firing_for == 2min);
  CHECK(alert.labels ==
        std::map<std::string, std::string>{{"sum", "{{ $value }}"}, {"team", "rule"}, {"tier", "1"}});
  REQUIRE(alert.label_templates.size() == 3);
  CHECK_FALSE(alert.label_templates.at(0).value.is_constant());
  CHECK(alert.label_templates.at(1).value.is_constant());
  CHECK(alert.annotation_templates.at(0).value.text() == "down");
  const Rule& record = group.rules.at(1);
  CHECK(record.kind == RuleKind::recording);
  CHECK(record.expr_text == "1");
  CHECK(record.label_templates.empty());
  CHECK(record.labels.at("team") == "group");
  CHECK_FALSE(loaded.file.groups.at(1).interval.has_value());  // 0 stands for the default
  CHECK_FALSE(loaded.file.groups.at(1).query_offset.has_value());
}

TEST_CASE("PositionsInAnExpressionAreThoseOfTheFile") {
  const Loaded loaded = load(
      "groups:\n"
      "- name: g\n"
      "  rules:\n"
      "  - record: r\n"
      "    expr: |\n"
      "      sum(\n"
      "        up\n"
      "      )\n");
  const Rule& rule = loaded.file.groups.at(0).rules.at(0);
  CHECK(loaded.file.position_in_expr(rule, static_cast<int>(rule.expr_text.find("up"))) ==
        SourcePosition{7, 9});
  CHECK(loaded.file.position_in_expr(rule, 1000) == SourcePosition{8, 8});
}

TEST_CASE("RulesThatAreWrongDoNotHideTheOthers") {
  const Loaded loaded =
      load("groups: [{name: g, rules: [{alert: A, expr: 'up =='}, {alert: B, expr: up}]}]\n");
  CHECK(loaded.findings.find("rule 1, \"A\"") != std::string::npos);
  REQUIRE(loaded.file.groups.at(0).rules.size() == 1);
  CHECK(loaded.file.groups.at(0).rules.at(0).name == "B");
}

TEST_CASE("ASecondDocumentIsAWarning") {
  CHECK(load("groups: []\n---\n{]\n").findings ==
        "r.yml:1:1: warning: more than one YAML document: only the first is read\n");
}

TEST_CASE("UnknownKeysMayBeIgnoredButNotDuplicates") {
  CHECK(load("groups: [{name: g, x: y, rules: [{alert: A, expr: up, z: 1}]}]\n", true).findings.empty());
  CHECK_FALSE(load("groups: [{name: g, name: h}]\n", true).findings.empty());
}

TEST_CASE("LegacyNamesAreClassicNames") {
  const std::string text = "groups: [{name: g, rules: [{record: 'a.b', expr: up, labels: {'c.d': e}}]}]\n";
  CHECK(load(text).findings.empty());
  CHECK(load(text, false, true).findings ==
        "r.yml:1:37: group \"g\", rule 1, \"a.b\": record: invalid recording rule name \"a.b\"\n"
        "r.yml:1:63: group \"g\", rule 1, \"a.b\": invalid label name \"c.d\"\n");
}
