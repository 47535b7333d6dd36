#include "engine/shell/logger.hpp"

#include <boost/json/parse.hpp>

#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::shell;

namespace {
const WallTime kTime = wall_from_ns(1'700'000'000'123'000'000);
}

TEST_CASE("logfmt quotes what needs it and keeps the order of fields") {
  struct Case {
    std::string value, printed;
  };
  const std::vector<Case> cases = {
      {"plain", "plain"},
      {"", "\"\""},
      {"two words", "\"two words\""},
      {"a=b", "\"a=b\""},
      {"q\"q", "\"q\\\"q\""},
      {"a\\b", "\"a\\\\b\""},
      {"line\nbreak", "\"line\\nbreak\""},
      {std::string("\x01", 1), "\"\\x01\""},
      {"grün", "grün"},
  };
  for (const Case& c : cases) {
    INFO(c.value);
    CHECK(format_record({core::LogLevel::warn, "receiver back", {{"b", c.value}, {"a", "1"}}}, {}, kTime) ==
          "time=2023-11-14T22:13:20.123Z level=warn msg=\"receiver back\" b=" + c.printed + " a=1");
  }
}

TEST_CASE("A JSON line has the fields that log pipelines take, and is one line") {
  LogOptions options;
  options.format = LogFormat::json;
  options.version = "1.0.0";
  options.environment = "staging";
  const std::string line =
      format_record({core::LogLevel::error, "a \"b\"\nc", {{"domain", "graph"}, {"event_type", "NodeAdded"}}},
                    options, kTime);
  CHECK(line.find('\n') == std::string::npos);
  const auto object = boost::json::parse(line).as_object();
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"timestamp", "2023-11-14T22:13:20.123Z"},
      {"level", "error"},
      {"service", "tocsin"},
      {"environment", "staging"},
      {"version", "1.0.0"},
      {"msg", "a \"b\"\nc"},
      {"domain", "graph"},
      {"event_type", "NodeAdded"},
  };
  CHECK(object.size() == expected.size());
  for (const auto& [name, value] : expected) {
    INFO(name);
    CHECK(object.at(name).as_string() == value);
  }
}

TEST_CASE("Levels and formats are read as upstream spells them") {
  CHECK(parse_log_level("warn").value() == core::LogLevel::warn);
  CHECK(parse_log_level("WARN").error().text ==
        "unknown log level \"WARN\", expected one of debug, info, warn, error");
  CHECK(parse_log_format("json").value() == LogFormat::json);
  CHECK(parse_log_format("xml").error().text == "unknown log format \"xml\", expected logfmt or json");
}
