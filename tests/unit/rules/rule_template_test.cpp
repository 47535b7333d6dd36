// Prometheus' template functions and data against upstream's answers, recorded in
// tests/golden/template/rule_functions.txt.
#include <string>

#include "rules/rule_template.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden_table.hpp"

namespace {

using namespace tocsin;
using rules::RuleTemplate;
using rules::RuleTemplateData;

promql::VectorSample sample(std::initializer_list<LabelView> labels, double value) {
  return {Labels(labels), {Timestamp{}, value, nullptr}};
}

Result<promql::Vector> recorded_query(std::string_view expression) {
  if (expression == "none") return promql::Vector{};
  if (expression == "bad") return Error("bad query");
  return promql::Vector{
      sample({{"__name__", "up"}, {"instance", "b:1"}, {"job", "x"}, {"__value__", "sv"}}, 1.5),
      sample({{"__name__", "up"}, {"instance", "a:1"}, {"job", "y"}}, 1e6),
      sample({{"__name__", "up"}, {"job", "z"}}, 0)};
}

// Everything that a recorded template could see. Owns what RuleTemplateData borrows.
struct Recorded {
  Labels labels{{"__name__", "up"}, {"instance", "localhost:9091"}, {"domain", "graph"}, {"html", "<b>&"}};
  Labels external_labels{{"cluster", "cim"}};
  promql::Sample value{Timestamp{}, 0.93456789, nullptr};
  std::function<Result<promql::Vector>(std::string_view)> query = recorded_query;

  [[nodiscard]] RuleTemplateData data() const {
    return {labels,
            external_labels,
            value,
            wall_from_ns(1'795'317'127'500'000'000),
            "http://prom.example:9090/pre%20fix/x?y=1",
            true,
            query};
  }
};

Result<std::string> expand(std::string_view text) {
  const Recorded recorded;
  const auto parsed = RuleTemplate::parse("X", text);
  if (!parsed) return parsed.error();
  return parsed->expand(recorded.data());
}

}  // namespace

TEST_CASE("rule templates give what Prometheus gives", "[rules][template]") {
  const auto lines = testing::read_golden_table("tests/golden/template/rule_functions.txt");
  CHECK(lines.size() > 500);
  for (const testing::GoldenLine& line : lines) {
    INFO(line.literal);
    CHECK(testing::golden_answer(expand(line.input)) == line.answer);
  }
}

TEST_CASE("an error stands in the place of the text", "[rules][template]") {
  const Recorded recorded;
  const auto parsed = RuleTemplate::parse("NATSDisconnected", "{{ $labels.instance.x }}");
  REQUIRE(parsed);
  CHECK(RuleTemplate::in_place_of(parsed->expand(recorded.data()).error()) ==
        "<error expanding template: error executing template __alert_NATSDisconnected: template: "
        "__alert_NATSDisconnected:1:122: executing \"__alert_NATSDisconnected\" at <$labels.instance.x>: "
        "can't evaluate "
        "field x in type string>");
}

TEST_CASE("without an external URL its functions fail as in promtool's tests", "[rules][template]") {
  const Recorded recorded;
  const std::string_view url = "http://x";
  const RuleTemplateData data{recorded.labels, recorded.external_labels, recorded.value, {}, url, false,
                              recorded.query};
  CHECK(*RuleTemplate::parse("X", "{{ $externalURL }}")->expand(data) == "http://x");
  const auto failed = RuleTemplate::parse("X", "{{ externalURL }}")->expand(data);
  REQUIRE(!failed);
  CHECK(failed.error().text.ends_with(
      "error calling externalURL: runtime error: invalid memory address or nil pointer dereference"));
}

TEST_CASE("a text without an action is constant", "[rules][template]") {
  CHECK(RuleTemplate::parse("X", "High memory usage")->is_constant());
  CHECK_FALSE(RuleTemplate::parse("X", "{{ $value }}")->is_constant());
  CHECK_FALSE(RuleTemplate::parse("X", "{{/* nothing */}}")->is_constant());
}
