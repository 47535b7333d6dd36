// Small languages inside configuration files: matchers, globs, URLs, durations, sizes.
#include "engine/config/byte_size.hpp"
#include "engine/config/file_source.hpp"
#include "engine/config/go_duration.hpp"
#include "engine/config/matcher_syntax.hpp"
#include "engine/config/url.hpp"
#include "promql/format.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::config;

namespace {

std::string parsed(std::string_view text) {
  const Result<ParsedMatchers> result = parse_matchers(text);
  if (!result) return "!" + result.error().text;
  std::string out;
  for (const Matcher& matcher : result->matchers) out += (out.empty() ? "" : ",") + print_matcher(matcher);
  return result->suggestion.empty() ? out : out + " (classic)";
}

}  // namespace

// Each line was asked of the real matcher/compat package in fallback mode.
TEST_CASE("MatchersAreReadByBothOfUpstreamsParsers") {
  struct Case {
    std::string text, expected;
  };
  const std::vector<Case> cases = {
      {"a=\"b\"", "a=\"b\""},
      {"{a=\"b\", c!=d,e=~\"f\",g!~h}", "a=\"b\",c!=\"d\",e=~\"f\",g!~\"h\""},
      {"{a=b,}", "a=\"b\""},
      {"", ""},
      {"{}", ""},
      {"a=", "a=\"\" (classic)"},
      {"a=b c", "a=\"b c\" (classic)"},
      {"a=~b|c", "a=~\"b|c\""},
      {"a=\"x\\ny\"", "a=\"x\\ny\""},
      {"a=x\\y", "a=\"x\\\\y\" (classic)"},
      {"\"a b\"=\"c\"", "\"a b\"=\"c\""},
      {"\xC3\xA9=x", "\xC3\xA9=\"x\""},
      {"a:b=c", "a:b=\"c\""},
      {"a==b", "a=\"=b\" (classic)"},
      {"nonsense", "!bad matcher format: nonsense"},
      {"=x", "!bad matcher format: =x"},
      {"a=\"b", "!matcher value contains unescaped double quote: \"b"},
      {"a=b\"c", "!matcher value contains unescaped double quote: b\"c"},
      {"a=~\"(\"", "!error parsing regexp: missing closing ): `(`"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(parsed(c.text).substr(0, c.expected.starts_with("!error") ? 22 : std::string::npos) ==
          c.expected.substr(0, c.expected.starts_with("!error") ? 22 : std::string::npos));
  }
  CHECK_FALSE(parse_matcher("{a=b}"));
  CHECK(parse_matcher("a=b,c=d,")->value() == "b,c=d,");  // one, to the classic parser
  CHECK(parse_matcher("a=b")->value() == "b");
}

TEST_CASE("GlobsAreThoseOfGo") {
  struct Case {
    std::string pattern, path;
    bool matches;
  };
  const std::vector<Case> cases = {
      {"a/*.yml", "a/b.yml", true},
      {"a/*.yml", "a/b/c.yml", false},
      {"*", "a", true},
      {"*", "a/b", false},
      {"a?c", "abc", true},
      {"a?c", "a/c", false},
      {"[a-c]x", "bx", true},
      {"[^a-c]x", "bx", false},
      {"[^a-c]x", "dx", true},
      {"a\\*b", "a*b", true},
      {"a\\*b", "axb", false},
      {"a*b*c", "axxbyyc", true},
      {"a*b*c", "axxbyy", false},
      {"", "", true},
      {"a.yml", "a.yml", true},
      {"**/x", "a/x", true},
      {"**/x", "a/b/x", false},
      {"a\\?", "a?", true},
  };
  for (const Case& c : cases) {
    INFO(c.pattern << " " << c.path);
    const Result<bool> matched = glob_match(c.pattern, c.path);
    REQUIRE(matched);
    CHECK(*matched == c.matches);
  }
  for (const char* bad : {"[a", "[]a]", "a\\", "[a-]"}) {
    INFO(bad);
    CHECK_FALSE(glob_match(bad, "a"));
  }
}

TEST_CASE("PathsAreJoinedAndCleaned") {
  CHECK(join_directory("conf", "a.yml") == "conf/a.yml");
  CHECK(join_directory(".", "a/../b//c.yml") == "b/c.yml");
  CHECK(join_directory("conf", "../../x") == "../x");
  CHECK(join_directory("/etc", "../../x") == "/x");
  CHECK(join_directory("conf", "/x//y") == "/x//y");
  CHECK(join_directory("conf", "").empty());
  CHECK(directory_of("a/b.yml") == "a");
  CHECK(directory_of("b.yml") == ".");
  CHECK(directory_of("/b.yml") == "/");
}

TEST_CASE("UrlsAreCheckedAsGoDoes") {
  struct Case {
    std::string text, error;
  };
  const std::vector<Case> cases = {
      {"https://a.b/c?d#e", ""},
      {"http://u:p@host:9090/x", ""},
      {"HTTP://host", ""},
      {"http://[::1]:9090/", ""},
      {"http://a/%41", ""},
      {"host:9090/x", "unsupported scheme \"host\" for URL, expected http:// or https://"},
      {"/path", "unsupported scheme \"\" for URL, expected http:// or https://"},
      {"http:///path", "missing host for URL, expected a form such as https://host/path"},
      {"http:path", "missing host for URL, expected a form such as https://host/path"},
      {"1http://x", "first path segment in URL cannot contain colon"},
      {":x", "missing protocol scheme"},
      {"http://a:b/", "invalid port \":b\" after host"},
      {"http://a b/", "invalid character \" \" in host name"},
      {"http://a/%zz", "invalid URL escape"},
      {"http://a/\x01", "invalid control character in URL"},
      {"http://[::1/", "missing ']' in host"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const Result<Url> url = parse_http_url(c.text);
    CHECK((url ? "" : url.error().text) == c.error);
  }
}

TEST_CASE("GoDurations") {
  struct Case {
    std::string text, expected;
  };
  const std::vector<Case> cases = {
      {"10s", "10s"},
      {"1h30m", "1h30m0s"},
      {"1.5s", "1.5s"},
      {"-300ms", "-300ms"},
      {"0", "0s"},
      {"1m1.001s", "1m1.001s"},
      {"100\xC2\xB5s", "100\xC2\xB5s"},
      {"5", "!"},
      {"s", "!"},
      {"", "!"},
      {"5 s", "!"},
      {"1d", "!"},
      {"1..5s", "!"},
      {std::string(5000, '9') + "s", "!"},
      {std::string(400, '9') + "s", "!"},
      {std::string(5000, '0') + "1s", "1s"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const Result<Duration> duration = parse_go_duration(c.text);
    CHECK((duration ? format_go_duration(*duration) : "!") == c.expected);
  }
}

TEST_CASE("ByteSizes") {
  struct Case {
    std::string text, expected;
  };
  const std::vector<Case> cases = {
      {"10MB", "10MiB"},
      {"1KiB512B", "1KiB512B"},
      {"1.5KB", "1KiB512B"},
      {"+10MB", "10MiB"},
      {"0", ""},
      {"+0", ""},
      {"-10MB", ""},
      {"-", "!"},
      {"-+1KB", "!"},
      {"+", "!"},
      {"", "!"},
      {"10", "!"},
      {"1..5KB", "!"},
      {"9EB", "!"},
      {std::string(310, '9') + "B", "!"},
      {std::string(310, '0') + "1B", "1B"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const Result<std::uint64_t> size = parse_bytes(c.text);
    CHECK((size ? format_bytes(*size) : "!") == c.expected);
  }
}
