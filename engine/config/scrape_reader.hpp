// Reads one entry of scrape_configs, and the keys that `global` shares with it. Internal to engine/config.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/config/prometheus_config.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// sample_limit and its kin; a key that is not given leaves its limit.
void read_limits(yaml::MapReader& map, ScrapeLimits& limits);
void read_name_scheme(yaml::MapReader& map, std::string_view key, std::optional<NameScheme>& out);
void read_escaping(yaml::MapReader& map, std::string_view key, std::optional<EscapingScheme>& out);
// Empty when the key is absent; an empty list is an error.
[[nodiscard]] std::optional<std::vector<ScrapeProtocol>> read_protocols(yaml::MapReader& map,
                                                                        std::string_view key);

// The entry after inheritance from global; empty if it has an error of its own that leaves nothing to use.
[[nodiscard]] std::optional<ScrapeConfig> read_scrape_config(const yaml::Scope& scope, const yaml::Node& node,
                                                             std::string subject, const GlobalConfig& global,
                                                             const std::string& directory);

}  // namespace tocsin::config
