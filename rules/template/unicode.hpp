// Classes and cases of Unicode characters as Go's package unicode has them, from utf8proc's tables (Unicode
// 15).
#pragma once

#include <string>
#include <string_view>

namespace tocsin::templates {

[[nodiscard]] bool is_letter(char32_t code_point);
[[nodiscard]] bool is_digit(char32_t code_point);  // decimal digits, category Nd
[[nodiscard]] bool is_space(char32_t code_point);  // unicode.IsSpace

// strings.ToUpper and strings.ToLower: character by character; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string to_upper(std::string_view text);
[[nodiscard]] std::string to_lower(std::string_view text);
// strings.TrimSpace.
[[nodiscard]] std::string_view trim_space(std::string_view text);

enum class TitleRest { keep, lower };
// golang.org/x/text/cases.Title for English: the first letter of each word in title case, the rest as it is
// (cases.NoLower) or in lower case. Words end where Unicode's word boundaries end them, so that "don't",
// "a.b" and "foo_bar" are one word each and "foo-bar" is two.
[[nodiscard]] std::string title(std::string_view text, TitleRest rest);

}  // namespace tocsin::templates
