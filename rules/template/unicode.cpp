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

// Scripts that write without spaces: Unicode's word boundaries stand around each of their letters.
constexpr auto kNoWordScripts = std::to_array<std::pair<char32_t, char32_t>>({
    {0x0E00, 0x0EFF},    // Thai, Lao
    {0x1000, 0x109F},    // Myanmar
    {0x1780, 0x17FF},    // Khmer
    {0x3040, 0x30FF},    // Hiragana, Katakana
    {0x31F0, 0x31FF},    // Katakana
    {0x3400, 0x4DBF},    // Han
    {0x4E00, 0x9FFF},    // Han
    {0xF900, 0xFAFF},    // Han
    {0xFF66, 0xFF9F},    // Katakana
    {0x20000, 0x3FFFF},  // Han
});

// What a character means for words.
enum class WordClass {
  cased,  // a letter with upper and lower case
  inner,  // stands within words: uncased letters, numbers, marks, underscores
  mid,    // punctuation that may stand within a word; two in a row end it
  ending  // everything else
};

WordClass word_class(char32_t c) {
  constexpr std::u32string_view kMid =
      U"':.\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";
  if (kMid.find(c) != kMid.npos) return WordClass::mid;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return WordClass::cased;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: {
      const bool without_words =
          std::any_of(kNoWordScripts.begin(), kNoWordScripts.end(),
                      [c](const auto& range) { return c >= range.first && c <= range.second; });
      return without_words ? WordClass::ending : WordClass::inner;
    }
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_PC:
      return WordClass::inner;
    default:
      return WordClass::ending;
  }
}

// Characters that do not count when the surroundings of a letter are looked at.
bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return word_class(c) == WordClass::mid;
  }
}

bool cased_letter_follows(std::string_view text) {
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    if (!is_case_ignorable(next.value)) return word_class(next.value) == WordClass::cased;
    text.remove_prefix(next.width);
  }
  return false;
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

// A capital sigma has a lower case of its own where no letter follows, and the dotted I keeps its dot.
void append_lower(std::string& out, char32_t c, std::string_view rest) {
  constexpr char32_t kCapitalDottedI = 0x130;
  constexpr char32_t kCapitalSigma = 0x3A3;
  constexpr char32_t kFinalSigma = 0x3C2;
  if (c == kCapitalDottedI) {
    out += "i\u0307";
  } else {
    append_code_point(out, c == kCapitalSigma && !cased_letter_follows(rest) ? kFinalSigma : lower(c));
  }
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

// As golang.org/x/text/cases: the first cased letter of a word is titled, whatever stands before it in the
// word.
std::string title(std::string_view text, TitleRest rest) {
  std::string out;
  out.reserve(text.size());
  bool titled = false;  // this word has had its capital
  bool after_mid = false;
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    text.remove_prefix(next.width);
    const WordClass now = word_class(next.value);
    if (after_mid && now == WordClass::mid) titled = false;
    after_mid = now == WordClass::mid;
    if (now != WordClass::cased) {
      append_code_point(out, next.value);
      if (now == WordClass::ending) titled = false;
    } else if (!titled) {
      append_title(out, next.value);
      titled = true;
    } else if (rest == TitleRest::lower) {
      append_lower(out, next.value, text);
    } else {
      append_code_point(out, next.value);
    }
  }
  return out;
}

}  // namespace tocsin::templates
