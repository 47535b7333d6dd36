// The HTTP server against real clients: polite, slow, greedy and broken ones.
#include <thread>

#include "engine/shell/http_server.hpp"
#include "engine/shell/response_writer.hpp"
#include "promql/format.hpp"
#include "tests/io/loopback.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using shell::HttpServer;
using shell::HttpServerOptions;
using test::RawClient;
using test::run_until;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// Answers with what it was asked: "GET /path a=b, body 3 bytes".
void echo(api::HttpRequest request, HttpServer::Answer answer) {
  std::string text = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
  for (const auto& [name, value] : request.form) text += " form " + name + "=" + value;
  text += format(", {} bytes", request.body.size());
  answer(shell::plain_response(200, text));
}

struct Bench {
  explicit Bench(HttpServerOptions options = {}, HttpServer::Handler handler = echo)
      : server(loop, std::move(options), std::move(handler)), address(server.listen("127.0.0.1:0").value()) {}

  // What the server says to these bytes until it closes the connection or `part` has come.
  std::string say(const std::string& bytes, const std::string& part = "\n") {
    RawClient client(loop, address);
    client.send(bytes);
    REQUIRE(run_until(loop, [&] {
      const std::size_t body = client.received().find("\r\n\r\n");
      return client.closed() || (body != std::string::npos && has(client.received().substr(body + 4), part));
    }));
    return client.received();
  }

  asio::io_context loop;
  HttpServer server;
  std::string address;
};

}  // namespace

TEST_CASE("A request reaches the handler decoded, and the answer reaches the client") {
  Bench bench;
  const std::string said = bench.say(
      "POST /api/v1/query%20x?match%5B%5D=up&a=1+2&bad=%zz HTTP/1.1\r\nHost: x\r\n"
      "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 17\r\n\r\nquery=1%2B1&time=");
  CHECK(has(said,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 74\r\nDate: "));
  CHECK(has(said, "\r\n\r\nPOST /api/v1/query x match[]=up a=1 2 form query=1+1 form time=, 17 bytes\n"));
}

TEST_CASE("What is wrong with a request is said, and the connection ends") {
  HttpServerOptions options;
  options.max_request_body = 10;
  options.max_request_head = 8192;
  Bench bench(options);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
      {"GET / HTTP/2.7\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello",
       "HTTP/1.1 413 Request Entity Too Large\r\n"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + std::string(255, 'x') +
           "\r\n",
       "HTTP/1.1 413 Request Entity Too Large\r\n"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       "HTTP/1.1 400 Bad Request\r\n"},
      {"GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n",
       "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
      {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
  };
  for (const auto& [bytes, expected] : cases) {
    INFO(bytes.substr(0, 60));
    const std::string said = bench.say(bytes);
    CHECK(said.substr(0, expected.size()) == expected);
    CHECK(has(said, "Connection: close\r\n"));
  }
}

TEST_CASE("Requests that come at once are answered in order on one connection") {
  Bench bench;
  const std::string said = bench.say(
      "GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /three HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      "/three");
  CHECK(count(said, "HTTP/1.1 200 OK") == 3);
  CHECK(said.find("/one") < said.find("/two"));
  CHECK(said.find("/two") < said.find("/three"));
  CHECK(count(said, "Connection: close") == 1);
}

TEST_CASE("A request that comes in two pieces is one request") {
  Bench bench;
  RawClient client(bench.loop, bench.address);
  client.send_slowly("POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
                     std::chrono::microseconds(100));
  REQUIRE(run_until(bench.loop, [&] { return has(client.received(), "3 bytes"); }));
}

TEST_CASE("HEAD gives the length of the answer and no body") {
  Bench bench;
  RawClient client(bench.loop, bench.address);
  client.send("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  REQUIRE(run_until(bench.loop, [&] { return client.closed(); }));
  CHECK(has(client.received(), "Content-Length: 17\r\n"));
  CHECK(client.received().substr(client.received().size() - 4) == "\r\n\r\n");
}

TEST_CASE("Old clients are kept only if they ask for it") {
  Bench bench;
  CHECK(has(bench.say("GET / HTTP/1.0\r\n\r\n"), "Connection: close\r\n"));
  CHECK(has(bench.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), "Connection: keep-alive\r\n"));
}

TEST_CASE("A client that asks before it sends is told to go on") {
  Bench bench;
  RawClient client(bench.loop, bench.address);
  client.send("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  REQUIRE(run_until(bench.loop, [&] { return client.received() == "HTTP/1.1 100 Continue\r\n\r\n"; }));
  client.send("abc");
  CHECK(run_until(bench.loop, [&] { return has(client.received(), "3 bytes"); }));
}

TEST_CASE("Big answers are packed for those who take it") {
  const auto big = [](api::HttpRequest, HttpServer::Answer answer) {
    answer(shell::plain_response(200, std::string(200'000, 'x') + "end"));
  };
  for (const bool with_worker : {false, true}) {
    HttpServerOptions options;
    std::vector<std::thread> workers;
    if (with_worker) {
      options.run_job = [&workers](std::function<void()> job) {
        workers.emplace_back(std::move(job));
        return true;
      };
    }
    Bench bench(options, big);
    CHECK(has(bench.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "end\n"), "Content-Length: 200004\r\n"));
    RawClient client(bench.loop, bench.address);
    client.send(
        "GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: deflate, gzip;q=0.8\r\nConnection: close\r\n\r\n");
    REQUIRE(run_until(bench.loop, [&] { return client.closed(); }));
    CHECK(has(client.received(), "Content-Encoding: gzip\r\n"));
    CHECK(has(client.received(), "Vary: Accept-Encoding\r\n"));
    CHECK(client.received().size() < 2000);
    CHECK(workers.size() == (with_worker ? 1 : 0));
    CHECK_FALSE(has(bench.say("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip;q=0\r\n\r\n", "end\n"),
                    "Content-Encoding"));
    for (std::thread& worker : workers) worker.join();
  }
}

TEST_CASE("An answer may come from another thread, later, and only the first one counts") {
  std::vector<std::thread> threads;
  Bench bench({}, [&](api::HttpRequest, HttpServer::Answer answer) {
    threads.emplace_back([answer] {
      answer(shell::plain_response(202, "first"));
      answer(shell::plain_response(500, "second"));
    });
  });
  const std::string said = bench.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "first");
  CHECK(has(said, "202 Accepted"));
  CHECK_FALSE(has(said, "second"));
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("A handler that forgets to answer costs the client a 503 and no connection") {
  Bench bench({}, [](api::HttpRequest, HttpServer::Answer) {});
  CHECK(has(bench.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "503 Service Unavailable"));
}

TEST_CASE("Slow clients are cut off in each phase") {
  HttpServerOptions options;
  options.head_timeout = std::chrono::milliseconds(60);
  options.body_timeout = std::chrono::milliseconds(60);
  options.idle_timeout = std::chrono::milliseconds(60);
  options.write_timeout = std::chrono::milliseconds(60);
  Bench bench(options, [](api::HttpRequest, HttpServer::Answer answer) {
    std::string large;
    large.resize(30'000'000, 'x');
    answer(shell::plain_response(200, large));
  });
  SECTION("says nothing") {
    RawClient client(bench.loop, bench.address);
    CHECK(run_until(bench.loop, [&] { return client.closed(); }));
  }
  SECTION("a byte a moment in the head") {
    RawClient client(bench.loop, bench.address);
    client.send_slowly("GET / HTTP/1.1\r\n" + std::string(5000, 'x'), std::chrono::milliseconds(5));
    CHECK(run_until(bench.loop, [&] { return client.closed(); }));
  }
  SECTION("a byte a moment in the body") {
    RawClient client(bench.loop, bench.address);
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n");
    client.send_slowly(std::string(5000, 'x'), std::chrono::milliseconds(5));
    CHECK(run_until(bench.loop, [&] { return client.closed(); }));
  }
  SECTION("does not read the answer") {
    asio::ip::tcp::socket silent(bench.loop);
    const auto port = bench.address.substr(bench.address.rfind(':') + 1);
    silent.connect({asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::stoi(port))});
    asio::write(silent, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
    REQUIRE(run_until(bench.loop, [&] { return bench.server.connections() == 1; }));
    CHECK(run_until(bench.loop, [&] { return bench.server.connections() == 0; }));
  }
}

TEST_CASE("When all places are taken, the client that has kept us waiting longest makes room") {
  HttpServerOptions options;
  options.max_connections = 2;
  Bench bench(options);
  RawClient first(bench.loop, bench.address);
  REQUIRE(run_until(bench.loop, [&] { return bench.server.connections() == 1; }));
  RawClient second(bench.loop, bench.address);
  REQUIRE(run_until(bench.loop, [&] { return bench.server.connections() == 2; }));
  CHECK(has(bench.say("GET /third HTTP/1.1\r\nHost: x\r\n\r\n"), "/third"));
  REQUIRE(run_until(bench.loop, [&] { return first.closed(); }));
  CHECK_FALSE(second.closed());
}

TEST_CASE("A connection whose answer is in work is never closed for a new one") {
  HttpServerOptions options;
  options.max_connections = 1;
  HttpServer::Answer held;
  Bench bench(options, [&](api::HttpRequest, HttpServer::Answer answer) { held = std::move(answer); });
  RawClient first(bench.loop, bench.address);
  first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(run_until(bench.loop, [&] { return held != nullptr; }));
  RawClient second(bench.loop, bench.address);
  REQUIRE(run_until(bench.loop, [&] { return second.closed(); }));
  held(shell::plain_response(200, "still here"));
  CHECK(run_until(bench.loop, [&] { return has(first.received(), "still here"); }));
}

TEST_CASE("The bodies of all requests together are bounded") {
  HttpServerOptions options;
  options.max_request_bytes_total = 100'000;
  Bench bench(options);
  const std::string said =
      bench.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + std::string(300'000, 'x'));
  CHECK(has(said, "503 Service Unavailable"));
  // And the place is free again.
  CHECK(has(bench.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"), "3 bytes"));
}

TEST_CASE("A chunk that never gets to its bytes is refused, and what waits for it counts") {
  HttpServerOptions options;
  options.max_request_head = 8192;
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string start : {"1;", "0\r\nX: "}) {
    INFO(start);
    Bench bench(options);
    const std::string said = bench.say(head + start + std::string(300'000, 'a'));
    CHECK(has(said, "HTTP/1.1 431 Request Header Fields Too Large\r\n"));
    CHECK(has(said, "chunk extensions or trailers of more than 8192 bytes"));
  }
  options.max_request_head = 64 << 10;
  options.max_request_bytes_total = 10'000;
  Bench bench(options);
  CHECK(has(bench.say(head + "1;" + std::string(30'000, 'a')), "503 Service Unavailable"));
  CHECK(has(bench.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"), "3 bytes"));
}

TEST_CASE("Only what lies under the route prefix is served") {
  HttpServerOptions options;
  options.route_prefix = "/tocsin";
  Bench bench(options);
  CHECK(has(bench.say("GET /tocsin/-/ready HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /-/ready,"));
  CHECK(has(bench.say("GET /tocsin/ HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /,"));
  for (const std::string path : {"/", "/tocsin"}) {
    const std::string said = bench.say("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(has(said, "302 Found"));
    CHECK(has(said, "Location: /tocsin/\r\n"));
  }
  CHECK(has(bench.say("GET /tocsinx HTTP/1.1\r\nHost: x\r\n\r\n"), "404 Not Found"));
}

TEST_CASE("Stopping lets work finish and closes the rest") {
  HttpServer::Answer held;
  Bench bench({}, [&](api::HttpRequest, HttpServer::Answer answer) { held = std::move(answer); });
  RawClient idle(bench.loop, bench.address);
  RawClient busy(bench.loop, bench.address);
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(run_until(bench.loop, [&] { return held != nullptr && bench.server.connections() == 2; }));
  bool stopped = false;
  bench.server.shutdown(std::chrono::seconds(10), [&] { stopped = true; });
  REQUIRE(run_until(bench.loop, [&] { return idle.closed(); }));
  CHECK_FALSE(stopped);
  held(shell::plain_response(200, "done"));
  REQUIRE(run_until(bench.loop, [&] { return stopped; }));
  REQUIRE(run_until(bench.loop, [&] { return busy.closed(); }));
  CHECK(has(busy.received(), "done"));
  CHECK(has(busy.received(), "Connection: close"));
}

TEST_CASE("Stopping does not wait longer than its grace") {
  HttpServer::Answer held;
  Bench bench({}, [&](api::HttpRequest, HttpServer::Answer answer) { held = std::move(answer); });
  RawClient busy(bench.loop, bench.address);
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(run_until(bench.loop, [&] { return held != nullptr; }));
  bool stopped = false;
  bench.server.shutdown(std::chrono::milliseconds(20), [&] { stopped = true; });
  CHECK(run_until(bench.loop, [&] { return stopped; }));
}

TEST_CASE("A taken port is named in the error") {
  Bench bench;
  const Result<std::string> second = bench.server.listen(bench.address);
  REQUIRE(second.has_error());
  CHECK(second.error().text == format("listen tcp {}: bind: address already in use", bench.address));
}

TEST_CASE("Addresses that cannot be listened on say why") {
  Bench bench;
  CHECK(bench.server.listen("9090").error().text == "listen tcp: address 9090: missing port in address");
  CHECK(bench.server.listen("no-such-host.invalid:9090").error().text.substr(0, 45) ==
        "listen tcp: lookup no-such-host.invalid: host");
  CHECK(bench.server.listen(":0").has_value());
}
