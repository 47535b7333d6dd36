#include "rules/yaml/resolve.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "promql/format.hpp"

namespace tocsin::yaml {
namespace {

constexpr std::string_view kLongPrefix = "tag:yaml.org,2002:";

// "!!int" of "tag:yaml.org,2002:int"; other tags as they are.
std::string short_tag(const std::string& tag) {
  return tag.starts_with(kLongPrefix) ? "!!" + tag.substr(kLongPrefix.size()) : tag;
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

std::optional<Resolved> resolve_word(std::string_view text, Dialect dialect) {
  static constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
  static constexpr std::array<std::string_view, 3> kTrue = {"true", "True", "TRUE"};
  static constexpr std::array<std::string_view, 3> kFalse = {"false", "False", "FALSE"};
  static constexpr std::array<std::string_view, 3> kNan = {".nan", ".NaN", ".NAN"};
  static constexpr std::array<std::string_view, 6> kInf = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"};
  static constexpr std::array<std::string_view, 3> kMinusInf = {"-.inf", "-.Inf", "-.INF"};
  if (is_one_of(text, kNull)) return Resolved(Null{});
  if (is_one_of(text, kTrue)) return Resolved(true);
  if (is_one_of(text, kFalse)) return Resolved(false);
  if (is_one_of(text, kNan)) return Resolved(std::nan(""));
  if (is_one_of(text, kInf)) return Resolved(HUGE_VAL);
  if (is_one_of(text, kMinusInf)) return Resolved(-HUGE_VAL);
  if (dialect == Dialect::v3) return std::nullopt;
  static constexpr std::array<std::string_view, 8> kYes = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"};
  static constexpr std::array<std::string_view, 8> kNo = {"n", "N", "no", "No", "NO", "off", "Off", "OFF"};
  if (is_one_of(text, kYes)) return Resolved(true);
  if (is_one_of(text, kNo)) return Resolved(false);
  return std::nullopt;
}

// Go's strconv.ParseInt(text, 0, 64), then ParseUint: a sign, then 0x, 0o, 0b, or a leading 0 for octal.
std::optional<Resolved> resolve_int(std::string_view text) {
  const bool sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  const bool negative = sign && text[0] == '-';
  std::string_view digits = text.substr(sign ? 1 : 0);
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = static_cast<char>(digits[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 8;
    digits.remove_prefix(mark == 'x' || mark == 'o' || mark == 'b' ? 2 : 1);
  }
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || status != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  constexpr std::uint64_t kMinimum = 1ULL << 63;
  if (negative) {
    if (value > kMinimum) return std::nullopt;
    return Resolved(static_cast<std::int64_t>(0 - value));
  }
  if (value < kMinimum) return Resolved(static_cast<std::int64_t>(value));
  return sign ? std::nullopt : std::optional<Resolved>(value);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_float_form(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - start;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const std::size_t whole = digits();
  const bool point = i < text.size() && text[i] == '.';
  if (point) ++i;
  const std::size_t fraction = point ? digits() : 0;
  if (whole == 0 && fraction == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

std::optional<Resolved> resolve_float(const std::string& text) {
  if (!is_float_form(text)) return std::nullopt;
  const double value = std::strtod(text.c_str(), nullptr);
  return std::isinf(value) ? std::nullopt : std::optional<Resolved>(value);
}

// The forms of yaml.org/type/timestamp.html that Go reads: a date, or a date and a time.
bool is_timestamp(std::string_view text) {
  std::size_t i = 0;
  const auto number = [&](std::size_t most) {
    const std::size_t start = i;
    while (i < text.size() && i - start < most && text[i] >= '0' && text[i] <= '9') ++i;
    return i > start;
  };
  const auto character = [&](std::string_view any) {
    const bool found = i < text.size() && any.find(text[i]) != std::string_view::npos;
    if (found) ++i;
    return found;
  };
  if (!number(4) || i != 4 || !character("-") || !number(2) || !character("-") || !number(2)) return false;
  if (i == text.size()) return true;
  const bool zoned = text[i] != ' ';
  if (!character("Tt ") || !number(2) || !character(":") || !number(2) || !character(":") || !number(2))
    return false;
  if (character(".") && !number(64)) return false;
  if (!zoned) return i == text.size();
  if (character("Z")) return i == text.size();
  return character("+-") && number(2) && character(":") && number(2) && i == text.size();
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t digit = kAlphabet.find(c);
    if (c == '=') {
      ++padding;
      continue;
    }
    if (digit == std::string_view::npos || padding > 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if (++count % 4 == 0) {
      out += static_cast<char>(bits >> 16);
      out += static_cast<char>(bits >> 8);
      out += static_cast<char>(bits);
      bits = 0;
    }
  }
  const int rest = count % 4;
  const bool complete = rest == 0 ? padding == 0 : rest == 2 ? padding == 2 : rest == 3 && padding == 1;
  if (!complete) return std::nullopt;
  if (rest == 2) out += static_cast<char>(bits >> 4);
  if (rest == 3) {
    out += static_cast<char>(bits >> 10);
    out += static_cast<char>(bits >> 2);
  }
  return out;
}

Resolved resolve_plain(const std::string& text, Dialect dialect, bool allow_timestamp) {
  static constexpr std::string_view kWordStarts = "yYnNtTfFoO~";
  const char first = text.empty() ? '~' : text[0];
  const bool numeric = (first >= '0' && first <= '9') || first == '+' || first == '-';
  const bool hinted = numeric || first == '.' || kWordStarts.find(first) != std::string_view::npos;
  if (!hinted) return text;
  if (const auto word = resolve_word(text, dialect)) return *word;
  if (first == '.') return resolve_float(text).value_or(Resolved(text));
  if (!numeric) return text;
  if (allow_timestamp && is_timestamp(text)) return TimestampText{};
  std::string plain = text;
  std::erase(plain, '_');
  if (const auto integer = resolve_int(plain)) return *integer;
  return resolve_float(plain).value_or(Resolved(text));
}

std::string_view tag_name(const Resolved& resolved) {
  static constexpr std::array<std::string_view, 7> kNames = {"!!null",  "!!bool",      "!!int", "!!int",
                                                             "!!float", "!!timestamp", "!!str"};
  return kNames[resolved.index()];
}

}  // namespace

Result<Resolved> resolve(const Node& scalar, Dialect dialect) {
  const std::string tag = short_tag(scalar.tag);
  if (tag == "!!binary") {
    auto data = decode_base64(scalar.value);
    if (!data) return Error("!!binary value contains invalid base64 data");
    return Resolved(*std::move(data));
  }
  if (tag.empty() && scalar.style != ScalarStyle::plain) return Resolved(scalar.value);
  static constexpr std::array<std::string_view, 5> kTyped = {"!!bool", "!!int", "!!float", "!!null",
                                                             "!!timestamp"};
  if (!tag.empty() && !is_one_of(tag, kTyped)) return Resolved(scalar.value);
  Resolved resolved = resolve_plain(scalar.value, dialect, tag.empty() || tag == "!!timestamp");
  if (tag.empty() || tag == tag_name(resolved)) return resolved;
  if (tag == "!!float" && std::holds_alternative<std::int64_t>(resolved)) {
    return Resolved(static_cast<double>(std::get<std::int64_t>(resolved)));
  }
  return Error(format("cannot decode {} `{}` as a {}", tag_name(resolved), scalar.value, tag));
}

ScalarType resolve_type(const Node& scalar, Dialect dialect) {
  if (scalar.tag == "tag:yaml.org,2002:binary") return ScalarType::binary;
  const Result<Resolved> resolved = resolve(scalar, dialect);
  if (!resolved) return ScalarType::string;
  static constexpr std::array<ScalarType, 7> kTypes = {
      ScalarType::null,     ScalarType::boolean,   ScalarType::integer, ScalarType::integer,
      ScalarType::floating, ScalarType::timestamp, ScalarType::string};
  return kTypes[resolved->index()];
}

bool is_null(const Node& node, Dialect dialect) {
  if (node.tag == "tag:yaml.org,2002:null") return true;
  return node.kind == NodeKind::scalar && resolve_type(node, dialect) == ScalarType::null;
}

}  // namespace tocsin::yaml
