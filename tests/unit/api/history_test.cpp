// GET /api/v1/history: parameters, answers, and what reads them back.
#include "engine/api/history.hpp"

#include "engine/api/handler.hpp"
#include "engine/api/history_json.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/api/fake_view.hpp"

namespace tocsin::api {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

Answer ask(Parameters parameters, std::string method = "GET") {
  HttpRequest request;
  request.method = std::move(method);
  request.path = "/api/v1/history";
  request.query = std::move(parameters);
  return handle(request, FakeView(), {});
}

WallTime at(std::string_view time) {
  return parse_rfc3339(time).value();
}

HistoryEntry an_entry() {
  HistoryEntry entry;
  entry.at = at("2026-11-22T03:12:17.25Z");
  entry.kind = HistoryKind::told;
  entry.alerts = "NATSDisconnected\nHigh<Memory>";
  entry.labels = "{instance=\"localhost:9091\"}";
  entry.receiver = "pagerduty-critical/pagerduty[0]";
  entry.who = "pagerduty-critical/pagerduty[0]";
  entry.detail = "202, attempt 1";
  return entry;
}

TEST_CASE("A question about the event log goes on to whoever keeps it") {
  const Answer answer = ask({{"alert", "A"},
                             {"receiver", "team/slack[0]"},
                             {"start", "2026-11-22T03:00:00Z"},
                             {"end", "1795323600.5"},
                             {"limit", "20"}});
  REQUIRE(std::holds_alternative<HistoryCommand>(answer));
  const HistoryQuery& query = std::get<HistoryCommand>(answer).query;
  CHECK(query.alert == "A");
  CHECK(query.receiver == "team/slack[0]");
  CHECK(query.from == at("2026-11-22T03:00:00Z"));
  CHECK(query.to == at("2026-11-22T05:00:00.5Z"));
  CHECK(query.limit == 20);
}

TEST_CASE("Without parameters the newest thousand events are asked for; limit=0 asks for all") {
  const HistoryQuery query = std::get<HistoryCommand>(ask({})).query;
  CHECK(query.alert.empty());
  CHECK(query.receiver.empty());
  CHECK_FALSE(query.from);
  CHECK_FALSE(query.to);
  CHECK(query.limit == 1000);
  CHECK(std::get<HistoryCommand>(ask({{"limit", "0"}})).query.limit == 0);
}

TEST_CASE("The bounds that Prometheus' client sends for always are no error") {
  const HistoryQuery query = std::get<HistoryCommand>(ask({{"start", "-292273086-05-16T16:47:06Z"},
                                                           {"end", "292277025-08-18T07:12:54.999999999Z"}}))
                                 .query;
  CHECK(query.from == WallTime::min());
  CHECK(query.to == WallTime::max());
}

TEST_CASE("A parameter of the event log that makes no sense is answered as Prometheus answers its own") {
  const std::vector<std::pair<Parameters, std::string>> cases = {
      {{{"start", "x"}}, R"(invalid parameter \"start\": cannot parse \"x\" to a valid timestamp)"},
      {{{"end", "5m"}}, R"(invalid parameter \"end\": cannot parse \"5m\" to a valid timestamp)"},
      {{{"start", "2"}, {"end", "1"}},
       R"(invalid parameter \"end\": end timestamp must not be before start time)"},
      {{{"limit", "-1"}}, R"(invalid parameter \"limit\": limit must be non-negative)"},
      {{{"limit", "a"}}, R"(invalid parameter \"limit\": strconv.Atoi: parsing \"a\": invalid syntax)"},
  };
  for (const auto& [parameters, error] : cases) {
    CAPTURE(error);
    const Answer answer = ask(parameters);
    REQUIRE(std::holds_alternative<HttpResponse>(answer));
    CHECK(std::get<HttpResponse>(answer).status == 400);
    CHECK(std::get<HttpResponse>(answer).body ==
          R"({"status":"error","errorType":"bad_data","error":")" + error + "\"}");
  }
  CHECK(std::get<HttpResponse>(ask({}, "POST")).status == 405);
}

TEST_CASE("Events are answered oldest first in Prometheus' envelope") {
  HistoryPage page;
  page.entries.push_back(an_entry());
  page.entries.push_back({at("2026-11-22T03:40:07Z"), HistoryKind::reload, false, "", "", "", "SIGHUP", ""});
  page.truncated = true;
  page.complete_since = at("2025-10-18T00:00:00Z");
  const HttpResponse response = answer_history(page);
  CHECK(response.status == 200);
  CHECK(response.content_type == "application/json");
  CHECK(
      response.body ==
      R"({"status":"success","data":{"events":[)"
      R"({"time":"2026-11-22T03:12:17.25Z","event":"told firing","alerts":["NATSDisconnected","High\u003cMemory\u003e"],"labels":"{instance=\"localhost:9091\"}","receiver":"pagerduty-critical/pagerduty[0]","who":"pagerduty-critical/pagerduty[0]","detail":"202, attempt 1"},)"
      R"({"time":"2026-11-22T03:40:07Z","event":"reload","alerts":[],"labels":"","receiver":"","who":"SIGHUP","detail":""}],)"
      R"("truncated":true,"completeSince":"2025-10-18T00:00:00Z"}})");
  CHECK(answer_history({}).body == R"({"status":"success","data":{"events":[],"truncated":false}})");
}

TEST_CASE("A log that cannot be read is unavailable, with the reason") {
  HistoryPage page;
  page.error = "data/state.db: disk I/O error";
  const HttpResponse response = answer_history(page);
  CHECK(response.status == 503);
  CHECK(response.body ==
        R"({"status":"error","errorType":"unavailable","error":"data/state.db: disk I/O error"})");
  CHECK(read_history_answer(response.body).error().text == "data/state.db: disk I/O error");
}

TEST_CASE("What is answered is read back as it was, whatever the kind") {
  HistoryPage page;
  for (int kind = 1; !to_string(static_cast<HistoryKind>(kind)).empty(); ++kind) {
    HistoryEntry entry = an_entry();
    entry.kind = static_cast<HistoryKind>(kind);
    entry.alerts = kind % 2 == 0 ? "" : entry.alerts;
    page.entries.push_back(entry);
  }
  HistoryEntry resolved = an_entry();
  resolved.resolved = true;
  page.entries.push_back(resolved);
  CHECK(page.entries.size() == 19);
  page.complete_since = at("2025-10-18T01:02:03.000000004Z");
  page.truncated = true;
  const Result<HistoryPage> read = read_history_answer(answer_history(page).body);
  REQUIRE(read);
  CHECK(read->entries == page.entries);
  CHECK(read->complete_since == page.complete_since);
  CHECK(read->truncated);
}

TEST_CASE("An event of a later release keeps its name") {
  const Result<HistoryPage> read = read_history_answer(
      R"({"status":"success","data":{"events":[{"time":"2026-11-22T03:12:17Z","event":"teleported","detail":"to Mars"},{"time":"2026-11-22T03:12:18Z","event":"teleported"}]}})");
  REQUIRE(read);
  CHECK(event_name(read->entries[0]) == "other");
  CHECK(read->entries[0].detail == "teleported: to Mars");
  CHECK(read->entries[1].detail == "teleported");
}

TEST_CASE("An answer that is none is refused with what is wrong with it") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "the answer is not what a tocsin server answers"},
      {"<html>", "the answer is not what a tocsin server answers"},
      {"[]", "the answer is not what a tocsin server answers"},
      {R"({"status":"success","data":[]})", "the answer is not what a tocsin server answers"},
      {R"({"status":"success","data":{}})", "no \"events\" in the answer"},
      {R"({"data":{"events":[1]}})", "an event that is no object"},
      {R"({"data":{"events":[{"event":"firing"}]}})",
       "time: parsing time \"\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"2006\""},
  };
  for (const auto& [body, error] : cases) {
    CAPTURE(body);
    const Result<HistoryPage> read = read_history_answer(body);
    REQUIRE_FALSE(read);
    CHECK(read.error().text == error);
  }
}

}  // namespace
}  // namespace tocsin::api
