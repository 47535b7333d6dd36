// The whole engine in virtual time: configuration, scraping, rules, dispatch and API, with the network
// played.
#include <map>

#include "promql/format.hpp"
#include "tests/unit/testing/engine_site.hpp"

namespace tocsin::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("an alert fires after its time, is told once, and its end is told once") {
  Site site;
  site.start();
  CHECK(site.world->load_errors().empty());
  site.world->run_for(minutes(2));
  CHECK(site.network.notified.empty());

  site.network.page = "x 7\n";
  site.world->run_for(minutes(3));
  REQUIRE(site.network.notified.size() == 1);
  const std::string& firing = site.network.notified[0];
  CHECK(firing.find(R"("status":"firing")") != std::string::npos);
  CHECK(firing.find(R"("labels":{"alertname":"High","cluster":"edge","job":"app","severity":"page"})") !=
        std::string::npos);
  CHECK(firing.find(R"("summary":"app is at 7")") != std::string::npos);
  CHECK(firing.find(R"("empty":"")") != std::string::npos);
  CHECK(firing.find("http://edge:9090/graph?g0.expr=job%3Ax%3Asum+%3E+5\\u0026g0.tab=1") !=
        std::string::npos);
  const std::string shown = site.request("GET", "/api/v2/alerts").body;
  CHECK(shown.find("\"High\"") != std::string::npos);
  CHECK(shown.find("\"endsAt\":\"2026-") !=
        std::string::npos);  // an end that lies ahead, as Prometheus posts it

  site.network.page = "x 1\n";
  site.world->run_for(minutes(3));
  REQUIRE(site.network.notified.size() == 2);
  CHECK(site.network.notified[1].find(R"("status":"resolved")") != std::string::npos);
  site.world->run_for(minutes(30));
  CHECK(site.network.notified.size() == 2);
}

TEST_CASE("what still fires is told again each repeat_interval") {
  Site site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(5));
  REQUIRE(site.network.notified.size() == 1);
  site.world->run_for(minutes(60));
  CHECK(site.network.notified.size() == 2);
}

TEST_CASE("who takes a notification and answers without end has taken it") {
  Site site;
  site.network.page = "x 7\n";
  site.network.hook_answer.assign(std::size_t{2} << 20, 'x');
  site.start();
  site.world->run_for(minutes(20));
  CHECK(site.network.notified.size() == 1);
}

TEST_CASE("an Alertmanager that is this process gets no posts") {
  Site site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(5));
  CHECK(site.network.forwarded.empty());
  CHECK(site.network.notified.size() == 1);
}

TEST_CASE("without an Alertmanager configuration alerts go to the Alertmanagers that are named") {
  Site site;
  site.files.files["prometheus.yml"] =
      std::string(kPrometheus).replace(std::string(kPrometheus).find("localhost:9093"), 14, "other:9093");
  site.network.page = "x 7\n";
  site.start({"prometheus.yml", ""});
  site.world->run_for(minutes(5));
  CHECK(site.network.notified.empty());
  REQUIRE_FALSE(site.network.forwarded.empty());
  CHECK(site.network.forwarded[0] == "http://other:9093/api/v2/alerts");
}

TEST_CASE("a gateway takes posts and tells them") {
  Site site;
  site.start({"", "alertmanager.yml"});
  const auto response = site.request("POST", "/api/v2/alerts", {},
                                     R"([{"labels":{"alertname":"Posted"},"annotations":{"a":""}}])");
  CHECK(response.status == 200);
  site.world->run_for(seconds(11));
  REQUIRE(site.network.notified.size() == 1);
  CHECK(site.network.notified[0].find("\"Posted\"") != std::string::npos);
  site.world->run_for(minutes(10));
  REQUIRE(site.network.notified.size() == 2);
  CHECK(site.network.notified[1].find(R"("status":"resolved")") != std::string::npos);
}

TEST_CASE("a rule engine without an Alertmanager configuration takes no posts") {
  Site site;
  site.start({"prometheus.yml", ""});
  CHECK(site.request("POST", "/api/v2/alerts", {}, R"([{"labels":{"alertname":"Posted"}}])").status == 404);
}

TEST_CASE("a configuration with errors changes nothing and says everything that is wrong") {
  Site site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(5));
  site.files.files["prometheus.yml"] = "global: {scrape_intervall: 1s}\nscrape_configs: [{job_nam: x}]\n";
  site.files.files["alertmanager.yml"] = "route: {receiver: nobody}\n";
  const auto response = site.request("POST", "/-/reload");
  CHECK(response.status == 500);
  CHECK(response.body.starts_with("configuration not loaded, 4 errors; the one of 20"));
  CHECK(response.body.find("Z stays in force\nprometheus.yml:1:10:") != std::string::npos);
  for (const std::string_view part :
       {"prometheus.yml:1:10:", "scrape_intervall", "job_nam", "alertmanager.yml:1:"}) {
    CAPTURE(part, response.body);
    CHECK(response.body.find(part) != std::string::npos);
  }
  CHECK(site.request("GET", "/metrics").body.find("prometheus_config_last_reload_successful 0\n") !=
        std::string::npos);
  CHECK(site.request("GET", "/-/ready").body.find("the files on disk were rejected") != std::string::npos);

  // The old one is in force: the end is told through it.
  site.network.page = "x 1\n";
  site.world->run_for(minutes(3));
  CHECK(site.network.notified.size() == 2);

  site.files.files["prometheus.yml"] = kPrometheus;
  site.files.files["alertmanager.yml"] = kAlertmanager;
  CHECK(site.request("POST", "/-/reload").status == 200);
  CHECK(site.request("GET", "/metrics").body.find("prometheus_config_last_reload_successful 1\n") !=
        std::string::npos);
}

TEST_CASE("a reload onto a file of the other kind is refused, and what ran goes on") {
  Site site;
  site.network.page = "x 7\n";
  site.start({"prometheus.yml", ""});
  site.files.files["prometheus.yml"] = kAlertmanager;
  const auto response = site.request("POST", "/-/reload");
  CHECK(response.status == 500);
  CHECK(response.body.find(
            "--config.file: expected a configuration of Prometheus as at the start, found one of "
            "Alertmanager; a restart takes it\n") != std::string::npos);
  site.world->run_for(minutes(5));
  CHECK(site.request("GET", "/api/v1/alerts").body.find("\"state\":\"firing\"") != std::string::npos);
  site.files.files["prometheus.yml"] = kPrometheus;
  CHECK(site.request("POST", "/-/reload").status == 200);
}

TEST_CASE("a reload that changes nothing neither restarts a pending alert nor tells anything again") {
  Site site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(seconds(80));
  CHECK(site.request("POST", "/-/reload").status == 200);
  site.world->run_for(seconds(60));
  CHECK(site.network.notified.size() == 1);
  CHECK(site.request("POST", "/-/reload").status == 200);
  site.world->run_for(minutes(5));
  CHECK(site.network.notified.size() == 1);
}

TEST_CASE("the query API answers from what was scraped") {
  Site site;
  site.start();
  site.world->run_for(minutes(2));
  CHECK(site.request("GET", "/api/v1/query", {{"query", "x * 2"}})
            .body.find(R"("metric":{"instance":"app:80","job":"app"},"value":[)") != std::string::npos);
  CHECK(site.request("GET", "/api/v1/query", {{"query", "x +"}}).status == 400);
  CHECK(site.request("GET", "/api/v1/query", {{"query", "up"}}).body.find("\"1\"]") != std::string::npos);
  const auto range =
      site.request("GET", "/api/v1/query_range",
                   {{"query", "job:x:sum"}, {"start", "1767626460"}, {"end", "1767626520"}, {"step", "30"}});
  CHECK(range.body.find(R"("values":[[)") != std::string::npos);
  CHECK(site.request("GET", "/api/v1/label/job/values").body == R"({"status":"success","data":["app"]})");
  CHECK(site.request("GET", "/api/v1/rules").body.find("job:x:sum") != std::string::npos);
  CHECK(site.request("GET", "/api/v1/targets").body.find("http://app:80/metrics") != std::string::npos);
}

TEST_CASE("a target that is gone for a scrape makes up 0 and ends its series") {
  Site site;
  site.start();
  site.world->run_for(minutes(1));
  site.network.page = "x{ 1\n";  // half a line
  site.world->run_for(seconds(15));
  CHECK(site.request("GET", "/api/v1/query", {{"query", "up"}}).body.find("\"0\"]") != std::string::npos);
  CHECK(site.request("GET", "/api/v1/query", {{"query", "x"}}).body ==
        R"({"status":"success","data":{"resultType":"vector","result":[]}})");
}

TEST_CASE("the number of workers changes no action") {
  std::string first;
  for (const unsigned workers : {0U, 1U, 4U}) {
    Site site;
    site.files.files["prometheus.yml"] =
        std::string(kPrometheus)
            .replace(std::string(kPrometheus).find("'app:80'"), 8, "'a:1', 'b:1', 'c:1', 'd:1'");
    site.network.page = "x 7\n";
    site.start({"prometheus.yml", "alertmanager.yml"}, {workers, 17});
    site.world->run_for(minutes(10));
    if (first.empty()) first = site.world->action_log();
    CHECK(site.world->action_log() == first);
  }
  CHECK(first.find("notify POST http://hook/") != std::string::npos);
}

TEST_CASE("rules may use what is switched on, and nothing else") {
  Site site;
  site.files.files["rules.yml"] =
      "groups: [{name: g, rules: [{record: r, expr: 'sort_by_label(x, \"job\")'}]}]";
  site.start();
  CHECK(site.world->load_errors().find("\"sort_by_label\" is not enabled") != std::string::npos);
  Site with;
  with.files.files["rules.yml"] = site.files.files["rules.yml"];
  with.parser.experimental_functions = true;
  with.start();
  CHECK(with.world->load_errors().empty());
}

TEST_CASE("two engines in one process do not know of each other") {
  Site one;
  Site other;
  one.network.page = "x 7\n";
  one.start();
  other.start();
  one.world->run_for(minutes(5));
  other.world->run_for(minutes(5));
  CHECK(one.network.notified.size() == 1);
  CHECK(other.network.notified.empty());
}

}  // namespace
}  // namespace tocsin::testing
