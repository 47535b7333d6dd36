// The whole engine with a disk: what survives kills, power cuts, full and slow disks, and changed files.
#include "tests/unit/testing/durable_site.hpp"

namespace tocsin::testing {
namespace {

TEST_CASE("what fires and was told is not told again after a kill, and its end is told") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(5));
  REQUIRE(site.told() == Lines{"firing High"});
  site.restart(minutes(10));
  CHECK(site.logged("stopped without shutdown"));
  CHECK(site.log_field("stopped without shutdown", "down_for").starts_with("10m"));
  CHECK(site.log_field("state restored", "firing") == "1");
  site.world->run_for(minutes(20));
  CHECK(site.told() == Lines{"firing High"});
  site.network.page = "x 1\n";
  site.world->run_for(minutes(3));
  CHECK(site.told() == Lines{"firing High", "resolved High"});
}

TEST_CASE("the time in which nobody ran is not counted towards for, and the time before is") {
  DurableSite site;
  site.files.files["rules.yml"] = R"(
groups: [{name: g, rules: [{alert: High, expr: x > 5, for: 5m}]}])";
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(3));
  const MonoTime killed = site.world->now().mono;
  site.restart(hours(1));
  CHECK(site.log_field("state restored", "pending") == "1");
  site.world->run_for(minutes(10));
  REQUIRE(site.told() == Lines{"firing High"});
  const Duration after = site.network.notified_at[0] - (killed + hours(1));
  // Pending for some two and a half minutes before; a checkpoint of a minute may be lost, a slot is 30s.
  CHECK(after > minutes(2));
  CHECK(after < minutes(5));
}

TEST_CASE("a downtime is not counted at the second start after it either") {
  DurableSite site;
  site.files.files["rules.yml"] = R"(
groups: [{name: g, rules: [{alert: High, expr: x > 5, for: 5m}]}])";
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(3));
  site.restart(hours(1));
  site.world->run_for(seconds(10));
  const MonoTime killed = site.world->now().mono;
  site.restart(minutes(1));
  site.world->run_for(minutes(10));
  REQUIRE(site.told() == Lines{"firing High"});
  CHECK(site.network.notified_at[0] - (killed + minutes(1)) > minutes(2) - seconds(40));
}

TEST_CASE("a short for survives too, and an alert that is gone after the restart is reset") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(seconds(50));
  site.network.page = "x 1\n";
  site.restart(seconds(5));
  site.world->run_for(minutes(10));
  CHECK(site.told().empty());
}

TEST_CASE("keep_firing_for goes on over a restart") {
  DurableSite site;
  site.files.files["rules.yml"] = R"(
groups: [{name: g, rules: [{alert: High, expr: x > 5, keep_firing_for: 10m}]}])";
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(2));
  site.network.page = "x 1\n";
  site.world->run_for(minutes(4));
  REQUIRE(site.told() == Lines{"firing High"});
  site.restart(minutes(30));
  site.world->run_for(minutes(4));
  CHECK(site.told() == Lines{"firing High"});
  site.world->run_for(minutes(5));
  CHECK(site.told() == Lines{"firing High", "resolved High"});
}

TEST_CASE("until its samples are there again, a rule does not take what it does not see to be gone") {
  DurableSite site;
  site.files.files["rules.yml"] = R"(
groups: [{name: g, rules: [{alert: Busy, expr: 'rate(c[5m]) > 0'}]}])";
  site.start();
  for (int i = 0; i < 30; ++i) {
    site.network.page = format("c {}\n", i);
    site.world->run_for(seconds(10));
  }
  REQUIRE(site.told() == Lines{"firing Busy"});
  site.restart(minutes(1));
  site.network.page = "c 40\n";
  site.world->run_for(minutes(3));
  // It stands still: with one window's samples that is known.
  CHECK(site.told() == Lines{"firing Busy"});
  site.world->run_for(minutes(5));
  CHECK(site.told() == Lines{"firing Busy", "resolved Busy"});
}

// ---- posted alerts

TEST_CASE(
    "a thousand posted alerts, half an hour down, and nobody is told anything when their sources are back") {
  DurableSite site;
  site.files.files["alertmanager.yml"] = R"(
route: {receiver: hook, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers:
  - name: hook
    webhook_configs: [{url: 'http://hook/'}]
)";
  site.start({"", "alertmanager.yml"});
  const WallTime began = site.world->now().wall;
  const auto post = [&](int from) {
    const WallTime wall = site.world->now().wall;
    CHECK(site.request("POST", "/api/v2/alerts", {}, posts(1000, began, wall + minutes(4), from)).status ==
          200);
  };
  for (int i = 0; i < 5; ++i) {
    post(0);
    site.world->run_for(minutes(1));
  }
  REQUIRE(site.network.notified.size() == 1000);
  site.restart(minutes(30));
  site.world->run_for(seconds(50));
  // Ten of them do not come back.
  for (int i = 0; i < 15; ++i) {
    post(10);
    site.world->run_for(minutes(1));
  }
  REQUIRE(site.network.notified.size() == 1010);
  std::set<std::string> ended;
  for (std::size_t i = 1000; i < 1010; ++i) ended.insert(site.told()[i]);
  CHECK(ended.size() == 10);
  CHECK(ended.contains("resolved P0"));
  CHECK(ended.contains("resolved P9"));
}

TEST_CASE("an answer to a post waits until what was posted is written, but not longer than the commit wait") {
  DurableSite site;
  site.own_disk.set_latency(milliseconds(30), milliseconds(30));
  site.start();
  site.world->run_for(seconds(5));
  const auto post = [&](int number) {
    api::HttpRequest request;
    request.method = "POST";
    request.path = "/api/v2/alerts";
    request.body = posts(number + 1, site.world->now().wall, site.world->now().wall + minutes(4), number);
    site.world->feed(core::RequestReceived{{++site.last_request}, std::move(request)});
  };
  post(0);
  CHECK_FALSE(site.network.responses.contains(site.last_request));
  site.world->run_for(milliseconds(70));
  CHECK(site.network.responses.contains(site.last_request));
  site.own_disk.set_latency(seconds(5), seconds(5));
  post(1);
  site.world->run_for(milliseconds(990));
  CHECK_FALSE(site.network.responses.contains(site.last_request));
  site.world->run_for(milliseconds(20));
  CHECK(site.network.responses.contains(site.last_request));
  CHECK(site.metric("tocsin_storage_answered_early_total") == 1);
}

TEST_CASE("who waits for the disk at a shutdown is answered before it, and what was posted is kept") {
  DurableSite site;
  site.own_disk.set_latency(milliseconds(30), milliseconds(30));
  site.start();
  site.world->run_for(seconds(5));
  api::HttpRequest request;
  request.method = "POST";
  request.path = "/api/v2/alerts";
  request.body = posts(1, site.world->now().wall, site.world->now().wall + minutes(4));
  site.world->feed(core::RequestReceived{{++site.last_request}, std::move(request)});
  CHECK_FALSE(site.network.responses.contains(site.last_request));
  site.world->feed(core::ShutdownRequested{});
  CHECK(site.network.responses.contains(site.last_request));
}

TEST_CASE("a disk whose sync takes five seconds delays a page by the commit wait and no more") {
  DurableSite site;
  site.start();
  site.world->run_for(minutes(2));
  site.own_disk.set_latency(seconds(5), seconds(5));
  site.commit_wait = seconds(1);
  const MonoTime posted = site.world->now().mono;
  site.network.responses.clear();
  api::HttpRequest request;
  request.method = "POST";
  request.path = "/api/v2/alerts";
  request.body = posts(1, site.world->now().wall, site.world->now().wall + minutes(4));
  site.world->feed(core::RequestReceived{{++site.last_request}, std::move(request)});
  site.world->run_for(seconds(30));
  REQUIRE(site.told() == Lines{"firing P0"});
  CHECK(site.network.notified_at[0] - posted == seconds(11));  // group_wait and a second
  CHECK(site.metric("tocsin_notifications_uncommitted_total") == 1);
}

// ---- the first minutes

TEST_CASE(
    "after a start without state nobody is told before the rules have run, so that inhibition knows its "
    "sources") {
  const auto play = [](const dispatch::Policy& policy) {
    DurableSite site;
    site.files.files["prometheus.yml"] = R"(
global: {scrape_interval: 10s, evaluation_interval: 30s}
rule_files: [rules.yml]
scrape_configs: [{job_name: app, static_configs: [{targets: ['app:80']}]}]
)";
    // The groups' slots lie apart: without waiting, the warning goes out alone.
    site.files.files["rules.yml"] = R"(
groups:
  - {name: first, interval: 2m, rules: [{alert: Cause, expr: x > 5, labels: {severity: critical}}]}
  - {name: second, rules: [{alert: Effect, expr: x > 5, labels: {severity: warning}}]}
)";
    site.files.files["alertmanager.yml"] = R"(
route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1m, repeat_interval: 4h}
inhibit_rules: [{source_matchers: [severity="critical"], target_matchers: [severity="warning"]}]
receivers: [{name: hook, webhook_configs: [{url: 'http://hook/'}]}]
)";
    site.network.page = "x 7\n";
    site.policy = policy;
    site.start();
    const MonoTime began = site.world->now().mono;
    site.world->run_for(minutes(10));
    std::pair<Lines, Duration> seen{site.told(), site.network.notified_at.at(0) - began};
    return seen;
  };
  const auto [told, first] = play({});
  CHECK(told == Lines{"firing Cause"});
  CHECK(first < seconds(25));  // a scrape interval, and the first evaluation right after it
  const auto [upstream, first_upstream] = play(dispatch::upstream_policy());
  CHECK(upstream == Lines{"firing Effect", "firing Cause"});
}

TEST_CASE("neither a group that is evaluated once a day nor one that always fails delays the first page") {
  DurableSite site;
  site.files.files["rules.yml"] = R"(
groups:
  - {name: daily, interval: 24h, rules: [{alert: Daily, expr: x > 100}]}
  - {name: failing, rules: [{alert: Fails, expr: 'label_replace(x, "a", "b", "c", "(") > 0'}]}
  - {name: g, rules: [{alert: High, expr: x > 5}]}
)";
  // And one whose target does not answer at all.
  site.files.files["prometheus.yml"] = R"(
global: {scrape_interval: 10s, evaluation_interval: 30s}
rule_files: [rules.yml]
scrape_configs: [{job_name: app, static_configs: [{targets: ['app:80']}]}]
)";
  site.network.page = "x 7\n";
  site.start();
  const MonoTime began = site.world->now().mono;
  site.world->run_for(minutes(5));
  REQUIRE(site.told() == Lines{"firing High"});
  CHECK(site.network.notified_at[0] - began < minutes(1) + seconds(15));
}

TEST_CASE("a gateway that starts without state waits for the start delay, and with state for nothing") {
  DurableSite site;
  site.start_delay = minutes(3);
  site.start({"", "alertmanager.yml"});
  const MonoTime began = site.world->now().mono;
  const WallTime wall = site.world->now().wall;
  CHECK(site.request("POST", "/api/v2/alerts", {}, posts(1, wall, wall + hours(4))).status == 200);
  site.world->run_for(minutes(5));
  REQUIRE(site.network.notified.size() == 1);
  CHECK(site.network.notified_at[0] - began >= minutes(3));
  CHECK(site.network.notified_at[0] - began < minutes(3) + seconds(1));
  site.restart({});
  const MonoTime again = site.world->now().mono;
  CHECK(site.request("POST", "/api/v2/alerts", {}, posts(2, wall, wall + hours(4), 1)).status == 200);
  site.world->run_for(minutes(2));
  REQUIRE(site.network.notified.size() == 2);
  // Its group is known, and looks once a minute.
  CHECK(site.network.notified_at[1] - again <= minutes(1));
}

// ---- changed and broken files

constexpr std::string_view kTwoRoutes = R"(
route:
  receiver: hook
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h
  routes: [{matchers: [severity="page"], receiver: pager}]
receivers:
  - name: hook
    webhook_configs: [{url: 'http://hook/'}]
  - name: pager
    webhook_configs: [{url: 'http://pager/'}]
)";

TEST_CASE("what was told through a route that was taken out while nobody ran is told its end") {
  DurableSite site;
  site.files.files["alertmanager.yml"] = kTwoRoutes;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(4));
  REQUIRE(site.told() == Lines{"firing High"});
  std::string without(kTwoRoutes);
  const std::string routes = "  routes: [{matchers: [severity=\"page\"], receiver: pager}]\n";
  site.files.files["alertmanager.yml"] = without.erase(without.find(routes), routes.size());
  site.restart(minutes(1));
  site.world->run_for(minutes(2));
  // The pager hears its end, by the configuration that was in force; the hook hears of it for the first time.
  auto told = site.told();
  std::sort(told.begin(), told.end());
  CHECK(told == Lines{"firing High", "firing High", "resolved High"});
}

TEST_CASE("a receiver that was taken out with its address while nobody ran is named") {
  DurableSite site;
  site.files.files["alertmanager.yml"] = kTwoRoutes;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(4));
  REQUIRE(site.told() == Lines{"firing High"});
  site.files.files["alertmanager.yml"] = kAlertmanager;
  site.restart(minutes(1));
  site.world->run_for(minutes(2));
  // No secret is kept, and the address of a webhook is one.
  CHECK(site.told() == Lines{"firing High", "firing High"});
  constexpr std::string_view kGone =
      "a receiver that was told is gone, and will not be told that this is over";
  CHECK(site.log_field(kGone, "receiver") == "pager");
  CHECK(contains(site.log_field(kGone, "alert"), "High"));
}

TEST_CASE("an alert whose rule was taken out while nobody ran is over, and says why") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(4));
  REQUIRE(site.told() == Lines{"firing High"});
  site.files.files["rules.yml"] = "groups: [{name: g, rules: [{record: a, expr: x}]}]\n";
  site.restart(minutes(1));
  site.world->run_for(minutes(2));
  CHECK(site.told() == Lines{"firing High", "resolved High"});
  CHECK(site.log_field("notified", "cause") == "rule_removed");
  bool said = false;
  for (const core::LogRecord& record : site.network.records) {
    for (const auto& [name, value] : record.fields)
      said = said || (name == "cause" && value == "rule_removed");
  }
  CHECK(said);
}

TEST_CASE(
    "files that are rejected at a start: the configuration that was last accepted runs, and that is said") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(4));
  REQUIRE(site.told() == Lines{"firing High"});
  site.files.files["alertmanager.yml"] =
      "# somebody's hand slipped\nroute: {receiver: nobody}\nreceivers:\n  - name: hook\n"
      "    webhook_configs: [{url: 'http://hook/'}]\n";
  site.restart(minutes(1));
  CHECK(site.logged("configuration on disk rejected, running the one accepted at "));
  CHECK(contains(site.request("GET", "/-/ready").body, "the files on disk were rejected"));
  CHECK(site.metric("alertmanager_config_last_reload_successful") == 0);
  site.network.page = "x 1\n";
  site.world->run_for(minutes(3));
  CHECK(site.told() == Lines{"firing High", "resolved High"});
}

TEST_CASE(
    "no secret of the configuration is on the disk, and the kept one finds them where they still stand") {
  DurableSite site;
  site.files.files["alertmanager.yml"] = R"(
route: {receiver: hook, group_wait: 10s, group_interval: 1m, repeat_interval: 1h}
receivers:
  - name: hook
    webhook_configs: [{url: 'http://hook/T0P-SECRET-PATH', http_config: {basic_auth: {username: u, password: "pass-w0rd"}}}]
)";
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(4));
  REQUIRE(site.network.notified.size() == 1);
  for (const core::Row& row : site.own_disk.load().rows) {
    CHECK_FALSE(contains(row.body, "T0P-SECRET"));
    CHECK_FALSE(contains(row.body, "pass-w0rd"));
  }
  std::string& file = site.files.files["alertmanager.yml"];
  file.insert(file.find("route:"), "nonsense: 1\n");
  site.restart(minutes(1));
  CHECK(site.logged("configuration on disk rejected"));
  site.network.page = "x 1\n";
  site.network.urls.clear();
  site.world->run_for(minutes(3));
  REQUIRE(site.network.urls.size() == 1);
  CHECK(site.network.urls[0] == "http://hook/T0P-SECRET-PATH");
}

// ---- storage that fails

TEST_CASE("a disk that is full stops nobody, and when there is room again everything is written") {
  DurableSite site;
  site.start();
  site.world->run_for(minutes(2));
  site.own_disk.set_error("database or disk is full");
  site.network.page = "x 7\n";
  site.world->run_for(minutes(4));
  CHECK(site.told() == Lines{"firing High"});
  CHECK(site.logged("state cannot be written, going on in memory"));
  CHECK(contains(site.request("GET", "/-/ready").body, "database or disk is full"));
  CHECK(site.metric("tocsin_storage_working") == 0);
  site.own_disk.set_error("");
  site.world->run_for(minutes(2));
  CHECK(site.logged("state is written again"));
  CHECK(site.metric("tocsin_storage_working") == 1);
  site.restart(minutes(1));
  site.world->run_for(minutes(10));
  CHECK(site.told() == Lines{"firing High"});
}

TEST_CASE("a state that was damaged is begun anew, and everybody is told so") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(4));
  REQUIRE(site.told() == Lines{"firing High"});
  site.now = site.world->now();
  site.world.reset();
  site.own_disk.damage();
  site.start();
  CHECK(contains(site.log_field("state file", "note"), "damaged"));
  site.world->run_for(minutes(5));
  CHECK(site.told() == Lines{"firing High", "firing High"});
}

TEST_CASE("rows that make no sense are passed over and counted") {
  DurableSite site;
  site.start();
  site.world->run_for(minutes(2));
  core::Persist nonsense;
  nonsense.sequence = 1;
  for (int table = 1; table <= core::kTables; ++table) {
    nonsense.rows.push_back({{static_cast<core::Table>(table), 900}, std::string("\xff\xff\xff\x01garbage")});
  }
  (void)site.own_disk.write(std::move(nonsense), site.world->now());
  site.restart(seconds(10), VirtualDisk::Crash::stopped);
  CHECK(site.log_field("state restored", "damaged") ==
        "7");  // one of the meta table that nobody asks for is none
  site.network.page = "x 7\n";
  site.world->run_for(minutes(4));
  CHECK(site.told() == Lines{"firing High"});
}

TEST_CASE("a clean stop is said, and what was under way goes out after it under the same key") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.network.hook_never_answers = true;
  site.start();
  site.world->run_for(minutes(2) + seconds(20));
  REQUIRE(site.network.notified.size() == 1);
  site.network.hook_never_answers = false;
  site.world->feed(core::ShutdownRequested{});
  site.restart(minutes(1), VirtualDisk::Crash::stopped);
  CHECK_FALSE(site.logged("stopped without shutdown"));
  CHECK(site.log_field("state restored", "unsent") == "1");
  site.world->run_for(minutes(10));
  REQUIRE(site.network.notified.size() == 2);
  CHECK(site.network.keys[0] == site.network.keys[1]);
  CHECK_FALSE(site.network.keys[0].empty());
}

// ---- why it ended

TEST_CASE("an end says whether the condition is false or the series went away") {
  DurableSite site;
  site.files.files["rules.yml"] = R"(
groups: [{name: g, rules: [{alert: High, expr: x > 5}]}])";
  site.network.page = "x 7\n";
  site.start();
  const auto cause = [&] {
    std::string last;
    for (const core::LogRecord& record : site.network.records) {
      for (const auto& [name, value] : record.fields) {
        if (name == "cause") last = value;
      }
    }
    return last;
  };
  site.world->run_for(minutes(2));
  site.network.target_down = true;
  site.world->run_for(minutes(3));
  REQUIRE(site.told() == Lines{"firing High", "resolved High"});
  CHECK(cause() == "series_gone");
  site.network.target_down = false;
  site.world->run_for(minutes(3));
  site.network.page = "x 1\n";
  site.world->run_for(minutes(3));
  REQUIRE(site.told().size() == 4);
  CHECK(cause() == "condition_false");
}

// ---- the event log

TEST_CASE("the event log tells a person what happened, who did it, and what was answered") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(3));
  const WallTime wall = site.world->now().wall;
  CHECK(site.request(
                "POST", "/api/v2/silences", {},
                format(
                    R"({{"matchers":[{{"name":"alertname","value":"High","isRegex":false}}],"startsAt":"{}",)"
                    R"("endsAt":"{}","createdBy":"maria","comment":"upgrade"}})",
                    format_rfc3339(wall), format_rfc3339(wall + hours(1))))
            .status == 200);
  site.world->run_for(minutes(2));
  site.network.page = "x 1\n";
  site.world->run_for(minutes(3));
  std::string text;
  for (const api::HistoryEntry& entry : site.own_disk.history({"High", "", {}, {}, 0}).entries) {
    std::string kind(to_string(entry.kind));
    if (entry.kind == api::HistoryKind::told) kind += entry.resolved ? " resolved" : " firing";
    std::string detail = entry.detail;
    // Keys and ids are random.
    const auto hide = [](std::string shown, std::string_view before) {
      const std::size_t at = shown.find(before);
      if (at == std::string::npos) return shown;
      std::size_t end = at + before.size();
      while (end < shown.size() &&
             (std::isxdigit(static_cast<unsigned char>(shown[end])) || shown[end] == '-'))
        ++end;
      return shown.replace(at + before.size(), end - at - before.size(), "*");
    };
    if (entry.kind == api::HistoryKind::silence_set) detail = hide(detail, "");
    detail = hide(std::move(detail), "key ");
    const std::string who = hide(entry.who, "silence ");
    text += format("{} | {} | {}\n", kind, who, detail.substr(0, detail.find(" until")));
  }
  CHECK(text == R"(pending | rule rules.yml:7 | value 7
firing | rule rules.yml:7 | value 7
told firing | hook/webhook[0] | 200, attempt 1, key *..., first notification
silenced | maria from  | *
withheld | silence * | for hook
resolved | condition false | last value 7
told resolved | hook/webhook[0] | 200, attempt 1, key *..., all alerts resolved, condition_false
)");
}

}  // namespace
}  // namespace tocsin::testing
