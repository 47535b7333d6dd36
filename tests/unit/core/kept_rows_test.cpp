// Records through bytes and back.
#include "engine/core/kept_rows.hpp"

#include <cmath>

#include "engine/dispatch/random.hpp"
#include "tests/fuzz/kept_rows.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::core {
namespace {

WallTime at(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(1'767'571'200 + seconds));
}

dispatch::Alert some_alert() {
  dispatch::Alert alert;
  alert.labels = {{"alertname", "A"}, {"job", "x"}};
  alert.annotations = {{"empty", ""}, {"summary", "is \"bad\"\n"}};
  alert.starts_at = at(1);
  alert.ends_at = at(2);
  alert.updated_at = at(3);
  alert.timeout = true;
  alert.origin = dispatch::Origin::posted;
  alert.cause = dispatch::ResolveCause::series_gone;
  alert.cause_detail = "app:80: connection refused";
  alert.unknown = true;
  alert.generator_url = "http://prom/graph";
  return alert;
}

void check_same(const dispatch::Alert& a, const dispatch::Alert& b) {
  CHECK(a.labels == b.labels);
  CHECK(a.annotations == b.annotations);
  CHECK(a.starts_at == b.starts_at);
  CHECK(a.ends_at == b.ends_at);
  CHECK(a.updated_at == b.updated_at);
  CHECK(a.timeout == b.timeout);
  CHECK(a.origin == b.origin);
  CHECK(a.cause == b.cause);
  CHECK(a.cause_detail == b.cause_detail);
  CHECK(a.unknown == b.unknown);
  CHECK(a.generator_url == b.generator_url);
}

template <class Record>
Decoded through_bytes(Table table, std::int64_t id, const Record& record) {
  Decoded decoded = decode({{{table, id}, encode(record)}});
  CHECK(decoded.damaged == 0);
  return decoded;
}

TEST_CASE("AnAlertComesBackWithEveryField") {
  const Decoded decoded = through_bytes(Table::alerts, 7, dispatch::KeptAlert{7, some_alert()});
  REQUIRE(decoded.dispatch.alerts.size() == 1);
  CHECK(decoded.dispatch.alerts[0].row == 7);
  check_same(decoded.dispatch.alerts[0].alert, some_alert());
}

TEST_CASE("AnAlertWithoutTimesComesBackWithoutThem") {
  dispatch::Alert alert;
  alert.labels = {{"alertname", "A"}};
  alert.starts_at = kNoTime;
  alert.updated_at = at(0);
  const Decoded decoded = through_bytes(Table::alerts, 1, dispatch::KeptAlert{1, alert});
  REQUIRE(decoded.dispatch.alerts.size() == 1);
  CHECK(decoded.dispatch.alerts[0].alert.ends_at == kNoTime);
  CHECK(decoded.dispatch.alerts[0].alert.cause == dispatch::ResolveCause::none);
}

TEST_CASE("EndsComeBackInOrder") {
  const dispatch::KeptEnds ends{3, {{600, at(10), at(5)}, {601, at(20), at(6)}}};
  const Decoded decoded = through_bytes(Table::alert_ends, 3, ends);
  REQUIRE(decoded.dispatch.ends.size() == 1);
  REQUIRE(decoded.dispatch.ends[0].ends.size() == 2);
  CHECK(decoded.dispatch.ends[0].ends[1].alert == 601);
  CHECK(decoded.dispatch.ends[0].ends[1].ends_at == at(20));
  CHECK(decoded.dispatch.ends[0].ends[0].updated_at == at(5));
}

dispatch::KeptGroup some_group() {
  dispatch::KeptGroup group;
  group.row = 4;
  group.identity = "{}:{alertname=\"A\"}";
  group.route = "{}";
  group.key = "{}:{alertname=\"A\"}";
  group.labels = {{"alertname", "A"}};
  group.looked_at = true;
  group.next_flush = at(30);
  group.departed.push_back(some_alert());
  group.withheld.push_back({Fingerprint{1}, dispatch::Withheld::silenced});
  group.withheld.push_back({Fingerprint{~0ULL}, dispatch::Withheld::unknown});
  group.unmuted.push_back({"team/webhook/1", {Fingerprint{2}, Fingerprint{3}}});
  group.farewell = {"a", "b"};
  group.birth = 77;
  return group;
}

TEST_CASE("AGroupComesBackWithEveryField") {
  const dispatch::KeptGroup group = some_group();
  const Decoded decoded = through_bytes(Table::groups, 4, group);
  REQUIRE(decoded.dispatch.groups.size() == 1);
  const dispatch::KeptGroup& back = decoded.dispatch.groups[0];
  CHECK(back.row == 4);
  CHECK(back.identity == group.identity);
  CHECK(back.route == group.route);
  CHECK(back.key == group.key);
  CHECK(back.labels == group.labels);
  CHECK(back.looked_at);
  CHECK(back.birth == 77);
  CHECK(back.next_flush == at(30));
  REQUIRE(back.departed.size() == 1);
  check_same(back.departed[0], some_alert());
  REQUIRE(back.withheld.size() == 2);
  CHECK(back.withheld[1].alert == Fingerprint{~0ULL});
  CHECK(back.withheld[1].withheld == dispatch::Withheld::unknown);
  REQUIRE(back.unmuted.size() == 1);
  CHECK(back.unmuted[0].alerts == dispatch::Fingerprints{{2}, {3}});
  CHECK(back.farewell == std::set<std::string>{"a", "b"});
}

dispatch::KeptTold some_told() {
  dispatch::KeptTold told;
  told.row = 9;
  told.key = {"g", "i"};
  told.firing = {{1}, {2}};
  told.resolved = {{3}};
  told.doubtful = {{4}};
  told.times = 12;
  told.at = at(5);
  told.forgotten_at = at(6);
  told.remembered = {{"ts", "1.5"}};
  return told;
}

TEST_CASE("WhatWasToldComesBackWithEveryField") {
  const dispatch::KeptTold told = some_told();
  const Decoded decoded = through_bytes(Table::told, 9, told);
  REQUIRE(decoded.dispatch.told.size() == 1);
  const dispatch::KeptTold& back = decoded.dispatch.told[0];
  CHECK(back.key == told.key);
  CHECK(back.firing == told.firing);
  CHECK(back.resolved == told.resolved);
  CHECK(back.doubtful == told.doubtful);
  CHECK(back.times == 12);
  CHECK(back.at == at(5));
  CHECK(back.forgotten_at == at(6));
  CHECK(back.remembered == told.remembered);
}

dispatch::KeptSend some_send() {
  dispatch::KeptSend send;
  send.row = 11;
  send.group = "g";
  send.integration = "i";
  send.key = "0123";
  send.reason = dispatch::NotifyReason::unmuted;
  send.decided_at = at(1);
  send.sent = {{1}};
  send.picture = {{{1}}, {{2}}};
  send.kept = {{3}};
  send.alerts.push_back(some_alert());
  return send;
}

TEST_CASE("ANotificationUnderWayComesBackWithEveryField") {
  const dispatch::KeptSend send = some_send();
  const Decoded decoded = through_bytes(Table::outbox, 11, send);
  REQUIRE(decoded.dispatch.outbox.size() == 1);
  const dispatch::KeptSend& back = decoded.dispatch.outbox[0];
  CHECK(back.row == 11);
  CHECK(back.group == "g");
  CHECK(back.integration == "i");
  CHECK(back.key == "0123");
  CHECK(back.reason == dispatch::NotifyReason::unmuted);
  CHECK(back.decided_at == at(1));
  CHECK(back.sent == send.sent);
  CHECK(back.picture.firing == send.picture.firing);
  CHECK(back.picture.resolved == send.picture.resolved);
  CHECK(back.kept == send.kept);
  REQUIRE(back.alerts.size() == 1);
  check_same(back.alerts[0], some_alert());
}

dispatch::Silence some_silence() {
  dispatch::Silence silence;
  silence.id = "x";
  silence.matcher_sets.emplace_back();
  silence.matcher_sets[0].push_back(std::move(*Matcher::make(MatchType::equal, "a", "1")));
  silence.matcher_sets[0].push_back(std::move(*Matcher::make(MatchType::not_regex, "b", "x.*")));
  silence.matcher_sets.emplace_back().push_back(std::move(*Matcher::make(MatchType::regex, "c", "2|3")));
  silence.starts_at = at(1);
  silence.ends_at = at(2);
  silence.updated_at = at(3);
  silence.created_by = "maria";
  silence.comment = "why";
  silence.annotations = {{"ticket", "7"}};
  silence.moved = -std::chrono::hours(9);
  return silence;
}

TEST_CASE("ASilenceComesBackAndMatchesTheSame") {
  const dispatch::Silence silence = some_silence();
  const Decoded decoded = through_bytes(Table::silences, 2, dispatch::KeptSilence{2, silence.clone()});
  REQUIRE(decoded.dispatch.silences.size() == 1);
  CHECK(decoded.dispatch.silences[0].row == 2);
  const dispatch::Silence& back = decoded.dispatch.silences[0].silence;
  CHECK(back.id == "x");
  CHECK(back.starts_at == at(1));
  CHECK(back.ends_at == at(2));
  CHECK(back.updated_at == at(3));
  CHECK(back.created_by == "maria");
  CHECK(back.comment == "why");
  CHECK(back.annotations == silence.annotations);
  CHECK(back.moved == -std::chrono::hours(9));
  CHECK(back.matches(Labels{{"a", "1"}, {"b", "y"}}));
  CHECK_FALSE(back.matches(Labels{{"a", "1"}, {"b", "xy"}}));
  CHECK(back.matches(Labels{{"c", "3"}}));
  CHECK_FALSE(back.matches(Labels{{"c", "4"}}));
}

TEST_CASE("ARulesAlertComesBackWithEveryField") {
  KeptRuleAlert record;
  record.row = 5;
  record.file = "rules.yml";
  record.group = "g";
  record.rule = "High{severity=\"page\"}";
  record.ordinal = 2;
  record.labels = {{"alertname", "High"}};
  record.alert.clock = {rules::AlertState::firing, at(1), at(2), at(3), at(4)};
  record.alert.value = -INFINITY;
  record.alert.annotations = {{"summary", "s"}};
  record.alert.last_sent_at = at(5);
  record.alert.valid_until = at(6);
  record.alert.told = rules::ToldAlert{Labels{{"alertname", "High"}, {"cluster", "c"}}, at(7), at(8), true};
  const Decoded decoded = through_bytes(Table::rule_alerts, 5, record);
  REQUIRE(decoded.rule_alerts.size() == 1);
  const KeptRuleAlert& back = decoded.rule_alerts[0];
  CHECK(back.row == 5);
  CHECK(back.alert.record == 5);
  CHECK(back.file == "rules.yml");
  CHECK(back.group == "g");
  CHECK(back.rule == record.rule);
  CHECK(back.ordinal == 2);
  CHECK(back.labels == record.labels);
  CHECK(back.alert.clock == record.alert.clock);
  CHECK(back.alert.value == -INFINITY);
  CHECK(back.alert.annotations == record.alert.annotations);
  CHECK(back.alert.last_sent_at == at(5));
  CHECK(back.alert.valid_until == at(6));
  REQUIRE(back.alert.told);
  CHECK(back.alert.told->labels == record.alert.told->labels);
  CHECK(back.alert.told->starts_at == at(7));
  CHECK(back.alert.told->valid_until == at(8));
  CHECK(back.alert.told->unknown);
}

TEST_CASE("AToldAlertThatRelabellingDroppedIsNotOneWithoutLabels") {
  KeptRuleAlert record;
  record.rule = "High";
  record.alert.clock.active_at = at(1);
  record.alert.told = rules::ToldAlert{std::nullopt, at(1), at(2), false};
  CHECK_FALSE(through_bytes(Table::rule_alerts, 1, record).rule_alerts[0].alert.told->labels);
  record.alert.told->labels = Labels();
  CHECK(through_bytes(Table::rule_alerts, 1, record).rule_alerts[0].alert.told->labels);
}

TEST_CASE("MetaRowsComeBack") {
  const Life life{at(1), at(2), kNoTime, "1.0"};
  const Life back = through_bytes(Table::meta, 1, life).life;
  CHECK(back.started == at(1));
  CHECK(back.last_alive == at(2));
  CHECK(back.stopped == kNoTime);
  CHECK(back.version == "1.0");
  KeptConfig config;
  config.accepted = at(3);
  config.files = {{"a.yml", "text"}, {"b.yml", ""}};
  config.patterns = {{"*.yml", {"a.yml", "b.yml"}}};
  config.salt = "salt";
  config.secrets = {{12, "hash", "http://host/"}};
  const KeptConfig kept = through_bytes(Table::meta, 2, config).config;
  CHECK(kept.accepted == at(3));
  REQUIRE(kept.files.size() == 2);
  CHECK(kept.files[0].path == "a.yml");
  CHECK(kept.files[0].text == "text");
  REQUIRE(kept.patterns.size() == 1);
  CHECK(kept.patterns[0].paths == std::vector<std::string>{"a.yml", "b.yml"});
  CHECK(kept.salt == "salt");
  REQUIRE(kept.secrets.size() == 1);
  CHECK(kept.secrets[0].length == 12);
  CHECK(kept.secrets[0].hash == "hash");
  CHECK(kept.secrets[0].shown == "http://host/");
}

TEST_CASE("AFieldThatIsNotKnownIsPassedOver") {
  // Field 100, a string of three bytes: what the next release may write.
  const std::string more = encode(dispatch::KeptAlert{1, some_alert()}) + "\xa2\x06\x03xyz";
  const Decoded decoded = decode({{{Table::alerts, 1}, more}});
  CHECK(decoded.damaged == 0);
  REQUIRE(decoded.dispatch.alerts.size() == 1);
  check_same(decoded.dispatch.alerts[0].alert, some_alert());
}

TEST_CASE("AnEnumThatIsNotKnownIsPassedOver") {
  // Field 7 (origin) as 99.
  const Decoded decoded =
      decode({{{Table::alerts, 1}, encode(dispatch::KeptAlert{1, some_alert()}) + "\x38\x63"}});
  REQUIRE(decoded.dispatch.alerts.size() == 1);
  CHECK(decoded.dispatch.alerts[0].alert.origin == dispatch::Origin::posted);
}

TEST_CASE("BytesThatMakeNoSenseAreCountedAndLeftOut") {
  const std::string whole = encode(dispatch::KeptAlert{1, some_alert()});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    for (int table = 1; table <= kTables; ++table) {
      // Must not crash, and what is left out is counted.
      const Decoded decoded = decode({{{static_cast<Table>(table), 3}, whole.substr(0, length)}});
      const std::size_t records = decoded.rule_alerts.size() + decoded.dispatch.alerts.size() +
                                  decoded.dispatch.groups.size() + decoded.dispatch.told.size() +
                                  decoded.dispatch.outbox.size() + decoded.dispatch.silences.size();
      if (table != 1 && table != 4) CHECK(records + decoded.damaged == 1);
    }
  }
  CHECK(decode({{{Table::alerts, 1}, ""}}).damaged == 1);
  CHECK(decode({{{Table::silences, 1}, ""}}).damaged == 1);
}

// The fuzz target looks deeper.
TEST_CASE("WhateverIsReadFromBrokenRowsIsReadAgainAsTheSame") {
  dispatch::Random random(5);
  const std::vector<std::string> whole = {
      encode(dispatch::KeptAlert{1, some_alert()}), encode(some_send()), encode(some_group()),
      encode(dispatch::KeptSilence{1, some_silence()}), encode(some_told())};
  for (int round = 0; round < 4000; ++round) {
    std::string body = whole[random.below(whole.size())];
    for (std::uint64_t change = 0; change <= random.below(4); ++change) {
      body[random.below(body.size())] = static_cast<char>(random.below(256));
    }
    for (int table = 1; table <= kTables; ++table) {
      CHECK(check_any_row(static_cast<Table>(table), body) == "");
    }
  }
}

}  // namespace
}  // namespace tocsin::core
