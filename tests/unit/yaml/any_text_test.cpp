#include <array>
#include <random>

#include "tests/fuzz/yaml_document.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin::yaml;

// The words that YAML is made of, strung together at random: most texts are refused, a few are trees.
TEST_CASE("AnyTextIsReadOrRefused") {
  static constexpr std::array<std::string_view, 40> kWords = {
      "a: ",  "b: ",  "- ",    "\n",     "\n  ",  "\n    ", "[",       "]",           "{",      "}",
      "'",    "\"",   "|\n  ", ">-\n  ", "&x ",   "*x",     "<<: ",    "!!str ",      "#",      ", ",
      "é",    "\t",   "~",     "1",      "? ",    "---\n",  "...\n",   "%YAML 1.1\n", "\\",     "\\n",
      "\r\n", "null", "word",  "\xFF",   "\\x41", "''",     "|2\n   ", "\\\n ",       "!!int ", ": "};
  std::mt19937 random(20261122);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    const std::size_t length = random() % 24;
    for (std::size_t j = 0; j < length; ++j) text += kWords[random() % kWords.size()];
    INFO("text: " << text);
    REQUIRE(check_any_yaml(text, i % 2 == 0 ? Dialect::v2 : Dialect::v3).empty());
  }
}
