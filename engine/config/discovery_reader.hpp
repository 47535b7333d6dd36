// Reads where targets come from. Internal to engine/config.
#pragma once

#include <string>

#include "engine/config/prometheus_config.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// Takes static_configs, file_sd_configs and the keys of all other mechanisms out of a scrape config or an
// alertmanagers entry. Target addresses are checked unless the entry's relabel_configs may still mend them.
[[nodiscard]] Discovery read_discovery(yaml::MapReader& map, const std::string& directory);

// The content of a file_sd file or of static_configs: {targets: [...], labels: {...}}.
[[nodiscard]] TargetGroup read_target_group(const yaml::Scope& scope, const yaml::Node& node,
                                            const std::string& subject);

}  // namespace tocsin::config
