// A tree that prints as YAML in the layout of Go's yaml.v2, in which upstream shows its configuration.
// Internal to engine/config.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/yaml/node.hpp"
#include "rules/yaml/secret.hpp"

namespace tocsin::config {

class YamlValue {
 public:
  enum class Kind { text, bare, list, flow_list, map };

  // A string, quoted where it would otherwise be read as something else.
  [[nodiscard]] static YamlValue text(std::string_view value);
  // Printed as it is: a number, true, null.
  [[nodiscard]] static YamlValue bare(std::string value);
  [[nodiscard]] static YamlValue list();
  [[nodiscard]] static YamlValue flow_list();  // [a, b]
  [[nodiscard]] static YamlValue map();
  [[nodiscard]] static YamlValue texts(const std::vector<std::string>& values);
  [[nodiscard]] static YamlValue texts(const std::map<std::string, std::string>& values);
  // As it was written below the key `section`, but for its secrets.
  [[nodiscard]] static YamlValue of(const yaml::Node& node, std::string_view section);

  YamlValue& add(YamlValue item);                         // to a list
  YamlValue& set(std::string_view key, YamlValue value);  // to a map, at its end
  YamlValue& set(std::string_view key, std::string_view text);
  YamlValue& set_flag(std::string_view key, bool value);
  // Left out when empty, 0, false: Go's omitempty.
  YamlValue& set_some(std::string_view key, std::string_view text);
  YamlValue& set_some(std::string_view key, std::uint64_t number);
  YamlValue& set_some_flag(std::string_view key, bool value);
  YamlValue& set_some(std::string_view key, const Secret& secret);
  YamlValue& set_some(std::string_view key, YamlValue list_or_map);

  // Of a map; null when the key is not there.
  [[nodiscard]] const YamlValue* find(std::string_view key) const;
  [[nodiscard]] bool empty() const { return children_.empty() && text_.empty(); }
  [[nodiscard]] std::string print() const;

 private:
  explicit YamlValue(Kind kind) : kind_(kind) {}
  void print_to(std::string& out, std::size_t indent, bool inside_list) const;
  void print_child(std::string& out, std::size_t indent) const;

  Kind kind_;
  std::string text_;
  std::vector<std::pair<std::string, YamlValue>> children_;  // of a list: without keys
};

}  // namespace tocsin::config
