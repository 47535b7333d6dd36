// Reads receivers and the services' keys of `global`. Internal to engine/config.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/config/alertmanager_config.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// Upstream's keys of `global` that belong to services, in its order, those not served included.
[[nodiscard]] std::span<const std::string_view> service_global_keys();

// Takes the keys of all services out of `global`, those of services not served with a warning.
[[nodiscard]] notifiers::Settings read_service_globals(yaml::MapReader& map, const std::string& directory,
                                                       std::vector<Diagnostic>& lint);
// The same without a `global` in the file.
[[nodiscard]] notifiers::Settings default_service_globals();

// One receiver with all its integrations completed from global.
[[nodiscard]] Receiver read_receiver(const yaml::Scope& scope, const yaml::Node& node, std::size_t index,
                                     const AlertmanagerGlobal& global, const std::string& directory,
                                     std::vector<Diagnostic>& lint);

}  // namespace tocsin::config
