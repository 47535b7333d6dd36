#include "engine/config/yaml_value.hpp"

#include <algorithm>
#include <array>

#include "promql/format.hpp"

namespace tocsin::config {
namespace {

// Whether a plain scalar would be read back as this very string.
bool resolves_to_string(std::string_view text) {
  yaml::Node node;
  node.value = std::string(text);
  return yaml::resolve_type(node, yaml::Dialect::v2) == yaml::ScalarType::string;
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

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += format("\\x{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + '\'';
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

std::string scalar(std::string_view text, std::size_t indent, bool in_flow) {
  if (text.find('\n') != std::string_view::npos) {
    return !in_flow && can_be_literal(text) ? literal(text, indent) : double_quoted(text);
  }
  if (has_special(text) || !resolves_to_string(text)) return double_quoted(text);
  return can_be_plain(text, in_flow) ? std::string(text) : single_quoted(text);
}

bool holds_secret(std::string_view key) {
  static constexpr std::array<std::string_view, 14> kSecrets = {"password",
                                                                "credentials",
                                                                "bearer_token",
                                                                "client_secret",
                                                                "secret_key",
                                                                "auth_token",
                                                                "token",
                                                                "client_certificate_key",
                                                                "application_credential_secret",
                                                                "api_key",
                                                                "service_account_key",
                                                                "private_key",
                                                                "key_passphrase",
                                                                "application_secret"};
  return std::ranges::find(kSecrets, key) != kSecrets.end() || key.ends_with("_password") ||
         key.ends_with("_secret") || key.ends_with("_token") || key.ends_with("webhook_url");
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

YamlValue YamlValue::of(const yaml::Node& node) {
  switch (node.kind) {
    case yaml::NodeKind::scalar:
      return node.style == yaml::ScalarStyle::plain ? bare(node.value.empty() ? "null" : node.value)
                                                    : text(node.value);
    case yaml::NodeKind::sequence: {
      YamlValue out = list();
      for (const yaml::Node* item : node.items) out.add(of(*item));
      return out;
    }
    case yaml::NodeKind::mapping:
      break;
  }
  YamlValue out = map();
  for (const yaml::Entry& entry : node.entries) {
    const std::string& key = entry.key->value;
    const bool in_headers = key == "headers" || key == "http_headers" || key == "proxy_connect_header";
    out.set(key, holds_secret(key) || in_headers ? text(kSecretToken) : of(*entry.value));
  }
  return out;
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
      out += ' ' + scalar(text_, indent + 2, false) + '\n';
      return;
    case Kind::bare:
      out += ' ' + text_ + '\n';
      return;
    case Kind::flow_list: {
      out += " [";
      for (std::size_t i = 0; i < children_.size(); ++i) {
        out += (i > 0 ? ", " : "") + scalar(children_[i].second.text_, 0, true);
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
      out += scalar(key, 0, false) + ':';
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
