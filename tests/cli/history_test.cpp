// tocsin history, to the letter: of a directory, a copy, a running server and over its API; and what a
// server's state directory is to other processes.
#include <sys/stat.h>

#include <csignal>

#include "engine/shell/state_file.hpp"
#include "promql/format.hpp"
#include "tests/cli/process.hpp"
#include "tests/cli/server_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/folder.hpp"

using namespace tocsin;
using api::HistoryEntry;
using api::HistoryKind;
using test::Folder;
using test::Server;

namespace {

const std::string kTocsin = TOCSIN_BINARY;

WallTime at(const std::string& time) {
  return parse_rfc3339("2026-11-22T" + time + "Z").value();
}

HistoryEntry entry(const std::string& time, HistoryKind kind, const std::string& who,
                   const std::string& detail) {
  HistoryEntry one;
  one.at = at(time);
  one.kind = kind;
  one.alerts = "NATSDisconnected";
  one.labels = "{cluster=\"cim-production\", instance=\"localhost:9091\"}";
  one.who = who;
  one.detail = detail;
  return one;
}

HistoryEntry told(const std::string& time, bool resolved, const std::string& detail) {
  HistoryEntry one = entry(time, HistoryKind::told, "pagerduty-critical/pagerduty[0]", detail);
  one.resolved = resolved;
  one.receiver = "pagerduty-critical/pagerduty[0]";
  return one;
}

std::vector<HistoryEntry> an_incident() {
  return {entry("03:12:07", HistoryKind::firing, "rule alerts/cim-alerts.yml:16", "value 0"),
          told("03:12:17", false, "202, attempt 1, key 5f1c09..."),
          entry("03:14:02", HistoryKind::silence_set, "maria from 10.0.0.7 (basic auth)",
                "3f6c1b1e until 04:14:02 \"NATS upgrade\""),
          entry("03:40:07", HistoryKind::resolved, "condition false", "value 3"),
          told("03:40:17", true, "202, attempt 2 (1: 503 after 0.4s)")};
}

// As if the server had begun 400 days before.
void write_history(const std::string& directory, std::vector<HistoryEntry> entries) {
  shell::StateFile file({directory});
  REQUIRE(file.open(parse_rfc3339("2025-10-18T00:00:00Z").value()).loaded.error.empty());
  core::Persist batch;
  batch.history = std::move(entries);
  REQUIRE(file.commit(batch, at("04:00:00")));
}

test::Ended history(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {kTocsin, "history"});
  return test::run_command(std::move(arguments));
}

}  // namespace

TEST_CASE("An audit of one alert on one day") {
  const Folder folder;
  write_history(folder.path("data"), an_incident());
  const auto ended = history({"--storage.path=" + folder.path("data"), "--alert", "NATSDisconnected",
                              "--from", "2026-11-22T03:00Z", "--to", "2026-11-22T05:00Z"});
  CHECK(ended.err.empty());
  CHECK(ended.code == 0);
  CHECK(ended.out ==
        R"(UTC       EVENT          WHO                                DETAIL
03:12:07  firing         rule alerts/cim-alerts.yml:16      value 0
03:12:17  told firing    pagerduty-critical/pagerduty[0]    202, attempt 1, key 5f1c09...
03:14:02  silenced       maria from 10.0.0.7 (basic auth)   3f6c1b1e until 04:14:02 "NATS upgrade"
03:40:07  resolved       condition false                    value 3
03:40:17  told resolved  pagerduty-critical/pagerduty[0]    202, attempt 2 (1: 503 after 0.4s)
5 events; 1 receiver told, nothing unsent; complete since 2025-10-18
)");
}

TEST_CASE("Beyond one alert and one day the name and the date are there too") {
  const Folder folder;
  std::vector<HistoryEntry> entries = an_incident();
  entries.resize(2);
  HistoryEntry failed = told("03:13:00", false, "could not resolve host\nattempt 1\x1b[31m");
  failed.kind = HistoryKind::attempt_failed;
  failed.alerts = "Größe\nB";
  failed.receiver = "team-notifications/slack[0]";
  failed.who = "";
  entries.push_back(failed);
  write_history(folder.path("data"), entries);
  const auto ended = history({folder.path("data")});
  CHECK(ended.err.empty());
  CHECK(ended.out ==
        R"(UTC                  EVENT           ALERTS            WHO                                DETAIL
2026-11-22 03:12:07  firing          NATSDisconnected  rule alerts/cim-alerts.yml:16      value 0
2026-11-22 03:12:17  told firing     NATSDisconnected  pagerduty-critical/pagerduty[0]    202, attempt 1, key 5f1c09...
2026-11-22 03:13:00  attempt failed  Größe, B          team-notifications/slack[0]        could not resolve host attempt 1 [31m
3 events; 1 receiver told, 1 unsent; complete since 2025-10-18 00:00:00
)");
  CHECK(history({folder.path("data"), "--limit=1"}).out ==
        R"(UTC                  EVENT           ALERTS    WHO                                DETAIL
2026-11-22 03:13:00  attempt failed  Größe, B  team-notifications/slack[0]        could not resolve host attempt 1 [31m
1 event, older ones left out; no receiver told, 1 unsent; complete since 2025-10-18 00:00:00
)");
  CHECK(history({folder.path("data"), "--receiver=pagerduty-critical"}).out ==
        R"(UTC                  EVENT        ALERTS            WHO                                DETAIL
2026-11-22 03:12:17  told firing  NATSDisconnected  pagerduty-critical/pagerduty[0]    202, attempt 1, key 5f1c09...
1 event; 1 receiver told, nothing unsent; complete since 2025-10-18 00:00:00
)");
  CHECK(history({folder.path("data"), "--alert=none", "--from=2026-11-22"}).out ==
        R"(UTC                  EVENT  WHO                                DETAIL
no events; no receiver told, nothing unsent; complete since 2025-10-18
)");
}

TEST_CASE("For other programs: RFC 4180, or one JSON object a line") {
  const Folder folder;
  std::vector<HistoryEntry> entries = {an_incident()[2], an_incident()[4]};
  entries[0].alerts = "A\nB";
  entries[0].detail += "\nsecond line";
  write_history(folder.path("data"), entries);
  CHECK(history({folder.path("data"), "-o", "csv"}).out ==
        "time,event,alerts,labels,receiver,who,detail\r\n"
        "2026-11-22T03:14:02Z,silenced,\"A, B\",\"{cluster=\"\"cim-production\"\", "
        "instance=\"\"localhost:9091\"\"}\",,maria from 10.0.0.7 (basic auth),"
        "\"3f6c1b1e until 04:14:02 \"\"NATS upgrade\"\"\nsecond line\"\r\n"
        "2026-11-22T03:40:17Z,told resolved,NATSDisconnected,\"{cluster=\"\"cim-production\"\", "
        "instance=\"\"localhost:9091\"\"}\",pagerduty-critical/pagerduty[0],pagerduty-critical/pagerduty[0],"
        "\"202, attempt 2 (1: 503 after 0.4s)\"\r\n");
  CHECK(
      history({folder.path("data"), "--output=json", "--receiver=pagerduty-critical/pagerduty[0]"}).out ==
      R"json({"time":"2026-11-22T03:40:17Z","event":"told resolved","alerts":["NATSDisconnected"],"labels":"{cluster=\"cim-production\", instance=\"localhost:9091\"}","receiver":"pagerduty-critical/pagerduty[0]","who":"pagerduty-critical/pagerduty[0]","detail":"202, attempt 2 (1: 503 after 0.4s)"})json"
      "\n");
}

TEST_CASE("What cannot be read is said, with what was expected") {
  const Folder folder;
  folder.write("text", std::string(5000, 'x'));
  write_history(folder.path("data"), {});
  const std::string data = folder.path("data");
  const std::string expected_file =
      "\n    expected a state file: --storage.path=DIR, FILE, or a running server's --url=http://HOST:PORT";
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{folder.path("none.db")},
       folder.path("none.db") + ": unable to open database file: no such file or directory" + expected_file},
      {{folder.path("text")}, folder.path("text") + ": file is not a database" + expected_file},
      {{data, "--from=yesterday"},
       "--from: cannot read \"yesterday\" as a time, expected a form such as 2026-11-22T03:00Z, 2026-11-22, "
       "1763780400 (seconds since 1970) or 6h (ago)"},
      {{data, "--from=2026-11-22T05:00Z", "--to=2026-11-22T03:00Z"},
       "--to: expected a time after --from, 2026-11-22T05:00:00Z, found 2026-11-22T03:00:00Z"},
      {{data, "--output=xml"}, "--output: expected simple, csv or json, found \"xml\""},
      {{data, "--url=http://127.0.0.1:1"}, "expected a FILE or --url, found both"},
      {{"--url=http://127.0.0.1:1"},
       R"(Get "http://127.0.0.1:1/api/v1/history?limit=0": dial tcp 127.0.0.1:1: connect: connection refused)"},
  };
  for (const auto& [arguments, expected] : cases) {
    const auto ended = history(arguments);
    CHECK(ended.code == 1);
    CHECK(ended.out.empty());
    CHECK(ended.err == "tocsin history: " + expected + "\n");
  }
}

TEST_CASE("Times are read in the forms in which people have them") {
  const Folder folder;
  write_history(folder.path("data"), an_incident());
  // Each names 03:14:02 or what is just after 03:12:17; three events are left.
  for (const std::string from :
       {"2026-11-22T03:14:02Z", "2026-11-22T03:14:02", "2026-11-22 03:14", "2026-11-22T03:14Z", "1795317242",
        "1795317242.000", "2026-11-22T04:14:02+01:00", "2026-11-22T03:12:17.5Z"}) {
    INFO(from);
    const auto ended = history({folder.path("data"), "--from", from});
    CHECK(ended.err.empty());
    CHECK(ended.out.find("\n3 events; ") != std::string::npos);
  }
  CHECK(history({folder.path("data"), "--to=2026-11-22"}).out.find("\nno events; ") != std::string::npos);
  CHECK(history({folder.path("data"), "--from=1s", "--to=2100-01-01"}).out.find("\nno events; ") !=
        std::string::npos);
}

TEST_CASE("A running server's file is read while it runs, and over its API") {
  Folder folder;
  Server server;
  server.process->signal(SIGTERM);
  REQUIRE(server.process->wait() == 0);
  std::filesystem::remove_all(server.data());
  write_history(server.data(), an_incident());
  server.start();
  const auto file = history({server.data(), "--to=2026-11-23"});
  CHECK(file.code == 0);
  CHECK(file.err.empty());
  CHECK(file.out.find("\n5 events; 1 receiver told, nothing unsent; complete since 2025-10-18") !=
        std::string::npos);
  CHECK(history({"--url=http://" + server.address + "/", "--to=2026-11-23"}).out == file.out);
  CHECK(history({"--url=http://" + server.address, "--to=2026-11-23", "--limit=2",
                 "--receiver=pagerduty-critical", "--output=json", "--alert=NATSDisconnected",
                 "--from=2026-11-22T03:20Z"})
            .out ==
        history({server.data(), "--output=json", "--from=2026-11-22T03:40:10Z", "--to=2026-11-23"}).out);
  const auto answer =
      server.call("GET", "/api/v1/history?alert=NATSDisconnected&start=1795318800&end=1795318810");
  CHECK(answer.status == 200);
  CHECK(
      answer.body ==
      R"({"status":"success","data":{"events":[{"time":"2026-11-22T03:40:07Z","event":"resolved","alerts":["NATSDisconnected"],"labels":"{cluster=\"cim-production\", instance=\"localhost:9091\"}","receiver":"","who":"condition false","detail":"value 3"}],"truncated":false,"completeSince":"2025-10-18T00:00:00Z"}})");
  CHECK(server.call("GET", "/metrics").body.find("\ntocsin_state_writable 1\n") != std::string::npos);
  // The server is none the worse for it.
  server.process->signal(SIGTERM);
  CHECK(server.process->wait() == 0);
  CHECK(history({server.data(), "--to=2026-11-23"}).out == file.out);
}

TEST_CASE("A killed server's file, and a copy of it, are read with what lies in the log, and not touched") {
  Folder folder;
  Server server;
  server.process->signal(SIGKILL);
  CHECK(server.process->wait() == -1);
  REQUIRE(std::filesystem::exists(server.data() + "/state.db-wal"));
  std::filesystem::copy(server.data(), folder.path("copy"));
  folder.remove("copy/state.db-shm");
  REQUIRE(chmod(folder.path("copy").c_str(), 0555) == 0);
  for (const std::string& where : {server.data(), folder.path("copy")}) {
    std::map<std::string, std::filesystem::file_time_type> before, after;
    const auto look = [&](auto& times) {
      for (const auto& one : std::filesystem::directory_iterator(where))
        times[one.path()] = one.last_write_time();
    };
    look(before);
    const auto ended = history({where});
    CHECK(ended.err.empty());
    CHECK(ended.code == 0);
    look(after);
    CHECK(before == after);
  }
  REQUIRE(chmod(folder.path("copy").c_str(), 0755) == 0);
}

TEST_CASE("A second server on the same state is refused; one whose state is damaged or out of reach is not") {
  Server server;
  const auto second = test::run_command(server.command_line());
  CHECK(second.code == 1);
  CHECK(second.err.find(server.data() + "/lock: held by process ") == 0);
  CHECK(second.err.find(", expected to be the only one that keeps its state in " + server.data() + "\n") !=
        std::string::npos);
  server.process->signal(SIGTERM);
  REQUIRE(server.process->wait() == 0);

  server.folder.write("data/state.db",
                      "not a database, but long enough to be looked at by something that expects one");
  server.start();
  CHECK(server.call("GET", "/-/ready").status == 200);
  const auto names = server.folder.names("data");
  CHECK(std::any_of(names.begin(), names.end(),
                    [](const std::string& name) { return name.starts_with("state.db.damaged-2"); }));
  server.process->signal(SIGTERM);
  REQUIRE(server.process->wait() == 0);

  server.folder.remove("data");
  server.folder.write("data", "a file");
  server.start();
  CHECK(server.call("GET", "/-/ready").status == 200);
  CHECK(server.call("GET", "/api/v1/history").status == 503);
  server.process->signal(SIGTERM);
  CHECK(server.process->wait() == 0);
  CHECK(server.process->err().find(
            format("level=error msg=\"the last state was not kept\" reason=\"{}: not a directory\"",
                   server.data())) != std::string::npos);
}

TEST_CASE("Without a path everything is kept in memory alone") {
  Server server({}, "");
  const auto answer = server.call("GET", "/api/v1/history");
  CHECK(answer.status == 503);
  CHECK(
      answer.body ==
      R"({"status":"error","errorType":"unavailable","error":"no history is kept: --storage.path is empty"})");
  CHECK_FALSE(std::filesystem::exists(server.data()));
}
