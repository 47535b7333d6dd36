// What a templated text depends on: never less than the truth.
#include "rules/alert_text.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace tocsin::rules {
namespace {

TEST_CASE("dependence of a text is read off its actions") {
  struct Case {
    std::string text;
    Dependence expected;
  };
  const std::vector<Case> cases = {
      {"", Dependence::constant},
      {"no action } here", Dependence::constant},
      {"{{ $labels.instance }} is down", Dependence::labels},
      {"{{.Labels.job}}/{{- $externalLabels.cluster -}}", Dependence::labels},
      {"{{ $labels.a.b }}", Dependence::value},
      {"{{ $labels }}", Dependence::value},
      {"{{ $value }}", Dependence::value},
      {"{{ .Value | humanize }}", Dependence::value},
      {"{{ $labels.instance | toUpper }}", Dependence::value},
      {"{{ . }}", Dependence::value},
      {"{{ $labels.a }} {{ $value }}", Dependence::value},
      {R"({{ query "up" | first | value }})", Dependence::anything},
      {R"({{ with $labels.a }}{{ with query "up" }}{{ . }}{{ end }}{{ end }})", Dependence::anything},
      {"{{ now }}", Dependence::anything},
      {R"({{ "}}" | query }})", Dependence::anything},
      {R"({{ "\"}}" | printf `}}` }}{{ $labels.a }})", Dependence::value},
      {R"({{/* it's */}}{{ query "up" }})", Dependence::anything},
      {"{{ unclosed", Dependence::anything},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(dependence_of(c.text) == c.expected);
  }
}

}  // namespace
}  // namespace tocsin::rules
