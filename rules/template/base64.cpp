#include "rules/template/base64.hpp"

#include "promql/format.hpp"

namespace tocsin::templates {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool is_line_break(char c) {
  return c == '\n' || c == '\r';
}

Error illegal(std::size_t at) {
  return Error(format("illegal base64 data at input byte {}", at));
}

// Where the padding that begins at `at` ends; npos with `bad` set to the byte that should not be there.
std::size_t skip_padding(std::string_view text, std::size_t at, std::size_t wanted, std::size_t& bad) {
  for (std::size_t seen = 0; seen < wanted; ++at) {
    if (at == text.size()) {
      bad = text.size();
      return text.npos;
    }
    if (is_line_break(text[at])) continue;
    if (text[at] != '=') {
      bad = at - 1;  // as Go counts it
      return text.npos;
    }
    ++seen;
  }
  return at;
}

}  // namespace

std::string base64_url_encode(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= count ? kAlphabet[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return out;
}

Result<std::string> base64_url_decode(std::string_view text) {
  std::string out;
  unsigned group = 0;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_line_break(text[i])) continue;
    if (text[i] == '=') {
      if (digits < 2) return illegal(i);
      std::size_t bad = 0;
      std::size_t end = skip_padding(text, i, 4 - digits, bad);
      if (end == text.npos) return illegal(bad);
      while (end < text.size() && is_line_break(text[end])) ++end;
      if (end != text.size()) return illegal(end);
      out += static_cast<char>(group >> (digits == 2 ? 4 : 10));
      if (digits == 3) out += static_cast<char>(group >> 2);
      return out;
    }
    const std::size_t value = kAlphabet.find(text[i]);
    if (value == kAlphabet.npos) return illegal(i);
    group = group << 6 | static_cast<unsigned>(value);
    if (++digits < 4) continue;
    out += static_cast<char>(group >> 16);
    out += static_cast<char>(group >> 8);
    out += static_cast<char>(group);
    group = 0;
    digits = 0;
  }
  if (digits != 0) return illegal(text.size() - digits);
  return out;
}

}  // namespace tocsin::templates
