#include "engine/shell/url.hpp"

#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::shell;

TEST_CASE("A URL is taken apart") {
  struct Case {
    std::string text, scheme, userinfo, host, port, rest;
  };
  const std::vector<Case> cases = {
      {"http://a:9090/metrics?x=1", "http", "", "a", "9090", "/metrics?x=1"},
      {"HTTPS://a", "https", "", "a", "", ""},
      {"http://user:p%40w@[::1]:80/", "http", "user:p%40w", "::1", "80", "/"},
      {"http://[fe80::1]?q", "http", "", "fe80::1", "", "?q"},
      {"http://a@b@c/", "http", "a@b", "c", "", "/"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const Result<Url> url = parse_url(c.text);
    REQUIRE(url);
    CHECK(url->scheme == c.scheme);
    CHECK(url->userinfo == c.userinfo);
    CHECK(url->host == c.host);
    CHECK(url->port == c.port);
    CHECK(url->rest == c.rest);
  }
}

TEST_CASE("What is no URL says why") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "unsupported protocol scheme \"\""},
      {"localhost:9090", "unsupported protocol scheme \"\""},
      {"ftp://a/", "unsupported protocol scheme \"ftp\""},
      {"http://", "no Host in request URL"},
      {"http://:9090/", "no Host in request URL"},
      {"http://a:x/", "invalid port \":x\" after host"},
      {"http://[::1/", "missing ']' in host"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const Result<Url> url = parse_url(text);
    REQUIRE(url.has_error());
    CHECK(url.error().text == expected);
  }
}

TEST_CASE("Credentials follow a redirect to the same host and below it only") {
  CHECK(is_same_or_below("example.org", "example.org"));
  CHECK(is_same_or_below("a.example.org", "example.org"));
  CHECK_FALSE(is_same_or_below("evilexample.org", "example.org"));
  CHECK_FALSE(is_same_or_below("example.org", "a.example.org"));
  CHECK_FALSE(is_same_or_below("::1%.example.org", "example.org"));
  CHECK_FALSE(is_same_or_below("x", ""));
}

TEST_CASE("Percent escapes are decoded or refused") {
  CHECK(percent_decode("a%20b+c", false).value() == "a b+c");
  CHECK(percent_decode("a%2Bb+c", true).value() == "a+b c");
  for (const std::string text : {"%", "%2", "%zz", "a%2"}) {
    INFO(text);
    CHECK(percent_decode(text, false).has_error());
  }
}

TEST_CASE("A query is a list of pairs in order; broken ones are left out") {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  const std::vector<std::pair<std::string, Pairs>> cases = {
      {"", {}},
      {"a=1&b=2&a=3", {{"a", "1"}, {"b", "2"}, {"a", "3"}}},
      {"match[]=up%7Bx%3D%22y%22%7D", {{"match[]", "up{x=\"y\"}"}}},
      {"a&b=&=c", {{"a", ""}, {"b", ""}, {"", "c"}}},
      {"a=%zz&b=1", {{"b", "1"}}},
      {"a=1;b=2&c=3", {{"c", "3"}}},
      {"&&a=1&", {{"a", "1"}}},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(parse_query(text) == expected);
  }
}

TEST_CASE("Addresses are split at the port") {
  CHECK(split_host_port("a:1")->host == "a");
  CHECK(split_host_port(":9090")->host.empty());
  CHECK(split_host_port(":9090")->port == "9090");
  CHECK(split_host_port("[::1]:80")->host == "::1");
  CHECK(split_host_port("9090").error().text == "address 9090: missing port in address");
  CHECK(split_host_port("::1:80").error().text == "address ::1:80: too many colons in address");
  CHECK(join_host_port("::1", "80") == "[::1]:80");
  CHECK(join_host_port("a", "80") == "a:80");
}
