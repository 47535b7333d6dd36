// The keys of upstream that this version knows but does not serve: accepted with a warning, and still checked
// for misspellings. Internal to engine/config.
#pragma once

#include <string_view>

#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// The keys below a section ("remote_write", "kubernetes_sd_configs", "oauth2") in the form that
// upstream_keys.cpp explains; empty when nothing is known about the section.
[[nodiscard]] std::string_view upstream_keys(std::string_view section);

// Takes `key` of the map with the warning "not yet in this version: key", and reports every key below it that
// upstream does not know. `section` names the table entry when it is not the key itself.
void read_not_yet(yaml::MapReader& map, std::string_view key, std::string_view section = {});

}  // namespace tocsin::config
