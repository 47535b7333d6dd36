#include "engine/lint/rule_lint.hpp"

#include "promql/format.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;

TEST_CASE("Lint options are those of promtool") {
  struct Case {
    std::string text;
    bool duplicates, intervals;
  };
  const std::vector<Case> cases = {
      {"", false, false},
      {"duplicate-rules", true, false},
      {"too-long-scrape-interval", false, true},
      {"all", true, true},
      {"all,none", false, false},
      {"duplicate-rules,too-long-scrape-interval", true, true},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const auto settings = lint::parse_lint_settings(c.text);
    REQUIRE(settings);
    CHECK(settings->duplicate_rules == c.duplicates);
    CHECK(settings->too_long_scrape_interval == c.intervals);
  }
  CHECK(lint::parse_lint_settings("al").error().text ==
        "unknown lint option \"al\", expected all, duplicate-rules, too-long-scrape-interval or none");
}

TEST_CASE("Rules that write the same series are found once a set of labels, in whatever groups") {
  rules::RuleFile file;
  file.file = "a.yml";
  int line = 0;
  const auto add = [&](const std::string& group, const std::string& name,
                       std::map<std::string, std::string> labels) {
    if (file.groups.empty() || file.groups.back().name != group) {
      file.groups.emplace_back();
      file.groups.back().name = group;
    }
    rules::Rule rule;
    rule.name = name;
    rule.labels = std::move(labels);
    rule.position = {++line, 5};
    file.groups.back().rules.push_back(std::move(rule));
  };
  add("one", "A", {{"x", "1"}});
  add("one", "A", {{"x", "2"}});
  add("one", "B", {});
  add("two", "A", {{"x", "1"}});
  add("two", "A", {{"x", "1"}});
  const auto findings = lint::duplicate_rule_findings(file);
  REQUIRE(findings.size() == 1);
  CHECK(format_diagnostic(findings[0], SeverityWord::always) ==
        "a.yml:4:5: warning duplicate-rules: \"A\" with the same labels stands at 1:5 too: both write the "
        "same series");
}

TEST_CASE("A job that is scraped less often than the lookback is found") {
  config::PrometheusConfig config;
  config.file = "p.yml";
  for (const int minutes : {1, 4, 5, 10}) {
    config::ScrapeConfig job;
    job.job_name = format("every{}", minutes);
    job.scrape_interval = std::chrono::minutes(minutes);
    job.position = {minutes, 3};
    config.scrape_configs.push_back(std::move(job));
  }
  const auto findings = lint::scrape_interval_findings(config, std::chrono::minutes(5));
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].text ==
        "job \"every5\" is scraped every 5m: a sample is stale after 5m, so queries find gaps");
  CHECK(findings[1].position == SourcePosition{10, 3});
}
