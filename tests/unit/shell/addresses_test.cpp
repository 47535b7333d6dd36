#include "engine/shell/addresses.hpp"

#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::shell;

TEST_CASE("Listeners follow the configuration that there is") {
  using List = std::vector<std::string>;
  CHECK(default_listen(true, false) == List{"0.0.0.0:9090"});
  CHECK(default_listen(false, true) == List{"0.0.0.0:9093"});
  CHECK(default_listen(true, true) == List{"0.0.0.0:9090", "0.0.0.0:9093"});
}

TEST_CASE("The external URL gives links and the route prefix") {
  struct Case {
    std::string url;
    std::optional<std::string> prefix;
    std::string expected_url, expected_prefix;
  };
  const std::vector<Case> cases = {
      {"", std::nullopt, "http://edge-1:9090", ""},
      {"", "/x/", "http://edge-1:9090", "/x"},
      {"https://mon.example.org/", std::nullopt, "https://mon.example.org", ""},
      {"https://mon.example.org/tocsin/", std::nullopt, "https://mon.example.org/tocsin", "/tocsin"},
      {"https://mon.example.org:8443/a/b", "/", "https://mon.example.org:8443/a/b", ""},
  };
  for (const Case& c : cases) {
    INFO(c.url);
    const Result<ExternalPlace> place = external_place(c.url, c.prefix, "edge-1", "9090");
    REQUIRE(place);
    CHECK(place->url == c.expected_url);
    CHECK(place->route_prefix == c.expected_prefix);
  }
  CHECK(external_place("mon.example.org", std::nullopt, "h", "1").error().text ==
        "--web.external-url: unsupported protocol scheme \"\"");
  CHECK(external_place("http://a/?x", std::nullopt, "h", "1").error().text ==
        "--web.external-url: \"http://a/?x\" has a query or a fragment, expected scheme, host and path");
}
