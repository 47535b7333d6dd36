#include "engine/lint/check.hpp"

#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::lint;

namespace {

config::MemoryFiles world() {
  config::MemoryFiles files;
  files.files = {
      {"good.yml", "groups: [{name: g, rules: [{alert: A, expr: up == 0}, {record: r, expr: up}]}]\n"},
      {"bad.yml", "groups: [{name: g, rules: [{alert: A, expr: 'up ==', lables: {}}]}]\n"},
      {"twice.yml", "groups: [{name: g, rules: [{record: r, expr: up}, {record: r, expr: up}]}]\n"},
      {"prometheus.yml",
       "rule_files: [good.yml]\nscrape_configs: [{job_name: a}, {job_name: b, scrape_interval: 10m}]\n"},
      {"prometheus-bad-rules.yml", "rule_files: [good.yml, bad.yml]\n"},
      {"prometheus-missing.yml", "rule_files: [none.yml]\n"},
      {"prometheus-files.yml",
       "scrape_configs: [{job_name: a, authorization: {credentials_file: token}, "
       "file_sd_configs: [{files: [t.json, gone.yml]}]}]\n"},
      {"t.json", "[{\"targets\": [\"a\\/b:1\"], \"label\": {}}]\n"},
      {"am.yml",
       "route: {receiver: a, routes: [{receiver: a}]}\n"
       "receivers: [{name: a, slack_configs: [{api_url: 'https://s/x'}]}]\ntemplates: ['*.tmpl']\n"},
      {"am-bad.yml", "route: {receiver: b}\nreceivers: [{name: a}]\n"},
      {"good.tmpl", "{{ define \"x\" }}{{ end }}"},
  };
  return files;
}

struct Case {
  std::string name;
  CheckReport report;
  int exit_code;
  std::string out, err;
};

}  // namespace

TEST_CASE("ReportsAreForPeople") {
  config::MemoryFiles files = world();
  CheckOptions options;
  const std::vector<Case> cases = {
      {"valid rules", check_rules({"good.yml"}, options, files), 0, "good.yml: valid, 2 rules\n", ""},
      {"bad rules", check_rules({"good.yml", "bad.yml"}, options, files), 1, "",
       "bad.yml:1:51: group \"g\", rule 1, \"A\": expr: 1:6: parse error: unexpected end of input\n"
       "     1 | groups: [{name: g, rules: [{alert: A, expr: 'up ==', lables: {}}]}]\n"
       "       |                                                   ^\n"
       "bad.yml:1:54: group \"g\", rule 1, \"A\": unknown key \"lables\", did you mean \"labels\"?\n"
       "FAILED: 2 errors in 2 files\n"},
      {"no such file", check_rules({"none.yml"}, options, files), 1, "",
       "none.yml: no such file or directory\nFAILED: 1 error in 1 file\n"},
      {"valid configuration", check_config({"prometheus.yml"}, options, files), 0,
       "prometheus.yml: valid, 2 scrape jobs, 2 rules\n", ""},
      {"rule file that is not there", check_config({"prometheus-missing.yml"}, options, files), 1, "",
       "prometheus-missing.yml:1:14: rule_files: \"none.yml\" does not point to an existing file\n"
       "FAILED: 1 error in 1 file\n"},
      {"files behind a configuration", check_config({"prometheus-files.yml"}, options, files), 1, "",
       "prometheus-files.yml:1:18: error: scrape job \"a\": credentials_file: \"token\": no such file or "
       "directory\n"
       "t.json:1:26: error: target group 0: unknown key \"label\", did you mean \"labels\"?\n"
       "prometheus-files.yml:1:18: warning: scrape job \"a\": file_sd_configs: \"gone.yml\" does not exist\n"
       "FAILED: 2 errors, 1 warning in 1 file\n"},
      {"valid alertmanager", check_alertmanager({"am.yml"}, options, files), 0,
       "am.yml: valid, 2 routes, 1 receiver\n"
       "    note: receiver \"a\": slack_configs[0] is never told that an alert is over (send_resolved: "
       "false)\n",
       ""},
      {"bad alertmanager", check_alertmanager({"am-bad.yml"}, options, files), 1, "",
       "am-bad.yml:1:19: route: undefined receiver \"b\"\nFAILED: 1 error in 1 file\n"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(c.report.exit_code() == c.exit_code);
    const Printed printed = print_report(c.report);
    CHECK(printed.out == c.out);
    CHECK(printed.err == c.err);
  }
}

TEST_CASE("UnderUpstreamsNamesTheLayoutIsTheirs") {
  config::MemoryFiles files = world();
  CheckOptions options;
  const std::vector<Case> cases = {
      {"promtool check rules", check_rules({"good.yml"}, options, files), 0,
       "Checking good.yml\n  SUCCESS: 2 rules found\n\n", ""},
      {"promtool check rules fails", check_rules({"bad.yml"}, options, files), 1, "Checking bad.yml\n",
       "  FAILED:\n"
       "bad.yml:1:51: group \"g\", rule 1, \"A\": expr: 1:6: parse error: unexpected end of input\n"
       "bad.yml:1:54: group \"g\", rule 1, \"A\": unknown key \"lables\", did you mean \"labels\"?\n"},
      {"promtool finds duplicates", check_rules({"twice.yml"}, options, files), 0, "Checking twice.yml\n\n",
       "  FAILED:\nlint error 1 duplicate rule(s) found.\nMetric: r\nLabel(s):\n"
       "Might cause inconsistency while recording expressions\n"},
      {"promtool check config", check_config({"prometheus.yml"}, options, files), 0,
       "Checking prometheus.yml\n  SUCCESS: 1 rule files found\n"
       " SUCCESS: prometheus.yml is valid prometheus config file syntax\n\n"
       "Checking good.yml\n  SUCCESS: 2 rules found\n\n",
       ""},
      {"amtool check-config", check_alertmanager({"am.yml"}, options, files), 0,
       "Checking 'am.yml'  SUCCESS\nFound:\n - global config\n - route\n - 0 inhibit rules\n - 1 receivers\n"
       " - 1 templates\n  SUCCESS\n\n",
       ""},
      {"amtool check-config fails", check_alertmanager({"am-bad.yml"}, options, files), 1,
       "Checking 'am-bad.yml'  FAILED: am-bad.yml:1:19: route: undefined receiver \"b\"\n\n",
       "amtool: error: failed to validate 1 file(s)\n\n"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(c.report.exit_code() == c.exit_code);
    const Printed printed = print_as_upstream(c.report);
    CHECK(printed.out == c.out);
    CHECK(printed.err == c.err);
  }
}

TEST_CASE("LintFindingsFailOnlyWhereTheyAreFatal") {
  config::MemoryFiles files = world();
  CheckOptions options;
  CHECK(check_rules({"twice.yml"}, options, files).exit_code() == 0);
  options.lint_fatal = true;
  CHECK(check_rules({"twice.yml"}, options, files).exit_code() == 3);
  CHECK(check_rules({"good.yml"}, options, files).exit_code() == 0);
  CHECK(check_rules({"twice.yml", "bad.yml"}, options, files).exit_code() == 1);
  CHECK(check_config({"prometheus.yml"}, options, files).exit_code() == 0);
  options.lint.too_long_scrape_interval = true;
  CHECK(check_config({"prometheus.yml"}, options, files).exit_code() == 3);
  options.lint.duplicate_rules = false;
  CHECK(check_rules({"twice.yml"}, options, files).exit_code() == 0);
}

TEST_CASE("TemplateFilesAreParsed") {
  config::MemoryFiles files = world();
  files.files["bad.tmpl"] = "{{ define \"x\" }}";
  const CheckReport report = check_alertmanager({"am.yml"}, {}, files);
  CHECK(report.exit_code() == 1);
  CHECK(print_report(report).err.starts_with("bad.tmpl: "));
}

TEST_CASE("RulesMayComeFromStandardInput") {
  const CheckReport report = check_rules_text("standard input", "groups: [{}]\n", {});
  CHECK(print_report(report).err ==
        "standard input:1:10: group: name must not be empty\nFAILED: 1 error in 1 file\n");
}
