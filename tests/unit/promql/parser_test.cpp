// The parser and the printer against tables of Prometheus' own answers (tests/golden/promql), and what the
// tables cannot say: the tree's shape, positions, limits.
#include "promql/parser.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "promql/functions.hpp"
#include "promql/lexer.hpp"
#include "promql/printer.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::promql;

namespace {

constexpr ParserOptions kEverything{true, true, true, true};

struct GoldenCase {
  std::string input;
  std::string expected;
};

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 1 < text.size();
    if (is_escape) ++i;
    out += is_escape && text[i] == 'n' ? '\n' : text[i];
  }
  return out;
}

// Cases of the form "> input" and, under it, lines that start with the marker.
std::vector<GoldenCase> read_golden(const std::string& name, std::string_view marker) {
  std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/promql/" + name);
  std::vector<GoldenCase> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("> ")) {
      cases.push_back({line.substr(2), ""});
    } else if (line.starts_with(marker)) {
      std::string& expected = cases.back().expected;
      if (!expected.empty()) expected += '\n';
      expected += line.substr(marker.size());
    }
  }
  return cases;
}

// The expressions that upstream's test scripts evaluate, of all files of a folder.
std::vector<std::string> read_corpus(const std::string& folder) {
  std::vector<std::string> expressions;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      const std::size_t start = line.find_first_not_of(" \t");
      if (start == line.npos || line.compare(start, 4, "eval") != 0) continue;
      const bool is_range = line.find(" range from ") != line.npos;
      // eval instant at TIME expr; eval range from TIME to TIME step STEP expr
      std::size_t at = start;
      for (int words = is_range ? 8 : 4; words > 0 && at != line.npos; --words) {
        at = line.find_first_of(" \t", at);
        if (at != line.npos) at = line.find_first_not_of(" \t", at);
      }
      if (at != line.npos) expressions.push_back(line.substr(at));
    }
  }
  return expressions;
}

std::string printed(std::string_view text) {
  const Parsed<ExprPtr> parsed = parse_expr(text, kEverything);
  return parsed.ok() ? to_string(*parsed.value) : "error: " + parsed.error(text).text;
}

}  // namespace

TEST_CASE("accepted expressions print as Prometheus prints them") {
  const auto cases = read_golden("accepted.txt", "= ");
  REQUIRE(cases.size() > 180);
  for (const GoldenCase& c : cases) {
    CAPTURE(c.input);
    CHECK(printed(unescape(c.input)) == c.expected);
    CHECK(printed(c.expected) == c.expected);
  }
}

TEST_CASE("a selector of nothing prints so that it can be read again, unlike upstream's") {
  CHECK(printed("info(a, {})") == "info(a, {})");
}

TEST_CASE("refused expressions give Prometheus' first error at its position") {
  const auto cases = read_golden("refused.txt", "! ");
  REQUIRE(cases.size() > 250);
  for (const GoldenCase& c : cases) {
    CAPTURE(c.input);
    ParserOptions options = kEverything;
    std::string input = c.input;
    if (input.starts_with("[plain] ")) {
      input.erase(0, 8);
      options = ParserOptions{};
    } else if (input.starts_with("[no durations] ")) {
      input.erase(0, 15);
      options = ParserOptions{};
      options.duration_expressions = false;
    }
    input = unescape(input);
    const Parsed<ExprPtr> parsed = parse_expr(input, options);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.value == nullptr);
    CHECK(parsed.error(input).text == unescape(c.expected));
  }
}

TEST_CASE("long expressions break into lines as promtool promql format breaks them") {
  const auto cases = read_golden("pretty.txt", "| ");
  REQUIRE(cases.size() > 15);
  for (const GoldenCase& c : cases) {
    CAPTURE(c.input);
    const Parsed<ExprPtr> parsed = parse_expr(c.input, kEverything);
    REQUIRE(parsed.ok());
    CHECK(prettify(*parsed.value) == c.expected);
    CHECK(printed(c.expected) == to_string(*parsed.value));
  }
}

TEST_CASE("what would break into more text than is asked for is given up") {
  std::string chain = "a";
  for (int i = 0; i < 30; ++i) chain += " + foo";
  const Parsed<ExprPtr> parsed = parse_expr(chain);
  const std::string whole = prettify(*parsed.value);
  CHECK(prettify(*parsed.value, whole.size()) == whole);
  CHECK_FALSE(prettify(*parsed.value, whole.size() - 1));
  // In full this would take twenty gigabytes.
  std::string text = "a";
  for (int i = 0; i < 100'000; ++i) text += "+a";
  const Parsed<ExprPtr> large = parse_expr(text);
  REQUIRE(large.ok());
  CHECK_FALSE(prettify(*large.value, 1'000'000));
}

TEST_CASE("signs stand before what they belong to, however it is broken") {
  const std::string name(101, 'a');
  const auto pretty = [](const std::string& text) { return prettify(*parse_expr(text).value); };
  CHECK(pretty("--sum(" + name + ")") == "--sum(\n  " + name + "\n)");
  CHECK(pretty("-count_over_time(" + name + "[5m:])") == "-count_over_time(\n  " + name + "[5m:]\n)");
  CHECK(pretty("-(a + " + name + ")") == "-(\n    a\n  +\n    " + name + "\n)");
  CHECK(pretty(name + " + -b") == "  " + name + "\n+\n  -b");
}

TEST_CASE("what the corpus evaluates prints to text that parses to the same") {
  const char* const folder = std::getenv("TOCSIN_PROMQL_CORPUS");
  if (folder == nullptr) {
    WARN("skipped: TOCSIN_PROMQL_CORPUS names no folder with upstream's test scripts");
    return;
  }
  const std::vector<std::string> expressions = read_corpus(folder);
  CHECK(expressions.size() > 1000);
  for (const std::string& expression : expressions) {
    CAPTURE(expression);
    const Parsed<ExprPtr> parsed = parse_expr(expression, kEverything);
    if (!parsed.ok()) continue;  // scripts hold expressions that shall fail
    const std::string once = to_string(*parsed.value);
    CHECK(printed(once) == once);
    CHECK(printed(prettify(*parsed.value)) == once);
  }
}

TEST_CASE("all errors of the type check are reported") {
  const std::string text = "sum(1) + rate(a) + {b=\"\"}";
  const Parsed<ExprPtr> parsed = parse_expr(text);
  REQUIRE(parsed.errors.size() == 3);
  CHECK(to_string(parsed.errors[0], text) ==
        "1:5: parse error: expected type instant vector in aggregation expression, got scalar");
  CHECK(to_string(parsed.errors[1], text) ==
        "1:15: parse error: expected type range vector in call to function \"rate\", got instant vector");
  CHECK(to_string(parsed.errors[2], text, 7) ==
        "7:20: parse error: vector selector must contain at least one non-empty matcher");
}

TEST_CASE("a tree knows where its parts stand in the text") {
  const Parsed<ExprPtr> parsed = parse_expr("sum by (x) (rate(a[5m] offset 1h)) > -b");
  REQUIRE(parsed.ok());
  const auto& comparison = as<BinaryExpr>(*parsed.value);
  CHECK(comparison.position == PositionRange{0, 39});
  CHECK(comparison.lhs->position == PositionRange{0, 34});
  CHECK(comparison.rhs->position == PositionRange{37, 39});
  const auto& rate = as<Call>(*as<AggregateExpr>(*comparison.lhs).expr);
  CHECK(rate.position == PositionRange{12, 33});
  const auto& range = as<MatrixSelector>(*rate.args[0]);
  CHECK(range.position == PositionRange{17, 32});
  CHECK(range.range == std::chrono::minutes(5));
  CHECK(range.selector->time.offset == std::chrono::hours(1));
}

TEST_CASE("a binary expression of two vectors has a matching, others have none") {
  const auto matching = [](std::string_view text) {
    return as<BinaryExpr>(*parse_expr(text, kEverything).value).matching;
  };
  CHECK_FALSE(matching("a + 1"));
  CHECK_FALSE(matching("1 + 1"));
  CHECK(matching("a + b")->cardinality == Cardinality::one_to_one);
  CHECK(matching("a and b")->cardinality == Cardinality::many_to_many);
  CHECK(matching("a + on(x) group_left(y) b")->cardinality == Cardinality::many_to_one);
  CHECK(matching("a + on(x) group_right(y) b")->include == std::vector<std::string>{"y"});
  CHECK(matching("a + fill_left(2) b")->fill_left == 2);
  CHECK_FALSE(matching("a + fill_left(2) b")->fill_right);
}

TEST_CASE("a chain of operators may be as long as it wants") {
  std::string text = "a";
  for (int i = 0; i < 100'000; ++i) text += "+1";
  const Parsed<ExprPtr> parsed = parse_expr(text);
  REQUIRE(parsed.ok());
  CHECK(left_spine(as<BinaryExpr>(*parsed.value)).size() == 100'000);
  CHECK(to_string(*parsed.value).size() == 1 + 100'000 * 4);
}

TEST_CASE("nesting has a limit, which is reported") {
  const auto nested = [](std::string_view open, std::string_view close, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += open;
    text += "a";
    for (int i = 0; i < count; ++i) text += close;
    return text;
  };
  CHECK(parse_expr(nested("(", ")", kMaxNesting - 1)).ok());
  for (const std::string& text :
       {nested("(", ")", 100'000), nested("abs(", ")", 100'000), nested("-", "", 100'000),
        nested("", "[1m:]", 100'000), nested("a^", "", 100'000), "a[" + nested("(", ")", 100'000),
        "a[" + nested("1-", "", 100'000)}) {
    const Parsed<ExprPtr> parsed = parse_expr(text);
    REQUIRE(parsed.errors.size() == 1);
    CHECK(parsed.errors[0].text.find("more than 1000") != std::string::npos);
  }
}

TEST_CASE("a metric is a name with labels") {
  CHECK(parse_metric("up").value.to_string() == R"({__name__="up"})");
  CHECK(parse_metric("sum{b=\"1\", a='2',}").value.to_string() == R"({__name__="sum", a="2", b="1"})");
  CHECK(parse_metric(R"({"a.b", "c.d"="e"})").value.to_string() == R"({__name__="a.b", "c.d"="e"})");
  CHECK(parse_metric("{}").value.empty());
  for (const auto& [text, error] : std::vector<std::pair<std::string, std::string>>{
           {"up{", "1:4: parse error: unexpected end of input inside braces"},
           {"up{a}", R"(1:5: parse error: unexpected "}" in label set, expected "=")"},
           {"up{a=b}", R"(1:6: parse error: unexpected identifier "b" in label set, expected string)"},
           {"up{a=~\"b\"}", R"(1:5: parse error: unexpected <op:=~> in label set, expected "=")"},
           {"up{,}", R"(1:4: parse error: unexpected "," in label set, expected identifier or "}")"},
           {"up{a=\"b\" c}",
            R"(1:10: parse error: unexpected identifier "c" in label set, expected "," or "}")"},
           {"up 1", "1:4: parse error: unexpected number \"1\""}}) {
    CAPTURE(text);
    const auto parsed = parse_metric(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error(text).text == error);
  }
}

TEST_CASE("a metric selector gives its matchers, the name's last") {
  const auto parsed = parse_metric_selector(R"(up{job=~"a|b", instance!="c"})");
  REQUIRE(parsed.ok());
  REQUIRE(parsed.value.size() == 3);
  CHECK(parsed.value[0].to_string() == R"(job=~"a|b")");
  CHECK(parsed.value[2].to_string() == R"(__name__="up")");
  CHECK(parse_metric_selector("{}").ok());
  const std::string sum = "sum(a)";
  CHECK(parse_metric_selector(sum).error(sum).text == R"(1:4: parse error: unexpected "(")");
}

TEST_CASE("comments and space are not tokens of the grammar, but the lexer tells their places") {
  const std::string text = " a # b\n[5m]";
  Lexer lexer(text);
  CHECK(lexer.next().text == "a");
  const Token comment = lexer.next();
  CHECK(comment.kind == TokenKind::comment);
  CHECK(comment.text == "# b");
  CHECK(lexer.next().position == 7);
  CHECK(lexer.next().kind == TokenKind::duration);
  CHECK(lexer.next().kind == TokenKind::right_bracket);
  CHECK(lexer.next().kind == TokenKind::end);
}

TEST_CASE("an error about what is switched off names the flag that switches it on") {
  const auto first = [](std::string_view text) {
    ParserOptions options;
    options.duration_expressions = false;
    return to_string_with_feature(parse_expr(text, options).errors.at(0), text);
  };
  CHECK(first("mad_over_time(x[5m])") ==
        "1:1: parse error: function \"mad_over_time\" is not enabled; "
        "--enable-feature=promql-experimental-functions enables it");
  CHECK(first("rate(x[5m] smoothed)") ==
        "1:6: parse error: smoothed modifier is experimental and not enabled; "
        "--enable-feature=promql-extended-range-selectors enables it");
  CHECK(first("x + fill(0) y") ==
        "1:1: parse error: binop fill modifiers are experimental and not enabled; "
        "--enable-feature=promql-binop-fill-modifiers enables it");
  CHECK(first("x[5m + 1m]") ==
        "1:3: parse error: experimental duration expression is not enabled; "
        "--enable-feature=promql-duration-expr enables it");
  CHECK(first("sum(a)[5m]") == "1:7: parse error: ranges only allowed for vector selectors");
}
