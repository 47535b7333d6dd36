// The whole engine with a disk, and a wall clock that is set, or not set yet.
#include "tests/unit/testing/durable_site.hpp"

namespace tocsin::testing {
namespace {

TEST_CASE("a box that comes up in 1970 goes on all the same, and pages say that its clock is not set") {
  DurableSite site;
  site.files.files["rules.yml"] = R"(
groups:
  - {name: g, rules: [{alert: High, expr: x > 5, for: 5m}, {alert: Other, expr: y > 5}]}
)";
  site.network.page = "x 7\ny 7\n";
  site.start();
  site.world->run_for(minutes(3));
  REQUIRE(site.told() == Lines{"firing Other"});
  const WallTime was = site.boot_without_clock();
  CHECK(site.logged("the clock of this machine is not set"));
  CHECK(contains(site.request("GET", "/health/detailed").body, "the clock of this machine is not set"));
  site.world->run_for(minutes(5));
  // What was pending fires when its time is over; what was told is not told again.
  REQUIRE(site.told() == Lines{"firing Other", "firing High Other"});
  CHECK(contains(site.network.notified[1], R"("clock":"not set)"));
  site.world->step_wall_clock(was + minutes(7) - site.world->now().wall);
  CHECK(site.logged("the clock of this machine is set"));
  site.world->run_for(minutes(10));
  CHECK(site.told().size() == 2);
  site.network.page = "x 1\ny 1\n";
  site.world->run_for(minutes(3));
  CHECK(site.told().size() == 3);
  CHECK_FALSE(contains(site.network.notified[2], R"("clock")"));
}

TEST_CASE(
    "a wall clock that is set forward ends nothing, neither alerts nor silences, before all was looked at "
    "again") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(4));
  REQUIRE(site.told() == Lines{"firing High"});
  const WallTime wall = site.world->now().wall;
  CHECK(site.request("POST", "/api/v2/alerts", {}, posts(1, wall, wall + minutes(4))).status == 200);
  site.world->run_for(minutes(1) + seconds(30));
  REQUIRE(site.network.notified.size() == 2);
  site.world->step_wall_clock(hours(2));
  site.world->run_for(minutes(1));
  CHECK(site.network.notified.size() == 2);
  // The posted one ends when it would have: its sender has fallen silent.
  site.world->run_for(minutes(4));
  CHECK(site.network.notified.size() == 3);
}

TEST_CASE("a wall clock that is set back sets aside what is newer, and alerts go on") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(4));
  REQUIRE(site.told() == Lines{"firing High"});
  site.world->step_wall_clock(-hours(3));
  CHECK(site.metric("tocsin_samples_set_aside_total") > 0);
  site.world->run_for(minutes(10));
  CHECK(site.told() == Lines{"firing High"});
  site.network.page = "x 1\n";
  site.world->run_for(minutes(3));
  CHECK(site.told() == Lines{"firing High", "resolved High"});
}

// What days in tests/sim/site found, made small.

constexpr std::string_view kGateway = R"(
route: {receiver: hook, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers:
  - name: hook
    webhook_configs: [{url: 'http://hook/'}]
)";

// A gateway that was told of P0 at its start, for as long as senders say.
struct Gateway : DurableSite {
  Gateway() {
    files.files["alertmanager.yml"] = kGateway;
    start({"", "alertmanager.yml"});
    began = world->now().wall;
  }
  // P0 fires, for another four minutes.
  void post() { post_until(world->now().wall + minutes(4)); }
  void post_until(WallTime end) {
    CHECK(request("POST", "/api/v2/alerts", {}, posts(1, began, end)).status == 200);
  }
  WallTime began;
};

TEST_CASE("a clock that is set on by less than a sender promised leaves the sender its time") {
  Gateway site;
  site.post();
  site.world->run_for(seconds(30));
  REQUIRE(site.told() == Lines{"firing P0"});
  site.world->step_wall_clock(minutes(3));
  site.world->run_for(minutes(3));
  CHECK(site.told() == Lines{"firing P0"});
  site.world->run_for(minutes(3));
  CHECK(site.told() == Lines{"firing P0", "resolved P0"});
}

TEST_CASE("what has ended stays over when the clock is set back and nobody runs for a while") {
  Gateway site;
  site.post();
  site.world->run_for(minutes(2));
  site.post_until(site.world->now().wall);
  site.world->run_for(minutes(2));
  REQUIRE(site.told() == Lines{"firing P0", "resolved P0"});
  site.world->step_wall_clock(-hours(3));
  site.world->run_for(seconds(20));
  site.restart(minutes(17));
  site.world->run_for(minutes(10));
  CHECK(site.told() == Lines{"firing P0", "resolved P0"});
}

TEST_CASE("the time that senders get after a downtime is still theirs when the next start follows at once") {
  Gateway site;
  site.post();
  site.world->run_for(minutes(1));
  REQUIRE(site.told() == Lines{"firing P0"});
  site.restart(minutes(8));
  site.world->run_for(seconds(7));
  site.restart(seconds(30));
  site.world->run_for(seconds(40));
  site.post();
  site.world->run_for(minutes(3));
  CHECK(site.told() == Lines{"firing P0"});
}

TEST_CASE("what was told while nothing could be written is safe as soon as it is written again") {
  Gateway site;
  site.own_disk.set_error("database or disk is full");
  site.post_until(site.began + hours(4));
  site.world->run_for(minutes(1));
  REQUIRE(site.told() == Lines{"firing P0"});
  site.own_disk.set_error("");
  site.world->run_for(seconds(40));
  CHECK(site.logged("state is written again"));
  site.restart(minutes(1), VirtualDisk::Crash::power_lost);
  site.world->run_for(minutes(10));
  CHECK(site.told() == Lines{"firing P0"});
}

TEST_CASE("a silence holds over a boot without a clock, and ends at its time") {
  Gateway site;
  const WallTime wall = site.world->now().wall;
  CHECK(site.request("POST", "/api/v2/silences", {},
                     format(R"({{"matchers":[{{"name":"alertname","value":"P0","isRegex":false}}],)"
                            R"("startsAt":"{}","endsAt":"{}","createdBy":"maria","comment":"upgrade"}})",
                            format_rfc3339(wall), format_rfc3339(wall + hours(1))))
            .status == 200);
  site.post_until(site.began + hours(4));
  site.world->run_for(minutes(2));
  const WallTime was = site.boot_without_clock();
  site.world->run_for(minutes(2));
  site.world->step_wall_clock(was + minutes(5) - site.world->now().wall);
  site.world->run_for(minutes(40));
  CHECK(site.told().empty());
  site.world->run_for(minutes(20));
  CHECK(site.told() == Lines{"firing P0"});
}

TEST_CASE("a box whose clock was not set goes on when the next start has the time") {
  DurableSite site;
  site.network.page = "x 7\n";
  site.start();
  site.world->run_for(minutes(4));
  REQUIRE(site.told() == Lines{"firing High"});
  const WallTime was = site.boot_without_clock();
  site.world->run_for(minutes(2));
  site.start_at(was + minutes(10), minutes(1));
  site.world->run_for(minutes(10));
  CHECK(site.told() == Lines{"firing High"});
  CHECK(site.log_field("stopped without shutdown", "down_for") == "");
  site.network.page = "x 1\n";
  site.world->run_for(minutes(3));
  CHECK(site.told() == Lines{"firing High", "resolved High"});
}

TEST_CASE("a sender that posts to a box without a clock is given its time when the next start has the time") {
  Gateway site;
  site.post();
  site.world->run_for(minutes(1));
  REQUIRE(site.told() == Lines{"firing P0"});
  const WallTime was = site.boot_without_clock();
  site.world->run_for(seconds(30));
  // The sender's own clock is right.
  site.post_until(was + minutes(5));
  site.world->run_for(minutes(1));
  site.start_at(was + minutes(15), minutes(13));
  site.world->run_for(minutes(2));
  site.post();
  site.world->run_for(minutes(2));
  CHECK(site.told() == Lines{"firing P0"});
  // And no more than that.
  site.world->run_for(minutes(10));
  CHECK(site.told() == Lines{"firing P0", "resolved P0"});
}

TEST_CASE("a sender that fell silent around a boot without a clock is waited for, and not for ever") {
  Gateway site;
  site.post();
  site.world->run_for(minutes(1));
  REQUIRE(site.told() == Lines{"firing P0"});
  const WallTime was = site.boot_without_clock();
  site.world->run_for(seconds(30));
  site.start_at(was + minutes(16), minutes(15));
  site.world->run_for(minutes(15));
  CHECK(site.told() == Lines{"firing P0", "resolved P0"});
}

TEST_CASE("a start with files that are rejected, and none that were accepted before, waits for a reload") {
  DurableSite site;
  site.files.files["alertmanager.yml"] = "route: {receiver: nobody}\nreceivers: []\n";
  site.start();
  site.world->run_for(minutes(5));
  CHECK(contains(site.world->load_errors(), "nobody"));
  CHECK_FALSE(site.logged("ready"));
}

}  // namespace
}  // namespace tocsin::testing
