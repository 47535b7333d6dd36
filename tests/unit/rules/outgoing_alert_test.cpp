#include "rules/outgoing_alert.hpp"

#include <string>
#include <vector>

#include "rules/template/escape.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::rules {
namespace {

TEST_CASE("links escape an expression as Go's url.QueryEscape does") {
  CHECK(table_link("up == 0") == "/graph?g0.expr=up+%3D%3D+0&g0.tab=1");
  CHECK(templates::query_escape(R"(a{b=~"c.*|d"} / 2 > -0.5)") ==
        "a%7Bb%3D~%22c.%2A%7Cd%22%7D+%2F+2+%3E+-0.5");
  CHECK(templates::query_escape("a_b-c~d+e%f&g") == "a_b-c~d%2Be%25f%26g");
  CHECK(templates::query_escape("\xc3\xa4\n") == "%C3%A4%0A");
}

TEST_CASE("external labels fill in what an alert lacks") {
  const Labels alert{{"alertname", "A"}, {"region", "moon"}};
  const Labels external{{"cluster", "cim"}, {"region", "us-east-1"}};
  CHECK(with_external_labels(alert, external) ==
        Labels{{"alertname", "A"}, {"cluster", "cim"}, {"region", "moon"}});
}

}  // namespace
}  // namespace tocsin::rules
