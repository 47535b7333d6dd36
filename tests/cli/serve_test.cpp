// tocsin serve as a process: start, serve, notify, reload, stop.
#include <csignal>
#include <filesystem>
#include <fstream>

#include "engine/cli/upstream_flags.hpp"
#include "promql/format.hpp"
#include "tests/cli/server_process.hpp"
#include "tests/io/loopback.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using test::run_until;
using test::Server;
namespace fs = std::filesystem;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A gateway starts, serves its pages, and stops with 0 when it is told to") {
  Server server;
  CHECK(server.call("GET", "/-/ready").status == 200);
  CHECK(server.call("GET", "/health/live").status == 200);
  CHECK(has(server.call("GET", "/").body, "<title>tocsin</title>"));
  CHECK(has(server.call("GET", "/static/app.js").body, "import"));
  CHECK(has(server.call("GET", "/metrics").body, "process_resident_memory_bytes"));
  CHECK(server.call("GET", "/nothing/here").status == 404);
  server.process->signal(SIGTERM);
  CHECK(server.process->wait() == 0);
  CHECK(has(server.process->err(), "msg=stopped\n"));
}

TEST_CASE("A posted alert reaches the sink with the address it was meant for") {
  asio::io_context loop;
  std::string seen;
  test::ScriptedServer sink(loop, [&](std::shared_ptr<test::Peer> peer) {
    peer->read_head([&, peer](std::string head) {
      seen = std::move(head);
      peer->send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", [peer] { peer->close(); });
    });
  });
  Server server({"--notify.sink=" + sink.url("/sink")});
  CHECK(server.call("POST", "/api/v2/alerts", "[{\"labels\":{\"alertname\":\"Probe\"}}]").status == 200);
  REQUIRE(run_until(loop, [&] { return !seen.empty(); }));
  CHECK(has(seen, "POST /sink HTTP/1.1\r\n"));
  CHECK(has(seen, "X-Tocsin-Original-URL: http://127.0.0.1:1/in\r\n"));
}

TEST_CASE("The password of the sink is shown nowhere") {
  Server server({"--notify.sink=http://user:hunter2@127.0.0.1:1/"});
  const std::string health = server.call("GET", "/health/detailed").body;
  CHECK(has(health, "http://user:xxxxx@127.0.0.1:1/"));
  CHECK_FALSE(has(health, "hunter2"));
  const std::string flags = server.call("GET", "/api/v1/status/flags").body;
  CHECK_FALSE(has(flags, "hunter2"));
  CHECK_FALSE(has(server.process->err(), "hunter2"));
}

TEST_CASE("A reload with a wrong file says so and changes nothing; with a right one it takes over") {
  Server server;
  server.write("route: {receiver: nobody}\nreceivers: [{name: hook}]\n");
  server.process->signal(SIGHUP);
  REQUIRE(server.process->read_until([&] { return has(server.process->err(), "level=error"); }));
  CHECK(has(server.process->err(), "nobody"));
  CHECK(server.call("POST", "/-/reload").status == 500);
  CHECK(has(server.call("GET", "/api/v2/receivers").body, "hook"));
  server.write("route: {receiver: other}\nreceivers: [{name: other}]\n");
  CHECK(server.call("POST", "/-/reload").status == 200);
  CHECK(has(server.call("GET", "/api/v2/receivers").body, "other"));
}

TEST_CASE("A taken port is named, and the exit code is 1") {
  Server server;
  const auto second =
      test::run_command({TOCSIN_BINARY, "serve", "--alertmanager.config.file=" + server.folder.path("am.yml"),
                         "--web.listen-address=" + server.address, "--storage.path="});
  CHECK(second.code == 1);
  CHECK(has(second.err, format("listen tcp {}: bind: address already in use\n", server.address)));
}

TEST_CASE("Every flag of upstream is accepted, and one warning names each that is not used") {
  std::vector<std::string> flags;
  for (const cli::UpstreamFlag& flag : cli::ignored_upstream_flags()) {
    flags.push_back(flag.takes_value ? format("--{}=1", flag.name) : format("--{}", flag.name));
    if (!flag.takes_value) flags.push_back(format("--no-{}", flag.name));
  }
  Server server(flags);
  for (const cli::UpstreamFlag& flag : cli::ignored_upstream_flags()) {
    const std::string warning = format("\"--{} is not used by tocsin and was ignored\"\n", flag.name);
    INFO(flag.name);
    const std::size_t at = server.process->err().find(warning);
    REQUIRE(at != std::string::npos);
    CHECK(server.process->err().find(warning, at + 1) == std::string::npos);
  }
}
