// Answers of the query API read back.
#include "engine/api/query_answer.hpp"

#include "tests/support/catch.hpp"

namespace tocsin::api {
namespace {

std::string success(const std::string& data, const std::string& more = "") {
  return R"({"status":"success","data":)" + data + more + "}";
}

TEST_CASE("a scalar, a vector and a matrix are read") {
  const auto scalar = read_value_answer(200, success(R"({"resultType":"scalar","result":[1.5,"+Inf"]})"));
  REQUIRE(scalar);
  CHECK(ms_of(std::get<promql::Scalar>(scalar->data).time) == 1500);
  CHECK(std::get<promql::Scalar>(scalar->data).value > 1e308);

  const auto vector = read_value_answer(
      200,
      success(R"({"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1737626400.050,"1e-09"]}]})",
              R"(,"warnings":["w"],"infos":["i"])"));
  REQUIRE(vector);
  const auto& row = std::get<AnsweredVector>(vector->data).series.at(0);
  CHECK(row.labels == Labels{{"a", "b"}});
  CHECK(ms_of(row.samples.at(0).time) == 1737626400050);
  CHECK(row.samples.at(0).value == 1e-9);
  CHECK(vector->warnings == std::vector<std::string>{"w"});

  const auto matrix = read_value_answer(
      200, success(R"({"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"],[2,"NaN"]],)"
                   R"("histograms":[[3,{"count":"2","sum":"3","buckets":[[0,"0.5","1","2"]]}]]}]})"));
  REQUIRE(matrix);
  const auto& samples = std::get<AnsweredMatrix>(matrix->data).series.at(0).samples;
  REQUIRE(samples.size() == 3);
  CHECK(samples[1].value != samples[1].value);
  REQUIRE(samples[2].histogram);
  CHECK(samples[2].histogram->buckets.at(0).lower == 0.5);
}

TEST_CASE("series and names are read") {
  const auto series = read_series_answer(200, success(R"([{"__name__":"up","job":"a"}])"));
  REQUIRE(series);
  CHECK(series->data == std::vector<Labels>{Labels{{"__name__", "up"}, {"job", "a"}}});
  const auto names = read_names_answer(200, success(R"(["a","b"])", R"(,"warnings":["w"])"));
  REQUIRE(names);
  CHECK(names->data == std::vector<std::string>{"a", "b"});
  CHECK(names->warnings == std::vector<std::string>{"w"});
}

struct Refused {
  unsigned status;
  std::string body;
  std::string error;
};

TEST_CASE("an answer that is an error, or none, has the words of Prometheus' client") {
  const std::string odd = "bad_response: the answer is not what Prometheus' API answers";
  const std::vector<Refused> cases = {
      {400, R"({"status":"error","errorType":"bad_data","error":"why"})", "bad_data: why"},
      {422, R"({"status":"error","errorType":"execution","error":"why"})", "execution: why"},
      {404, "404 page not found\n", "client_error: client error: 404 (detail: 404 page not found)"},
      {503, "", "server_error: server error: 503"},
      {302, "", "bad_response: bad response code 302"},
      {400, success("[]"), "bad_response: inconsistent body for response code"},
      {200, "up 1\n", odd},
      {200, "[]", odd},
      {200, success("null"), odd},
      {200, success(R"({"resultType":"string","result":[1,"s"]})"), "unexpected value type \"string\""},
      {200, success(R"({"resultType":"scalar","result":[1]})"), odd},
      {200, success(R"({"resultType":"scalar","result":["x","1"]})"), odd},
      {200, success(R"({"resultType":"vector","result":[{"metric":{}}]})"), odd},
      {200, success(R"({"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]})"), odd},
      {200, success(R"({"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]})"), odd},
      {200, success(R"({"resultType":"matrix","result":{}})"), odd},
  };
  for (const Refused& one : cases) {
    CAPTURE(one.body);
    const auto answer = read_value_answer(one.status, one.body);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().text == one.error);
  }
  CHECK_FALSE(read_series_answer(200, success("[1]")));
  CHECK_FALSE(read_names_answer(200, success("[1]")));
}

}  // namespace
}  // namespace tocsin::api
