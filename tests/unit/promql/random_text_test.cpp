// The checks of the fuzz target on seeded random text: soups of tokens, and golden expressions with damage.
#include "promql/labels.hpp"
#include "tests/fuzz/promql_expression.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/random_expression.hpp"

using namespace tocsin;
using namespace tocsin::promql;

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
