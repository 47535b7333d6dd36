#include "engine/api/json.hpp"

#include <algorithm>
#include <cmath>

#include "promql/format.hpp"
#include "promql/value.hpp"

namespace tocsin::api {

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_ += '[';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  escaped(name, true);
  out_ += ':';
  first_ = true;  // the value that follows takes no comma
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  escaped(text, true);
  return *this;
}

JsonWriter& JsonWriter::raw_string(std::string_view text) {
  separate();
  escaped(text, false);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}
JsonWriter& JsonWriter::integer(std::int64_t value) {
  return raw(format("{}", value));
}
JsonWriter& JsonWriter::null() {
  return raw("null");
}

JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  const double magnitude = std::fabs(value);
  if (magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21)) return raw(promql::format_float(value));
  // Go writes e-9 where printf writes e-09.
  std::string text = promql::format_float_go(value);
  if (const auto at = text.find("e-0"); at != std::string::npos) text.erase(at + 2, 1);
  return raw(text);
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::member(std::string_view name, std::string_view text, bool html) {
  separate();
  escaped(name, html);
  out_ += ':';
  escaped(text, html);
  return *this;
}

JsonWriter& JsonWriter::labels(const Labels& labels) {
  begin_object();
  for (const LabelView label : labels) member(label.name, label.value, true);
  return end_object();
}

JsonWriter& JsonWriter::raw_labels(const Labels& labels) {
  begin_object();
  for (const LabelView label : labels) member(label.name, label.value, false);
  return end_object();
}

JsonWriter& JsonWriter::texts(const std::map<std::string, std::string>& texts) {
  begin_object();
  for (const auto& [name, text] : texts) member(name, text, true);
  return end_object();
}

JsonWriter& JsonWriter::raw_texts(const std::map<std::string, std::string>& texts) {
  begin_object();
  for (const auto& [name, text] : texts) member(name, text, false);
  return end_object();
}

// Invalid UTF-8 becomes U+FFFD, byte by byte, as Go's encoder does it.
void JsonWriter::escaped(std::string_view text, bool html) {
  const auto is_plain = [html](char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && !(html && (c == '<' || c == '>' || c == '&'));
  };
  out_ += '"';
  for (std::size_t i = 0; i < text.size();) {
    // Most of every text needs nothing.
    const auto plain = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), is_plain);
    const auto end = static_cast<std::size_t>(plain - text.begin());
    out_ += text.substr(i, end - i);
    if ((i = end) == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      ++i;
      switch (c) {
        case '"':
          out_ += "\\\"";
          continue;
        case '\\':
          out_ += "\\\\";
          continue;
        case '\n':
          out_ += "\\n";
          continue;
        case '\r':
          out_ += "\\r";
          continue;
        case '\t':
          out_ += "\\t";
          continue;
        case '\b':
          out_ += html ? "\\b" : "\\u0008";
          continue;
        case '\f':
          out_ += html ? "\\f" : "\\u000c";
          continue;
        default:
          break;
      }
      if (c < 0x20 || (html && (c == '<' || c == '>' || c == '&'))) {
        out_ += format("\\u{:04x}", c);
      } else {
        out_ += static_cast<char>(c);
      }
      continue;
    }
    std::size_t length = 1;
    while (length < 4 && i + length < text.size() &&
           (static_cast<unsigned char>(text[i + length]) & 0xc0) == 0x80) {
      ++length;
    }
    const std::size_t wanted = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    const std::string_view rune = text.substr(i, std::min(wanted, length));
    if (rune.size() == wanted && is_valid_utf8(rune)) {
      if (rune == "\u2028" || rune == "\u2029") {
        out_ += rune == "\u2028" ? "\\u2028" : "\\u2029";
      } else {
        out_ += rune;
      }
      i += rune.size();
    } else {
      out_ += "\\ufffd";
      ++i;
    }
  }
  out_ += '"';
}

}  // namespace tocsin::api
