// What libyaml, and so upstream, refuses but yaml-cpp takes. Internal to rules/yaml.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/yaml/node.hpp"
#include "rules/yaml/stream.hpp"

namespace tocsin::yaml {

[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

// Directives before the first document: %YAML must be 1.1, %TAG is known, and a document start must follow.
[[nodiscard]] std::optional<StreamError> check_directives(std::string_view text);

// The tags and anchor in front of a node: handles must be declared, names of anchors are letters, digits, "_"
// and "-". `offset` is where the properties begin; 0 and more characters of "*name" are checked alike.
[[nodiscard]] std::optional<StreamError> check_properties(std::string_view text, std::size_t offset);

// A quoted scalar must end, and "\/" is no escape in it; an unquoted one cannot go on behind U+2028.
[[nodiscard]] std::optional<StreamError> check_scalar(std::string_view text, std::size_t offset,
                                                      ScalarStyle style, std::string_view value);

}  // namespace tocsin::yaml
