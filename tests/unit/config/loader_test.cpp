// What the loaders make of good files.
#include "engine/config/alertmanager_loader.hpp"
#include "engine/config/prometheus_loader.hpp"
#include "promql/format.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::config;
using namespace std::chrono_literals;

namespace {

std::optional<PrometheusConfig> prometheus(const std::string& text, MemoryFiles files = {},
                                           Severity unset = Severity::error) {
  Diagnostics diagnostics;
  LoadOptions options;
  options.file = "conf/prometheus.yml";
  options.unset_reference = unset;
  auto config = load_prometheus_config(text, options, files, diagnostics);
  INFO(format_diagnostics(diagnostics.all()));
  CHECK(config.has_value() == !diagnostics.has_errors());
  return config;
}

struct Loaded {
  std::optional<AlertmanagerConfig> config;
  std::string findings;
};

Loaded alertmanager(const std::string& text, MemoryFiles files = {}, Severity unset = Severity::error) {
  Diagnostics diagnostics;
  LoadOptions options;
  options.file = "conf/alertmanager.yml";
  options.unset_reference = unset;
  Loaded loaded;
  loaded.config = load_alertmanager_config(text, options, files, diagnostics);
  loaded.findings = format_diagnostics(diagnostics.all());
  return loaded;
}

}  // namespace

TEST_CASE("AnEmptyPrometheusFileHasAllDefaults") {
  const auto config = prometheus("");
  REQUIRE(config);
  CHECK(config->global.scrape_interval == 1min);
  CHECK(config->global.scrape_timeout == 10s);
  CHECK(config->global.evaluation_interval == 1min);
  CHECK(config->scrape_configs.empty());
}

TEST_CASE("JobsInheritFromGlobal") {
  const auto config = prometheus(
      "global: {scrape_interval: 5s, sample_limit: 7, body_size_limit: 1KB, scrape_protocols: "
      "[PrometheusText0.0.4]}\n"
      "scrape_configs:\n"
      "- job_name: a\n"
      "- {job_name: b, scrape_interval: 30s, scrape_timeout: 20s, sample_limit: 3, "
      "metric_name_validation_scheme: legacy}\n");
  REQUIRE(config);
  CHECK(config->global.scrape_timeout == 5s);  // never longer than the interval
  const ScrapeConfig& a = config->scrape_configs.at(0);
  CHECK(a.scrape_interval == 5s);
  CHECK(a.scrape_timeout == 5s);
  CHECK(a.limits.samples == 7);
  CHECK(a.limits.body_size == 1024);
  CHECK(a.scrape_protocols == std::vector{ScrapeProtocol::prometheus_text_0_0_4});
  CHECK(a.name_escaping == EscapingScheme::allow_utf8);
  CHECK(a.metrics_path == "/metrics");
  CHECK(a.honor_timestamps);
  REQUIRE(a.http);
  CHECK(a.http->follow_redirects);
  const ScrapeConfig& b = config->scrape_configs.at(1);
  CHECK(b.scrape_timeout == 20s);
  CHECK(b.limits.samples == 3);
  CHECK(b.name_escaping == EscapingScheme::underscores);
}

TEST_CASE("PathsStartAtTheConfiguration") {
  MemoryFiles files;
  files.files = {{"conf/rules/b.yml", ""}, {"conf/rules/a.yml", ""}, {"conf/x.yml", ""}, {"/abs/c.yml", ""}};
  const auto config = prometheus(
      "rule_files: ['rules/*.yml', /abs/c.yml, ../conf/rules/a.yml, gone/*.yml]\n"
      "scrape_configs: [{job_name: a, file_sd_configs: [{files: [t/*.json]}], tls_config: {ca_file: "
      "ca.pem}}]\n",
      files);
  REQUIRE(config);
  CHECK(config->rule_files == std::vector<std::string>{"conf/rules/a.yml", "conf/rules/b.yml", "/abs/c.yml"});
  CHECK(config->scrape_configs.at(0).discovery.file_configs.at(0).files.at(0) == "conf/t/*.json");
  CHECK(config->scrape_configs.at(0).http->tls.ca_file == "conf/ca.pem");
}

TEST_CASE("ScrapeConfigFilesAreReadToo") {
  MemoryFiles files;
  files.files = {{"conf/jobs/a.yml", "scrape_configs: [{job_name: x, tls_config: {ca_file: ca.pem}}]\n"}};
  const auto config =
      prometheus("scrape_config_files: ['jobs/*.yml']\nscrape_configs: [{job_name: y}]\n", files);
  REQUIRE(config);
  REQUIRE(config->scrape_configs.size() == 2);
  CHECK(config->scrape_configs.at(1).job_name == "x");
  CHECK(config->scrape_configs.at(1).http->tls.ca_file == "conf/jobs/ca.pem");
  CHECK_FALSE(prometheus("scrape_config_files: ['jobs/*.yml']\nscrape_configs: [{job_name: x}]\n", files));
}

TEST_CASE("ExternalLabelsExpandAsAShellWould") {
  struct Case {
    std::string written, expected;
  };
  const std::vector<Case> cases = {
      {"$A", "1"},        {"${A}b", "1b"},   {"$Ab", ""},        {"$$A", "$A"},  {"a$", "a$"},
      {"${}", ""},        {"$-x", "x"},      {"${UNSET}", ""},   {"a${A", "aA"}, {"$1x", "x"},
      {"plain", "plain"}, {"${env:A}", "1"}, {"${env:D}", "$A"},
  };
  MemoryFiles files;
  files.variables = {{"A", "1"}, {"D", "$A"}};
  for (const Case& c : cases) {
    INFO(c.written);
    const auto config = prometheus("global: {external_labels: {l: '" + c.written + "'}}\n", files);
    REQUIRE(config);
    CHECK(config->global.external_labels.get("l") == c.expected);
  }
}

TEST_CASE("BearerTokensBecomeAuthorization") {
  const auto config = prometheus(
      "scrape_configs: [{job_name: a, bearer_token: t}, {job_name: b, bearer_token_file: f}, "
      "{job_name: c, authorization: {credentials: x, type: ' Token '}}]\n");
  REQUIRE(config);
  CHECK(config->scrape_configs.at(0).http->authorization->credentials.reveal() == "t");
  CHECK(config->scrape_configs.at(1).http->authorization->credentials_file == "conf/f");
  CHECK(config->scrape_configs.at(2).http->authorization->type == "Token");
}

TEST_CASE("RoutesInherit") {
  const Loaded loaded = alertmanager(
      "route:\n"
      "  receiver: a\n"
      "  group_by: [y, x]\n"
      "  group_wait: 1s\n"
      "  labels: {team: root, p: q}\n"
      "  routes:\n"
      "  - matchers: ['z=~\"1|2\"', 'b=\"c\"', 'b!=\"a\"']\n"
      "    match: {b: d}\n"
      "    group_by: []\n"
      "    repeat_interval: 1h\n"
      "    labels: {team: child}\n"
      "    active_time_intervals: [t]\n"
      "    routes: [{receiver: b, group_by: ['...'], continue: true}]\n"
      "  - {}\n"
      "receivers: [{name: a}, {name: b, labels: {x: y}}]\n"
      "time_intervals: [{name: t, time_intervals: [{weekdays: ['Monday:friday'], times: [], location: "
      "Europe/Berlin}]}]\n");
  INFO(loaded.findings);
  REQUIRE(loaded.config);
  const Route& root = loaded.config->route;
  CHECK(root.options.receiver == "a");
  CHECK(root.options.group_by == std::vector<std::string>{"x", "y"});
  CHECK(root.options.group_interval == 5min);
  CHECK(root.index == 3);
  const Route& child = root.routes.at(0);
  CHECK(child.index == 1);
  CHECK(child.options.receiver == "a");
  CHECK(child.options.group_by.empty());
  CHECK(child.options.group_wait == 1s);
  CHECK(child.options.repeat_interval == 1h);
  CHECK(child.options.labels == std::map<std::string, std::string>{{"p", "q"}, {"team", "child"}});
  CHECK(child.active_time_intervals == std::vector<std::string>{"t"});
  std::string order;
  for (const Matcher& matcher : child.matchers) order += matcher.name() + matcher.value() + " ";
  CHECK(order == "ba bc bd z1|2 ");
  const Route& grandchild = child.routes.at(0);
  CHECK(grandchild.options.group_by_all);
  CHECK(grandchild.continue_matching);
  CHECK(grandchild.active_time_intervals.empty());
  CHECK(root.routes.at(1).options.group_by == std::vector<std::string>{"x", "y"});
  CHECK(loaded.config->find_receiver("b")->labels.at("name") == "b");
  const TimeInterval& interval = loaded.config->time_intervals.at(0).intervals.at(0);
  CHECK(interval.weekdays->at(0) == InclusiveRange{1, 5});
  CHECK(interval.times->empty());
  CHECK_FALSE(interval.months.has_value());
}

TEST_CASE("IntegrationsAreCompletedFromGlobal") {
  const Loaded loaded = alertmanager(
      "global: {slack_api_url: 'https://s/x', http_config: {proxy_url: 'http://p:1'}}\n"
      "route: {receiver: a}\n"
      "receivers:\n"
      "- name: a\n"
      "  webhook_configs: [{url: 'http://w/', timeout: 1m30s, max_alerts: 0x10}]\n"
      "  slack_configs: [{channel: '#a'}, {channel: '#b', send_resolved: true, http_config: {}, api_url: "
      "'https://t/'}]\n"
      "  pagerduty_configs: [{routing_key: k, details: {n: {yes: 1}, list: [1, a]}}]\n");
  INFO(loaded.findings);
  REQUIRE(loaded.config);
  const std::vector<Integration>& all = loaded.config->receivers.at(0).integrations;
  REQUIRE(all.size() == 4);
  const auto find = [&](std::string_view kind, int index) -> const Integration& {
    for (const Integration& integration : all) {
      if (integration.kind == kind && integration.index == index) return integration;
    }
    FAIL("no " << kind);
    return all.front();
  };
  CHECK(find("slack", 0).settings.text("api_url") == "https://s/x");
  CHECK_FALSE(find("slack", 0).send_resolved);
  CHECK(find("slack", 0).http->proxy.url == "http://p:1");
  CHECK(find("slack", 1).settings.text("api_url") == "https://t/");
  CHECK(find("slack", 1).send_resolved);
  CHECK(find("slack", 1).http->proxy.url.empty());
  CHECK(find("webhook", 0).settings.duration("timeout") == 90s);
  CHECK(find("webhook", 0).settings.number("max_alerts") == 16);
  CHECK(find("webhook", 0).send_resolved);
  CHECK(find("pagerduty", 0).settings.text("url") == "https://events.pagerduty.com/v2/enqueue");
}

TEST_CASE("ReferencesComeFromTheEnvironmentAndFiles") {
  MemoryFiles files;
  files.variables = {{"URL", "https://hooks/x"}, {"N", "3"}};
  files.files = {{"conf/secret", "abc\n\n"}};
  const std::string text =
      "global: {slack_api_url: '${env:URL}'}\n"
      "route: {receiver: a}\n"
      "receivers: [{name: a, slack_configs: [{channel: 'x${file:secret}y'}], "
      "webhook_configs: [{url: 'http://w', max_alerts: '${env:N}'}]}]\n";
  const Loaded quoted = alertmanager(text, files);
  CHECK(quoted.findings.find("max_alerts: expected a whole number") !=
        std::string::npos);  // a quoted number is text
  std::string plain = text;
  plain.replace(plain.find("'${env:N}'"), 10, "${env:N}");
  const Loaded loaded = alertmanager(plain, files);
  INFO(loaded.findings);
  CHECK_FALSE(loaded.config);  // "{" and "}" end a plain text inside {...}
  const Loaded block = alertmanager(
      "route: {receiver: a}\n"
      "receivers:\n"
      "- name: a\n"
      "  slack_configs: [{channel: 'x${file:secret}y', api_url: '${env:URL}'}]\n"
      "  webhook_configs:\n"
      "  - url: http://w\n"
      "    max_alerts: ${env:N}\n",
      files);
  INFO(block.findings);
  REQUIRE(block.config);
  for (const Integration& integration : block.config->receivers.at(0).integrations) {
    if (integration.kind == "slack") CHECK(integration.settings.text("channel") == "xabcy");
    if (integration.kind == "webhook") CHECK(integration.settings.number("max_alerts") == 3);
  }
}

TEST_CASE("AnUnsetReferenceStopsServingAndOnlyWarnsInACheck") {
  const std::string text = "route: {receiver: 'a${env:GONE}'}\nreceivers: [{name: a}]\n";
  const Loaded serving = alertmanager(text);
  CHECK_FALSE(serving.config);
  CHECK(serving.findings == "conf/alertmanager.yml:1:19: environment variable \"GONE\" is not set\n");
  const Loaded checking = alertmanager(text, {}, Severity::warning);
  CHECK(checking.config);
  CHECK(checking.findings ==
        "conf/alertmanager.yml:1:19: warning: environment variable \"GONE\" is not set\n");
}

TEST_CASE("SecretsNeverShow") {
  const std::string secret = "hunter2hunter2";
  for (const std::string& url : {secret, "ftp://" + secret, "https://[" + secret, secret + ":x"}) {
    const Loaded loaded = alertmanager("global: {slack_api_url: '" + url +
                                       "'}\nroute: {receiver: a}\nreceivers: [{name: a}]\n");
    INFO(url);
    CHECK_FALSE(loaded.config);
    CHECK(loaded.findings.find(secret) == std::string::npos);
  }
  const Loaded good =
      alertmanager("global: {slack_api_url: 'https://s/" + secret +
                   "'}\nroute: {receiver: a}\n"
                   "receivers: [{name: a, slack_configs: [{http_config: {basic_auth: {password: " +
                   secret + "}}}], opsgenie_configs: [{api_key: " + secret + "}]}]\n");
  INFO(good.findings);
  REQUIRE(good.config);
  CHECK(good.config->effective_yaml.find(secret) == std::string::npos);
  CHECK(good.config->effective_yaml.find("api_url: <secret>") != std::string::npos);
}
