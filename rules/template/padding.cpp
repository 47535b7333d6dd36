#include "rules/template/padding.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/quote.hpp"
#include "promql/utf8.hpp"
#include "promql/value.hpp"

namespace tocsin::templates {
namespace {

constexpr std::uint64_t kLargestCodePoint = 0x10FFFF;

int count_characters(std::string_view text) {
  int count = 0;
  while (!text.empty()) {
    text.remove_prefix(decode_code_point(text).width);
    ++count;
  }
  return count;
}

// The digits of a number in a base, and before them as many zeros as the precision asks for.
std::string digits_of(std::uint64_t value, unsigned base, int at_least, Digits digits) {
  const std::string_view symbols = digits == Digits::upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string text;
  do {
    text += symbols[value % base];
    value /= base;
  } while (value != 0);
  if (static_cast<int>(text.size()) < at_least)
    text.append(static_cast<std::size_t>(at_least) - text.size(), '0');
  std::reverse(text.begin(), text.end());
  return text;
}

// Quotes with everything above ASCII escaped (%+q).
std::string ascii_quote(std::string_view quoted) {
  std::string out;
  while (!quoted.empty()) {
    const CodePoint next = decode_code_point(quoted);
    if (next.value < 0x80) {
      out += static_cast<char>(next.value);
    } else {
      const auto number = static_cast<unsigned>(next.value);
      out += next.value < 0x10000 ? format("\\u{:04x}", number) : format("\\U{:08x}", number);
    }
    quoted.remove_prefix(next.width);
  }
  return out;
}

// Whether a raw string literal can hold the text unchanged (strconv.CanBackquote).
bool can_backquote(std::string_view text) {
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    if (next.is_invalid() || next.value == 0xFEFF) return false;
    if ((next.value < ' ' && next.value != '\t') || next.value == '`' || next.value == 0x7F) return false;
    text.remove_prefix(next.width);
  }
  return true;
}

constexpr int kFractionBits = 52;
constexpr int kExponentBias = 1023;

struct FloatParts {
  std::uint64_t mantissa = 0;
  int exponent = 0;  // of the mantissa's lowest bit
};

FloatParts split_float(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto stored = static_cast<int>(bits >> kFractionBits & 0x7FF);
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << kFractionBits) - 1);
  if (stored == 0) return {fraction, 1 - kExponentBias - kFractionBits};
  return {fraction | std::uint64_t{1} << kFractionBits, stored - kExponentBias - kFractionBits};
}

// %b: the mantissa and the power of two it is to be multiplied with.
std::string binary_exponent_text(double value) {
  const FloatParts parts = split_float(value);
  return format("{}{}p{:+}", std::signbit(value) ? "-" : "", parts.mantissa, parts.exponent);
}

// %x: 0x1.8p+01. The mantissa is normalised even where the stored one is not, and rounded half to even.
std::string hexadecimal_text(double value, int precision) {
  FloatParts parts = split_float(value);
  std::uint64_t mantissa = parts.mantissa;
  int exponent = mantissa == 0 ? 0 : parts.exponent + kFractionBits;
  // 1 bit before the point, 60 after it: fifteen digits.
  mantissa <<= 60 - kFractionBits;
  while (mantissa != 0 && (mantissa & std::uint64_t{1} << 60) == 0) {
    mantissa <<= 1;
    --exponent;
  }
  if (precision >= 0 && precision < 15) {
    const unsigned shift = static_cast<unsigned>(precision) * 4;
    const std::uint64_t extra = (mantissa << shift) & ((std::uint64_t{1} << 60) - 1);
    mantissa >>= 60 - shift;
    if ((extra | (mantissa & 1)) > std::uint64_t{1} << 59) ++mantissa;
    mantissa <<= 60 - shift;
    if ((mantissa & std::uint64_t{1} << 61) != 0) {
      mantissa >>= 1;
      ++exponent;
    }
  }
  std::string out = format("{}0x{}", std::signbit(value) ? "-" : "", mantissa >> 60 & 1);
  std::string fraction = format("{:015x}", mantissa & ((std::uint64_t{1} << 60) - 1));
  if (precision < 0) {
    fraction.erase(fraction.find_last_not_of('0') + 1);
  } else {
    fraction.resize(static_cast<std::size_t>(precision), '0');
  }
  if (!fraction.empty()) out += "." + fraction;
  return out + format("p{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
}

}  // namespace

std::string format_float(double value, char verb, int precision) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  switch (verb) {
    case 'b':
      return binary_exponent_text(value);
    case 'x':
    case 'X': {
      std::string text = hexadecimal_text(value, precision);
      if (verb == 'X')
        std::transform(text.begin(), text.end(), text.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
      return text;
    }
    case 'g':
    case 'G':
      if (precision < 0) {
        std::string text = promql::format_float_go(value);
        if (verb == 'G') std::replace(text.begin(), text.end(), 'e', 'E');
        return text;
      }
      precision = std::max(precision, 1);
      break;
    default:
      break;
  }
  const auto form = verb == 'f'                  ? std::chars_format::fixed
                    : verb == 'g' || verb == 'G' ? std::chars_format::general
                                                 : std::chars_format::scientific;
  std::string text(400 + static_cast<std::size_t>(std::max(precision, 0)), '\0');
  const auto result = precision < 0
                          ? std::to_chars(text.data(), text.data() + text.size(), value, form)
                          : std::to_chars(text.data(), text.data() + text.size(), value, form, precision);
  text.resize(static_cast<std::size_t>(result.ptr - text.data()));
  if (verb == 'E' || verb == 'G') std::replace(text.begin(), text.end(), 'e', 'E');
  return text;
}

void PaddedWriter::write_padding(int count) {
  if (count <= 0) return;
  out_.append(static_cast<std::size_t>(count), flags.zero && !flags.minus ? '0' : ' ');
}

void PaddedWriter::pad(std::string_view text) {
  if (!flags.has_width || flags.width == 0) {
    out_ += text;
    return;
  }
  const int missing = flags.width - count_characters(text);
  if (!flags.minus) write_padding(missing);
  out_ += text;
  if (flags.minus) write_padding(missing);
}

std::string_view PaddedWriter::cut(std::string_view text) const {
  if (!flags.has_precision) return text;
  std::string_view rest = text;
  for (int i = 0; i < flags.precision && !rest.empty(); ++i)
    rest.remove_prefix(decode_code_point(rest).width);
  return text.substr(0, text.size() - rest.size());
}

void PaddedWriter::write_string(std::string_view text) {
  pad(cut(text));
}

void PaddedWriter::write_quoted(std::string_view text) {
  text = cut(text);
  if (flags.sharp && can_backquote(text)) {
    pad("`" + std::string(text) + "`");
    return;
  }
  const std::string quoted = go_quote(text);
  pad(flags.plus ? ascii_quote(quoted) : quoted);
}

void PaddedWriter::write_hex(std::string_view bytes, Digits digits) {
  if (flags.has_precision) bytes = bytes.substr(0, static_cast<std::size_t>(flags.precision));
  if (bytes.empty()) {
    if (flags.has_width) write_padding(flags.width);
    return;
  }
  const std::string_view symbols = digits == Digits::upper ? "0123456789ABCDEFX" : "0123456789abcdefx";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (flags.space && i > 0) text += ' ';
    if (flags.sharp && (flags.space || i == 0)) {
      text += '0';
      text += symbols[16];
    }
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += symbols[byte >> 4];
    text += symbols[byte & 15];
  }
  pad(text);
}

void PaddedWriter::write_boolean(bool flag) {
  pad(flag ? "true" : "false");
}

void PaddedWriter::write_character(std::uint64_t code_point) {
  std::string text;
  append_code_point(
      text, code_point > kLargestCodePoint ? kReplacementCharacter : static_cast<char32_t>(code_point));
  pad(text);
}

void PaddedWriter::write_quoted_character(std::uint64_t code_point) {
  const std::string quoted = go_quote_rune(
      code_point > kLargestCodePoint ? kReplacementCharacter : static_cast<char32_t>(code_point));
  pad(flags.plus ? ascii_quote(quoted) : quoted);
}

void PaddedWriter::write_unicode(std::uint64_t code_point) {
  const int precision = flags.has_precision && flags.precision > 4 ? flags.precision : 4;
  std::string text = "U+" + digits_of(code_point, 16, precision, Digits::upper);
  if (flags.sharp && code_point <= kLargestCodePoint && is_printable(static_cast<char32_t>(code_point))) {
    text += " '";
    append_code_point(text, static_cast<char32_t>(code_point));
    text += '\'';
  }
  const bool zero = std::exchange(flags.zero, false);
  pad(text);
  flags.zero = zero;
}

void PaddedWriter::write_integer(std::uint64_t bits, unsigned base, bool is_signed, char32_t verb,
                                 Digits digits) {
  const bool negative = is_signed && static_cast<std::int64_t>(bits) < 0;
  const std::uint64_t magnitude = negative ? 0 - bits : bits;
  int at_least = 0;
  if (flags.has_precision) {
    at_least = flags.precision;
    if (at_least == 0 && magnitude == 0) {
      const bool zero = std::exchange(flags.zero, false);
      write_padding(flags.width);
      flags.zero = zero;
      return;
    }
  } else if (flags.zero && !flags.minus && flags.has_width) {
    at_least = flags.width - (negative || flags.plus || flags.space ? 1 : 0);
  }
  std::string text = digits_of(magnitude, base, at_least, digits);
  if (flags.sharp) {
    if (base == 2) text.insert(0, "0b");
    if (base == 8 && text[0] != '0') text.insert(0, "0");
    if (base == 16) text.insert(0, digits == Digits::upper ? "0X" : "0x");
  }
  if (verb == 'O') text.insert(0, "0o");
  if (negative) {
    text.insert(0, "-");
  } else if (flags.plus) {
    text.insert(0, "+");
  } else if (flags.space) {
    text.insert(0, " ");
  }
  const bool zero = std::exchange(flags.zero, false);
  pad(text);
  flags.zero = zero;
}

// The # flag: a decimal point always, and trailing zeros up to the precision.
std::string PaddedWriter::with_decimal_point(std::string number, char verb, int precision) const {
  int missing = 0;
  if (verb == 'v' || verb == 'g' || verb == 'G' || verb == 'x') missing = precision == -1 ? 6 : precision;
  const bool hexadecimal = verb == 'x' || verb == 'X';
  std::string tail;
  if (const std::size_t at = number.find_first_of(hexadecimal ? "pP" : "eEpP"); at != number.npos) {
    tail = number.substr(at);
    number.resize(at);
  }
  bool has_point = false;
  bool saw_nonzero = false;
  for (const char c : std::string_view(number).substr(1)) {
    if (c == '.') {
      has_point = true;
      continue;
    }
    if (c != '0') saw_nonzero = true;
    if (saw_nonzero) --missing;
  }
  if (!has_point) {
    if (number.size() == 2 && number[1] == '0') --missing;
    number += '.';
  }
  if (missing > 0) number.append(static_cast<std::size_t>(missing), '0');
  return number + tail;
}

void PaddedWriter::write_float(double value, char verb, int default_precision) {
  const int precision = flags.has_precision ? flags.precision : default_precision;
  std::string number = format_float(value, verb, precision);
  if (number[0] != '-' && number[0] != '+') number.insert(0, "+");
  if (flags.space && number[0] == '+' && !flags.plus) number[0] = ' ';
  if (number[1] == 'I' || number[1] == 'N') {
    // Neither is padded with zeros.
    const bool zero = std::exchange(flags.zero, false);
    if (number[1] == 'N' && !flags.space && !flags.plus) number.erase(0, 1);
    pad(number);
    flags.zero = zero;
    return;
  }
  if (flags.sharp && verb != 'b') number = with_decimal_point(std::move(number), verb, precision);
  if (!flags.plus && number[0] == '+') {
    pad(std::string_view(number).substr(1));
    return;
  }
  if (flags.zero && !flags.minus && flags.has_width && flags.width > static_cast<int>(number.size())) {
    out_ += number[0];
    write_padding(flags.width - static_cast<int>(number.size()));
    out_ += std::string_view(number).substr(1);
    return;
  }
  pad(number);
}

}  // namespace tocsin::templates
