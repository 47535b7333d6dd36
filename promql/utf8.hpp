// Reading UTF-8 as Go does: a bad byte is U+FFFD of width 1, so no input is ever refused or skipped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct CodePoint {
  char32_t value = 0;
  std::size_t width = 0;  // bytes; 0 at the end of the text
  // A byte that is not part of a well-formed sequence; U+FFFD written out has width 3.
  [[nodiscard]] bool is_invalid() const { return value == kReplacementCharacter && width == 1; }
};

// Halves of a pair that stands for one code point in UTF-16 and in JSON's escapes; no code points of their
// own.
[[nodiscard]] constexpr bool is_high_surrogate(char32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
[[nodiscard]] constexpr bool is_low_surrogate(char32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}
[[nodiscard]] constexpr bool is_surrogate(char32_t unit) {
  return is_high_surrogate(unit) || is_low_surrogate(unit);
}

// The code point that text starts with: shortest forms only, no surrogates, none above U+10FFFF.
[[nodiscard]] CodePoint decode_code_point(std::string_view text);
// Appends the encoding of a code point; a surrogate or one above U+10FFFF becomes U+FFFD.
void append_code_point(std::string& out, char32_t code_point);
// Go's strconv.IsPrint.
[[nodiscard]] bool is_printable(char32_t code_point);

}  // namespace tocsin
