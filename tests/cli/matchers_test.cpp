// tocsin promql label-matchers, beside what promtool prints.
#include "promql/format.hpp"
#include "tests/cli/process.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using test::run_command;

namespace {

test::Ended matchers(std::vector<std::string> arguments) {
  std::vector<std::string> command{TOCSIN_BINARY, "promql", "label-matchers"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_command(command);
}

}  // namespace

TEST_CASE("A matcher is set or removed in every selector") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"set", "foo", "a", "b"}, "foo{a=\"b\"}"},
      {{"set", "foo{a=\"x\",b=\"y\"}", "a", "z"}, "foo{a=\"z\",b=\"y\"}"},
      {{"set", "-t", "=~", "sum(rate(foo[5m])) / bar{a!=\"q\"}", "a", "x.*"},
       "sum(rate(foo{a=~\"x.*\"}[5m])) / bar{a=~\"x.*\"}"},
      {{"set", "--type=!=", "1 - (foo)", "a", "b"}, "1 - (foo{a!=\"b\"})"},
      {{"set", "foo", "__name__", "bar"}, "foo{__name__=\"bar\"}"},
      {{"set", "{__name__=\"q\"}", "__name__", "bar"}, "{__name__=\"bar\"}"},
      {{"set", "foo{a=\"1\",a!=\"2\"}", "a", "q"}, "foo{a=\"q\",a=\"q\"}"},
      {{"set", "foo", "a.b", "c"}, "foo{\"a.b\"=\"c\"}"},
      {{"set", "1 + 2", "a", "b"}, "1 + 2"},
      {{"set", "max_over_time(foo[5m:1m]) + on (x) topk(scalar(bar), baz)", "job", "n"},
       "max_over_time(foo{job=\"n\"}[5m:1m]) + on (x) topk(scalar(bar{job=\"n\"}), baz{job=\"n\"})"},
      {{"delete", "foo{a=\"b\",c=\"d\"}", "a"}, "foo{c=\"d\"}"},
      {{"delete", "foo", "__name__"}, "foo"},
      {{"delete", "{__name__=\"a\",b=\"c\"}", "__name__"}, "{b=\"c\"}"},
      // Here promtool 3.14 leaves the second one.
      {{"delete", "foo{a=\"1\",a!=\"2\",b=\"c\"}", "a"}, "foo{b=\"c\"}"},
  };
  for (const auto& [arguments, expected] : cases) {
    CAPTURE(arguments);
    const auto ended = matchers(arguments);
    CHECK(ended.code == 0);
    CHECK(ended.err.empty());
    CHECK(ended.out == expected + "\n");
  }
}

TEST_CASE("A matcher that cannot be set is refused") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"set", "sum(", "a", "b"},
       "tocsin promql label-matchers set: 1:5: parse error: unclosed left parenthesis\n"},
      {{"delete", "sum(", "a"},
       "tocsin promql label-matchers delete: 1:5: parse error: unclosed left parenthesis\n"},
      {{"set", "-t", "x", "foo", "a", "b"},
       "tocsin promql label-matchers set: --type: expected =, !=, =~ or !~, found \"x\"\n"},
      {{"set", "-t", "!~", "foo", "a", "("},
       "tocsin promql label-matchers set: error parsing regexp: missing closing ): `(`\n"},
  };
  for (const auto& [arguments, expected] : cases) {
    CAPTURE(arguments);
    const auto ended = matchers(arguments);
    CHECK(ended.code == 1);
    CHECK(ended.out.empty());
    CHECK(ended.err == expected);
  }
}
