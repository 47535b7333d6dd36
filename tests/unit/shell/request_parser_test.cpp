#include "engine/shell/request_parser.hpp"

#include <random>

#include "tests/fuzz/served_request.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using shell::RequestParser;

namespace {

// Feeds the bytes in pieces of the given size, as a connection would.
void feed(RequestParser& parser, const std::string& bytes, std::size_t piece) {
  std::string waiting;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    waiting += bytes.substr(at, piece);
    waiting.erase(0, parser.feed(waiting));
  }
}

}  // namespace

TEST_CASE("A request is the same however its bytes are cut") {
  const std::string bytes =
      "POST /a%20b?x=1&y=%2F HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br, gzip\r\nX-Long: " +
      std::string(500, 'v') +
      "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n "
      "world\r\n0\r\n\r\n";
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}, bytes.size()}) {
    INFO(piece);
    RequestParser parser({8192, 1000});
    feed(parser, bytes, piece);
    REQUIRE(parser.state() == RequestParser::State::complete);
    CHECK(parser.manner().keep_alive);
    CHECK(parser.manner().accepts_gzip);
    const api::HttpRequest request = parser.take();
    CHECK(request.method == "POST");
    CHECK(request.path == "/a b");
    CHECK(request.parameter("y") == "/");
    CHECK(request.body == "hello world");
    CHECK(request.form.empty());
    CHECK(request.header("content-type") == "application/json");
  }
}

TEST_CASE("The target may be a path, a whole URL, or a star") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/", "/"},           {"/a?b", "/a"},        {"http://host:1/a/b?c", "/a/b"},
      {"http://host", "/"}, {"/a#fragment", "/a"}, {"*", "/"},
  };
  for (const auto& [target, path] : cases) {
    INFO(target);
    RequestParser parser({8192, 1000});
    parser.feed("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(parser.state() == RequestParser::State::complete);
    CHECK(parser.take().path == path);
  }
}

TEST_CASE("A form is read from the body of a post, and wins over the query") {
  RequestParser parser({8192, 1000});
  parser.feed(
      "POST /q?query=old&time=1 HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded; "
      "charset=x\r\n"
      "Content-Length: 9\r\n\r\nquery=new");
  REQUIRE(parser.state() == RequestParser::State::complete);
  const api::HttpRequest request = parser.take();
  CHECK(request.parameter("query") == "new");
  CHECK(request.parameter("time") == "1");
  CHECK(request.parameters("query") == std::vector<std::string_view>{"new", "old"});
}

TEST_CASE("What frames a chunk is bounded as the head is, however its bytes are cut") {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string fill(200, 'a');
  struct Case {
    std::string body;
    RequestParser::State state;
  };
  const std::vector<Case> cases = {
      {"1;" + fill, RequestParser::State::failed},
      {"1;" + fill + "\r\nx\r\n0\r\n\r\n", RequestParser::State::failed},
      {"1\r\nx\r\n" + std::string(200, '0'), RequestParser::State::failed},
      {"0\r\nX: " + fill, RequestParser::State::failed},
      {"0\r\nX: " + fill + "\r\n\r\n", RequestParser::State::failed},
      {"0\r\n\r\n", RequestParser::State::complete},
      {"1;x=y\r\nx\r\n0\r\nX: a\r\n\r\n", RequestParser::State::complete},
      {"ff\r\n" + std::string(255, 'x') + "\r\n0\r\n\r\n", RequestParser::State::complete},
  };
  for (const Case& c : cases) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{17}, std::size_t{1000}}) {
      INFO(c.body << " in pieces of " << piece);
      RequestParser parser({100, 1000});
      feed(parser, head + c.body, piece);
      REQUIRE(parser.state() == c.state);
      if (c.state != RequestParser::State::failed) continue;
      CHECK(parser.failure_status() == 431);
      CHECK(parser.failure_text() == "chunk extensions or trailers of more than 100 bytes");
    }
  }
}

TEST_CASE("A trailer is no header") {
  RequestParser parser({8192, 1000});
  parser.feed(
      "POST / HTTP/1.1\r\nHost: h\r\nX-A: head\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n"
      "Authorization: Basic dTpw\r\nX-A: trailer\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n");
  REQUIRE(parser.state() == RequestParser::State::complete);
  const api::HttpRequest request = parser.take();
  CHECK(request.headers.size() == 3);
  CHECK(request.header("X-A") == "head");
  CHECK(request.header("Authorization").empty());
  CHECK(request.form.empty());
  CHECK(request.body == "a=b");
}

TEST_CASE("What follows a request is left for the next one") {
  RequestParser parser({8192, 1000});
  const std::string first = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
  CHECK(parser.feed(first + "GET /2") == first.size());
}

TEST_CASE("Whatever bytes come, they are taken or refused, and how they were cut changes nothing") {
  const std::vector<std::string> parts = {"GET / HTTP/1.1\r\n",
                                          "POST /a%20b?x=%zz HTTP/1.1\r\n",
                                          "Host: h\r\n",
                                          "\r\n",
                                          "Content-Length: 5\r\n",
                                          "Transfer-Encoding: chunked\r\n",
                                          "5\r\nhello\r\n",
                                          "0\r\n\r\n",
                                          "hello",
                                          "\n",
                                          "Content-Length: 99999\r\n",
                                          "Expect: 100-continue\r\n",
                                          std::string(3000, 'x'),
                                          std::string("\0\x01\xff", 3),
                                          "HTTP/1.0 200 OK\r\n",
                                          " ",
                                          "Connection: close\r\n",
                                          "ffffffffffffffff\r\n"};
  std::mt19937 random(20261122);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (std::size_t count = random() % 9; count > 0; --count) bytes += parts[random() % parts.size()];
    if (!bytes.empty() && random() % 4 == 0) bytes[random() % bytes.size()] = static_cast<char>(random());
    INFO(bytes);
    REQUIRE(shell::check_any_request(bytes) == "");
  }
}
