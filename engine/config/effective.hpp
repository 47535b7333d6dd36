// The configuration as it is in force: defaults filled in, secrets as <secret>, in the order and layout in
// which upstream prints it (/api/v1/status/config, /api/v2/status). Internal to engine/config.
#pragma once

#include <string>

#include "engine/config/alertmanager_config.hpp"
#include "engine/config/prometheus_config.hpp"
#include "engine/config/yaml_value.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::config {

// Sections that this version does not serve are shown as they were written in `root`, which may be null.
[[nodiscard]] std::string effective_yaml(const PrometheusConfig& config, const yaml::Node* root);
[[nodiscard]] std::string effective_yaml(const AlertmanagerConfig& config, const yaml::Node* root);

// The keys of an HTTP client, added to a map that may hold others.
void add_http_client(YamlValue& map, const HttpClientConfig& client);

}  // namespace tocsin::config
