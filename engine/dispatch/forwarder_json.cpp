#include "engine/dispatch/forwarder_json.hpp"

#include "promql/format.hpp"

namespace tocsin::dispatch {
namespace {

// Length of the valid UTF-8 sequence at the front of the text, 0 if there is none.
std::size_t valid_sequence(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  const std::size_t length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
  return length <= text.size() && is_valid_utf8(text.substr(0, length)) ? length : 0;
}

// Go's encoding/json: `<`, `>`, `&` and the line separators as \u, invalid UTF-8 as U+FFFD.
void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = valid_sequence(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(sequence.size());
    if (length == 0) {
      out += "\\ufffd";
    } else if (sequence == "\u2028" || sequence == "\u2029") {
      out += sequence == "\u2028" ? "\\u2028" : "\\u2029";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\b') {
      out += "\\b";
    } else if (c == '\f') {
      out += "\\f";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
      out += format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += sequence;
    }
  }
  out += '"';
}

template <class Pairs>
void append_object(std::string& out, const Pairs& pairs) {
  char separator = '{';
  for (const auto& [name, value] : pairs) {
    out += separator;
    separator = ',';
    append_string(out, name);
    out += ':';
    append_string(out, value);
  }
  if (separator == '{') out += '{';
  out += '}';
}

}  // namespace

std::string encode_alerts(std::span<const rules::OutgoingAlert> alerts) {
  std::string out = "[";
  for (const rules::OutgoingAlert& alert : alerts) {
    if (out.size() > 1) out += ',';
    out += '{';
    if (!alert.annotations.empty()) {
      out += "\"annotations\":";
      append_object(out, alert.annotations);
      out += ',';
    }
    out += "\"endsAt\":\"" + format_rfc3339_milli(alert.ends_at) + '"';
    out += ",\"startsAt\":\"" + format_rfc3339_milli(alert.starts_at) + '"';
    if (!alert.generator_url.empty()) {
      out += ",\"generatorURL\":";
      append_string(out, alert.generator_url);
    }
    out += ",\"labels\":";
    append_object(out, alert.labels);
    out += '}';
  }
  return out + ']';
}

}  // namespace tocsin::dispatch
