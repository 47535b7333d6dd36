// The query API beside Prometheus 3.14: what it answers to the same requests.
#include <fstream>

#include "engine/api/handler.hpp"
#include "promql/format.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/api/fake_view.hpp"

namespace tocsin::api {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

Answer ask(std::string path, Query query = {}, const View& view = FakeView(), const ApiOptions& options = {},
           std::string method = "GET") {
  HttpRequest request;
  request.method = std::move(method);
  request.path = "/api/v1" + std::move(path);
  (request.method == "POST" ? request.form : request.query) = std::move(query);
  return handle(request, view, options);
}

HttpResponse answered(const Answer& answer) {
  REQUIRE(std::holds_alternative<HttpResponse>(answer));
  return std::get<HttpResponse>(answer);
}

std::string success(std::string_view data) {
  return format(R"({{"status":"success","data":{}}})", data);
}

std::string bad_data(std::string_view error) {
  return format(R"({{"status":"error","errorType":"bad_data","error":"{}"}})", error);
}

TEST_CASE("parse_query answers the tree that Prometheus answers") {
  std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/api/parse_query.txt");
  ApiOptions options;
  options.parser = {true, true, true, true};
  std::string query, expected;
  std::size_t count = 0;
  while (std::getline(file, query) && std::getline(file, expected)) {
    CAPTURE(query);
    CHECK("= " + answered(ask("/parse_query", {{"query", query}}, FakeView(), options)).body == expected);
    ++count;
  }
  CHECK(count > 90);
}

TEST_CASE("a chain of operators of any length has a tree") {
  std::string query = "a";
  for (int i = 0; i < 20'000; ++i) query += "+a";
  CHECK(answered(ask("/parse_query", {{"query", query}})).status == 200);
  CHECK(answered(ask("/query_exemplars", {{"query", query}})).body == success("[]"));
}

TEST_CASE("what the features let through is read where they are switched on") {
  const Query query{{"query", "limitk(1, foo)"}};
  ApiOptions options;
  CHECK(answered(ask("/format_query", query, FakeView(), options)).status == 400);
  options.parser.experimental_functions = true;
  CHECK(answered(ask("/format_query", query, FakeView(), options)).body == success("\"limitk(1, foo)\""));
}

TEST_CASE("a chain that would be formatted into more than a mebibyte is refused") {
  std::string query = "a";
  for (int i = 0; i < 500; ++i) query += "+a";
  CHECK(answered(ask("/format_query", {{"query", query}})).status == 200);
  for (int i = 0; i < 100'000; ++i) query += "+a";
  CHECK(answered(ask("/format_query", {{"query", query}})).body ==
        bad_data(R"(invalid parameter \"query\": formatted, it is longer than the limit of 1048576 bytes)"));
}

TEST_CASE("times reach as far as upstream's") {
  const auto at = [](const std::string& text) {
    return ms_of(std::get<QueryCommand>(ask("/query", {{"query", "1"}, {"time", text}})).range.start);
  };
  CHECK(at("3000-01-01T00:00:00Z") == 32'503'680'000'000);
  CHECK(at("1600-01-01T00:00:00.5Z") == -11'676'095'999'500);
  CHECK(at("292277025-08-18T07:12:54.999999999Z") == 9'223'309'901'257'974'999);
  CHECK(at("-292273086-05-16T16:47:06Z") == -9'223'309'901'257'974'000);
  CHECK(at("9.1e15") == 9'100'000'000'000'000'000);
  CHECK(answered(ask("/query", {{"query", "1"}, {"time", "9.3e15"}})).status == 400);
}

TEST_CASE("exemplars: none are kept, but the request is checked") {
  CHECK(answered(ask("/query_exemplars", {{"query", "rate(foo[5m]) + 1"}})).body == success("[]"));
  CHECK(answered(ask("/query_exemplars", {{"query", "sum(topk(1, -(foo)))"}})).body == success("[]"));
  CHECK(answered(ask("/query_exemplars", {{"query", "time() + 1"}})).status == 204);
  CHECK(answered(ask("/query_exemplars", {{"query", "foo{"}})).body ==
        bad_data("1:5: parse error: unexpected end of input inside braces"));
  CHECK(
      answered(ask("/query_exemplars", {{"query", "foo"}, {"start", "x"}})).body ==
      bad_data(
          R"(invalid parameter \"start\": invalid time value for 'start': cannot parse \"x\" to a valid timestamp)"));
  CHECK(answered(ask("/query_exemplars", {{"query", "foo"}, {"start", "2"}, {"end", "1"}})).body ==
        bad_data("end timestamp must not be before start timestamp"));
}

TEST_CASE("the name of a label may be escaped") {
  const auto values = [](const std::string& name) {
    return answered(ask("/label/" + name + "/values", {{"limit", "1"}})).body;
  };
  const auto of = [](const std::string& name) {
    return success(format(R"(["first of {}"],"warnings":["results truncated due to limit"])", name));
  };
  CHECK(values("U__label_2e_with_2E_dots") == of("label.with.dots"));
  CHECK(values("U__code") == of("code"));
  CHECK(values("U__a__b") == of("a_b"));
  CHECK(values("U___1F600_") == of("\xF0\x9F\x98\x80"));
  CHECK(values("label.with.dots") == of("label.with.dots"));
  for (const std::string not_escaped :
       {"U__a_", "U__a_2", "U__a_zz_", "U__d_d800_", "U__a_110000_", "U__a_010000_", "U_a"}) {
    CHECK(values(not_escaped) == of(not_escaped));
  }
  CHECK(values("U__") == bad_data(R"(invalid label name: \"\")"));
  CHECK(values("\xFF") == bad_data(R"(invalid label name: \"\\xff\")"));
  CHECK(values("a/b") == "404 page not found\n");
}

TEST_CASE("series names the parameter that is wrong, labels does not") {
  const Query none{{"match[]", "{x=\"\"}"}};
  const std::string text = "match[] must contain at least one non-empty matcher";
  CHECK(answered(ask("/labels", none)).body == bad_data(text));
  CHECK(answered(ask("/series", none)).body == bad_data(R"(invalid parameter \"match[]\": )" + text));
  CHECK(answered(ask("/series", none, FakeView(), {}, "POST")).body ==
        bad_data(R"(invalid parameter \"match[]\": )" + text));
  CHECK(answered(ask("/label/a/values", {}, FakeView(), {}, "POST")).status == 405);
}

TEST_CASE("numbers that are none are refused in Go's words") {
  const auto limited = [](const std::string& limit) {
    return answered(ask("/labels", {{"limit", limit}})).body;
  };
  CHECK(
      limited("99999999999999999999") ==
      bad_data(
          R"(invalid parameter \"limit\": strconv.Atoi: parsing \"99999999999999999999\": value out of range)"));
  CHECK(limited("1x") ==
        bad_data(R"(invalid parameter \"limit\": strconv.Atoi: parsing \"1x\": invalid syntax)"));
  CHECK(limited("--1") ==
        bad_data(R"(invalid parameter \"limit\": strconv.Atoi: parsing \"--1\": invalid syntax)"));
  CHECK(limited("-1") == bad_data(R"(invalid parameter \"limit\": limit must be non-negative)"));
  CHECK(limited("+1").find("truncated") != std::string::npos);
  CHECK(answered(ask("/query_range", {{"start", "1"}, {"end", "2"}, {"step", "NaN"}}))
            .body.find("zero or negative query resolution step widths") != std::string::npos);
}

TEST_CASE("a lookback of nothing means the usual one") {
  const auto lookback = [](const std::string& text) {
    return std::get<QueryCommand>(ask("/query", {{"query", "1"}, {"lookback_delta", text}})).lookback;
  };
  CHECK(lookback("10s") == std::chrono::seconds(10));
  CHECK_FALSE(lookback("0"));
  CHECK_FALSE(lookback("-1"));
}

std::string result_of(promql::Value value, std::string stats = "") {
  QueryCommand command;
  command.stats = std::move(stats);
  promql::QueryResult result;
  result.value = std::move(value);
  result.samples_read = 7;
  return answer_query(command, result).body;
}

TEST_CASE("numbers of samples have an exponent where they are very large or small, a scalar's has none") {
  const Timestamp time = timestamp_from_ms(1500);
  const auto sample = [&](double value) {
    return result_of(promql::Vector{{Labels{}, {time, value, nullptr}}});
  };
  const auto shown = [](std::string_view value) {
    return success(
        format(R"({{"resultType":"vector","result":[{{"metric":{{}},"value":[1.500,"{}"]}}]}})", value));
  };
  CHECK(sample(1e21) == shown("1e+21"));
  CHECK(sample(-1e-9) == shown("-1e-09"));
  CHECK(sample(1e20) == shown("100000000000000000000"));
  CHECK(sample(0) == shown("0"));
  CHECK(sample(std::numeric_limits<double>::infinity()) == shown("+Inf"));
  CHECK(result_of(promql::Scalar{time, 1e21}) ==
        success(R"({"resultType":"scalar","result":[1.5,"1000000000000000000000"]})"));
}

TEST_CASE("statistics are given for the asking, and other words than true and all are on their way out") {
  const promql::Scalar one{timestamp_from_ms(1000), 1};
  const std::string with =
      R"({"resultType":"scalar","result":[1,"1"],"stats":{"timings":{"evalTotalTime":0,"resultSortTime":0,)"
      R"("queryPreparationTime":0,"innerEvalTime":0,"execQueueTime":0,"execTotalTime":0},)"
      R"("samples":{"totalQueryableSamples":7,"samplesRead":7,"peakSamples":0}}})";
  CHECK(result_of(one, "all") == success(with));
  CHECK(result_of(one, "true") == success(with));
  CHECK(
      result_of(one, "x") ==
      success(
          with +
          R"(,"warnings":["value \"x\" for parameter \"stats\" is deprecated and will be rejected in the next major release, use \"true\" or \"all\""])"));
}

TEST_CASE("of many annotations ten are shown") {
  promql::QueryResult result;
  result.value = promql::Scalar{timestamp_from_ms(1000), 1};
  for (int i = 0; i < 12; ++i) {
    result.annotations.add({promql::AnnotationLevel::warning, format("w{}", i), {}, {}, 0});
    result.annotations.add({promql::AnnotationLevel::info, format("i{}", i), {}, {}, 0});
  }
  const std::string body = answer_query({}, result).body;
  CHECK(body.find(R"("w9)") != std::string::npos);
  CHECK(body.find(R"("w10)") == std::string::npos);
  CHECK(body.find(R"("2 more warning annotations omitted"],"infos")") != std::string::npos);
  CHECK(body.find(R"("i9)") != std::string::npos);
  CHECK(body.ends_with(R"("2 more info annotations omitted"]})"));
}

FakeView with_metadata() {
  const Labels a{{"instance", "a"}, {"job", "t"}};
  const Labels b{{"instance", "b"}, {"job", "t"}};
  FakeView view;
  view.metadata_list = {{"lat", "histogram", "Latency.", "", a},
                        {"temp", "gauge", "<hot>", "celsius", a},
                        {"temp", "gauge", "cold", "", b}};
  return view;
}

TEST_CASE("metadata by metric, and a negative limit is none") {
  const FakeView view = with_metadata();
  const auto body = [&](Query query) { return answered(ask("/metadata", std::move(query), view)).body; };
  const std::string temp =
      R"("temp":[{"type":"gauge","unit":"","help":"cold"},{"type":"gauge","unit":"celsius","help":"\u003chot\u003e"}])";
  CHECK(body({{"metric", "temp"}, {"limit", "-2"}}) == success("{" + temp + "}"));
  CHECK(body({{"limit", "0"}}) == success("{}"));
  CHECK(body({{"limit", "1"}}) == success(R"({"lat":[{"type":"histogram","unit":"","help":"Latency."}]})"));
  CHECK(body({{"limit", "x"}}) == bad_data("limit must be a number"));
  CHECK(body({{"limit_per_metric", "x"}}) == bad_data("limit_per_metric must be a number"));
}

TEST_CASE("metadata by target") {
  const FakeView view = with_metadata();
  const auto body = [&](Query query) {
    return answered(ask("/targets/metadata", std::move(query), view)).body;
  };
  const std::string a = R"({"target":{"instance":"a","job":"t"},)";
  const std::string lat = a + R"("metric":"lat","type":"histogram","help":"Latency.","unit":""})";
  const std::string hot = R"("type":"gauge","help":"\u003chot\u003e","unit":"celsius"})";
  const std::string cold = R"({"target":{"instance":"b","job":"t"},"type":"gauge","help":"cold","unit":""})";
  CHECK(body({{"metric", "temp"}}) == success("[" + a + hot + "," + cold + "]"));
  CHECK(body({{"metric", "temp"}, {"match_target", "{instance=\"b\"}"}}) == success("[" + cold + "]"));
  // The limit is looked at before each target, as upstream does.
  CHECK(body({{"limit", "1"}}) == success("[" + lat + "," + a + R"("metric":"temp",)" + hot + "]"));
  CHECK(body({{"limit", "0"}}) == success("[]"));
  CHECK(body({{"metric", "nosuch"}}) == success("[]"));
  CHECK(body({{"limit", "x"}}) == bad_data("limit must be a number"));
  CHECK(
      body({{"match_target", "{"}}) ==
      bad_data(
          R"(invalid parameter \"match_target\": 1:2: parse error: unexpected end of input inside braces)"));
}

TEST_CASE("the status of the store counts series by metric, label and pair") {
  FakeView view;
  view.series_list = {Labels{{"__name__", "a"}, {"x", "1"}}, Labels{{"__name__", "a"}, {"x", "2"}},
                      Labels{{"__name__", "b"}, {"x", "1"}}};
  view.times = {timestamp_from_ms(1000), timestamp_from_ms(2000)};
  CHECK(answered(ask("/status/tsdb", {}, view)).body ==
        success(
            R"({"headStats":{"numSeries":3,"numLabelPairs":4,"chunkCount":3,"minTime":1000,"maxTime":2000},)"
            R"("seriesCountByMetricName":[{"name":"a","value":2},{"name":"b","value":1}],)"
            R"("labelValueCountByLabelName":[{"name":"__name__","value":2},{"name":"x","value":2}],)"
            R"("memoryInBytesByLabelName":[{"name":"__name__","value":33},{"name":"x","value":12}],)"
            R"("seriesCountByLabelValuePair":[{"name":"__name__=a","value":2},{"name":"x=1","value":2},)"
            R"({"name":"__name__=b","value":1},{"name":"x=2","value":1}]})"));
  const std::string one = answered(ask("/status/tsdb", {{"limit", "1"}}, view)).body;
  CHECK(one.find(R"("seriesCountByMetricName":[{"name":"a","value":2}],)") != std::string::npos);
  for (const std::string limit : {"0", "x", "-1"}) {
    CHECK(answered(ask("/status/tsdb", {{"limit", limit}}, view)).body ==
          bad_data("limit must be a positive number"));
  }
  CHECK(answered(ask("/status/tsdb", {{"limit", "10001"}}, view)).body ==
        bad_data("limit must not exceed 10000"));
  CHECK(answered(ask("/status/tsdb/blocks")).body == success(R"({"blocks":[]})"));
  CHECK(answered(ask("/status/walreplay")).body == success(R"({"min":0,"max":0,"current":0})"));
}

TEST_CASE("clients learn which version's API this is") {
  FakeView view;
  view.status_view.version = "0.1.0";
  CHECK(answered(ask("/status/buildinfo", {}, view)).body ==
        success(R"({"version":"3.14.0","revision":"0.1.0","branch":"tocsin","buildUser":"","buildDate":"",)"
                R"("goVersion":""})"));
}

TEST_CASE("runtime information has all of upstream's fields") {
  FakeView view;
  view.status_view.started = view.status_view.now = to_wall(timestamp_from_ms(1737626400500));
  view.status_view.last_reload = view.status_view.now;
  view.status_view.storage_window = std::chrono::minutes(5);
  CHECK(answered(ask("/status/runtimeinfo", {}, view)).body ==
        success(R"({"startTime":"2025-01-23T10:00:00.5Z","CWD":"","hostname":"",)"
                R"("serverTime":"2025-01-23T10:00:00.5Z","reloadConfigSuccess":true,)"
                R"("lastConfigTime":"2025-01-23T10:00:00Z","corruptionCount":0,"goroutineCount":0,)"
                R"("GOMAXPROCS":0,"GOMEMLIMIT":0,"GOGC":"","GODEBUG":"","storageRetention":"5m"})"));
}

TEST_CASE("a browser that asks what it may do is not refused") {
  CHECK(answered(ask("/query", {}, FakeView(), {}, "OPTIONS")).status == 204);
  CHECK(answered(ask("/query", {}, FakeView(), {}, "PUT")).status == 405);
}

}  // namespace
}  // namespace tocsin::api
