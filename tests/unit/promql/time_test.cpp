// Durations and times as text.
#include "promql/time.hpp"

#include "tests/support/catch.hpp"

using namespace tocsin;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

std::string error_of(const Result<Duration>& result) {
  return result ? "" : result.error().text;
}

}  // namespace

TEST_CASE("a duration is a sum of counted units that fall in size") {
  struct Case {
    std::string_view text;
    Duration expected;
  };
  for (const Case& c :
       {Case{"0", Duration::zero()}, Case{"0s", Duration::zero()}, Case{"15s", seconds(15)},
        Case{"1h30m", seconds(5400)}, Case{"5ms", milliseconds(5)}, Case{"1y", hours(24 * 365)},
        Case{"1w2d3h4m5s6ms", hours(24 * 9 + 3) + seconds(245) + milliseconds(6)}, Case{"010m", seconds(600)},
        Case{"292y", hours(24 * 365 * 292)}}) {
    CAPTURE(c.text);
    const auto result = parse_duration(c.text);
    REQUIRE(result);
    CHECK(*result == c.expected);
  }
}

TEST_CASE("what is not a duration is refused in Prometheus' words") {
  struct Case {
    std::string_view text;
    std::string_view error;
  };
  for (const Case& c :
       {Case{"", "empty duration string"}, Case{"5 min", "unknown unit \" min\" in duration \"5 min\""},
        Case{"1", "not a valid duration string: \"1\""}, Case{"-5m", "not a valid duration string: \"-5m\""},
        Case{"1.5h", "unknown unit \".\" in duration \"1.5h\""},
        Case{"1m1d", "not a valid duration string: \"1m1d\""},
        Case{"1m1m", "not a valid duration string: \"1m1m\""}, Case{"300y", "duration out of range"},
        Case{"292y365d", "duration out of range"},
        Case{"99999999999999999999s", "not a valid duration string: \"99999999999999999999s\""}}) {
    CAPTURE(c.text);
    CHECK(error_of(parse_duration(c.text)) == c.error);
  }
}

TEST_CASE("a duration prints years and weeks only where nothing is left over") {
  CHECK(format_duration(Duration::zero()) == "0s");
  CHECK(format_duration(hours(24 * 7)) == "1w");
  CHECK(format_duration(hours(24 * 90)) == "90d");
  CHECK(format_duration(hours(24 * 365 * 2)) == "2y");
  CHECK(format_duration(seconds(5400)) == "1h30m");
  CHECK(format_duration(milliseconds(90061001)) == "1d1h1m1s1ms");
  CHECK(format_duration(nanoseconds(999'999)) == "0s");
  CHECK(format_duration(-seconds(90)) == "-1m30s");
}

TEST_CASE("a duration prints as Go prints it") {
  CHECK(format_go_duration(Duration::zero()) == "0s");
  CHECK(format_go_duration(nanoseconds(1)) == "1ns");
  CHECK(format_go_duration(nanoseconds(1100)) == "1.1µs");
  CHECK(format_go_duration(milliseconds(100)) == "100ms");
  CHECK(format_go_duration(milliseconds(1500)) == "1.5s");
  CHECK(format_go_duration(seconds(60)) == "1m0s");
  CHECK(format_go_duration(seconds(5400)) == "1h30m0s");
  CHECK(format_go_duration(-milliseconds(90001)) == "-1m30.001s");
  CHECK(format_go_duration(Duration::min()) == "-2562047h47m16.854775808s");
}

TEST_CASE("a time prints in UTC with as many decimals as it has") {
  CHECK(format_rfc3339(wall_from_ns(0)) == "1970-01-01T00:00:00Z");
  CHECK(format_rfc3339(wall_from_ns(1'737'626'400'500'000'000)) == "2025-01-23T10:00:00.5Z");
  CHECK(format_rfc3339(wall_from_ns(-1)) == "1969-12-31T23:59:59.999999999Z");
  CHECK(format_rfc3339(kNoTime) == "0001-01-01T00:00:00Z");
  CHECK(format_rfc3339_milli(wall_from_ns(1'737'626'400'500'900'000)) == "2025-01-23T10:00:00.500Z");
  CHECK(format_rfc3339_milli(kNoTime) == "0001-01-01T00:00:00.000Z");
}

TEST_CASE("RFC 3339 times are read with any zone and any number of decimals") {
  struct Case {
    std::string_view text;
    std::string_view printed;
  };
  for (const Case& c : {Case{"2025-01-23T10:00:00Z", "2025-01-23T10:00:00Z"},
                        Case{"2025-01-23T10:00:00.123456789012Z", "2025-01-23T10:00:00.123456789Z"},
                        Case{"2025-01-23T10:00:00+02:00", "2025-01-23T08:00:00Z"},
                        Case{"2025-01-23T23:30:00.25-01:30", "2025-01-24T01:00:00.25Z"},
                        Case{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"}}) {
    CAPTURE(c.text);
    const auto result = parse_rfc3339(c.text);
    REQUIRE(result);
    CHECK(format_rfc3339(*result) == c.printed);
  }
  CHECK(parse_rfc3339("9999-12-31T23:59:59Z").value() == WallTime::max());
}

TEST_CASE("RFC 3339 times that nanoseconds cannot count are read to the millisecond") {
  struct Case {
    std::string_view text;
    std::int64_t ms;
  };
  for (const Case& c :
       {Case{"3000-01-01T00:00:00Z", 32'503'680'000'000}, Case{"1600-01-01T00:00:00Z", -11'676'096'000'000},
        Case{"0000-01-01T00:00:00Z", -62'167'219'200'000}, Case{"1969-12-31T23:59:59.9999Z", -1},
        Case{"9999-12-31T23:59:59.999+00:01", 253'402'300'739'999}}) {
    CAPTURE(c.text);
    CHECK(ms_of(parse_rfc3339_timestamp(c.text).value()) == c.ms);
  }
  CHECK_FALSE(parse_rfc3339_timestamp("3000-13-01T00:00:00Z"));
}

TEST_CASE("a sample's time that nanoseconds cannot count becomes the last that they can") {
  CHECK(to_wall(timestamp_from_ms(-1)) == wall_from_ns(-1'000'000));
  CHECK(to_wall(kLatestTime) == WallTime::max());
  CHECK(to_wall(kEarliestTime) == kNoTime);
}

TEST_CASE("what is not an RFC 3339 time is refused in Go's words") {
  const std::string layout = "as \"2006-01-02T15:04:05Z07:00\": ";
  struct Case {
    std::string_view text;
    std::string error;
  };
  for (const Case& c :
       {Case{"now", "parsing time \"now\" " + layout + "cannot parse \"now\" as \"2006\""},
        Case{"2025-01-23", "parsing time \"2025-01-23\" " + layout + "cannot parse \"\" as \"T\""},
        Case{"2025-02-30T00:00:00Z", "parsing time \"2025-02-30T00:00:00Z\": day out of range"},
        Case{"2025-13-01T00:00:00Z", "parsing time \"2025-13-01T00:00:00Z\": month out of range"},
        Case{"2025-01-01T24:00:00Z", "parsing time \"2025-01-01T24:00:00Z\": hour out of range"},
        Case{"2025-01-01T00:00:00",
             "parsing time \"2025-01-01T00:00:00\" " + layout + "cannot parse \"\" as \"Z07:00\""},
        Case{"2025-01-01T00:00:00Zx", "parsing time \"2025-01-01T00:00:00Zx\": extra text: \"x\""}}) {
    CAPTURE(c.text);
    const auto result = parse_rfc3339(c.text);
    REQUIRE_FALSE(result);
    CHECK(result.error().text == c.error);
  }
}
