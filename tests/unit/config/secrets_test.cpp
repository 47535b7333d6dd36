// No secret is shown: not in the configuration in force, nor in what is said about a file.
#include "engine/config/secrets.hpp"
#include "engine/config/alertmanager_loader.hpp"
#include "engine/config/prometheus_loader.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/config/every_secret.hpp"

using namespace tocsin;
using namespace tocsin::config;

namespace {

struct Said {
  std::string findings;
  std::string effective;
};

template <class Load>
Said said(Load load, const std::string& text) {
  MemoryFiles files;
  Diagnostics diagnostics;
  LoadOptions options;
  options.file = "f.yml";
  const auto config = load(text, options, files, diagnostics);
  return {format_diagnostics(diagnostics.all()), config ? config->effective_yaml : ""};
}

Said prometheus(const std::string& text) {
  return said(load_prometheus_config, text);
}
Said alertmanager(const std::string& text) {
  return said(load_alertmanager_config, text);
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("EverySecretOfAlertmanagerIsMasked") {
  const Said all = alertmanager(test::kSecretAlertmanager);
  INFO(all.findings << all.effective);
  REQUIRE_FALSE(all.effective.empty());
  CHECK_FALSE(holds(all.effective, "S3CRET"));
  CHECK_FALSE(holds(all.findings, "S3CRET"));
  for (const char* shown :
       {"opsgenie_api_key: <secret>", "rocketchat_token_id: <secret>", "user_key: <secret>",
        "token_id: <secret>", "routing_key: public", "proxy_url: http://u:xxxxx@proxy:1/",
        "url: https://u:xxxxx@io/", "app_url: https://u:xxxxx@app/", "title_link: http://see.it/"}) {
    INFO(shown);
    CHECK(holds(all.effective, shown));
  }
  const Said token =
      alertmanager("global: {slack_app_token: S3CRET}\nroute: {receiver: a}\nreceivers: [{name: a}]\n");
  CHECK(holds(token.effective, "slack_app_token: <secret>"));
}

TEST_CASE("EverySecretOfPrometheusIsMasked") {
  const Said all = prometheus(test::kSecretPrometheus);
  INFO(all.findings << all.effective);
  REQUIRE_FALSE(all.effective.empty());
  CHECK_FALSE(holds(all.effective, "S3CRET"));
  CHECK_FALSE(holds(all.findings, "S3CRET"));
  for (const char* shown : {"url: https://u:xxxxx@write/", "url: https://write/plain", "url: //u:xxxxx@read/",
                            "key: <secret>", "certificate_password: <secret>"}) {
    INFO(shown);
    CHECK(holds(all.effective, shown));
  }
}

TEST_CASE("AMergeBringsItsSecretsMasked") {
  const Said merged = alertmanager(
      "route: {receiver: a}\n"
      "receivers:\n"
      "- name: a\n"
      "  opsgenie_configs:\n"
      "  - &base {api_key: S3CRET}\n"
      "- name: b\n"
      "  opsgenie_configs:\n"
      "  - <<: *base\n"
      "    message: m\n");
  INFO(merged.findings << merged.effective);
  REQUIRE_FALSE(merged.effective.empty());
  CHECK_FALSE(holds(merged.effective, "S3CRET"));
}

TEST_CASE("RedactedUrls") {
  struct Case {
    std::string text, expected;
  };
  const std::vector<Case> cases = {
      {"http://u:pw@h/p?q#f", "http://u:xxxxx@h/p?q#f"},
      {"http://u@h/", "http://u@h/"},
      {"http://h:9090/a@b", "http://h:9090/a@b"},
      {"http://u:p/w@h/", "<secret>"},  // the port would be "p"
      {"http://u:${env:PW}@h/", "http://u:xxxxx@h/"},
      {"see http://h:80/x, ask @someone", "see http://h:80/x, ask @someone"},
      {"see http://u:pw@h/x", "<secret>"},
      {"plain", "plain"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(redacted(c.text) == c.expected);
  }
}

TEST_CASE("AWrongTypeShowsNoValueWhereASecretMayStandOneLevelTooHigh") {
  for (const std::string entry :
       {"authorization: Bearer S3CRET", "basic_auth: 'u:S3CRET'", "tls_config: S3CRET",
        "proxy_connect_header: {A: S3CRET}", "http_headers: {A: S3CRET}"}) {
    INFO(entry);
    const Said wrong = prometheus("scrape_configs: [{job_name: a, " + entry + "}]\n");
    CHECK(holds(wrong.findings, "found a string"));
    CHECK_FALSE(holds(wrong.findings, "S3CRET"));
  }
  const Said proxy = prometheus("scrape_configs: [{job_name: a, proxy_url: 'http://u:S3CRET/x@h/'}]\n");
  CHECK(holds(proxy.findings, "proxy_url: not a URL (value hidden)"));
  CHECK_FALSE(holds(proxy.findings, "S3CRET"));
}

TEST_CASE("OfALongValueTheBeginningIsShown") {
  const std::string long_value = "abcdefghijklmnopqrstuvwxyz01234\xC3\xA9tail";
  CHECK(holds(prometheus("scrape_configs: [{job_name: a, honor_labels: " + long_value + "}]\n").findings,
              "expected true or false, found \"abcdefghijklmnopqrstuvwxyz01234...\""));
  CHECK(holds(prometheus("global: {scrape_interval: x" + long_value + "}\n").findings,
              "not a valid duration string: \"xabcdefghijklmnopqrstuvwxyz01234...\""));
}

TEST_CASE("ALineThatMayHoldASecretIsNotShown") {
  const std::vector<std::string> hidden = {
      "scrape_configs:\n- basic_auth:\n    password: @S3CRET\n",
      "scrape_configs:\n- basic_auth:\n    password: a: S3CRET\n",
      "scrape_configs:\n- basic_auth: {username: u, \"password\" : @S3CRET}\n",
      "scrape_configs:\n- proxy_url: @http://u:S3CRET@h\n",
      "scrape_configs:\n- http_headers:\n    A:\n      values: [@S3CRET]\n",
      "scrape_configs:\n- tls_config:\n    key:\n      Proc-Type: x\n      a: b: S3CRET\n",
  };
  for (const std::string& text : hidden) {
    INFO(text);
    const Said broken = prometheus(text);
    INFO(broken.findings);
    CHECK(holds(broken.findings, "f.yml:"));
    CHECK(holds(broken.findings, "not valid YAML"));
    CHECK_FALSE(holds(broken.findings, "S3CRET"));
  }
  CHECK(holds(prometheus("scrape_configs:\n- job_name: @a\n").findings, "- job_name: @a\n"));
}

TEST_CASE("AListThatIsNoneIsReportedOnce") {
  CHECK(prometheus("scrape_configs:\n"
                   "- job_name: a\n"
                   "  relabel_configs: {action: drop}\n"
                   "  static_configs: [{targets: ['http://a/']}]\n")
            .findings ==
        "f.yml:3:20: scrape_configs[0] \"a\": relabel_configs: expected a list, found a mapping\n");
  CHECK(prometheus("alerting:\n"
                   "  alertmanagers:\n"
                   "  - relabel_configs: drop\n"
                   "    static_configs: [{targets: ['http://a/']}]\n")
            .findings ==
        "f.yml:3:22: alerting: alertmanagers[0]: relabel_configs: expected a list, found a string\n");
  CHECK(alertmanager("route:\n"
                     "  receiver: a\n"
                     "  routes:\n"
                     "  - mute_time_intervals: weekends\n"
                     "receivers: [{name: a}]\n")
            .findings == "f.yml:4:26: route: mute_time_intervals: expected a list, found a string\n");
}
