#include "engine/dispatch/forwarder.hpp"

#include <algorithm>

#include "engine/dispatch/forwarder_json.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/dispatch/support.hpp"

using namespace tocsin;
using namespace tocsin::dispatch;

namespace {

// Relabelling of its own: what it does is scrape's affair, that it is asked is this test's.
std::optional<Labels> drop_team_b(std::span<const config::RelabelConfig> rules, const Labels& labels) {
  if (rules.empty() || labels.get("team") != "b") return labels;
  return std::nullopt;
}

std::shared_ptr<config::PrometheusConfig> config_of(const std::vector<std::string>& addresses) {
  auto config = std::make_shared<config::PrometheusConfig>();
  config::AlertmanagerTarget& target = config->alerting.alertmanagers.emplace_back();
  target.path_prefix = "/am/";
  target.http = std::make_shared<config::HttpClientConfig>();
  target.discovery.static_configs.push_back({addresses, {}});
  return config;
}

std::vector<rules::OutgoingAlert> alerts(std::size_t count, const std::string& team = "a") {
  std::vector<rules::OutgoingAlert> made(count);
  for (std::size_t i = 0; i < count; ++i) {
    made[i].labels = Labels{{"alertname", "A"}, {"i", std::to_string(i)}, {"team", team}};
    made[i].starts_at = at(0);
    made[i].ends_at = at(240);
  }
  return made;
}

notifiers::Reply answer(unsigned status) {
  notifiers::Reply reply;
  reply.arrived = status != 0;
  reply.status = status;
  reply.error_text = status == 0 ? "connection refused" : "";
  return reply;
}

}  // namespace

TEST_CASE("AlertsAreEncodedAsPrometheusEncodesThem") {
  rules::OutgoingAlert alert;
  alert.labels = Labels{{"alertname", "A"}, {"quote", "<\"&\\\n\xff>"}};
  alert.annotations = {{"empty", ""}, {"summary", "µ \x01"}};
  alert.starts_at = at(0.25);
  alert.ends_at = at(240);
  alert.generator_url = "http://h:9090/graph?g0.expr=up&g0.tab=1";
  rules::OutgoingAlert bare;
  bare.labels = Labels{{"alertname", "B"}};
  CHECK(encode_alerts(std::vector{alert, bare}) ==
        R"([{"annotations":{"empty":"","summary":"µ \u0001"},"endsAt":"2026-01-05T00:04:00.000Z",)"
        R"("startsAt":"2026-01-05T00:00:00.250Z",)"
        R"("generatorURL":"http://h:9090/graph?g0.expr=up\u0026g0.tab=1",)"
        R"("labels":{"alertname":"A","quote":"\u003c\"\u0026\\\n\ufffd\u003e"}},)"
        R"({"endsAt":"0001-01-01T00:00:00.000Z","startsAt":"0001-01-01T00:00:00.000Z",)"
        R"("labels":{"alertname":"B"}}])");
}

TEST_CASE("OneBatchIsUnderWayForEachAlertmanagerAndADeadOneHoldsUpNobody") {
  Limits limits;
  limits.forward_batch = 2;
  Forwarder forwarder(limits, 1, drop_team_b);
  CHECK(forwarder.reload(config_of({"one:9093", "two:9093", "one:9093"}), {}, now_at(0)).empty());
  forwarder.enqueue(alerts(3), now_at(1));
  CHECK(forwarder.next_deadline() == mono(1));
  std::vector<ForwardRequest> first = forwarder.step(now_at(1));
  REQUIRE(first.size() == 2);
  CHECK(first[0].url == "http://one:9093/am/api/v2/alerts");
  CHECK(forwarder.step(now_at(1)).empty());
  CHECK_FALSE(forwarder.next_deadline().has_value());
  forwarder.reply(first[0].id, answer(200), now_at(2));
  const std::vector<ForwardRequest> second = forwarder.step(now_at(2));
  REQUIRE(second.size() == 1);
  CHECK(second[0].url == "http://one:9093/am/api/v2/alerts");
  forwarder.reply(second[0].id, answer(503), now_at(3));
  const std::vector<ForwardStatistics> statistics = forwarder.statistics();
  CHECK(statistics[0].sent == 2);
  CHECK(statistics[0].errors == 1);
  CHECK(statistics[0].dropped == 1);
  CHECK(statistics[1].sent == 0);
  CHECK(statistics[1].queued == 1);
  CHECK(forwarder.take_errors() == std::vector<std::pair<std::string, std::string>>{
                                       {"http://one:9093/am/api/v2/alerts", "bad response status 503"}});
}

TEST_CASE("AFullQueueDropsTheOldest") {
  Limits limits;
  limits.forward_queue = 2;
  Forwarder forwarder(limits, 1, drop_team_b);
  (void)forwarder.reload(config_of({"one:9093"}), {}, now_at(0));
  forwarder.enqueue(alerts(5), now_at(0));
  CHECK(forwarder.statistics()[0].dropped == 3);
  const std::vector<ForwardRequest> requests = forwarder.step(now_at(0));
  CHECK(requests[0].body.find("\"i\":\"2\"") == std::string::npos);
  CHECK(requests[0].body.find("\"i\":\"4\"") != std::string::npos);
}

TEST_CASE("EachAlertmanagersOwnRelabellingIsApplied") {
  Forwarder forwarder(Limits{}, 1, drop_team_b);
  auto config = config_of({"one:9093"});
  config->alerting.alertmanagers[0].alert_relabel_configs.emplace_back();
  (void)forwarder.reload(config, {}, now_at(0));
  forwarder.enqueue(alerts(1, "b"), now_at(0));
  CHECK(forwarder.step(now_at(0)).empty());
  forwarder.enqueue(alerts(1, "a"), now_at(0));
  CHECK(forwarder.step(now_at(0)).size() == 1);
}

TEST_CASE("AnAlertmanagerThatStaysKeepsItsQueue") {
  Forwarder forwarder(Limits{}, 1, drop_team_b);
  (void)forwarder.reload(config_of({"one:9093", "two:9093"}), {}, now_at(0));
  forwarder.enqueue(alerts(1), now_at(0));
  (void)forwarder.reload(config_of({"one:9093", "three:9093"}), {}, now_at(1));
  const std::vector<ForwardRequest> requests = forwarder.step(now_at(1));
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].url == "http://one:9093/am/api/v2/alerts");
  CHECK(forwarder.urls() ==
        std::vector<std::string>{"http://one:9093/am/api/v2/alerts", "http://three:9093/am/api/v2/alerts"});
}

TEST_CASE("AnAlertmanagerThatIsThisProcessGetsNothing") {
  struct Case {
    const char* target;
    const char* listener;
    bool is_self;
  };
  const Case cases[] = {
      {"localhost:9093", "0.0.0.0:9093", true},   {"127.0.0.1:9093", ":9093", true},
      {"[::1]:9093", "[::]:9093", true},          {"localhost:9093", "127.0.0.1:9093", true},
      {"10.0.0.7:9093", "10.0.0.7:9093", true},   {"localhost:9094", "0.0.0.0:9093", false},
      {"localhost:9093", "10.0.0.7:9093", false}, {"alerts.example:9093", "0.0.0.0:9093", false},
  };
  for (const Case& c : cases) {
    INFO(c.target << " " << c.listener);
    Forwarder forwarder(Limits{}, 1, drop_team_b);
    CHECK(forwarder.reload(config_of({c.target}), {c.listener}, now_at(0)).size() == (c.is_self ? 1U : 0U));
    CHECK(forwarder.has_targets() != c.is_self);
  }
}

TEST_CASE("APostThatComesBackSwitchesItsTargetOffForGood") {
  Forwarder forwarder(Limits{}, 1, drop_team_b);
  (void)forwarder.reload(config_of({"here.example:9093"}), {}, now_at(0));
  forwarder.enqueue(alerts(1), now_at(0));
  const std::vector<ForwardRequest> requests = forwarder.step(now_at(0));
  const auto& headers = requests[0].headers;
  const auto mark = std::find_if(headers.begin(), headers.end(),
                                 [](const auto& header) { return header.first == kInstanceHeader; });
  REQUIRE(mark != headers.end());
  CHECK_FALSE(forwarder.came_back("somebody/1"));
  CHECK(forwarder.came_back(mark->second));
  CHECK_FALSE(forwarder.has_targets());
  forwarder.reply(requests[0].id, answer(200), now_at(1));
  CHECK(forwarder.reload(config_of({"here.example:9093"}), {}, now_at(2)).size() == 1);
  CHECK_FALSE(forwarder.has_targets());
}
