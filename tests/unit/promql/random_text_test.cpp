// The checks of the fuzz target on seeded random text: soups of tokens, and golden expressions with damage.
#include <array>
#include <fstream>
#include <random>

#include "promql/labels.hpp"
#include "tests/fuzz/promql_expression.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::promql;

namespace {

constexpr auto kPieces = std::to_array<std::string_view>({"(",
                                                          ")",
                                                          "[",
                                                          "]",
                                                          "{",
                                                          "}",
                                                          ",",
                                                          ":",
                                                          "+",
                                                          "-",
                                                          "*",
                                                          "/",
                                                          "^",
                                                          "%",
                                                          "==",
                                                          "!=",
                                                          "<",
                                                          ">=",
                                                          "</",
                                                          "=~",
                                                          "!~",
                                                          "=",
                                                          "@",
                                                          "#",
                                                          "\n",
                                                          "a",
                                                          "up",
                                                          "le",
                                                          "sum",
                                                          "topk",
                                                          "rate",
                                                          "abs",
                                                          "by",
                                                          "on",
                                                          "ignoring",
                                                          "offset",
                                                          "bool",
                                                          "start()",
                                                          "step()",
                                                          "min_of",
                                                          "\"x\"",
                                                          "'y'",
                                                          "`z`",
                                                          "\"\\n\"",
                                                          "1",
                                                          "0x1f",
                                                          "5m",
                                                          "1h30m",
                                                          "inf",
                                                          "NaN",
                                                          "1e3",
                                                          ".5",
                                                          "and",
                                                          "unless",
                                                          "group_left",
                                                          "fill(1)",
                                                          "info",
                                                          "{{",
                                                          "}}",
                                                          "x3",
                                                          "_",
                                                          "stale",
                                                          "sum:1",
                                                          "anchored",
                                                          "smoothed",
                                                          "without",
                                                          "\xff",
                                                          "\xc3\xa9",
                                                          "\"\xff\"",
                                                          "~",
                                                          "buckets:[1 2]",
                                                          "schema:-53"});

class RandomText {
 public:
  explicit RandomText(std::uint32_t seed) : random_(seed) {
    std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/promql/accepted.txt");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("> ")) expressions_.push_back(line.substr(2));
    }
  }

  std::string next() {
    std::string text = below(4) == 0 ? std::string() : expressions_[below(expressions_.size())];
    for (std::size_t changes = 1 + below(text.empty() ? 12 : 3); changes > 0; --changes) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    switch (below(6)) {
      case 0:
        text.erase(at, 1 + below(4));
        break;
      case 1:
        text.insert(at, expressions_[below(expressions_.size())]);
        break;
      case 2:
        text.insert(at, 1, static_cast<char>(random_()));
        break;
      default:
        text.insert(at, kPieces[below(kPieces.size())]);
        if (below(2) == 0) text.insert(at, " ");
        break;
    }
  }

  std::mt19937 random_;
  std::vector<std::string> expressions_;
};

}  // namespace

TEST_CASE("any text is parsed or refused, and what is printed stays as it is") {
  constexpr std::uint32_t kSeed = 20251122;
  RandomText texts(kSeed);
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = texts.next();
    const std::string wrong = check_any_text(text);
    if (wrong.empty()) continue;
    FAIL("case " << i << " of seed " << kSeed << ": " << go_quote(text) << ": " << wrong);
  }
}
