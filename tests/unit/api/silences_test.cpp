// Silences over API v2: every answer here was given by Alertmanager 0.34 to the same request.
#include "engine/api/handler.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/api/fake_view.hpp"

using namespace tocsin;
using namespace tocsin::api;

namespace {

constexpr const char* kId = "c730492e-897f-48e9-b8e3-877684474899";

FakeView view_at(const char* now) {
  FakeView view;
  view.status_view.now = *parse_rfc3339(now);
  return view;
}

SilenceView silence(const std::string& id, const char* starts, const char* ends) {
  SilenceView made;
  made.id = id;
  made.sets = {{{MatchType::equal, "a", "1"}, {MatchType::not_regex, "b", "x.*"}}};
  made.starts_at = *parse_rfc3339(starts);
  made.ends_at = *parse_rfc3339(ends);
  made.updated_at = made.starts_at;
  made.created_by = "me";
  made.comment = "c";
  return made;
}

Answer ask(const FakeView& view, const std::string& method, const std::string& path,
           const std::string& body = "", std::vector<std::pair<std::string, std::string>> query = {}) {
  HttpRequest request;
  request.method = method;
  request.path = "/api/v2" + path;
  request.query = std::move(query);
  request.body = body;
  return handle(request, view, {});
}

HttpResponse response(const Answer& answer) {
  REQUIRE(std::holds_alternative<HttpResponse>(answer));
  return std::get<HttpResponse>(answer);
}

}  // namespace

TEST_CASE("a silence that cannot be read is refused with upstream's texts") {
  struct Case {
    const char* body;
    unsigned status;
    const char* answer;
  };
  const Case cases[] = {
      {R"({"matchers":[],"startsAt":"2026-11-22T00:00:00Z","endsAt":"2027-01-01T00:00:00Z","createdBy":"me","comment":"c"})",
       422, R"({"code":612,"message":"matchers in body should have at least 1 items"})"},
      {R"({"startsAt":"2026-11-22T00:00:00Z"})", 422,
       R"({"code":602,"message":"comment in body is required"})"},
      {R"({"matchers":[{"name":"a","value":"1","isRegex":false}],"startsAt":"2027-11-22T00:00:00Z","endsAt":"2027-01-01T00:00:00Z","createdBy":"me","comment":"c"})",
       400, "\"Failed to create silence: start time must be before end time\"\n"},
      {R"({"matchers":[{"name":"a","value":"1","isRegex":false}],"startsAt":"2022-11-22T00:00:00Z","endsAt":"2023-01-01T00:00:00Z","createdBy":"me","comment":"c"})",
       400, "\"Failed to create silence: end time can't be in the past\"\n"},
      {R"({"matchers":[{"name":"a","value":"[","isRegex":true}],"startsAt":"2026-11-22T00:00:00Z","endsAt":"2027-01-01T00:00:00Z","createdBy":"me","comment":"c"})",
       400,
       "\"invalid silence: invalid label matcher 0 in set 0: invalid regular expression \\\"[\\\": error "
       "parsing "
       "regexp: missing closing ]: `[`\"\n"},
      {R"({"matchers":[{"name":"a","value":"1"}],"startsAt":"2026-11-22T00:00:00Z","endsAt":"2027-01-01T00:00:00Z","createdBy":"me","comment":"c"})",
       422, R"({"code":602,"message":"matchers.0.isRegex in body is required"})"},
  };
  const FakeView view = view_at("2026-11-22T10:00:00Z");
  for (const Case& c : cases) {
    INFO(c.body);
    const HttpResponse answer = response(ask(view, "POST", "/silences", c.body));
    CHECK(answer.status == c.status);
    CHECK(answer.body == c.answer);
    CHECK(answer.content_type == "application/json");
  }
}

TEST_CASE("a silence is read with all that it says") {
  const FakeView view = view_at("2026-11-22T10:00:00Z");
  const Answer answer = ask(view, "POST", "/silences", std::string(R"({"id":")") + kId + R"(",
    "matchers":[{"name":"a","value":"1","isRegex":false},{"name":"b","value":"x","isRegex":true,"isEqual":false}],
    "startsAt":"2026-11-22T00:00:00Z","endsAt":"2027-01-01T00:00:00Z","createdBy":"me","comment":"c",
    "annotations":{"ticket":"7"}})");
  REQUIRE(std::holds_alternative<SetSilenceCommand>(answer));
  const auto& command = std::get<SetSilenceCommand>(answer);
  CHECK(command.id == kId);
  REQUIRE(command.matchers.size() == 2);
  CHECK(command.matchers[0] == SilenceView::MatcherText{MatchType::equal, "a", "1"});
  CHECK(command.matchers[1] == SilenceView::MatcherText{MatchType::not_regex, "b", "x"});
  CHECK(command.starts_at == *parse_rfc3339("2026-11-22T00:00:00Z"));
  CHECK(command.ends_at == *parse_rfc3339("2027-01-01T00:00:00Z"));
  CHECK(command.created_by == "me");
  CHECK(command.annotations == TextMap{{"ticket", "7"}});
}

TEST_CASE("a silence's times are taken in the forms of upstream's framework") {
  const FakeView view = view_at("2026-11-22T10:00:00Z");
  const Answer answer =
      ask(view, "POST", "/silences", R"({"matchers":[{"name":"a","value":"1","isRegex":false}],
    "startsAt":"2026-11-22T12:00:00.123456","endsAt":"2027-01-01","createdBy":"me","comment":"c"})");
  REQUIRE(std::holds_alternative<SetSilenceCommand>(answer));
  const auto& command = std::get<SetSilenceCommand>(answer);
  CHECK(command.starts_at == *parse_rfc3339("2026-11-22T12:00:00.123456Z"));
  CHECK(command.ends_at == *parse_rfc3339("2027-01-01T00:00:00Z"));
}

TEST_CASE("a set silence is answered with its id, a refused one with the reason") {
  CHECK(answer_set_silence(std::string(kId), false).body == std::string("{\"silenceID\":\"") + kId + "\"}\n");
  const HttpResponse unknown = answer_set_silence(Error("silence not found"), true);
  CHECK(unknown.status == 404);
  CHECK(unknown.body == "\"silence not found\"\n");
  CHECK(answer_set_silence(Error("invalid silence: x"), false).status == 400);
}

TEST_CASE("silences are shown as upstream shows them") {
  FakeView view = view_at("2026-11-22T10:57:39Z");
  view.silence_list = {silence(kId, "2026-11-22T10:57:38.823Z", "2027-01-01T00:00:00Z")};
  const std::string shown =
      R"({"id":"c730492e-897f-48e9-b8e3-877684474899","status":{"state":"active"},)"
      R"("updatedAt":"2026-11-22T10:57:38.823Z","comment":"c","createdBy":"me","endsAt":"2027-01-01T00:00:00.000Z",)"
      R"("matchers":[{"isEqual":true,"isRegex":false,"name":"a","value":"1"},)"
      R"({"isEqual":false,"isRegex":true,"name":"b","value":"x.*"}],"startsAt":"2026-11-22T10:57:38.823Z"})";
  CHECK(response(ask(view, "GET", "/silences")).body == "[" + shown + "]\n");
  CHECK(response(ask(view, "GET", std::string("/silence/") + kId)).body == shown + "\n");
}

TEST_CASE("silences are listed active, pending, expired, and can be filtered") {
  FakeView view = view_at("2026-11-22T10:00:00Z");
  view.silence_list = {silence("expired-long-ago", "2026-11-20T00:00:00Z", "2026-11-20T01:00:00Z"),
                       silence("expired-just-now", "2026-11-20T00:00:00Z", "2026-11-22T09:00:00Z"),
                       silence("ends-late", "2026-11-20T00:00:00Z", "2026-11-24T00:00:00Z"),
                       silence("ends-soon", "2026-11-20T00:00:00Z", "2026-11-23T00:00:00Z"),
                       silence("begins-late", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
                       silence("begins-soon", "2026-11-23T00:00:00Z", "2026-11-25T00:00:00Z")};
  const auto ids = [&](std::vector<std::pair<std::string, std::string>> query) {
    const std::string body = response(ask(view, "GET", "/silences", "", std::move(query))).body;
    std::string found;
    for (std::size_t at = body.find("\"id\":\""); at != std::string::npos;
         at = body.find("\"id\":\"", at + 1)) {
      found += body.substr(at + 6, body.find('"', at + 6) - at - 6) + ' ';
    }
    return found;
  };
  CHECK(ids({}) == "ends-soon ends-late begins-soon begins-late expired-just-now expired-long-ago ");
  CHECK(ids({{"expired", "false"}, {"pending", "false"}}) == "ends-soon ends-late ");
  CHECK(ids({{"active", "false"}, {"expired", "false"}}) == "begins-soon begins-late ");
  CHECK(ids({{"active", "YES"}, {"expired", "off"}, {"pending", "no"}}) == "ends-soon ends-late ");
  CHECK(ids({{"filter", "a=\"1\""}, {"expired", "false"}, {"pending", "false"}}) == "ends-soon ends-late ");
  // The very matcher is asked for, not what it would match.
  CHECK(ids({{"filter", "a=~\"1\""}}).empty());
  CHECK(response(ask(view, "GET", "/silences", "", {{"filter", "a=\""}})).status == 400);
}

TEST_CASE("a silence is named by a uuid") {
  const FakeView view = view_at("2026-11-22T10:00:00Z");
  const HttpResponse bad = response(ask(view, "GET", "/silence/nope"));
  CHECK(bad.status == 422);
  CHECK(bad.body == R"({"code":601,"message":"silenceID in path must be of type uuid: \"nope\""})");
  CHECK(response(ask(view, "DELETE", "/silence/nope")).status == 422);
  CHECK(response(ask(view, "GET", std::string("/silence/") + kId)).status == 404);
  const Answer expire = ask(view, "DELETE", std::string("/silence/") + kId);
  REQUIRE(std::holds_alternative<ExpireSilenceCommand>(expire));
  CHECK(std::get<ExpireSilenceCommand>(expire).id == kId);
  CHECK(answer_expire_silence(true).status == 200);
  CHECK(answer_expire_silence(false).status == 404);
}

TEST_CASE("other methods are refused with those that there are") {
  const FakeView view = view_at("2026-11-22T10:00:00Z");
  const HttpResponse list = response(ask(view, "PUT", "/silences"));
  CHECK(list.status == 405);
  CHECK(list.body == R"({"code":405,"message":"method PUT is not allowed, but [GET,POST] are"})");
  const HttpResponse one = response(ask(view, "PUT", std::string("/silence/") + kId));
  CHECK(one.body == R"({"code":405,"message":"method PUT is not allowed, but [DELETE,GET] are"})");
}
