#include "promql/quote.hpp"

#include <algorithm>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/printable_table.hpp"
#include "promql/utf8.hpp"

namespace tocsin {
namespace {

constexpr char32_t kLargestCodePoint = 0x10FFFF;

// The escape of a code point that is not printable and neither the quote nor a backslash.
void append_escape(std::string& out, char32_t code_point) {
  constexpr std::string_view kNamed = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetters = "abfnrtv";
  if (const std::size_t at = code_point < 0x80 ? kNamed.find(static_cast<char>(code_point)) : kNamed.npos;
      at != kNamed.npos) {
    out += '\\';
    out += kLetters[at];
  } else if (code_point < ' ' || code_point == 0x7f) {
    out += format("\\x{:02x}", static_cast<unsigned>(code_point));
  } else if (code_point < 0x10000) {
    out += format("\\u{:04x}", static_cast<unsigned>(code_point));
  } else {
    out += format("\\U{:08x}", static_cast<unsigned>(code_point));
  }
}

void append_quoted(std::string& out, char32_t code_point, char quote) {
  if (code_point == static_cast<char32_t>(quote) || code_point == '\\') {
    out += '\\';
    out += static_cast<char>(code_point);
  } else if (is_printable(code_point)) {
    append_code_point(out, code_point);
  } else {
    append_escape(out, code_point);
  }
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

// Reads count digits of base at the start of rest, and drops them from it; -1 where they are not there.
std::int64_t read_digits(std::string_view& rest, std::size_t count, int base) {
  if (rest.size() < count) return -1;
  std::int64_t value = 0;
  for (const char c : rest.substr(0, count)) {
    const int digit = digit_value(c);
    if (digit >= base) return -1;
    value = value * base + digit;
  }
  rest.remove_prefix(count);
  return value;
}

// Resolves the escape that follows a backslash at the start of rest, and drops it; false: not an escape.
bool resolve_escape(std::string_view& rest, char quote, std::string& out) {
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  if (rest.empty()) return false;
  const char kind = rest.front();
  if (const std::size_t at = kLetters.find(kind); at != kLetters.npos) {
    out += kMeanings[at];
    rest.remove_prefix(1);
    return true;
  }
  if (kind == quote) {
    out += quote;
    rest.remove_prefix(1);
    return true;
  }
  if (kind >= '0' && kind <= '7') {
    const std::int64_t byte = read_digits(rest, 3, 8);
    if (byte < 0 || byte > 255) return false;
    out += static_cast<char>(byte);
    return true;
  }
  if (kind != 'x' && kind != 'u' && kind != 'U') return false;
  rest.remove_prefix(1);
  const std::int64_t value = read_digits(rest, kind == 'x' ? 2 : kind == 'u' ? 4 : 8, 16);
  if (value < 0) return false;
  if (kind == 'x') {
    out += static_cast<char>(value);
    return true;
  }
  if (value > kLargestCodePoint || is_surrogate(static_cast<char32_t>(value))) return false;
  append_code_point(out, static_cast<char32_t>(value));
  return true;
}

}  // namespace

CodePoint decode_code_point(std::string_view text) {
  if (text.empty()) return {};
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t width = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  constexpr CodePoint kInvalid{kReplacementCharacter, 1};
  if (lead < 0xC2 || lead > 0xF4 || text.size() < width) return kInvalid;
  char32_t value = lead & (0x7FU >> width);
  for (std::size_t i = 1; i < width; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return kInvalid;
    value = value << 6 | (byte(i) & 0x3F);
  }
  const bool is_overlong = (width == 3 && value < 0x800) || (width == 4 && value < 0x10000);
  if (is_overlong || is_surrogate(value) || value > kLargestCodePoint) return kInvalid;
  return {value, width};
}

void append_code_point(std::string& out, char32_t code_point) {
  if (code_point > kLargestCodePoint || is_surrogate(code_point)) code_point = kReplacementCharacter;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
    tail(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | code_point >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | code_point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_printable(char32_t code_point) {
  if (code_point < 0x7F) return code_point >= 0x20;
  if (code_point <= 0xFF) return code_point >= 0xA1 && code_point != 0xAD;
  const auto* after =
      std::upper_bound(kPrintableRanges.begin(), kPrintableRanges.end(), code_point,
                       [](char32_t c, const CodePointRange& range) { return c < range.first; });
  return after != kPrintableRanges.begin() && code_point <= (after - 1)->last;
}

std::string go_quote(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    if (next.is_invalid()) {
      out += format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else {
      append_quoted(out, next.value, '"');
    }
    text.remove_prefix(next.width);
  }
  out += '"';
  return out;
}

std::string go_quote_rune(char32_t code_point) {
  if (code_point > kLargestCodePoint || is_surrogate(code_point)) code_point = kReplacementCharacter;
  std::string out = "'";
  append_quoted(out, code_point, '\'');
  out += '\'';
  return out;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    if (next.is_invalid()) return false;
    text.remove_prefix(next.width);
  }
  return true;
}

Result<std::string> unquote(std::string_view literal) {
  const Error invalid("invalid syntax");
  if (literal.size() < 2 || literal.front() != literal.back()) return invalid;
  const char quote = literal.front();
  std::string_view rest = literal.substr(1, literal.size() - 2);
  if (quote == '`') {
    if (rest.find('`') != rest.npos) return invalid;
    return std::string(rest);
  }
  if ((quote != '"' && quote != '\'') || rest.find('\n') != rest.npos) return invalid;
  std::string out;
  while (!rest.empty()) {
    const char c = rest.front();
    if (c == quote) return invalid;
    if (c == '\\') {
      rest.remove_prefix(1);
      if (!resolve_escape(rest, quote, out)) return invalid;
      continue;
    }
    const CodePoint next = decode_code_point(rest);
    append_code_point(out, next.value);
    rest.remove_prefix(next.width);
  }
  return out;
}

}  // namespace tocsin
