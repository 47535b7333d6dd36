#include "rules/template/escape.hpp"

#include <algorithm>

#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "promql/utf8.hpp"

namespace tocsin::templates {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

void append_js_ascii(std::string& out, char c) {
  switch (c) {
    case '\\':
    case '\'':
    case '"':
      out += '\\';
      out += c;
      break;
    case '<':
    case '>':
    case '&':
    case '=':
      out += format("\\u{:04X}", static_cast<unsigned>(c));
      break;
    default:
      if (c < ' ') {
        out += format("\\u{:04X}", static_cast<unsigned>(c));
      } else {
        out += c;
      }
  }
}

}  // namespace

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '\0':
        out += "\uFFFD";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string js_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = decode_code_point(text);
    if (next.value < 0x80) {
      append_js_ascii(out, text[0]);
    } else if (is_printable(next.value)) {
      out += text.substr(0, next.width);
    } else {
      out += format("\\u{:04X}", static_cast<unsigned>(next.value));
    }
    text.remove_prefix(next.width);
  }
  return out;
}

std::string percent_escape(std::string_view text, std::string_view also_kept) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || also_kept.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::string query_escape(std::string_view text) {
  std::string out = percent_escape(text, " ");
  std::replace(out.begin(), out.end(), ' ', '+');
  return out;
}

Result<std::string> query_unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const bool whole = i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (!whole) return Error(format("invalid URL escape {}", go_quote(text.substr(i, 3))));
    out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return out;
}

}  // namespace tocsin::templates
