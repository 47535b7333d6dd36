// Which scalars of a configuration's text are secrets: by their keys, whatever this version makes of them.
#pragma once

#include <string_view>
#include <vector>

#include "rules/yaml/node.hpp"

namespace tocsin::config {

// password, client_secret, webhook_url ...: the value must not be shown, wherever the key stands.
[[nodiscard]] bool is_secret_key(std::string_view key);

// The scalars below a node that hold secrets, in the order of the text. One that is a reference
// (${env:NAME}, ${file:PATH}) as a whole is none.
[[nodiscard]] std::vector<const yaml::Node*> secrets_in(const yaml::Node& node);

}  // namespace tocsin::config
