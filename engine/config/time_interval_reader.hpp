// Reads time_intervals and mute_time_intervals. Internal to engine/config.
#pragma once

#include "engine/config/alertmanager_config.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// One named entry, checked as upstream's timeinterval package checks it.
[[nodiscard]] NamedTimeIntervals read_time_intervals(const yaml::Scope& scope, const yaml::Node& node,
                                                     const std::string& subject);

}  // namespace tocsin::config
