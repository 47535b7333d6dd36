#include "rules/yaml/decode.hpp"

#include <cmath>

#include "promql/format.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::yaml;

namespace {

// What a typed read of "v: <text>" gives, as text; "!" and the error when it fails.
template <class Read>
std::string typed(const std::string& text, Dialect dialect, Read read) {
  Diagnostics diagnostics;
  const Document document = parse("v: " + text + "\n", {"f.yml", dialect}, diagnostics);
  if (document.root() == nullptr) return "!" + diagnostics.all().at(0).text;
  const Scope scope{document, diagnostics, {}, false};
  return read(scope, *document.root()->find("v"));
}

std::string as_int(const Scope& scope, const Node& node) {
  const Result<std::int64_t> value = to_int(scope, node);
  return value ? std::to_string(*value) : "!" + value.error().text;
}
std::string as_uint(const Scope& scope, const Node& node) {
  const Result<std::uint64_t> value = to_uint(scope, node);
  return value ? std::to_string(*value) : "!" + value.error().text;
}
std::string as_bool(const Scope& scope, const Node& node) {
  const Result<bool> value = to_bool(scope, node);
  return value ? (*value ? "true" : "false") : "!" + value.error().text;
}
std::string as_double(const Scope& scope, const Node& node) {
  const Result<double> value = to_double(scope, node);
  return value ? format("{}", *value) : "!" + value.error().text;
}
std::string as_string(const Scope& scope, const Node& node) {
  const Result<std::string> value = to_string(scope, node);
  return value ? *value : "!" + value.error().text;
}
std::string as_duration(const Scope& scope, const Node& node) {
  const Result<Duration> value = to_duration(scope, node);
  return value ? format_duration(*value) : "!" + value.error().text;
}

}  // namespace

// The values are what Go's two libraries give when they decode into an int64 (strict, typed).
TEST_CASE("IntegersAreReadAsGoReadsThem") {
  struct Case {
    std::string text, v2, v3;
  };
  const std::vector<Case> cases = {
      {"12", "12", "12"},
      {"010", "8", "8"},
      {"0o10", "8", "8"},
      {"0x_1F", "31", "31"},
      {"0b11", "3", "3"},
      {"-0b11", "-3", "-3"},
      {"1_000", "1000", "1000"},
      {"+5", "5", "5"},
      {"1.9", "1", "1"},
      {"-1.9", "-1", "-1"},
      {"1e2", "100", "100"},
      {"089", "89", "89"},
      {"-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775808", "!", "!"},
      {"'5'", "!", "!"},
      {"true", "!", "!"},
      {"1:30", "!", "!"},
      {"2001-01-01", "!", "!"},
      {"[1]", "!", "!"},
      {"~", "0", "0"},
      {"!!int '5'", "5", "5"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const auto check = [&](Dialect dialect, const std::string& expected) {
      const std::string got = typed(c.text, dialect, as_int);
      CHECK((expected == "!" ? got.substr(0, 1) : got) == expected);
    };
    check(Dialect::v2, c.v2);
    check(Dialect::v3, c.v3);
  }
}

TEST_CASE("UnsignedIntegersTakeNoSign") {
  CHECK(typed("18446744073709551615", Dialect::v2, as_uint) == "18446744073709551615");
  CHECK(typed("1.5", Dialect::v2, as_uint) == "1");
  CHECK(typed("-1", Dialect::v2, as_uint) == "!expected a whole number of 0 or more, found \"-1\"");
  CHECK(typed("{}", Dialect::v2, as_uint) == "!expected a whole number of 0 or more, found a mapping");
}

TEST_CASE("BooleansDifferBetweenTheLibraries") {
  struct Case {
    std::string text, v2, v3;
  };
  const std::vector<Case> cases = {
      {"true", "true", "true"},  {"True", "true", "true"}, {"FALSE", "false", "false"},
      {"yes", "true", "true"},   {"y", "true", "true"},    {"on", "true", "true"},
      {"Off", "false", "false"}, {"N", "false", "false"},  {"tRue", "!", "!"},
      {"'true'", "!", "!"},      {"'yes'", "!", "true"},   {"1", "!", "!"},
      {"~", "false", "false"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const auto check = [&](Dialect dialect, const std::string& expected) {
      const std::string got = typed(c.text, dialect, as_bool);
      CHECK((expected == "!" ? got.substr(0, 1) : got) == expected);
    };
    check(Dialect::v2, c.v2);
    check(Dialect::v3, c.v3);
  }
}

TEST_CASE("FloatsAndTheirSpecialValues") {
  CHECK(typed("1.5", Dialect::v2, as_double) == "1.5");
  CHECK(typed(".5", Dialect::v2, as_double) == "0.5");
  CHECK(typed("1e3", Dialect::v2, as_double) == "1000");
  CHECK(typed("1_0.5", Dialect::v2, as_double) == "10.5");
  CHECK(typed("-.inf", Dialect::v2, as_double) == "-inf");
  CHECK(typed(".nan", Dialect::v2, as_double) == "nan");
  CHECK(typed("010", Dialect::v2, as_double) == "8");
  CHECK(typed("1e999", Dialect::v2, as_double) == "!expected a number, found \"1e999\"");
  CHECK(typed("inf", Dialect::v2, as_double) == "!expected a number, found \"inf\"");
}

TEST_CASE("StringsKeepTheirSpelling") {
  for (const char* text : {"010", "1.50", "yes", "2001-01-01", "0x1F", "1_000", "1e3"}) {
    INFO(text);
    CHECK(typed(text, Dialect::v2, as_string) == text);
    CHECK(typed(text, Dialect::v3, as_string) == text);
  }
  CHECK(typed("~", Dialect::v2, as_string).empty());
  CHECK(typed("!!binary aGVsbG8=", Dialect::v2, as_string) == "hello");
  CHECK(typed("!!binary a*b", Dialect::v2, as_string) == "!!!binary value contains invalid base64 data");
  CHECK(typed("!!int twelve", Dialect::v2, as_string) == "!cannot decode !!str `twelve` as a !!int");
  CHECK(typed("[a]", Dialect::v2, as_string) == "!expected a string, found a list");
}

TEST_CASE("DurationsAreThoseOfPrometheus") {
  CHECK(typed("1m30s", Dialect::v2, as_duration) == "1m30s");
  CHECK(typed("0", Dialect::v2, as_duration) == "0s");
  CHECK(typed("'5 min'", Dialect::v2, as_duration) ==
        "!not a valid duration string: \"5 min\", expected a form such as \"5m\" or \"1h30m\"");
  CHECK(typed("[5m]", Dialect::v2, as_duration) == "!expected a duration such as \"5m\", found a list");
}

namespace {

struct Target {
  std::string name = "default";
  bool flag = true;
  std::int64_t limit = 7;
  std::vector<std::string> list = {"default"};
  std::map<std::string, std::string> map = {{"default", ""}};
};

std::string read_target(const std::string& text, Dialect dialect, Target& target, bool ignore = false) {
  Diagnostics diagnostics;
  const Document document = parse(text, {"f.yml", dialect}, diagnostics);
  const Scope scope{document, diagnostics, {}, ignore};
  MapReader map(scope, *document.root(), "thing");
  map.string("name", target.name);
  map.boolean("flag", target.flag);
  map.integer("limit", target.limit);
  map.strings("list", target.list);
  map.string_map("map", target.map);
  map.require("name");
  map.not_yet("later");
  map.finish();
  return format_diagnostics(diagnostics.all());
}

}  // namespace

TEST_CASE("AllErrorsOfAMappingAreReportedAtOnce") {
  Target target;
  CHECK(read_target("flag: maybe\nlimit: x\nlist: {}\nmap: [a]\nnmae: y\nlater: 1\n", Dialect::v2, target) ==
        "f.yml:1:7: error: thing: flag: expected true or false, found \"maybe\"\n"
        "f.yml:2:8: error: thing: limit: expected a whole number, found \"x\"\n"
        "f.yml:3:7: error: thing: list: expected a list, found a mapping\n"
        "f.yml:4:6: error: thing: map: expected a mapping, found a list\n"
        "f.yml:1:1: error: thing: missing key \"name\"\n"
        "f.yml:6:1: warning: thing: not yet in this version: later\n"
        "f.yml:5:1: error: thing: unknown key \"nmae\", did you mean \"name\"?\n");
  CHECK(target.name == "default");
  CHECK(target.flag);
  CHECK(target.limit == 7);
  CHECK(target.list == std::vector<std::string>{"default"});
}

TEST_CASE("NullSetsZeroInV2AndNothingInV3") {
  Target v2;
  CHECK(read_target("{name: ~, flag: , limit: null, list: , map: }\n", Dialect::v2, v2).empty());
  CHECK(v2.name.empty());
  CHECK_FALSE(v2.flag);
  CHECK(v2.limit == 0);
  Target v3;
  CHECK(read_target("{name: ~, flag: , limit: null, list: , map: }\n", Dialect::v3, v3).empty());
  CHECK(v3.name == "default");
  CHECK(v3.flag);
  CHECK(v3.limit == 7);
}

TEST_CASE("UnknownKeysMayBeIgnored") {
  Target target;
  CHECK(read_target("name: a\nother: 1\n", Dialect::v3, target, true).empty());
}

TEST_CASE("ReferencesExpandInEveryString") {
  Diagnostics diagnostics;
  const Document document = parse("a: x${env:A}y\nb: [\"${env:A}\"]\nc: {k: \"${env:A}\"}\nd: ${env:N}\n",
                                  {"f.yml", Dialect::v2}, diagnostics);
  Scope scope{document, diagnostics,
              [](const Node&, std::string text) {
                for (const auto& [from, to] :
                     {std::pair<std::string, std::string>{"${env:A}", "1"}, {"${env:N}", "42"}}) {
                  if (const std::size_t at = text.find(from); at != std::string::npos)
                    text.replace(at, from.size(), to);
                }
                return text;
              },
              false};
  MapReader map(scope, *document.root(), "");
  std::string a;
  std::vector<std::string> b;
  std::map<std::string, std::string> c;
  std::int64_t d = 0;
  map.string("a", a);
  map.strings("b", b);
  map.string_map("c", c);
  map.integer("d", d);
  CHECK(a == "x1y");
  CHECK(b.at(0) == "1");
  CHECK(c.at("k") == "1");
  CHECK(d == 42);
}
