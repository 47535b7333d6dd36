// A text read as YAML into template values.
#pragma once

#include <optional>
#include <string_view>

#include "rules/template/value.hpp"

namespace tocsin::notifiers {

// What Go's yaml.v2 makes of a text when it is free to choose the type: a list, map, number, bool or null.
// Nothing if it is not YAML or only a string: the text then stays what it is. Keys that are not strings are
// left out, and of a key that stands twice the last counts.
[[nodiscard]] std::optional<templates::Value> read_yaml_value(std::string_view text);

}  // namespace tocsin::notifiers
