// Answers of the API, held to what the real programs answered to the same requests (Prometheus 3.14,
// Alertmanager 0.34); only versions and times differ.
#include "engine/api/handler.hpp"

#include "promql/format.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/api/fake_view.hpp"

namespace tocsin::api {
namespace {

HttpRequest get(std::string path, std::vector<std::pair<std::string, std::string>> query = {}) {
  HttpRequest request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(query);
  return request;
}

HttpRequest post(std::string path, std::string body, std::string type = "application/json") {
  HttpRequest request;
  request.method = "POST";
  request.path = std::move(path);
  request.body = std::move(body);
  request.headers = {{"content-type", std::move(type)}};
  return request;
}

HttpResponse answered(const HttpRequest& request, const View& view, ApiOptions options = {true, false, ""}) {
  const Answer answer = handle(request, view, options);
  REQUIRE(std::holds_alternative<HttpResponse>(answer));
  return std::get<HttpResponse>(answer);
}

WallTime at(std::int64_t ms) {
  return to_wall(timestamp_from_ms(ms));
}

// ---- queries

TEST_CASE("an instant query without a time is asked at now") {
  FakeView view;
  view.status_view.now = at(1737626400123);
  const Answer answer =
      handle(get("/api/v1/query", {{"query", "up"}, {"timeout", "5s"}, {"limit", "3"}}), view, {});
  REQUIRE(std::holds_alternative<QueryCommand>(answer));
  const auto& command = std::get<QueryCommand>(answer);
  CHECK(command.query == "up");
  CHECK(command.instant);
  CHECK(ms_of(command.range.start) == 1737626400123);
  CHECK(command.timeout == std::chrono::seconds(5));
  CHECK(command.limit == 3);
}

TEST_CASE("a range query takes seconds, fractions and RFC 3339") {
  FakeView view;
  const Answer answer = handle(
      get("/api/v1/query_range",
          {{"query", "up"}, {"start", "1737626400.5"}, {"end", "2025-01-23T10:10:00Z"}, {"step", "15"}}),
      view, {});
  REQUIRE(std::holds_alternative<QueryCommand>(answer));
  const auto& command = std::get<QueryCommand>(answer);
  CHECK_FALSE(command.instant);
  CHECK(ms_of(command.range.start) == 1737626400500);
  CHECK(ms_of(command.range.end) == 1737627000000);
  CHECK(command.range.step == std::chrono::seconds(15));
}

struct BadRequest {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  std::string error;
};

TEST_CASE("a parameter that makes no sense is answered in upstream's words") {
  const std::vector<BadRequest> cases = {
      {"/api/v1/query_range",
       {{"start", "x"}},
       R"(invalid parameter \"start\": cannot parse \"x\" to a valid timestamp)"},
      {"/api/v1/query_range",
       {{"start", "2"}, {"end", "1"}},
       R"(invalid parameter \"end\": end timestamp must not be before start time)"},
      {"/api/v1/query_range",
       {{"start", "1"}, {"end", "2"}, {"step", "0"}},
       R"(invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer)"},
      {"/api/v1/query_range",
       {{"start", "0"}, {"end", "11001"}, {"step", "1"}},
       "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
       "(?step=XX)"},
      {"/api/v1/query",
       {{"time", "x"}},
       R"(invalid parameter \"time\": invalid time value for 'time': cannot parse \"x\" to a valid timestamp)"},
      {"/api/v1/query", {{"limit", "-1"}}, R"(invalid parameter \"limit\": limit must be non-negative)"},
      {"/api/v1/query",
       {{"limit", "a"}},
       R"(invalid parameter \"limit\": strconv.Atoi: parsing \"a\": invalid syntax)"},
      {"/api/v1/series", {}, "no match[] parameter provided"},
      {"/api/v1/rules", {{"type", "x"}}, R"(invalid parameter \"type\": not supported value \"x\")"},
      {"/api/v1/rules",
       {{"group_next_token", "x"}},
       R"(invalid parameter \"group_next_token\": group_limit needs to be present in order to paginate over the groups)"},
  };
  const FakeView view;
  for (const BadRequest& one : cases) {
    CAPTURE(one.path, one.error);
    const HttpResponse response = answered(get(one.path, one.query), view);
    CHECK(response.status == 400);
    CHECK(response.body == R"({"status":"error","errorType":"bad_data","error":")" + one.error + "\"}");
  }
}

TEST_CASE("results of queries are written as upstream writes them") {
  QueryCommand command;
  command.query = "up";
  const auto body_of = [&command](promql::Value value) {
    promql::QueryResult result;
    result.value = std::move(value);
    return answer_query(command, result).body;
  };
  const Timestamp time = timestamp_from_ms(1737626400050);
  CHECK(body_of(promql::Scalar{time, 1e6}) ==
        R"({"status":"success","data":{"resultType":"scalar","result":[1737626400.05,"1000000"]}})");
  CHECK(body_of(promql::StringValue{timestamp_from_ms(-1500), "a<b"}) ==
        R"({"status":"success","data":{"resultType":"string","result":[-1.5,"a\u003cb"]}})");
  CHECK(
      body_of(promql::Vector{{Labels{{"a", "<"}}, {time, 0.1, nullptr}}}) ==
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"<"},"value":[1737626400.050,"0.1"]}]}})");
  CHECK(
      body_of(promql::Matrix{{Labels{}, {{time, 1, nullptr}, {timestamp_from_ms(2000), 2, nullptr}}}}) ==
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1737626400.050,"1"],[2,"2"]]}]}})");
  command.limit = 1;
  CHECK(
      body_of(promql::Vector{{Labels{{"a", "1"}}, {time, 1, nullptr}},
                             {Labels{{"a", "2"}}, {time, 1, nullptr}}}) ==
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"1"},"value":[1737626400.050,"1"]}]},"warnings":["results truncated due to limit"]})");
}

TEST_CASE("a query that failed has its kind and status") {
  const auto failed = [](promql::EvalErrorKind kind) {
    return answer_query({}, promql::EvalResult<promql::QueryResult>(promql::EvalError(kind, "why")));
  };
  CHECK(failed(promql::EvalErrorKind::execution).status == 422);
  CHECK(failed(promql::EvalErrorKind::execution).body ==
        R"({"status":"error","errorType":"execution","error":"why"})");
  CHECK(failed(promql::EvalErrorKind::invalid).status == 400);
  CHECK(failed(promql::EvalErrorKind::invalid).body ==
        R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": why"})");
  CHECK(failed(promql::EvalErrorKind::timeout).status == 503);
  CHECK(failed(promql::EvalErrorKind::canceled).status == 499);
}

// ---- state

TEST_CASE("targets say why a scrape failed") {
  FakeView view;
  TargetView target;
  target.discovered_labels = Labels{{"__address__", "localhost:8222"}};
  target.labels = Labels{{"instance", "localhost:8222"}, {"job", "nats"}};
  target.scrape_pool = "nats";
  target.scrape_url = target.global_url = "http://localhost:8222/metrics";
  target.last_error = "server returned HTTP status 404 Not Found";
  target.last_scrape = at(1737626400000);
  target.last_scrape_duration = std::chrono::microseconds(1500);
  target.health = "down";
  target.scrape_interval = "15s";
  target.scrape_timeout = "10s";
  view.target_list = {target};
  CHECK(
      answered(get("/api/v1/targets"), view).body ==
      R"({"status":"success","data":{"activeTargets":[{"discoveredLabels":{"__address__":"localhost:8222"},)"
      R"("labels":{"instance":"localhost:8222","job":"nats"},"scrapePool":"nats",)"
      R"("scrapeUrl":"http://localhost:8222/metrics","globalUrl":"http://localhost:8222/metrics",)"
      R"("lastError":"server returned HTTP status 404 Not Found","lastScrape":"2025-01-23T10:00:00Z",)"
      R"("lastScrapeDuration":0.0015,"health":"down","scrapeInterval":"15s","scrapeTimeout":"10s"}],)"
      R"("droppedTargets":[],"droppedTargetCounts":{"nats":0}}})");
  CHECK(answered(get("/api/v1/targets", {{"state", "dropped"}}), view).body.find("8222/metrics") ==
        std::string::npos);
  CHECK(answered(get("/api/v1/targets", {{"scrapePool", "other"}}), view).body.find("8222/metrics") ==
        std::string::npos);
}

FakeView with_rules() {
  FakeView view;
  RuleView alerting;
  alerting.alerting = true;
  alerting.name = "Down";
  alerting.query = "up == 0";
  alerting.hold_duration = std::chrono::minutes(1);
  alerting.labels = {{"severity", "page"}};
  alerting.alerts = {
      {Labels{{"alertname", "Down"}}, {{"summary", "<down>"}}, "firing", at(1737626400000), kNoTime, 1e6}};
  alerting.state = "firing";
  alerting.health = "ok";
  alerting.last_evaluation = at(1737626460000);
  RuleView recording;
  recording.name = "a:b";
  recording.query = "sum(b)";
  recording.health = "err";
  recording.last_error = "why";
  view.group_list = {{"one", "f.yml", std::chrono::seconds(30), 0, {}, kNoTime, {alerting, recording}},
                     {"two", "f.yml", std::chrono::seconds(30), 0, {}, kNoTime, {recording}}};
  return view;
}

TEST_CASE("rules are listed with their alerts") {
  const std::string body = answered(get("/api/v1/rules"), with_rules()).body;
  CHECK(body.starts_with(
      R"({"status":"success","data":{"groups":[{"name":"one","file":"f.yml","rules":[{"state":"firing","name":"Down",)"
      R"("query":"up == 0","duration":60,"keepFiringFor":0,"labels":{"severity":"page"},"annotations":{},)"
      R"("alerts":[{"labels":{"alertname":"Down"},"annotations":{"summary":"<down>"},"state":"firing",)"
      R"("activeAt":"2025-01-23T10:00:00Z","value":"1e+06"}],"health":"ok","evaluationTime":0,)"
      R"x("lastEvaluation":"2025-01-23T10:01:00Z","type":"alerting"},{"name":"a:b","query":"sum(b)","labels":{},)x"
      R"("health":"err","lastError":"why","evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z",)"
      R"("type":"recording"}],"interval":30,"limit":0,"evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z"})"));
}

TEST_CASE("rules can be filtered by type, name, group and labels") {
  const FakeView view = with_rules();
  const auto names = [&view](std::vector<std::pair<std::string, std::string>> query) {
    const std::string body = answered(get("/api/v1/rules", std::move(query)), view).body;
    return std::pair(body.find("\"Down\"") != std::string::npos, body.find("\"two\"") != std::string::npos);
  };
  CHECK(names({{"type", "alert"}}) == std::pair(true, false));
  CHECK(names({{"type", "record"}}) == std::pair(false, true));
  CHECK(names({{"rule_name[]", "Down"}}) == std::pair(true, false));
  CHECK(names({{"rule_group[]", "two"}}) == std::pair(false, true));
  CHECK(names({{"file[]", "other"}}) == std::pair(false, false));
  CHECK(names({{"match[]", "{severity=\"page\"}"}}) == std::pair(true, false));
}

TEST_CASE("rule groups come in pages, each with the token of the next") {
  const FakeView view = with_rules();
  const std::string first = answered(get("/api/v1/rules", {{"group_limit", "1"}}), view).body;
  const auto at_token = first.find("\"groupNextToken\":\"");
  REQUIRE(at_token != std::string::npos);
  CHECK(first.find("\"name\":\"two\"") == std::string::npos);
  const std::string token = first.substr(at_token + 18, first.find('"', at_token + 18) - at_token - 18);
  const std::string second =
      answered(get("/api/v1/rules", {{"group_limit", "1"}, {"group_next_token", token}}), view).body;
  CHECK(second.find("\"name\":\"two\"") != std::string::npos);
  CHECK(second.find("groupNextToken") == std::string::npos);
}

TEST_CASE("label names, values and series") {
  FakeView view;
  view.series_list = {Labels{{"__name__", "up"}, {"job", "a"}}};
  CHECK(answered(get("/api/v1/labels"), view).body == R"({"status":"success","data":["__name__","job"]})");
  CHECK(answered(get("/api/v1/label/job/values", {{"limit", "1"}}), view).body ==
        R"({"status":"success","data":["first of job"],"warnings":["results truncated due to limit"]})");
  CHECK(answered(get("/api/v1/series", {{"match[]", "up"}}), view).body ==
        R"({"status":"success","data":[{"__name__":"up","job":"a"}]})");
}

// ---- Alertmanager

TEST_CASE("alerts have the fields of upstream, in its order") {
  FakeView view;
  AlertView alert;
  alert.labels = Labels{{"alertname", "x<y"}};
  alert.annotations = {{"a", "<b>&"}, {"none", ""}};
  alert.generator_url = "http://x/";
  alert.starts_at = at(1767225600123);
  alert.updated_at = at(1795340449595);
  alert.ends_at = at(1795340749595);
  alert.fingerprint = {0x6f5c720746ee1f33};
  alert.receivers = {"a"};
  alert.state = "active";
  view.status_view.now = at(1795340450000);
  view.alert_list = {alert};
  const std::string expected =
      R"([{"annotations":{"a":"\u003cb\u003e\u0026","none":""},"endsAt":"2026-11-22T09:45:49.595Z",)"
      R"("fingerprint":"6f5c720746ee1f33","receivers":[{"name":"a"}],"startsAt":"2026-01-01T00:00:00.123Z",)"
      R"("status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},)"
      R"("updatedAt":"2026-11-22T09:40:49.595Z","generatorURL":"http://x/","labels":{"alertname":"x\u003cy"}}])"
      "\n";
  CHECK(answered(get("/api/v2/alerts"), view).body == expected);
  CHECK(answered(get("/api/v2/alerts", {{"filter", "alertname=\"x<y\""}}), view).body == expected);
  CHECK(answered(get("/api/v2/alerts", {{"filter", "alertname=\"z\""}}), view).body == "[]\n");
  CHECK(answered(get("/api/v2/alerts", {{"receiver", "a|b"}}), view).body == expected);
  CHECK(answered(get("/api/v2/alerts", {{"receiver", "b"}}), view).body == "[]\n");
  CHECK(answered(get("/api/v2/alerts", {{"active", "false"}}), view).body == "[]\n");

  view.alert_group_list = {{"a", Labels{}, Labels{}, {alert}, false}};
  CHECK(answered(get("/api/v2/alerts/groups"), view).body ==
        "[{\"alerts\":" + expected.substr(0, expected.size() - 1) +
            R"(,"labels":{},"receiver":{"name":"a"},"routeLabels":{}}])" + "\n");
}

AlertView alert_for(std::string_view name, std::vector<std::string> receivers) {
  AlertView alert;
  alert.labels = Labels{{"alertname", name}};
  alert.fingerprint = fingerprint(alert.labels);
  alert.receivers = std::move(receivers);
  alert.state = "active";
  return alert;
}

// Of "team-a" and "team-b"; only the labels of the second say that it pages.
FakeView with_two_receivers() {
  FakeView view;
  view.status_view.now = at(1000);
  view.receiver_list = {{"team-a", Labels{{"kind", "chat"}}}, {"team-b", Labels{{"kind", "page"}}}};
  return view;
}

TEST_CASE("a receiver's name and its labels may be met by two receivers of an alert") {
  FakeView view = with_two_receivers();
  view.alert_list = {alert_for("both", {"team-a", "team-b"}), alert_for("one", {"team-a"})};
  const std::string body =
      answered(get("/api/v2/alerts", {{"receiver", "team-a"}, {"receiver_matchers", "kind=page"}}), view)
          .body;
  CHECK(body.find("both") != std::string::npos);
  CHECK(body.find("one") == std::string::npos);
}

TEST_CASE("an alert of a group has the receivers of the groups that are asked for") {
  FakeView view = with_two_receivers();
  const AlertView alert = alert_for("x", {});
  view.alert_group_list = {{"team-b", Labels{}, Labels{}, {alert}, false},
                           {"team-a", Labels{}, Labels{}, {alert}, true}};
  const auto receivers_in = [&view](std::vector<std::pair<std::string, std::string>> query) {
    const std::string body = answered(get("/api/v2/alerts/groups", std::move(query)), view).body;
    const std::size_t begin = body.find("\"receivers\":");
    return begin == std::string::npos ? "" : body.substr(begin + 12, body.find(']', begin) - begin - 11);
  };
  CHECK(receivers_in({}) == R"([{"name":"team-a"},{"name":"team-b"}])");
  CHECK(receivers_in({{"receiver", "team-a"}}) == R"([{"name":"team-a"}])");
  CHECK(receivers_in({{"receiver_matchers", "kind=page"}}) == R"([{"name":"team-b"}])");
  CHECK(receivers_in({{"receiver", "team-a"}, {"receiver_matchers", "kind=page"}}).empty());
  // A muted group that is not shown counts all the same.
  CHECK(receivers_in({{"muted", "false"}}) == R"([{"name":"team-a"},{"name":"team-b"}])");
}

TEST_CASE("flags are true in every form that upstream's framework takes") {
  FakeView view = with_two_receivers();
  view.alert_list = {alert_for("x", {"team-a"})};
  const auto shown = [&view](std::string value) {
    return answered(get("/api/v2/alerts", {{"active", std::move(value)}}), view).body != "[]\n";
  };
  for (const char* yes :
       {"", "true", "TrUe", "1", "yes", "ok", "y", "on", "selected", "checked", "T", "enabled"}) {
    INFO(yes);
    CHECK(shown(yes));
  }
  for (const char* no : {"false", "0", "no", "off", "2", "true "}) {
    INFO(no);
    CHECK_FALSE(shown(no));
  }
  // Of several the last counts.
  CHECK(answered(get("/api/v2/alerts", {{"active", "true"}, {"active", "no"}}), view).body == "[]\n");
}

TEST_CASE("an alert that has ended is not shown") {
  FakeView view;
  AlertView alert;
  alert.receivers = {"a"};
  alert.ends_at = at(1000);
  view.status_view.now = at(2000);
  view.alert_list = {alert};
  CHECK(answered(get("/api/v2/alerts"), view).body == "[]\n");
}

TEST_CASE("receivers and status") {
  FakeView view;
  view.receiver_list = {{"a", Labels{{"name", "a"}}}};
  view.status_view.alertmanager_config = "route: {}\n";
  view.status_view.started = at(1795340448572);
  view.status_view.version = "1";
  CHECK(answered(get("/api/v2/receivers"), view).body == "[{\"labels\":{\"name\":\"a\"},\"name\":\"a\"}]\n");
  CHECK(answered(get("/api/v2/receivers", {{"receiver_matchers", "name=b"}}), view).body == "[]\n");
  CHECK(answered(get("/api/v2/receivers", {{"receiver_matchers", "name=~\"a|b\""}}), view).body ==
        "[{\"labels\":{\"name\":\"a\"},\"name\":\"a\"}]\n");
  const HttpResponse bad = answered(get("/api/v2/receivers", {{"receiver_matchers", "name"}}), view);
  CHECK(bad.status == 400);
  CHECK(bad.body.starts_with("\"failed to parse receiver_matchers param: "));
  CHECK(answered(get("/api/v2/status"), view).body ==
        R"({"cluster":{"peers":[],"status":"disabled"},"config":{"original":"route: {}\n"},)"
        R"("uptime":"2026-11-22T09:40:48.572Z","versionInfo":{"branch":"","buildDate":"","buildUser":"",)"
        R"("goVersion":"","revision":"","version":"1"}})"
        "\n");
}

struct Post {
  std::string body;
  unsigned status;
  std::string answer;
};

TEST_CASE("posted alerts that are refused are refused in upstream's words") {
  const std::vector<Post> cases = {
      {R"([{"labels":{"alertname":"x"})", 400,
       R"({"code":400,"message":"parsing alerts body from \"\" failed, because unexpected EOF"})"},
      {R"([{"labels":{"alertname":1}}])", 400,
       R"({"code":400,"message":"parsing alerts body from \"\" failed, because json: cannot unmarshal number into Go struct field Alert.labels of type string"})"},
      {R"([{"labels":{"alertname":"d"},"startsAt":"yesterday"}])", 400,
       R"({"code":400,"message":"parsing alerts body from \"\" failed, because parsing time \"yesterday\" as \"2006-01-02\": cannot parse \"yesterday\" as \"2006\""})"},
      {R"([{"annotations":{"alertname":"d"}}])", 422,
       R"({"code":602,"message":"0.labels in body is required"})"},
      {"{}", 400,
       R"({"code":400,"message":"parsing alerts body from \"\" failed, because json: cannot unmarshal object into Go value of type models.PostableAlerts"})"},
      {R"([{"labels":{"alertname":"e"},"generatorURL":"not a url"}])", 422,
       R"({"code":601,"message":"0.generatorURL in body must be of type uri: \"not a url\""})"},
  };
  const FakeView view;
  for (const Post& one : cases) {
    CAPTURE(one.body);
    const HttpResponse response = answered(post("/api/v2/alerts", one.body), view);
    CHECK(response.status == one.status);
    CHECK(response.body == one.answer);
  }
  CHECK(
      answered(post("/api/v2/alerts", "[]", "text/plain"), view).body ==
      R"({"code":415,"message":"unsupported media type \"text/plain\", only [application/json] are allowed"})");
}

PostAlertsCommand posted(const std::string& body, const FakeView& view = {}) {
  const Answer answer = handle(post("/api/v2/alerts", body), view, {});
  CAPTURE(body);
  REQUIRE(std::holds_alternative<PostAlertsCommand>(answer));
  return std::get<PostAlertsCommand>(answer);
}

TEST_CASE("posted times are taken in the forms of upstream's framework") {
  const std::pair<const char*, const char*> cases[] = {
      {"2026-10-05T12:00:00.123456789+02:00", "2026-10-05T10:00:00.123456789Z"},
      {"2026-10-05T12:00:00,5Z", "2026-10-05T12:00:00.5Z"},
      {"2026-10-05T12:00:00.123+0200", "2026-10-05T10:00:00.123Z"},
      {"2026-10-05T12:00:00.123456-0030", "2026-10-05T12:30:00.123456Z"},
      {"2026-10-05T12:00:00.123456", "2026-10-05T12:00:00.123456Z"},
      {"2026-10-05T12:00:00", "2026-10-05T12:00:00Z"},
      {"2026-10-05T12:34Z", "2026-10-05T12:34:00Z"},
      {"2026-10-05T12:34", "2026-10-05T12:34:00Z"},
      {"2026-10-05 12:00:01.5", "2026-10-05T12:00:01.5Z"},
      {"2026-10-05", "2026-10-05T00:00:00Z"},
      {"9999-01-01", "9999-01-01T00:00:00Z"},  // both are the last time there is
  };
  for (const auto& [written, meant] : cases) {
    INFO(written);
    const auto command =
        posted(format(R"([{{"labels":{{"a":"x"}},"startsAt":"{}","endsAt":"{}"}}])", written, written));
    REQUIRE(command.alerts.size() == 1);
    CHECK(command.alerts[0].starts_at == *parse_rfc3339(meant));
    CHECK(command.alerts[0].ends_at == *parse_rfc3339(meant));
  }
  // A zone without a colon goes with three or six decimals only.
  const FakeView view;
  CHECK(
      answered(post("/api/v2/alerts", R"([{"labels":{"a":"x"},"startsAt":"2026-10-05T12:00:00+0200"}])"),
               view)
          .body ==
      R"({"code":400,"message":"parsing alerts body from \"\" failed, because parsing time \"2026-10-05T12:00:00+0200\": extra text: \"T12:00:00+0200\""})");
}

TEST_CASE("an alert that begins after the end that is assumed for it is refused") {
  FakeView view;
  view.status_view.now = *parse_rfc3339("2026-10-05T12:00:00Z");
  view.status_view.resolve_timeout = std::chrono::minutes(10);
  const auto command =
      posted(R"([{"labels":{"a":"x"},"startsAt":"2026-10-05T12:10:01Z"},)"
             R"({"labels":{"a":"y"},"startsAt":"2026-10-05T12:10:00Z"},{"labels":{"a":"z"}}])",
             view);
  CHECK(command.alerts.size() == 2);
  CHECK(command.errors == "start time must be before end time");
}

TEST_CASE("what is not UTF-8 in a post becomes U+FFFD, and costs no alert") {
  const std::pair<std::string, std::string> cases[] = {
      {"K\xf6ln", "K\uFFFDln"},
      {"\xe2\x82", "\uFFFD\uFFFD"},  // one for each byte
      {R"(\ud83d)", "\uFFFD"},
      {R"(\ude00\ud83d)", "\uFFFD\uFFFD"},
      {R"(\ud83d\u0041)", "\uFFFDA"},
      {R"(\ud83d\ud83d\ude00)", "\uFFFD\U0001F600"},
      {"\xff"
       R"(\\ud83d \ud83d\ude00)",
       "\uFFFD\\ud83d \U0001F600"},
  };
  for (const auto& [written, meant] : cases) {
    INFO(written);
    const auto command =
        posted(format(R"([{{"labels":{{"a":"{}"}}}},{{"labels":{{"a":"good"}}}}])", written));
    REQUIRE(command.alerts.size() == 2);
    CHECK(command.alerts[0].labels.get("a") == meant);
    CHECK(command.alerts[1].labels.get("a") == "good");
  }
  // What is no JSON either stays refused.
  const FakeView view;
  CHECK(answered(post("/api/v2/alerts", "[\"\xff]"), view).status == 400);
}

TEST_CASE("valid alerts of a post are taken even if others are not") {
  FakeView view;
  view.status_view.now = *parse_rfc3339("2026-01-01T12:00:00Z");
  const Answer answer = handle(
      post(
          "/api/v2/alerts",
          R"([{"labels":{"alertname":"x","empty":""},"startsAt":"2026-01-01T00:00:00.123456789Z","endsAt":""},)"
          R"({"labels":{}},{"labels":{"1a":"","":"z"}},)"
          R"({"labels":{"a":"z"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"}])"),
      view, {});
  REQUIRE(std::holds_alternative<PostAlertsCommand>(answer));
  const auto& command = std::get<PostAlertsCommand>(answer);
  REQUIRE(command.alerts.size() == 1);
  CHECK(command.alerts[0].labels == Labels{{"alertname", "x"}});
  CHECK(command.alerts[0].starts_at == wall_from_ns(1767225600123456789));
  CHECK(command.alerts[0].ends_at == kNoTime);
  CHECK(command.invalid == 3);
  const HttpResponse response = answer_post_alerts(command);
  CHECK(response.status == 400);
  CHECK(response.body ==
        "\"at least one label pair required\\ninvalid label set: invalid name \\\"\\\"\\nstart time must be "
        "before end "
        "time\"\n");
}

// ---- the rest

TEST_CASE("the old Alertmanager API is gone") {
  const FakeView view;
  CHECK(answered(post("/api/v1/alerts", ""), view).status == 410);
  CHECK(answered(get("/api/v1/silences"), view).status == 410);
  CHECK(answered(get("/api/v1/alerts"), view).status == 200);
}

TEST_CASE("reload is open where upstream's is") {
  const FakeView view;
  const HttpRequest request = post("/-/reload", "");
  CHECK(answered(request, view, {true, false, ""}).status == 403);
  CHECK(std::holds_alternative<ReloadCommand>(handle(request, view, {true, true, ""})));
  CHECK(std::holds_alternative<ReloadCommand>(handle(request, view, {false, false, ""})));
  CHECK(answered(get("/-/reload"), view, {true, true, ""}).status == 405);
}

TEST_CASE("health pages") {
  FakeView view;
  view.status_view.now = at(1737626400000);
  view.status_view.started = at(1737622800000);
  view.status_view.version = "1.0.0";
  view.checks = {{"config", "ok", {}}};
  CHECK(answered(get("/health/live"), view).body ==
        "{\"status\":\"alive\",\"timestamp\":\"2025-01-23T10:00:00Z\"}\n");
  CHECK(answered(get("/health/ready"), view).body ==
        "{\"status\":\"ready\",\"checks\":{\"config\":\"ok\"}}\n");
  CHECK(answered(get("/health/detailed"), view).body ==
        "{\"status\":\"healthy\",\"version\":\"1.0.0\",\"uptime_seconds\":3600,\"checks\":{\"config\":{"
        "\"status\":"
        "\"ok\"}}}\n");
  CHECK(answered(get("/-/ready"), view).body == "Prometheus Server is Ready.\n");
  CHECK(answered(get("/-/ready"), view, {false, false, ""}).body == "OK");
  view.checks = {{"notifications", "sent to the sink", {}}};
  CHECK(answered(get("/-/ready"), view, {false, false, ""}).body == "OK\nnotifications: sent to the sink\n");
  view.is_ready = false;
  CHECK(answered(get("/-/ready"), view).status == 503);
  CHECK(answered(get("/health/ready"), view).status == 503);
}

TEST_CASE("what is not there is not found, what is not allowed says so") {
  const FakeView view;
  CHECK(answered(get("/nope"), view).status == 404);
  CHECK(answered(get("/api/v1/nope"), view).status == 404);
  CHECK(answered(get("/api/v2/nope"), view).body ==
        R"({"code":404,"message":"path /api/v2/nope was not found"})"
        "\n");
  CHECK(answered(post("/api/v1/targets", ""), view).status == 405);
  HttpRequest put = get("/api/v2/alerts");
  put.method = "PUT";
  CHECK(answered(put, view).body ==
        R"({"code":405,"message":"method PUT is not allowed, but [GET,POST] are"})");
}

}  // namespace
}  // namespace tocsin::api
