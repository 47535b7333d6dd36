// Reads relabel_configs. Internal to engine/config.
#pragma once

#include <string_view>
#include <vector>

#include "engine/config/prometheus_config.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// The rules under a key, checked as upstream checks them (model/relabel). Rules that are wrong are reported
// and left out.
[[nodiscard]] std::vector<RelabelConfig> read_relabel_configs(yaml::MapReader& map, std::string_view key,
                                                              NameScheme names);

}  // namespace tocsin::config
