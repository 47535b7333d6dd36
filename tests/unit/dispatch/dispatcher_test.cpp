// What timelines cannot show: limits, views, counters, and answers that never come.
#include "engine/dispatch/dispatcher.hpp"

#include <algorithm>

#include "notifiers/notification_template.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/dispatch/support.hpp"

using namespace tocsin;
using namespace tocsin::dispatch;

namespace {

constexpr const char* kConfig = R"(
route:
  receiver: team
  group_by: [alertname]
  group_wait: 10s
  group_interval: 10s
  routes:
    - matchers: [kind="db"]
      receiver: db
      labels: {owner: '{{ .CommonLabels.kind }} people'}
receivers:
  - name: team
    webhook_configs: [{url: http://team.example/}]
  - name: db
    webhook_configs: [{url: http://db.example/}]
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
)";

Setup setup() {
  Setup made;
  made.config = load_config(kConfig);
  made.templates = std::make_shared<const templates::TemplateSet>(notifiers::notification_templates());
  return made;
}

void fire(Dispatcher& dispatcher, std::vector<Labels> labels, double when) {
  std::vector<Alert> alerts;
  for (Labels& each : labels) alerts.push_back(own_alert(std::move(each), when));
  dispatcher.insert(std::move(alerts), now_at(when));
}

notifiers::Reply reply_with(unsigned status) {
  notifiers::Reply reply;
  reply.arrived = true;
  reply.status = status;
  return reply;
}

}  // namespace

TEST_CASE("AlertsBeyondTheLimitAreRefusedAndTheOldestEventsDropped") {
  Limits limits;
  limits.alerts = 1;
  limits.events = 2;
  Dispatcher dispatcher(Policy{}, limits, 1);
  fire(dispatcher, {{{"alertname", "A"}}, {{"alertname", "B"}}, {{"alertname", "C"}}, {{"alertname", "D"}}},
       0);
  CHECK(dispatcher.counters().alerts_limited == 3);
  CHECK(dispatcher.counters().events_dropped == 1);
  const std::vector<Event> events = dispatcher.take_events();
  REQUIRE(events.size() == 2);
  CHECK(events[0].kind == EventKind::alert_limited);
  CHECK(events[0].alert.get("alertname") == "C");
  CHECK(dispatcher.take_events().empty());
}

TEST_CASE("AGroupBeyondTheLimitIsNotMadeAndItsAlertIsKept") {
  Limits limits;
  limits.groups = 1;
  Dispatcher dispatcher(Policy{}, limits, 1);
  dispatcher.reload(setup(), now_at(0));
  fire(dispatcher, {{{"alertname", "A"}}, {{"alertname", "B"}}}, 0);
  CHECK(dispatcher.counters().groups_limited == 1);
  CHECK(dispatcher.group_count() == 1);
  CHECK(dispatcher.alerts(now_at(1)).size() == 2);
}

TEST_CASE("NothingIsToldBeforeThereIsAConfiguration") {
  Dispatcher dispatcher(Policy{}, Limits{}, 1);
  fire(dispatcher, {{{"alertname", "A"}}}, 0);
  CHECK(dispatcher.step(now_at(100)).empty());
  CHECK(dispatcher.alerts(now_at(100))[0].status == AlertStatus::unprocessed);
  dispatcher.reload(setup(), now_at(100));
  CHECK(dispatcher.step(now_at(100)).size() == 1);
}

TEST_CASE("AnAttemptThatIsNeverAnsweredIsTakenForLostSomeTimeAfterItsRound") {
  Dispatcher dispatcher(Policy{}, Limits{}, 1);
  dispatcher.reload(setup(), now_at(0));
  fire(dispatcher, {{{"alertname", "A"}}}, 0);
  const std::vector<Attempt> attempts = dispatcher.step(now_at(10));
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0].timeout == seconds(10));
  CHECK(dispatcher.next_deadline() == mono(25));
  CHECK(dispatcher.step(now_at(24.9)).empty());
  CHECK(dispatcher.counters().attempts_lost == 0);
  // The next round follows at once.
  CHECK(dispatcher.step(now_at(25)).size() == 1);
  CHECK(dispatcher.counters().attempts_lost == 1);
  // Its answer, if it comes after all, is nobody's.
  dispatcher.reply(attempts[0].id, reply_with(200), now_at(26));
  CHECK(dispatcher.in_flight() == 1);
}

TEST_CASE("WhatAnAnswerRefusesIsSaidOfTheRequestAsItWasRendered") {
  Setup made = setup();
  made.config = load_config(R"(
route: {receiver: team}
receivers:
  - name: team
    slack_configs: [{api_url: 'http://slack.example/', channel: '#{{ .Receiver }}'}]
)");
  Dispatcher dispatcher(Policy{}, Limits{}, 1);
  dispatcher.reload(made, now_at(0));
  fire(dispatcher, {{{"alertname", "A"}}}, 0);
  const std::vector<Attempt> attempts = dispatcher.step(now_at(30));
  REQUIRE(attempts.size() == 1);
  dispatcher.reply(attempts[0].id, reply_with(404), now_at(30));
  const std::vector<Event> events = dispatcher.take_events();
  const bool said = std::any_of(events.begin(), events.end(), [](const Event& event) {
    return event.text.find(R"(channel "#team": unexpected status code 404)") != std::string::npos;
  });
  CHECK(said);
}

TEST_CASE("AnAttemptSaysWhatIsToBeSentAndUntilWhen") {
  Dispatcher dispatcher(Policy{}, Limits{}, 1);
  dispatcher.reload(setup(), now_at(0));
  fire(dispatcher, {{{"alertname", "A"}, {"kind", "db"}}}, 0);
  const std::vector<Attempt> attempts = dispatcher.step(now_at(10));
  REQUIRE(attempts.size() == 1);
  const Attempt& attempt = attempts[0];
  CHECK(attempt.receiver == "db");
  CHECK(attempt.integration == "webhook[0]");
  CHECK(attempt.number == 1);
  CHECK(attempt.request.url == "http://db.example/");
  CHECK(attempt.notification.group_key == R"({}/{kind="db"}:{alertname="A"})");
  CHECK(attempt.notification.route_labels == std::map<std::string, std::string>{{"owner", "db people"}});
  CHECK(attempt.request.body.find(R"("groupKey":"{}/{kind=\"db\"}:{alertname=\"A\"}")") != std::string::npos);
}

TEST_CASE("CountersTellNotificationsRequestsAndFailures") {
  Dispatcher dispatcher(Policy{}, Limits{}, 1);
  dispatcher.reload(setup(), now_at(0));
  fire(dispatcher, {{{"alertname", "A"}}}, 0);
  dispatcher.reply(dispatcher.step(now_at(10))[0].id, reply_with(503), now_at(12));
  const std::vector<Attempt> retry = dispatcher.step(now_at(15));
  REQUIRE(retry.size() == 1);
  CHECK(retry[0].number == 2);
  dispatcher.reply(retry[0].id, reply_with(400), now_at(15));
  const IntegrationCounters& counted = dispatcher.counters().integrations.at({"webhook", "team"});
  CHECK(counted.notifications == 1);
  CHECK(counted.requests == 2);
  CHECK(counted.requests_failed == 2);
  CHECK(counted.failed[static_cast<std::size_t>(notifiers::FailureReason::client_error)] == 1);
  CHECK(counted.latency[0] == 1);
  CHECK(counted.latency[1] == 1);
  CHECK(dispatcher.counters().received_firing == 1);
}

TEST_CASE("AlertsAreShownWithReceiversAndWhatSuppressesThem") {
  Dispatcher dispatcher(Policy{}, Limits{}, 1);
  dispatcher.reload(setup(), now_at(0));
  const Labels critical{{"alertname", "A"}, {"severity", "critical"}};
  const Labels warning{{"alertname", "B"}, {"kind", "db"}, {"severity", "warning"}};
  fire(dispatcher, {critical, warning}, 0);
  Silence silence;
  silence.matcher_sets.push_back(matchers({{"alertname", MatchType::equal, "A"}}));
  silence.ends_at = at(60);
  const std::string id = *dispatcher.set_silence(std::move(silence), now_at(1));

  const std::vector<AlertView> alerts = dispatcher.alerts(now_at(2));
  REQUIRE(alerts.size() == 2);
  for (const AlertView& alert : alerts) {
    CHECK(alert.status == AlertStatus::suppressed);
    const bool is_critical = alert.alert.labels == critical;
    CHECK(alert.silenced_by == (is_critical ? std::vector<std::string>{id} : std::vector<std::string>{}));
    CHECK(alert.inhibited_by == (is_critical ? std::vector<std::string>{}
                                             : std::vector<std::string>{fingerprint(critical).to_hex()}));
    CHECK(alert.receivers == std::vector<std::string>{is_critical ? "team" : "db"});
  }
  const std::vector<GroupView> groups = dispatcher.groups(now_at(2));
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].receiver == "team");
  CHECK(groups[1].route_labels == std::map<std::string, std::string>{{"owner", "db people"}});
  REQUIRE(dispatcher.expire_silence(id, now_at(3)));
  CHECK(dispatcher.alerts(now_at(3)).size() == 2);
}

TEST_CASE("ADecisionNotToTellIsKeptWithItsReason") {
  Dispatcher dispatcher(Policy{}, Limits{}, 1);
  dispatcher.reload(setup(), now_at(0));
  fire(dispatcher, {{{"alertname", "A"}}}, 0);
  dispatcher.reply(dispatcher.step(now_at(10))[0].id, reply_with(200), now_at(10));
  CHECK(dispatcher.step(now_at(20)).empty());
  const std::vector<GroupView> groups = dispatcher.groups(now_at(21));
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].decisions.at("webhook[0]").reason == NotifyReason::nothing_new);
  CHECK(groups[0].decisions.at("webhook[0]").at == at(20));
}

TEST_CASE("ASettledGroupIsLookedAtAgainWhenAnythingChanges") {
  Dispatcher dispatcher(Policy{}, Limits{}, 1);
  dispatcher.reload(setup(), now_at(0));
  fire(dispatcher, {{{"alertname", "A"}}}, 0);
  dispatcher.reply(dispatcher.step(now_at(10))[0].id, reply_with(200), now_at(10));
  for (const double tick : {20.0, 30.0, 40.0}) CHECK(dispatcher.step(now_at(tick)).empty());
  fire(dispatcher, {{{"alertname", "A"}, {"i", "2"}}}, 45);
  CHECK(dispatcher.step(now_at(50)).size() == 1);
}

TEST_CASE("ANotificationBeyondTheOutboxIsSentWithoutARecord") {
  Limits limits;
  limits.outbox = 2;
  Dispatcher dispatcher(Policy{}, limits, 1);
  dispatcher.keep(seconds(1));
  dispatcher.reload(setup(), now_at(0));
  fire(dispatcher, {{{"alertname", "A"}}, {{"alertname", "B"}}, {{"alertname", "C"}}}, 0);
  // The one without a record has nothing to wait for.
  CHECK(dispatcher.step(now_at(10)).size() == 1);
  CHECK(dispatcher.counters().outbox_overflow == 1);
  const Changes changes = dispatcher.take_changes(Depth::lives, now_at(10));
  REQUIRE(changes.outbox.written.size() == 2);
  dispatcher.outbox_written(changes.outbox.written[0].row, now_at(10.2));
  CHECK(dispatcher.step(now_at(10.2)).size() == 1);
  // A disk that says nothing is waited for no longer than was agreed.
  CHECK(dispatcher.step(now_at(10.9)).empty());
  const std::vector<Attempt> late = dispatcher.step(now_at(11));
  REQUIRE(late.size() == 1);
  dispatcher.reply(late[0].id, reply_with(200), now_at(11.1));
  CHECK(dispatcher.take_changes(Depth::lives, now_at(11.1)).outbox.gone.size() == 1);
}

TEST_CASE("AGroupThatComesAgainAtTheSameTimeOfTheWallTellsUnderAnotherKey") {
  Dispatcher dispatcher(Policy{}, Limits{}, 1);
  dispatcher.reload(setup(), now_at(0));
  std::vector<std::string> keys;
  for (const double began : {0.0, 1000.0}) {
    // The clock was set back in between.
    const auto now = [&](double after) { return Now{at(after), mono(began + after)}; };
    dispatcher.insert({own_alert({{"alertname", "A"}}, 0)}, now(0));
    for (const auto& [after, ends] : {std::pair{10.0, -1.0}, std::pair{20.0, 15.0}}) {
      if (ends > 0) dispatcher.insert({own_alert({{"alertname", "A"}}, 0, ends)}, now(ends));
      const std::vector<Attempt> attempts = dispatcher.step(now(after));
      REQUIRE(attempts.size() == 1);
      keys.push_back(attempts[0].key);
      dispatcher.reply(attempts[0].id, reply_with(200), now(after));
    }
    CHECK(dispatcher.group_count() == 0);
  }
  std::sort(keys.begin(), keys.end());
  CHECK(std::unique(keys.begin(), keys.end()) == keys.end());
}
