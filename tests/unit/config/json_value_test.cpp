#include "engine/config/json_value.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace tocsin::config {
namespace {

namespace json = boost::json;

std::string error_of(const std::string& text) {
  const ParsedJson parsed = parse_json(text);
  return parsed.error ? std::to_string(parsed.error->offset) + ": " + parsed.error->text : "";
}

TEST_CASE("JsonStringsAreGos", "[json]") {
  struct Case {
    std::string text;
    std::string expected;
  };
  const Case cases[] = {
      {R"("plain é")", "plain é"},
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("\u00e9\u20AC")", "é€"},
      {R"("\ud83d\ude00")", "😀"},  // as Python writes it
      // What Go mends.
      {R"("\ud83d")", "\uFFFD"},
      {R"("\ude00")", "\uFFFD"},
      {R"("\ud83dx")", "\uFFFDx"},
      {R"("\ud83d\u0041")", "\uFFFDA"},
      {R"("\ud83d\ud83d\ude00")", "\uFFFD😀"},
      {"\"a\xFF\xC3(\"", "a\uFFFD\uFFFD("},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(error_of(c.text).empty());
    CHECK(parse_json(c.text).value.text == c.expected);
  }
}

TEST_CASE("WhatIsNotJsonIsRefusedWithItsPlace", "[json]") {
  struct Case {
    std::string text;
    std::string expected;
  };
  const Case cases[] = {
      {"", "0: expected a JSON value, found the end of the file"},
      {" \n", "2: expected a JSON value, found the end of the file"},
      {"\uFEFF[]", R"(0: expected a JSON value, found "\ufeff")"},
      {"# note\n[]", R"(0: expected a JSON value, found "#")"},
      {"plain", R"(0: expected a JSON value, found "p")"},
      {"'a'", R"(0: expected a JSON value, found "'")"},
      {"[1,]", R"(3: expected a JSON value, found "]")"},
      {"[1 2]", R"(3: expected "," or "]", found "2")"},
      {"[1", R"(2: expected "," or "]", found the end of the file)"},
      {"{a: 1}", R"(1: expected a key in double quotes, found "a")"},
      {R"({"a" 1})", R"(5: expected ":", found "1")"},
      {R"({"a":1)", R"(6: expected "," or "}", found the end of the file)"},
      {R"({"a":1,})", R"(7: expected a key in double quotes, found "}")"},
      {"[] []", R"(3: expected the end of the file, found "[")"},
      {"nullx", R"(4: expected the end of the file, found "x")"},
      {"01", R"(1: expected the end of the file, found "1")"},
      {"-", "1: expected a digit, found the end of the file"},
      {"1.e", R"(2: expected a digit, found "e")"},
      {R"("a)", "2: expected a closing quote, found the end of the file"},
      {"\"a\nb\"", R"(2: expected an escape sequence for a control character, found "\n")"},
      {R"("\x41")", R"(2: expected one of "\/bfnrtu behind a backslash, found "x")"},
      {R"("\u12G4")", R"(5: expected a hexadecimal digit, found "G")"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(error_of(c.text) == c.expected);
  }
  CHECK(error_of(std::string(100'000, '[')) == R"(201: expected at most 200 levels of nesting, found "[")");
}

bool same(const JsonValue& ours, const json::value& theirs) {
  switch (theirs.kind()) {
    case json::kind::null:
      return ours.kind == JsonKind::null;
    case json::kind::bool_:
      return ours.kind == JsonKind::boolean;
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return ours.kind == JsonKind::number;
    case json::kind::string:
      return ours.kind == JsonKind::string && ours.text == std::string_view(theirs.get_string());
    case json::kind::array:
      return ours.kind == JsonKind::array &&
             std::equal(ours.items.begin(), ours.items.end(), theirs.get_array().begin(),
                        theirs.get_array().end(), same);
    case json::kind::object:
      break;
  }
  // Boost keeps the last of equal keys.
  return ours.kind == JsonKind::object &&
         std::all_of(theirs.get_object().begin(), theirs.get_object().end(), [&](const auto& member) {
           const auto last =
               std::find_if(ours.members.rbegin(), ours.members.rend(), [&](const JsonMember& candidate) {
                 return candidate.key.text == std::string_view(member.key());
               });
           return last != ours.members.rend() && same(last->value, member.value());
         });
}

// The words that JSON is made of, strung together at random, and Boost as the second opinion.
TEST_CASE("AnyJsonIsReadOrRefusedAsBoostDoes", "[json]") {
  static constexpr std::array<std::string_view, 28> kWords = {
      "[",     "]",   "{", "}",  ",", ":",   "\"",  "\"a\"", "\"b\":", "\"a\":",  "null", "true",
      "false", "nul", "0", "-1", "1", "2.5", "1e3", "1.",    "\\n",    "\\u00e9", "\\x",  "\\ud83d\\ude00",
      " ",     "\n",  "é", "#"};
  std::mt19937 random(20261122);
  std::size_t taken = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    const std::size_t length = random() % 12;
    for (std::size_t j = 0; j < length; ++j) text += kWords[random() % kWords.size()];
    INFO("text: " << text);
    boost::system::error_code error;
    const json::value theirs = json::parse(text, error);
    const ParsedJson ours = parse_json(text);
    REQUIRE(ours.error.has_value() == error.failed());
    if (error) continue;
    ++taken;
    REQUIRE(same(ours.value, theirs));
  }
  CHECK(taken > 500);
}

}  // namespace
}  // namespace tocsin::config
