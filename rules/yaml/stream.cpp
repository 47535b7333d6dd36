#include "rules/yaml/stream.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "promql/format.hpp"

namespace tocsin::yaml {
namespace {

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

Stream from_utf16(std::string_view bytes, bool little_endian) {
  Stream stream;
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<char32_t>(little_endian ? first | second << 8 : second | first << 8);
  };
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    if (i + 1 >= bytes.size()) {
      stream.problems.push_back({stream.text.size(), "the file ends inside a UTF-16 character"});
      break;
    }
    char32_t c = unit(i);
    const bool high = c >= 0xD800 && c < 0xDC00;
    const bool pair = high && i + 3 < bytes.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000;
    if (c >= 0xD800 && c < 0xE000 && !pair) {
      stream.problems.push_back({stream.text.size(), "not valid UTF-16: half of a surrogate pair"});
      break;
    }
    if (pair) {
      c = 0x10000 + ((c - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    }
    append_utf8(stream.text, c);
  }
  return stream;
}

struct Decoded {
  char32_t character = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

Decoded decode_one(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const std::size_t length = lead < 0x80             ? 1
                             : (lead & 0xE0) == 0xC0 ? 2
                             : (lead & 0xF0) == 0xE0 ? 3
                             : (lead & 0xF8) == 0xF0 ? 4
                                                     : 0;
  if (length == 0 || at + length > text.size()) return {};
  char32_t c = length == 1 ? lead : lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    c = c << 6 | (byte(at + i) & 0x3F);
  }
  static constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool bad = c < kSmallest[length] || (c >= 0xD800 && c < 0xE000) || c > 0x10FFFF;
  return bad ? Decoded{} : Decoded{c, length};
}

// The characters that libyaml's reader lets through.
bool is_allowed(char32_t c) {
  return c == 0x09 || c == 0x0A || c == 0x0D || (c >= 0x20 && c <= 0x7E) || c == 0x85 ||
         (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) || c >= 0x10000;
}

// Line ends become "\n": CRLF, a lone CR, and U+0085, all of which YAML 1.1 ends a line with.
std::string unify_line_ends(std::string text) {
  if (text.find('\r') == std::string::npos && text.find("\xC2\x85") == std::string::npos) return text;
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool next_line = text[i] == '\xC2' && i + 1 < text.size() && text[i + 1] == '\x85';
    const bool crlf = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (next_line || crlf) ++i;
    out += next_line || crlf || text[i] == '\r' ? '\n' : text[i];
  }
  return out;
}

void check_characters(Stream& stream) {
  const std::string_view text = stream.text;
  for (std::size_t i = 0; i < text.size();) {
    const Decoded decoded = decode_one(text, i);
    if (decoded.length == 0) {
      stream.problems.push_back(
          {i, format("not valid UTF-8: byte 0x{:02x}", static_cast<unsigned char>(text[i]))});
      return;
    }
    if (!is_allowed(decoded.character)) {
      stream.problems.push_back({i, format("control characters are not allowed, found U+{:04X}",
                                           static_cast<unsigned>(decoded.character))});
      return;
    }
    i += decoded.length;
  }
}

}  // namespace

Stream decode_stream(std::string bytes) {
  const std::string_view view = bytes;
  Stream stream;
  if (view.starts_with("\xFF\xFE")) {
    stream = from_utf16(view.substr(2), true);
  } else if (view.starts_with("\xFE\xFF")) {
    stream = from_utf16(view.substr(2), false);
  } else if (view.starts_with("\xEF\xBB\xBF")) {
    stream.text = bytes.substr(3);
  } else {
    stream.text = std::move(bytes);
  }
  if (stream.problems.empty()) check_characters(stream);
  stream.text = unify_line_ends(std::move(stream.text));
  return stream;
}

}  // namespace tocsin::yaml
