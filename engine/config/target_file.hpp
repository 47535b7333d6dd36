// Files of file_sd_configs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/prometheus_config.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::config {

// What such a file holds, JSON or YAML by the path's extension. What Prometheus refuses is an error here too,
// with its place; what is given is whole only if there is none.
[[nodiscard]] std::vector<TargetGroup> read_target_file(const std::string& path, std::string_view content,
                                                        Diagnostics& diagnostics);

}  // namespace tocsin::config
