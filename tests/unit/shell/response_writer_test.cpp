#include "engine/shell/response_writer.hpp"

#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::shell;

namespace {
const WallTime kTime = wall_from_ns(1'700'000'000'000'000'000);  // 2023-11-14T22:13:20Z, a Tuesday
}

TEST_CASE("A response's head is exact") {
  api::HttpResponse response = plain_response(404, "404 page not found");
  response.headers.push_back({"X-One", "1"});
  CHECK(response_head(response, {true, false, kTime}) ==
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 19\r\nX-One: "
        "1\r\n"
        "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\nConnection: close\r\n\r\n");
}

TEST_CASE("204 and 304 have no content") {
  api::HttpResponse response;
  response.status = 204;
  CHECK(response_head(response, {false, false, kTime}) ==
        "HTTP/1.1 204 No Content\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\n");
}

TEST_CASE("A line break in a header's value cannot start another header") {
  api::HttpResponse response;
  response.headers.push_back({"Location", "/a\r\nSet-Cookie: x"});
  CHECK(response_head(response, {false, false, kTime}).find("Location: /a  Set-Cookie: x\r\n") !=
        std::string::npos);
}

TEST_CASE("Only long text is compressed, and only once") {
  const auto body = [](std::size_t size, const std::string& type) {
    api::HttpResponse response;
    response.content_type = type;
    response.body = std::string(size, 'x');
    return response;
  };
  CHECK(worth_compressing(body(2000, "application/json")));
  CHECK(worth_compressing(body(2000, "text/plain; version=0.0.4")));
  CHECK_FALSE(worth_compressing(body(1000, "application/json")));
  CHECK_FALSE(worth_compressing(body(2000, "image/png")));
  api::HttpResponse packed = body(2000, "application/json");
  compress(packed);
  CHECK(packed.body.size() < 100);
  CHECK_FALSE(worth_compressing(packed));
}
