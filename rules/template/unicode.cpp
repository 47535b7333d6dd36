#include "rules/template/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <utility>

#include "promql/utf8.hpp"

namespace tocsin::templates {
namespace {

utf8proc_category_t category(char32_t code_point) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
}

template <class Map>
std::string map_characters(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    append_code_point(out, map(next.value));
    text.remove_prefix(next.width);
  }
  return out;
}

char32_t upper(char32_t c) {
  if (c == U'\u00df') return c;  // utf8proc has a capital sharp s; Go's tables keep the small one
  return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
}
char32_t lower(char32_t c) {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

// What a character means for the end of a word (Unicode's word boundary classes, as far as they matter to
// letters, numbers and the punctuation within words).
enum class WordClass { letter, number, mark, underscore, mid_letter, mid_number, mid_both, other };

WordClass word_class(char32_t c) {
  if (c == '_') return WordClass::underscore;
  if (c == ':' || c == 0xB7 || c == 0x2027) return WordClass::mid_letter;
  if (c == ',' || c == ';') return WordClass::mid_number;
  if (c == '\'' || c == '.' || c == 0x2018 || c == 0x2019 || c == 0x2024) return WordClass::mid_both;
  if (is_letter(c)) return WordClass::letter;
  if (is_digit(c)) return WordClass::number;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
      return WordClass::mark;
    case UTF8PROC_CATEGORY_PC:
      return WordClass::underscore;
    default:
      return WordClass::other;
  }
}

// Letters whose title case is more than one character (Unicode's SpecialCasing.txt, as far as they are
// letters of living scripts or ligatures).
constexpr auto kLongTitles = std::to_array<std::pair<char32_t, std::string_view>>({
    {0xDF, "Ss"},
    {0x149, "\u02bcN"},
    {0x1F0, "J\u030c"},
    {0x587, "\u0535\u0582"},
    {0x1E96, "H\u0331"},
    {0x1E97, "T\u0308"},
    {0x1E98, "W\u030a"},
    {0x1E99, "Y\u030a"},
    {0x1E9A, "A\u02be"},
    {0xFB00, "Ff"},
    {0xFB01, "Fi"},
    {0xFB02, "Fl"},
    {0xFB03, "Ffi"},
    {0xFB04, "Ffl"},
    {0xFB05, "St"},
    {0xFB06, "St"},
});

void append_title(std::string& out, char32_t c) {
  const auto* found = std::find_if(kLongTitles.begin(), kLongTitles.end(),
                                   [c](const auto& entry) { return entry.first == c; });
  if (found != kLongTitles.end()) {
    out += found->second;
  } else {
    append_code_point(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
  }
}

// In Greek a sigma at the end of a word has a form of its own.
void append_lower(std::string& out, char32_t c, std::string_view rest) {
  constexpr char32_t kCapitalSigma = 0x3A3;
  constexpr char32_t kFinalSigma = 0x3C2;
  const bool word_ends = rest.empty() || word_class(decode_code_point(rest).value) != WordClass::letter;
  append_code_point(out, c == kCapitalSigma && word_ends ? kFinalSigma : lower(c));
}

// Whether a word goes on over the punctuation at the start of `rest`, given what was before it.
bool joins_over(WordClass before, WordClass punctuation, std::string_view after) {
  const WordClass following = after.empty() ? WordClass::other : word_class(decode_code_point(after).value);
  if (punctuation == WordClass::mid_letter)
    return before == WordClass::letter && following == WordClass::letter;
  if (punctuation == WordClass::mid_number)
    return before == WordClass::number && following == WordClass::number;
  return (before == WordClass::letter && following == WordClass::letter) ||
         (before == WordClass::number && following == WordClass::number);
}

}  // namespace

bool is_letter(char32_t code_point) {
  if (code_point < 0x80) return (code_point | 0x20) >= 'a' && (code_point | 0x20) <= 'z';
  switch (category(code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return true;
    default:
      return false;
  }
}

bool is_digit(char32_t code_point) {
  if (code_point < 0x80) return code_point >= '0' && code_point <= '9';
  return category(code_point) == UTF8PROC_CATEGORY_ND;
}

bool is_space(char32_t code_point) {
  if (code_point < 0x80) return code_point == ' ' || (code_point >= '\t' && code_point <= '\r');
  if (code_point == 0x85) return true;
  switch (category(code_point)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return false;
  }
}

std::string to_upper(std::string_view text) {
  return map_characters(text, upper);
}

std::string to_lower(std::string_view text) {
  return map_characters(text, lower);
}

std::string_view trim_space(std::string_view text) {
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    if (!is_space(next.value)) break;
    text.remove_prefix(next.width);
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
      --start;
    const CodePoint last = decode_code_point(text.substr(start));
    if (last.width != text.size() - start || !is_space(last.value)) break;
    text.remove_suffix(last.width);
  }
  return text;
}

std::string title(std::string_view text, TitleRest rest) {
  std::string out;
  out.reserve(text.size());
  WordClass before = WordClass::other;  // of the last character of the word so far; other: between words
  bool titled = false;                  // the word has had its capital
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    text.remove_prefix(next.width);
    const WordClass now = word_class(next.value);
    const bool inner =
        now == WordClass::mid_letter || now == WordClass::mid_number || now == WordClass::mid_both;
    if (now == WordClass::other || (inner && !joins_over(before, now, text))) {
      append_code_point(out, next.value);
      before = WordClass::other;
      titled = false;
      continue;
    }
    if (now != WordClass::letter) {
      append_code_point(out, next.value);
    } else if (!titled) {
      append_title(out, next.value);
      titled = true;
    } else if (rest == TitleRest::lower) {
      append_lower(out, next.value, text);
    } else {
      append_code_point(out, next.value);
    }
    if (!inner && now != WordClass::mark) before = now;
  }
  return out;
}

}  // namespace tocsin::templates
