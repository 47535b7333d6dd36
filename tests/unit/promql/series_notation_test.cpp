// The notation of series against Prometheus' own answers (tests/golden/promql/series.txt), and its limit.
#include "promql/series_notation.hpp"

#include <fstream>

#include "promql/value.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::promql;

namespace {

std::string text_of(const SequenceValue& value) {
  if (value.is_omitted) return "_";
  if (value.histogram != nullptr) {
    return value.histogram->to_test_expression() + (value.names_reset_hint ? "!" : "");
  }
  return is_stale_nan(value.value) ? "stale" : format_float(value.value);
}

std::string answer(const std::string& text) {
  const Parsed<SeriesDescription> parsed = parse_series(text);
  if (!parsed.ok()) return "! " + parsed.error(text).text;
  std::string out = "= " + parsed.value.labels.to_string() + " ";
  for (const SequenceValue& value : parsed.value.values) {
    if (&value != parsed.value.values.data()) out += " ";
    out += text_of(value);
  }
  return out;
}

}  // namespace

TEST_CASE("series are read or refused as Prometheus reads or refuses them") {
  std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/promql/series.txt");
  std::size_t cases = 0;
  std::string input;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("> ")) input = line.substr(2);
    if (!line.starts_with("= ") && !line.starts_with("! ")) continue;
    ++cases;
    CAPTURE(input);
    CHECK(answer(input) == line);
  }
  CHECK(cases > 60);
}

TEST_CASE("a series has a limited number of values") {
  CHECK(answer("a 1x99999999999") == "! 1:5: parse error: series has more than 10000000 values");
  CHECK(answer("a _x99999999999") == "! 1:5: parse error: series has more than 10000000 values");
  CHECK(answer("a _x9999999 1") == "! 1:14: parse error: series has more than 10000000 values");
}
