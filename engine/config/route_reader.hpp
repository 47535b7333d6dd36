// Reads the route tree and inhibition rules. Internal to engine/config.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/alertmanager_config.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// What routes may refer to.
struct RouteNames {
  std::vector<std::string_view> receivers;
  std::vector<std::string_view> time_intervals;
};

// The whole tree below the root, options inherited.
[[nodiscard]] Route read_root_route(const yaml::Scope& scope, const yaml::Node& node,
                                    const RouteNames& names);

[[nodiscard]] InhibitRule read_inhibit_rule(const yaml::Scope& scope, const yaml::Node& node,
                                            const std::string& subject);

}  // namespace tocsin::config
