// The checks of the fuzz target on seeded random texts, put together from what templates are made of.
#include <array>
#include <random>
#include <string>
#include <string_view>

#include "tests/fuzz/template_text.hpp"
#include "tests/support/catch.hpp"

namespace {

constexpr auto kPieces = std::to_array<std::string_view>({
    "{{",
    "}}",
    "{{-",
    "-}}",
    "{{- ",
    " -}}",
    "if ",
    "else",
    "else if ",
    "end",
    "range ",
    "with ",
    "define ",
    "template ",
    "block ",
    "break",
    "continue",
    "nil",
    "true",
    "$x",
    "$x := ",
    "$x = ",
    "$i, $e := ",
    ".",
    ".a",
    ".s",
    ".l",
    ".m",
    ".n",
    ".t.Year",
    ".d.Hours",
    ".m.k",
    ".x.y",
    "1",
    "-3",
    "1.5",
    "0x1f",
    "'a'",
    "\"q\"",
    "`r`",
    "\"%d\"",
    "(",
    ")",
    "|",
    "print",
    "printf",
    "len",
    "index",
    "slice",
    "eq",
    "lt",
    "and",
    "or",
    "not",
    "html",
    "js",
    "urlquery",
    "call",
    "/* c */",
    " ",
    "\n",
    "text",
    "\xff",
    "é",
    "{",
    "}",
    ",",
    "=",
    ":=",
    "\"t\"",
    "{{end}}",
    "{{else}}",
    "{{if .a}}",
    "{{range .l}}",
    "{{with .m}}",
    "{{.s}}",
    "{{define \"t\"}}",
    "{{template \"t\" .}}",
    "{{range 3}}",
    "{{$x := 1}}",
});

}  // namespace

TEST_CASE("any text parses and runs to an end", "[template]") {
  std::mt19937 random(20261122);
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    const auto length = random() % 24;
    for (unsigned i = 0; i < length; ++i) text += kPieces[random() % kPieces.size()];
    INFO(text);
    REQUIRE_NOTHROW(tocsin::fuzz::check_template_text(text));
  }
}
