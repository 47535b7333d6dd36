// Outgoing calls against peers that behave, misbehave and vanish.
#include <zlib.h>

#include <map>

#include "engine/config/http_client.hpp"
#include "engine/shell/http_client.hpp"
#include "engine/shell/response_writer.hpp"
#include "promql/format.hpp"
#include "tests/io/loopback.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using test::answer_with;
using test::Peer;
using test::run_until;
using test::ScriptedServer;

namespace {

constexpr std::chrono::milliseconds kShort{150};

// Files of credentials that change under the client.
class MapFiles final : public config::FileSource {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  Result<std::string> read(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) return Error("no such file or directory");
    return found->second;
  }
  Result<std::vector<std::string>> glob(const std::string&) override { return std::vector<std::string>{}; }
  std::optional<std::string> env(const std::string& name) override {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  }
};

struct Bench {
  asio::io_context loop;
  MapFiles files;
  shell::HttpClient client{loop, files, shell::HttpClientOptions{}};
  std::map<std::uint64_t, core::HttpReply> replies;
  std::uint64_t next_id = 1;

  core::HttpCall get(const std::string& url) {
    core::HttpCall call;
    call.id = {next_id++};
    call.url = url;
    call.timeout = std::chrono::seconds(10);
    return call;
  }
  void start(core::HttpCall call) {
    client.start(std::move(call), [this](core::HttpReply reply) {
      const std::uint64_t id = reply.id.value;
      REQUIRE(replies.count(id) == 0);
      replies[id] = std::move(reply);
    });
  }
  core::HttpReply perform(core::HttpCall call) {
    const std::uint64_t id = call.id.value;
    start(std::move(call));
    REQUIRE(run_until(loop, [&] { return replies.count(id) == 1; }));
    return replies.at(id);
  }
};

std::string ok(const std::string& body, const std::string& more_headers = "") {
  return format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), more_headers, body);
}

// Keeps the heads of the requests it was sent.
ScriptedServer::Script recording(std::vector<std::string>& heads, std::string answer) {
  return [&heads, answer](std::shared_ptr<Peer> peer) {
    peer->read_head([&heads, peer, answer](std::string head) {
      heads.push_back(std::move(head));
      peer->send(answer, [peer] { peer->close(); });
    });
  };
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A reply brings status, headers, body and the call's id") {
  Bench bench;
  ScriptedServer server(bench.loop, answer_with(ok("up 1\n", "Content-Type: text/plain\r\n")));
  const core::HttpReply reply = bench.perform(bench.get(server.url()));
  CHECK(reply.error == core::CallError::none);
  CHECK(reply.status == 200);
  CHECK(reply.body == "up 1\n");
  CHECK(reply.started.time_since_epoch().count() > 0);
  CHECK(reply.took > Duration::zero());
  CHECK(std::find(reply.headers.begin(), reply.headers.end(),
                  std::pair<std::string, std::string>("Content-Type", "text/plain")) != reply.headers.end());
}

TEST_CASE("A request is what the call says and nothing that libcurl would add") {
  Bench bench;
  std::vector<std::string> heads;
  ScriptedServer server(bench.loop, recording(heads, ok("")));
  core::HttpCall call = bench.get(server.url("/metrics?a=b"));
  call.headers = {{"X-One", "1"}, {"X-Empty", ""}};
  bench.perform(std::move(call));
  REQUIRE(heads.size() == 1);
  CHECK(heads[0] == format("GET /metrics?a=b HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nX-One: 1\r\nX-Empty:\r\n"
                           "User-Agent: tocsin\r\n\r\n",
                           server.port()));
}

TEST_CASE("A post carries its body without waiting for permission") {
  Bench bench;
  std::vector<std::string> heads;
  ScriptedServer server(bench.loop, recording(heads, ok("")));
  core::HttpCall call = bench.get(server.url());
  call.method = "POST";
  call.body = "{}";
  call.headers = {{"Content-Type", "application/json"}};
  CHECK(bench.perform(std::move(call)).status == 200);
  CHECK(has(heads.at(0), "POST /metrics HTTP/1.1\r\n"));
  CHECK(has(heads[0], "Content-Length: 2\r\n"));
  CHECK_FALSE(has(heads[0], "Expect"));
}

TEST_CASE("Connections are kept and used again") {
  Bench bench;
  std::function<void(std::shared_ptr<Peer>)> serve = [&](std::shared_ptr<Peer> peer) {
    peer->read_head([&, peer](std::string) { peer->send(ok("x"), [&, peer] { serve(peer); }); });
  };
  ScriptedServer server(bench.loop, serve);
  for (int i = 0; i < 5; ++i) CHECK(bench.perform(bench.get(server.url())).body == "x");
  CHECK(server.accepted() == 1);
}

TEST_CASE("Failures are named in the words of Go's net/http") {
  Bench bench;
  struct Case {
    std::string name;
    std::string answer;
    core::CallError error;
    std::string text;
  };
  const std::vector<Case> cases = {
      {"nothing at all", "", core::CallError::protocol, "Get \"URL\": EOF"},
      {"half a line", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nup ", core::CallError::protocol,
       "unexpected EOF"},
      {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nup ",
       core::CallError::protocol, "unexpected EOF"},
      {"not HTTP", "220 smtp.example.org ESMTP\r\n", core::CallError::protocol,
       "Get \"URL\": net/http: HTTP/1.x transport connection broken: malformed HTTP response"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    ScriptedServer server(bench.loop, answer_with(c.answer));
    const core::HttpReply reply = bench.perform(bench.get(server.url()));
    CHECK(reply.error == c.error);
    std::string expected = c.text;
    if (const auto at = expected.find("URL"); at != std::string::npos) expected.replace(at, 3, server.url());
    CHECK(reply.error_text == expected);
    CHECK(reply.body.empty());
  }
}

TEST_CASE("Where the status decides, an answer stays one whatever becomes of its body") {
  Bench bench;
  struct Case {
    std::string name;
    std::string answer;
    unsigned status;
    std::string body;
    std::string body_error;
  };
  const std::vector<Case> cases = {
      {"whole", ok("fine"), 200, "fine", ""},
      {"closed early", "HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\nRetry-After: 7\r\n\r\nok", 202, "ok",
       "unexpected EOF"},
      {"half a chunk", "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nno ", 404, "no ",
       "unexpected EOF"},
      {"after 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nx", 503, "x",
       "unexpected EOF"},
      {"too long", ok(std::string(30, 'x')), 200, std::string(20, 'x'), "body size limit exceeded"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    ScriptedServer server(bench.loop, answer_with(c.answer));
    core::HttpCall call = bench.get(server.url());
    call.status_decides = true;
    call.max_body = 20;
    const core::HttpReply reply = bench.perform(std::move(call));
    CHECK(reply.error == core::CallError::none);
    CHECK(reply.error_text.empty());
    CHECK(reply.status == c.status);
    CHECK(reply.body == c.body);
    CHECK(reply.body_error == c.body_error);
    CHECK_FALSE(reply.headers.empty());
  }
}

TEST_CASE("Where the status decides, a body that does not end in time is left") {
  Bench bench;
  ScriptedServer server(bench.loop, [](std::shared_ptr<Peer> peer) {
    peer->read_head(
        [peer](std::string) { peer->send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nok"); });
  });
  core::HttpCall call = bench.get(server.url());
  call.status_decides = true;
  call.timeout = kShort;
  const core::HttpReply reply = bench.perform(std::move(call));
  CHECK(reply.error == core::CallError::none);
  CHECK(reply.status == 200);
  CHECK(reply.body == "ok");
  CHECK(reply.body_error == "context deadline exceeded");
}

TEST_CASE("There is no answer before its head is complete, whoever decides") {
  Bench bench;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"HTTP/1.1 200 OK\r\nContent-Le", "unexpected EOF"},
      {"HTTP/1.1 100 Continue\r\n\r\n", "EOF"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n", "unexpected EOF"},
  };
  for (const auto& [answer, text] : cases) {
    for (const bool status_decides : {true, false}) {
      INFO(answer << status_decides);
      ScriptedServer server(bench.loop, answer_with(answer));
      core::HttpCall call = bench.get(server.url());
      call.status_decides = status_decides;
      const core::HttpReply reply = bench.perform(std::move(call));
      CHECK(reply.error == core::CallError::protocol);
      CHECK(reply.error_text == format("Get \"{}\": {}", server.url(), text));
      CHECK(reply.body_error.empty());
    }
  }
  // The proxy agreed to connect, the service said nothing.
  ScriptedServer proxy(bench.loop, answer_with("HTTP/1.1 200 Connection established\r\n\r\n"));
  auto config = std::make_shared<config::HttpClientConfig>();
  config->proxy.url = format("http://127.0.0.1:{}", proxy.port());
  core::HttpCall call = bench.get("https://example.invalid/");
  call.status_decides = true;
  call.client = config;
  CHECK(bench.perform(std::move(call)).error != core::CallError::none);
}

TEST_CASE("A refused connection names the address and the cause") {
  Bench bench;
  unsigned short free_port = 0;
  { free_port = ScriptedServer(bench.loop, answer_with("")).port(); }
  const std::string url = format("http://127.0.0.1:{}/metrics", free_port);
  const core::HttpReply reply = bench.perform(bench.get(url));
  CHECK(reply.error == core::CallError::connect);
  CHECK(reply.error_text ==
        format("Get \"{}\": dial tcp 127.0.0.1:{}: connect: connection refused", url, free_port));
}

TEST_CASE("A host that does not exist is a failed lookup") {
  Bench bench;
  const core::HttpReply reply = bench.perform(bench.get("http://no-such-host.invalid/"));
  CHECK(reply.error == core::CallError::resolve);
  CHECK(reply.error_text ==
        "Get \"http://no-such-host.invalid/\": dial tcp: lookup no-such-host.invalid: no such host");
}

TEST_CASE("A peer that resets the connection is named as such") {
  Bench bench;
  ScriptedServer server(bench.loop, [](std::shared_ptr<Peer> peer) {
    peer->read_head([peer](std::string) { peer->reset(); });
  });
  const core::HttpReply reply = bench.perform(bench.get(server.url()));
  CHECK(reply.error == core::CallError::protocol);
  CHECK(reply.error_text == format("Get \"{}\": read tcp 127.0.0.1:{}: read: connection reset by peer",
                                   server.url(), server.port()));
}

TEST_CASE("A silent peer, a byte a moment, and an endless head all end at the call's timeout") {
  Bench bench;
  const std::vector<std::pair<std::string, ScriptedServer::Script>> cases = {
      {"silent", [](std::shared_ptr<Peer>) {}},
      {"byte a moment in the head",
       [](std::shared_ptr<Peer> peer) { peer->send_forever("H", std::chrono::milliseconds(10)); }},
      {"byte a moment in the body",
       [](std::shared_ptr<Peer> peer) {
         peer->read_head([peer](std::string) {
           peer->send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
                      [peer] { peer->send_forever("u", std::chrono::milliseconds(10)); });
         });
       }},
  };
  for (const auto& [name, script] : cases) {
    INFO(name);
    ScriptedServer server(bench.loop, script);
    core::HttpCall call = bench.get(server.url());
    call.timeout = kShort;
    const core::HttpReply reply = bench.perform(std::move(call));
    // A stream of single letters is no HTTP at all, which may be noticed before the time is over.
    if (name != "byte a moment in the head") CHECK(reply.error == core::CallError::timeout);
    CHECK(reply.error != core::CallError::none);
    CHECK(has(reply.error_text, name == "byte a moment in the head" ? "" : "context deadline exceeded"));
    CHECK(reply.took < std::chrono::seconds(5));
  }
}

TEST_CASE("A slow peer does not make another call wait") {
  Bench bench;
  ScriptedServer slow(bench.loop, [](std::shared_ptr<Peer>) {});
  ScriptedServer quick(bench.loop, answer_with(ok("x")));
  core::HttpCall stuck = bench.get(slow.url());
  const core::CallId stuck_id = stuck.id;
  bench.start(std::move(stuck));
  CHECK(bench.perform(bench.get(quick.url())).status == 200);
  CHECK(bench.client.under_way() == 1);
  bench.client.cancel(stuck_id);
  REQUIRE(run_until(bench.loop, [&] { return bench.replies.count(stuck_id.value) == 1; }));
  CHECK(bench.replies[stuck_id.value].error == core::CallError::cancelled);
}

TEST_CASE("An endless body fails at the limit and is not held") {
  Bench bench;
  ScriptedServer server(bench.loop, [](std::shared_ptr<Peer> peer) {
    peer->read_head([peer](std::string) {
      peer->send("HTTP/1.1 200 OK\r\n\r\n",
                 [peer] { peer->send_forever(std::string(65536, 'x'), Duration::zero()); });
    });
  });
  core::HttpCall call = bench.get(server.url());
  call.max_body = 1'000'000;
  const core::HttpReply reply = bench.perform(std::move(call));
  CHECK(reply.error == core::CallError::body_limit);
  CHECK(reply.error_text == "body size limit exceeded");
  CHECK(reply.body.capacity() < 100);
}

TEST_CASE("A body of exactly the limit is fine") {
  Bench bench;
  ScriptedServer server(bench.loop, answer_with(ok("12345")));
  core::HttpCall call = bench.get(server.url());
  call.max_body = 5;
  CHECK(bench.perform(std::move(call)).error == core::CallError::none);
  core::HttpCall smaller = bench.get(server.url());
  smaller.max_body = 4;
  CHECK(bench.perform(std::move(smaller)).error == core::CallError::body_limit);
}

TEST_CASE("gzip is asked for only on request, and the limit counts decoded bytes") {
  Bench bench;
  const std::string page(1'000'000, 'a');
  const std::string packed = shell::gzip(page).value();
  std::vector<std::string> heads;
  ScriptedServer server(bench.loop, recording(heads, ok(packed, "Content-Encoding: gzip\r\n")));

  core::HttpCall plain = bench.get(server.url());
  CHECK(bench.perform(std::move(plain)).body == packed);
  CHECK_FALSE(has(heads.at(0), "Accept-Encoding"));

  core::HttpCall zipped = bench.get(server.url());
  zipped.accept_gzip = true;
  CHECK(bench.perform(std::move(zipped)).body == page);
  CHECK(has(heads.at(1), "Accept-Encoding: gzip\r\n"));

  core::HttpCall bomb = bench.get(server.url());
  bomb.accept_gzip = true;
  bomb.max_body = 100'000;
  CHECK(bench.perform(std::move(bomb)).error == core::CallError::body_limit);
}

TEST_CASE("Credentials come from the configuration or from files that are read anew") {
  Bench bench;
  std::vector<std::string> heads;
  ScriptedServer server(bench.loop, recording(heads, ok("")));
  auto config = std::make_shared<config::HttpClientConfig>();
  config->basic_auth = config::BasicAuth{"user", "", Secret(), "/run/password"};
  bench.files.files["/run/password"] = "one\n";
  const auto perform = [&] {
    core::HttpCall call = bench.get(server.url());
    call.client = config;
    return bench.perform(std::move(call));
  };
  perform();
  CHECK(has(heads.back(), "Authorization: Basic dXNlcjpvbmU=\r\n"));
  bench.files.files["/run/password"] = "two\n";
  perform();
  CHECK(has(heads.back(), "Authorization: Basic dXNlcjp0d28=\r\n"));

  bench.files.files.clear();
  const core::HttpReply missing = perform();
  CHECK(missing.error == core::CallError::protocol);
  CHECK(missing.error_text == format("Get \"{}\": unable to read basic auth password: unable to read file "
                                     "/run/password: no such file or directory",
                                     server.url()));

  config->basic_auth.reset();
  config->authorization = config::Authorization{"Bearer", Secret("t0ken"), ""};
  config->headers = {{"X-Extra", {"a"}, {Secret("b")}, {}}};
  perform();
  CHECK(has(heads.back(), "Authorization: Bearer t0ken\r\n"));
  CHECK(has(heads.back(), "X-Extra: a\r\nX-Extra: b\r\n"));
}

TEST_CASE("A line break in a header is refused, not sent") {
  Bench bench;
  ScriptedServer server(bench.loop, answer_with(ok("")));
  core::HttpCall call = bench.get(server.url());
  call.headers = {{"X-Title", "a\r\nX-Evil: 1"}};
  const core::HttpReply reply = bench.perform(std::move(call));
  CHECK(reply.error == core::CallError::protocol);
  CHECK(has(reply.error_text, "invalid header field value for \"X-Title\""));
}

TEST_CASE("A redirect is followed, and credentials stay behind when it leaves the host") {
  Bench bench;
  std::vector<std::string> there;
  ScriptedServer target(bench.loop, recording(there, ok("there")));
  auto config = std::make_shared<config::HttpClientConfig>();
  config->authorization = config::Authorization{"Bearer", Secret("t0ken"), ""};
  const auto redirect = [&](const std::string& location) {
    return answer_with(format("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", location));
  };
  SECTION("same host") {
    ScriptedServer first(bench.loop, redirect(target.url("/new")));
    core::HttpCall call = bench.get(first.url());
    call.client = config;
    CHECK(bench.perform(std::move(call)).body == "there");
    CHECK(has(there.at(0), "GET /new "));
    CHECK(has(there[0], "Authorization: Bearer t0ken"));
  }
  SECTION("another host") {
    ScriptedServer first(bench.loop, redirect(format("http://localhost:{}/new", target.port())));
    core::HttpCall call = bench.get(first.url());
    call.client = config;
    CHECK(bench.perform(std::move(call)).body == "there");
    CHECK_FALSE(has(there.at(0), "Authorization"));
  }
  SECTION("not wanted") {
    config->follow_redirects = false;
    ScriptedServer first(bench.loop, redirect(target.url("/new")));
    core::HttpCall call = bench.get(first.url());
    call.client = config;
    CHECK(bench.perform(std::move(call)).status == 302);
    CHECK(there.empty());
  }
  SECTION("a post becomes a get, but not for 307") {
    for (const auto& [status, method] :
         {std::pair("302 Found", "GET"), std::pair("307 Temporary Redirect", "POST")}) {
      ScriptedServer first(
          bench.loop, answer_with(format("HTTP/1.1 {}\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", status,
                                         target.url("/new"))));
      core::HttpCall call = bench.get(first.url());
      call.method = "POST";
      call.body = "x=1";
      CHECK(bench.perform(std::move(call)).body == "there");
      CHECK(has(there.back(), format("{} /new ", method)));
    }
  }
}

TEST_CASE("A redirect in a circle ends after ten") {
  Bench bench;
  ScriptedServer server(bench.loop,
                        answer_with("HTTP/1.1 301 Moved\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"));
  const core::HttpReply reply = bench.perform(bench.get(server.url()));
  CHECK(reply.error == core::CallError::protocol);
  CHECK(has(reply.error_text, "stopped after 10 redirects"));
  CHECK(server.accepted() == 11);
}

TEST_CASE("Errors show the shown url and never a password") {
  Bench bench;
  unsigned short free_port = 0;
  { free_port = ScriptedServer(bench.loop, answer_with("")).port(); }
  core::HttpCall hook = bench.get(format("http://127.0.0.1:{}/services/T0/S3CRET", free_port));
  hook.method = "POST";
  hook.shown_url = "http://127.0.0.1/<secret>";
  const core::HttpReply reply = bench.perform(std::move(hook));
  CHECK(reply.error_text.substr(0, 35) == "Post \"http://127.0.0.1/<secret>\": d");
  CHECK_FALSE(has(reply.error_text, "S3CRET"));

  const core::HttpReply other =
      bench.perform(bench.get(format("http://user:S3CRET@127.0.0.1:{}/", free_port)));
  CHECK(has(other.error_text, "http://user:xxxxx@127.0.0.1"));
  CHECK_FALSE(has(other.error_text, "S3CRET"));
}

TEST_CASE("With a sink, notifications go there and nowhere else; scrapes go on") {
  Bench bench;
  std::vector<std::string> sunk;
  std::vector<std::string> real;
  ScriptedServer sink(bench.loop, recording(sunk, ok("")));
  ScriptedServer service(bench.loop, recording(real, ok("")));
  shell::HttpClient client(bench.loop, bench.files,
                           shell::HttpClientOptions{"tocsin", sink.url("/in"), shell::load_curl});
  int done = 0;
  core::HttpCall call = bench.get(service.url("/hook/secret"));
  call.method = "PUT";
  call.kind = core::CallKind::notify;
  client.start(std::move(call), [&](core::HttpReply) { ++done; });
  client.start(bench.get(service.url("/metrics")), [&](core::HttpReply) { ++done; });
  REQUIRE(run_until(bench.loop, [&] { return done == 2; }));
  REQUIRE(sunk.size() == 1);
  CHECK(has(sunk[0], "POST /in HTTP/1.1\r\n"));
  CHECK(has(sunk[0], "X-Tocsin-Original-Method: PUT\r\n"));
  CHECK(has(sunk[0], format("X-Tocsin-Original-URL: {}\r\n", service.url("/hook/secret"))));
  REQUIRE(real.size() == 1);
  CHECK(has(real[0], "GET /metrics "));
}

TEST_CASE("Destroying the client with calls under way is silent and clean") {
  Bench bench;
  ScriptedServer slow(bench.loop, [](std::shared_ptr<Peer>) {});
  bool answered = false;
  {
    shell::HttpClient client(bench.loop, bench.files, {});
    client.start(bench.get(slow.url()), [&](core::HttpReply) { answered = true; });
    REQUIRE(run_until(bench.loop, [&] { return slow.accepted() == 1; }));
  }
  bench.loop.restart();
  bench.loop.poll();
  CHECK_FALSE(answered);
}

TEST_CASE("A proxy is used unless the host is excepted") {
  Bench bench;
  std::vector<std::string> proxied, direct;
  ScriptedServer proxy(bench.loop, recording(proxied, ok("")));
  ScriptedServer server(bench.loop, recording(direct, ok("")));
  auto config = std::make_shared<config::HttpClientConfig>();
  config->proxy.url = format("http://127.0.0.1:{}", proxy.port());
  const auto perform = [&] {
    core::HttpCall call = bench.get(server.url());
    call.client = config;
    bench.perform(std::move(call));
  };
  perform();
  REQUIRE(proxied.size() == 1);
  CHECK(has(proxied[0], format("GET {} HTTP/1.1\r\n", server.url())));
  config->proxy.no_proxy = "127.0.0.1";
  perform();
  CHECK(proxied.size() == 1);
  CHECK(direct.size() == 1);
  // The environment's proxy counts only when the configuration says so.
  config->proxy = {};
  bench.files.variables["HTTP_PROXY"] = format("http://127.0.0.1:{}", proxy.port());
  perform();
  CHECK(direct.size() == 2);
}
