// Templates that would run for ever, or into the stack's end, end with an error instead.
#include <string>

#include "rules/template/template.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace tocsin;
using namespace tocsin::templates;

FunctionMap functions() {
  FunctionMap functions;
  functions.add("list", [](const Rest<Any>& rest) {
    List list;
    for (const Any& any : rest.values) list.push_back(any.value);
    return Value::anys(std::move(list));
  });
  return functions;
}

Result<std::string> run(const std::string& text, const Limits& limits = {}) {
  const TemplateSet set(functions());
  const auto compiled = set.compile("t", text);
  if (!compiled) return compiled.error();
  return compiled->execute(Value("dot"), nullptr, limits);
}

std::string repeated(std::string_view part, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += part;
  return out;
}

}  // namespace

TEST_CASE("a template that calls itself for ever is stopped", "[template]") {
  const auto result = run(R"({{define "a"}}{{template "a" .}}{{end}}{{template "a" .}})");
  REQUIRE(!result);
  CHECK(result.error().text.ends_with("exceeded maximum template depth (1000)"));
  CHECK(!run(
      R"({{define "a"}}{{if .}}{{with .}}{{template "a" (print .)}}{{end}}{{end}}{{end}}{{template "a" .}})"));
}

TEST_CASE("steps are counted over all loops", "[template]") {
  Limits limits;
  limits.steps = 1000;
  CHECK(run("{{range 100}}x{{end}}", limits));
  const auto result = run("{{range 1000000000}}{{range 1000000000}}{{end}}{{end}}", limits);
  REQUIRE(!result);
  CHECK(result.error().text.ends_with("exceeded the limit of 1000 execution steps"));
}

TEST_CASE("the output is bounded, and so is each value on its way there", "[template]") {
  Limits limits;
  limits.output = 1000;
  CHECK(run("{{range 10}}0123456789{{end}}", limits));
  CHECK(!run("{{range 101}}0123456789{{end}}", limits));
  CHECK(!run("{{$x := \"ab\"}}{{range 60}}{{$x = print $x $x}}{{end}}{{len $x}}", limits));
  CHECK(!run("{{printf \"%1000000d\" 1}}", limits));
}

TEST_CASE("values that share their parts do not print without end", "[template]") {
  Limits limits;
  limits.output = 10'000;
  const auto result = run("{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{$x}}", limits);
  REQUIRE(!result);
  CHECK(result.error().text.ends_with("exceeded the output limit of 10000 bytes"));
}

TEST_CASE("values do not nest deeper than the stack bears", "[template]") {
  const auto result = run("{{$x := list 1}}{{range 100000}}{{$x = list $x}}{{end}}");
  REQUIRE(!result);
  CHECK(result.error().text.ends_with("exceeded the limit of 1000 nested values"));
}

TEST_CASE("texts nest only so deep", "[template]") {
  CHECK(*run(repeated("{{if true}}", 400) + "x" + repeated("{{end}}", 400)) == "x");
  const std::string error = "template: t:1: max expression depth exceeded";
  CHECK(run(repeated("{{if true}}", 100'000)).error().text == error);
  CHECK(run("{{" + repeated("(", 100'000)).error().text == error);
  CHECK(run("{{if 0}}" + repeated("{{else if 0}}", 100'000) + "{{end}}").error().text == error);
  CHECK(*run("{{" + repeated("(", 300) + "1" + repeated(")", 300) + "}}") == "1");
}
