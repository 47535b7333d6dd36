// From the text of alertmanager.yml to an AlertmanagerConfig.
#pragma once

#include <optional>
#include <string>

#include "engine/config/alertmanager_config.hpp"
#include "engine/config/file_source.hpp"
#include "engine/config/load_options.hpp"

namespace tocsin::config {

// Reads and checks everything; template files are found but not read. All findings are added to diagnostics,
// those of lint last; the result is empty if one of them is an error.
[[nodiscard]] std::optional<AlertmanagerConfig> load_alertmanager_config(std::string text,
                                                                         const LoadOptions& options,
                                                                         FileSource& files,
                                                                         Diagnostics& diagnostics);

}  // namespace tocsin::config
