// How answers are judged: one row a case.
#include <string>

#include "notifiers/registry.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace tocsin;
using namespace tocsin::notifiers;

struct Row {
  const char* rule;
  const char* kind;
  const char* key;  // a setting that is given
  Reply reply;
  Verdict verdict;
  FailureReason reason;
  const char* text;
};

Reply answer(unsigned status, std::string body, std::string content_type = "text/plain") {
  Reply reply;
  reply.arrived = true;
  reply.status = status;
  reply.body = std::move(body);
  reply.content_type = std::move(content_type);
  return reply;
}

Reply half_answer(std::string body) {
  Reply reply = answer(200, std::move(body));
  reply.error_text = "unexpected EOF";
  return reply;
}

Reply no_answer(bool timed_out) {
  Reply reply;
  reply.timed_out = timed_out;
  reply.error_text = timed_out ? "timeout" : "could not resolve host";
  return reply;
}

const char* const kJson = "application/json; charset=utf-8";

const Row kRows[] = {
    {"SlackTakesOk", "slack", "channel", answer(200, "ok"), Verdict::success, FailureReason::other, ""},
    {"SlackRefusesOtherTextUnder200", "slack", "channel", answer(200, "no_service"), Verdict::failed,
     FailureReason::client_error, "received an error response from Slack: no_service"},
    {"SlackJsonOkFalseIsFinal", "slack", "channel",
     answer(200, R"({"ok":false,"error":"channel_not_found"})", kJson), Verdict::failed,
     FailureReason::client_error, "error response from Slack: channel_not_found"},
    {"SlackBrokenJsonIsRetried", "slack", "channel", answer(200, "{", kJson), Verdict::retry,
     FailureReason::client_error, R"(could not unmarshal JSON response "{")"},
    {"Slack429IsFinalAsUpstream", "slack", "channel", answer(429, "slow down"), Verdict::failed,
     FailureReason::rate_limited, "unexpected status code 429: slow down"},
    {"Slack404IsFinal", "slack", "channel", answer(404, "no_team"), Verdict::failed,
     FailureReason::client_error, "unexpected status code 404: no_team"},
    {"Slack500IsRetried", "slack", "channel", answer(500, ""), Verdict::retry, FailureReason::server_error,
     "unexpected status code 500"},
    {"SlackIsAskedAgainWithoutTheWholeBody", "slack", "channel", half_answer("o"), Verdict::retry,
     FailureReason::client_error, "could not read response body: unexpected EOF"},
    {"WebhookTakes2xxWhateverTheBody", "webhook", "url", half_answer("o"), Verdict::success,
     FailureReason::other, ""},
    {"NoAnswerIsRetried", "slack", "channel", no_answer(false), Verdict::retry, FailureReason::other,
     "could not resolve host"},
    {"TimeoutIsRetriedWithItsReason", "webhook", "url", no_answer(true), Verdict::retry,
     FailureReason::context_deadline_exceeded, "timeout"},
    {"WebhookTakesAny2xx", "webhook", "url", answer(204, ""), Verdict::success, FailureReason::other, ""},
    {"WebhookRedirectIsFinal", "webhook", "url", answer(302, ""), Verdict::failed, FailureReason::other,
     "unexpected status code 302"},
    {"Webhook401IsAuthError", "webhook", "url", answer(401, "who?"), Verdict::failed,
     FailureReason::auth_error, "unexpected status code 401: who?"},
    {"Webhook503IsRetried", "webhook", "url", answer(503, "later"), Verdict::retry,
     FailureReason::server_error, "unexpected status code 503: later"},
    {"PagerDutyV2Takes202", "pagerduty", "routing_key", answer(202, "{}", kJson), Verdict::success,
     FailureReason::other, ""},
    {"PagerDutyV2Retries429", "pagerduty", "routing_key", answer(429, "{}", kJson), Verdict::retry,
     FailureReason::rate_limited, "unexpected status code 429"},
    {"PagerDutyV2Explains400", "pagerduty", "routing_key",
     answer(400, R"({"status":"invalid event","message":"Event object is invalid","errors":["a","b"]})",
            kJson),
     Verdict::failed, FailureReason::client_error,
     "unexpected status code 400: Event object is invalid: a,b"},
    {"PagerDutyV2403IsFinal", "pagerduty", "routing_key", answer(403, ""), Verdict::failed,
     FailureReason::auth_error, "unexpected status code 403"},
    {"PagerDutyV1Retries403", "pagerduty", "service_key", answer(403, ""), Verdict::retry,
     FailureReason::other, "unexpected status code 403"},
    {"PagerDutyV1429IsFinal", "pagerduty", "service_key", answer(429, ""), Verdict::failed,
     FailureReason::other, "unexpected status code 429"},
};

}  // namespace

TEST_CASE("answers are judged as upstream judges them", "[notifiers]") {
  for (const Row& row : kRows) {
    INFO(row.rule);
    Settings settings;
    settings.set(row.key, templates::Value("v"));
    const Outcome outcome = find_service(row.kind)->classify(row.reply, settings);
    CHECK(outcome.verdict == row.verdict);
    CHECK(outcome.text == row.text);
    if (row.verdict != Verdict::success) CHECK(to_string(outcome.reason) == to_string(row.reason));
  }
}

TEST_CASE("Retry-After is read in seconds and kept below a day", "[notifiers]") {
  Settings settings;
  const auto wait = [&](std::string header) {
    Reply reply = answer(503, "");
    reply.retry_after = std::move(header);
    return find_service("webhook")->classify(reply, settings).retry_after;
  };
  CHECK(wait("120") == std::chrono::seconds(120));
  CHECK(wait("0") == std::chrono::seconds(0));
  CHECK(wait("99999999") == std::chrono::hours(24));
  CHECK_FALSE(wait("").has_value());
  CHECK_FALSE(wait("-1").has_value());
  CHECK_FALSE(wait("Wed, 21 Oct 2026 07:28:00 GMT").has_value());
}

TEST_CASE("Slack's answer is remembered for the next update", "[notifiers]") {
  Settings settings;
  const Outcome outcome = find_service("slack")->classify(
      answer(200, R"({"ok":true,"channel":"C1","ts":"1503435956.000247"})", kJson), settings);
  CHECK(outcome.remember ==
        std::map<std::string, std::string>{{"channelId", "C1"}, {"threadTs", "1503435956.000247"}});
}
