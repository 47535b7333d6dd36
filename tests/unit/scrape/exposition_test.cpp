#include "engine/scrape/exposition.hpp"

#include <cmath>
#include <random>

#include "tests/fuzz/exposition.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden_cases.hpp"
#include "tests/unit/scrape/exposition_dump.hpp"

namespace tocsin::scrape {
namespace {

using golden::golden_cases;
using golden::GoldenCase;
using golden::unquoted;

TEST_CASE("PagesAreReadAndRefusedAsUpstreamDoes", "[exposition]") {
  const std::vector<GoldenCase> cases = golden_cases("scrape/exposition.txt");
  REQUIRE(cases.size() > 130);
  for (const GoldenCase& golden : cases) {
    std::istringstream words(golden.head);
    std::string format;
    std::string name;
    std::string page;
    words >> format >> name >> std::ws;
    std::getline(words, page);
    INFO(format << " " << name << " " << page);
    CHECK(dump_page(format == "text" ? Format::text : Format::open_metrics, unquoted(page)) == golden.body);
  }
}

TEST_CASE("AnEndlessLineMakesNoEndlessError", "[exposition]") {
  const std::string endless(8'000'000, 'x');
  for (const std::string& page : {"a{b=\"" + endless, "a " + endless, endless}) {
    for (const Format format : {Format::text, Format::open_metrics}) {
      const auto parser = make_parser(format, page);
      const Result<EntryKind> kind = parser->next();
      REQUIRE_FALSE(kind);
      CHECK(kind.error().text.size() < 10'000);
    }
  }
}

TEST_CASE("AParserMayContinueAtAnyLine", "[exposition]") {
  const std::string page = "a 1\nb 2\nc 3\n\n";
  const auto parser = make_parser(Format::text, page);
  REQUIRE(*parser->next() == EntryKind::series);
  CHECK(parser->position() == 4);
  parser->continue_at(8);
  REQUIRE(*parser->next() == EntryKind::series);
  CHECK(parser->series() == "c");
  CHECK(parser->value() == 3);
}

TEST_CASE("EmptyLabelsAreNoLabelsButAreNamed", "[exposition]") {
  const std::string page = "a{x=\"\",y=\"z\"} 1\n\n";
  const auto parser = make_parser(Format::text, page);
  REQUIRE(*parser->next() == EntryKind::series);
  const ParsedLabels parsed = parser->labels();
  CHECK(parsed.labels == Labels{{"__name__", "a"}, {"y", "z"}});
  CHECK(parsed.empty_names == std::vector<std::string>{"x"});
}

TEST_CASE("OpenMetricsFloatsHaveAPointOrAnExponent", "[exposition]") {
  struct Case {
    double value;
    std::string text;
  };
  const Case cases[] = {{1, "1.0"},         {0, "0.0"},          {-1, "-1.0"},         {0.5, "0.5"},
                        {10, "10.0"},       {1e6, "1e+06"},      {100000, "100000.0"}, {1e-7, "1e-07"},
                        {INFINITY, "+Inf"}, {-INFINITY, "-Inf"}, {NAN, "NaN"}};
  for (const Case& c : cases) CHECK(format_open_metrics_float(c.value) == c.text);
}

// No input may do more than be refused. The fuzz target tests/fuzz/exposition.cpp looks deeper; this is the
// part of it that runs each time.
TEST_CASE("RandomPagesAreReadOrRefused", "[exposition]") {
  const std::string seeds[] = {
      "# HELP a b\n# TYPE a counter\na{x=\"y\\n\",z=\"w\"} 1 12\n{\"a.b\"} NaN\n",
      "# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total{x=\"y\"} 1 "
      "1.5 # {id=\"7\"} 1 2\n# EOF\n"};
  using namespace std::string_view_literals;
  constexpr std::string_view kBytes = "\0\n\t {}\",=\\#+-.019azE\xff\xc3\r"sv;
  std::mt19937_64 random(20261122);
  int refused = 0;
  constexpr int kPages = 20000;
  for (int round = 0; round < kPages; ++round) {
    const std::size_t kind = random() % 2;
    std::string page = seeds[kind];
    for (std::uint64_t edits = random() % 5; edits > 0 && !page.empty(); --edits) {
      const std::size_t at = random() % page.size();
      switch (random() % 4) {
        case 0:
          page.erase(at, 1);
          break;
        case 1:
          page[at] = kBytes[random() % kBytes.size()];
          break;
        case 2:
          page.insert(at, 1, kBytes[random() % kBytes.size()]);
          break;
        default:
          page.resize(at);
          break;
      }
    }
    const Format format = kind == 0 ? Format::text : Format::open_metrics;
    const std::string wrong = check_any_page(format, page);
    if (!wrong.empty()) FAIL(wrong << ": " << go_quote(page));
    if (!dump_page(format, page).ends_with("end\n")) ++refused;
  }
  CHECK(refused > kPages / 4);
  CHECK(refused < kPages * 3 / 4);
}

}  // namespace
}  // namespace tocsin::scrape
