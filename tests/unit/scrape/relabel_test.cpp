#include "engine/scrape/relabel.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/golden_cases.hpp"
#include "tests/unit/scrape/config_text.hpp"

namespace tocsin::scrape {
namespace {

using golden::field;
using golden::golden_cases;
using golden::GoldenCase;
using golden::labels_of;

std::string rules_of(const GoldenCase& golden) {
  std::string keys;
  std::istringstream lines(golden.body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("rule ")) keys += "- " + line.substr(5) + "\n";
  }
  return keys.empty() ? "" : "relabel_configs:\n" + keys;
}

TEST_CASE("RulesDoWhatUpstreamDoes", "[relabel]") {
  const std::vector<GoldenCase> cases = golden_cases("scrape/relabel.txt");
  REQUIRE(cases.size() > 50);
  for (const GoldenCase& golden : cases) {
    INFO(golden.head << "\n" << golden.body);
    const auto config = one_job(rules_of(golden));
    const std::optional<Labels> out =
        relabel(config->scrape_configs[0].relabel_configs, labels_of(field(golden, "in")));
    const std::string expected = field(golden, "out");
    if (expected == "dropped") {
      CHECK_FALSE(out.has_value());
    } else {
      REQUIRE(out.has_value());
      CHECK(*out == labels_of(expected));
    }
  }
}

TEST_CASE("ClassicNamesAreAskedForWhereTheConfigurationSays", "[relabel]") {
  const std::string rule =
      "relabel_configs:\n"
      "- {source_labels: [a], target_label: '${1}', regex: '(.*)', replacement: v}\n";
  const Labels labels{{"a", "x.y"}};
  const auto any = one_job(rule);
  CHECK(relabel(any->scrape_configs[0].relabel_configs, labels) == Labels{{"a", "x.y"}, {"x.y", "v"}});
  const auto classic = one_job("metric_name_validation_scheme: legacy\n" + rule);
  CHECK(relabel(classic->scrape_configs[0].relabel_configs, labels) == labels);
}

}  // namespace
}  // namespace tocsin::scrape
