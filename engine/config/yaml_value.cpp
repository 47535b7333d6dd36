#include "engine/config/yaml_value.hpp"

#include <algorithm>

#include "engine/config/secrets.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

// Whether a plain scalar would be read back as this very string.
bool resolves_to_string(std::string_view text) {
  yaml::Node node;
  node.value = std::string(text);
  return yaml::resolve_type(node, yaml::Dialect::v2) == yaml::ScalarType::string;
}

// "22:00" is a number to base 60 for YAML 1.1; Go quotes it for the sake of other readers.
bool is_base_60(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  if (text.substr(0, colon).find_first_not_of("0123456789_") != std::string_view::npos) return false;
  return text.back() != ':' &&
         text.substr(colon).find_first_not_of("0123456789:._") == std::string_view::npos;
}

bool has_special(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7F;
  });
}

// libyaml's rules for a plain scalar in block context (emitterc.go, analyze_scalar).
bool can_be_plain(std::string_view text, bool in_flow) {
  if (text.empty() || text.starts_with("---") || text.starts_with("...")) return false;
  if (text.front() == ' ' || text.back() == ' ') return false;
  if (std::string_view("#,[]{}&*!|>'\"%@`").find(text.front()) != std::string_view::npos) return false;
  const auto blank_at = [&](std::size_t i) { return i >= text.size() || text[i] == ' ' || text[i] == '\t'; };
  if (std::string_view("?:-").find(text.front()) != std::string_view::npos && blank_at(1)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':' && (in_flow || blank_at(i + 1))) return false;
    if (text[i] == '#' && i > 0 && text[i - 1] == ' ') return false;
    if (in_flow && std::string_view(",?[]{}").find(text[i]) != std::string_view::npos) return false;
  }
  return true;
}

// Where a text goes on in the next line: libyaml breaks at a single space behind column 80.
class FoldingText {
 public:
  FoldingText(std::string& out, std::size_t column, std::size_t indent)
      : out_(out),
        line_start_(static_cast<std::ptrdiff_t>(out.size()) - static_cast<std::ptrdiff_t>(column)),
        indent_(indent) {}

  void add(std::string_view escaped) { out_ += escaped; }
  // A space inside the text; `alone` if neither neighbour is one.
  void add_space(bool alone) {
    constexpr std::ptrdiff_t kWidth = 80;
    if (!alone || static_cast<std::ptrdiff_t>(out_.size()) - line_start_ <= kWidth) {
      out_ += ' ';
      return;
    }
    out_ += '\n';
    line_start_ = static_cast<std::ptrdiff_t>(out_.size());
    out_.append(indent_, ' ');
  }

 private:
  std::string& out_;
  std::ptrdiff_t line_start_;
  std::size_t indent_;
};

std::string escaped_for_double_quotes(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') return {'\\', c};
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '\r') return "\\r";
  if (byte < 0x20 || byte == 0x7F) return format("\\x{:02X}", byte);
  return {c};
}

enum class Quotes { none, single, twofold };

std::string folded_text(std::string_view text, Quotes quotes, std::size_t column, std::size_t indent) {
  std::string out = quotes == Quotes::none ? "" : quotes == Quotes::single ? "'" : "\"";
  FoldingText writer(out, column, indent);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool inner = i > 0 && i + 1 < text.size();
    if (text[i] == ' ') {
      writer.add_space(inner && text[i - 1] != ' ' && text[i + 1] != ' ');
    } else if (quotes == Quotes::twofold) {
      writer.add(escaped_for_double_quotes(text[i]));
    } else {
      writer.add(text[i] == '\'' && quotes == Quotes::single ? "''" : text.substr(i, 1));
    }
  }
  return out + (quotes == Quotes::none ? "" : quotes == Quotes::single ? "'" : "\"");
}

bool can_be_literal(std::string_view text) {
  if (has_special(text) || text.front() == ' ' || text.front() == '\n') return false;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) {
    if (end > 0 && text[end - 1] == ' ') return false;
  }
  return text.back() != ' ';
}

std::string literal(std::string_view text, std::size_t indent) {
  const bool ends = text.back() == '\n';
  const bool ends_twice = ends && text.size() > 1 && text[text.size() - 2] == '\n';
  std::string out = ends_twice ? "|+" : ends ? "|" : "|-";
  std::string_view rest = ends ? text.substr(0, text.size() - 1) : text;
  while (true) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out += '\n';
    if (end > 0) out.append(indent, ' ').append(rest.substr(0, end));
    if (end == rest.size()) return out;
    rest.remove_prefix(end + 1);
  }
}

std::string scalar(std::string_view text, std::size_t column, std::size_t indent, bool in_flow) {
  if (text.find('\n') != std::string_view::npos) {
    if (!in_flow && can_be_literal(text)) return literal(text, indent);
    return folded_text(text, Quotes::twofold, column, indent);
  }
  const bool odd = has_special(text) || !resolves_to_string(text) || is_base_60(text);
  const Quotes quotes = odd ? Quotes::twofold : can_be_plain(text, in_flow) ? Quotes::none : Quotes::single;
  return folded_text(text, quotes, in_flow ? 0 : column, indent);
}

}  // namespace

YamlValue YamlValue::text(std::string_view value) {
  YamlValue out(Kind::text);
  out.text_ = std::string(value);
  return out;
}

YamlValue YamlValue::bare(std::string value) {
  YamlValue out(Kind::bare);
  out.text_ = std::move(value);
  return out;
}

YamlValue YamlValue::list() {
  return YamlValue(Kind::list);
}
YamlValue YamlValue::flow_list() {
  return YamlValue(Kind::flow_list);
}
YamlValue YamlValue::map() {
  return YamlValue(Kind::map);
}

YamlValue YamlValue::texts(const std::vector<std::string>& values) {
  YamlValue out = list();
  for (const std::string& value : values) out.add(text(value));
  return out;
}

YamlValue YamlValue::texts(const std::map<std::string, std::string>& values) {
  YamlValue out = map();
  for (const auto& [key, value] : values) out.set(key, value);
  return out;
}

namespace {

YamlValue as_written(const yaml::Node& node, const std::vector<SecretScalar>& secrets) {
  if (node.kind == yaml::NodeKind::scalar) {
    const auto secret = std::ranges::find(secrets, &node, &SecretScalar::node);
    if (secret != secrets.end()) return YamlValue::text(secret->shown());
    const bool plain = node.style == yaml::ScalarStyle::plain;
    return plain ? YamlValue::bare(node.value.empty() ? "null" : node.value) : YamlValue::text(node.value);
  }
  if (node.kind == yaml::NodeKind::sequence) {
    YamlValue out = YamlValue::list();
    for (const yaml::Node* item : node.items) out.add(as_written(*item, secrets));
    return out;
  }
  YamlValue out = YamlValue::map();
  for (const yaml::Entry& entry : node.entries) out.set(entry.key->value, as_written(*entry.value, secrets));
  return out;
}

}  // namespace

YamlValue YamlValue::of(const yaml::Node& node, std::string_view section) {
  return as_written(node, secrets_in(node, section));
}

YamlValue& YamlValue::add(YamlValue item) {
  children_.emplace_back(std::string(), std::move(item));
  return *this;
}

YamlValue& YamlValue::set(std::string_view key, YamlValue value) {
  children_.emplace_back(std::string(key), std::move(value));
  return *this;
}

YamlValue& YamlValue::set(std::string_view key, std::string_view value) {
  return set(key, text(value));
}

YamlValue& YamlValue::set_flag(std::string_view key, bool value) {
  return set(key, bare(value ? "true" : "false"));
}

YamlValue& YamlValue::set_some(std::string_view key, std::string_view value) {
  return value.empty() ? *this : set(key, value);
}

YamlValue& YamlValue::set_some(std::string_view key, std::uint64_t number) {
  return number == 0 ? *this : set(key, bare(std::to_string(number)));
}

YamlValue& YamlValue::set_some_flag(std::string_view key, bool value) {
  return value ? set_flag(key, value) : *this;
}

YamlValue& YamlValue::set_some(std::string_view key, const Secret& secret) {
  return set_some(key, secret.shown());
}

YamlValue& YamlValue::set_some(std::string_view key, YamlValue list_or_map) {
  return list_or_map.empty() ? *this : set(key, std::move(list_or_map));
}

const YamlValue* YamlValue::find(std::string_view key) const {
  const auto found = std::ranges::find(children_, key, &std::pair<std::string, YamlValue>::first);
  return found == children_.end() ? nullptr : &found->second;
}

std::string YamlValue::print() const {
  if (kind_ == Kind::map && children_.empty()) return "{}\n";
  std::string out;
  print_to(out, 0, false);
  return out;
}

// The value behind "key:" or "- ": on the same line, or on the lines below.
void YamlValue::print_child(std::string& out, std::size_t indent) const {
  switch (kind_) {
    case Kind::text:
      out += ' ';
      out += scalar(text_, out.size() - (out.rfind('\n') + 1), indent + 2, false) + '\n';
      return;
    case Kind::bare:
      out += ' ' + text_ + '\n';
      return;
    case Kind::flow_list: {
      out += " [";
      for (std::size_t i = 0; i < children_.size(); ++i) {
        out += (i > 0 ? ", " : "") + scalar(children_[i].second.text_, 0, 0, true);
      }
      out += "]\n";
      return;
    }
    case Kind::list:
    case Kind::map:
      break;
  }
  if (children_.empty()) {
    out += kind_ == Kind::list ? " []\n" : " {}\n";
    return;
  }
  out += '\n';
  // Go indents the mappings of a mapping, but not its lists.
  print_to(out, kind_ == Kind::map ? indent + 2 : indent, false);
}

void YamlValue::print_to(std::string& out, std::size_t indent, bool inside_list) const {
  bool first = true;
  for (const auto& [key, child] : children_) {
    if (!(inside_list && first)) out.append(indent, ' ');
    first = false;
    if (kind_ == Kind::map) {
      out += scalar(key, 0, 0, false) + ':';
      child.print_child(out, indent);
      continue;
    }
    out += '-';
    const bool nested = (child.kind_ == Kind::map || child.kind_ == Kind::list) && !child.children_.empty();
    if (nested) {
      out += ' ';
      child.print_to(out, indent + 2, true);
    } else {
      child.print_child(out, indent);
    }
  }
}

}  // namespace tocsin::config
