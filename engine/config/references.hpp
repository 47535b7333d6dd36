// ${env:NAME} and ${file:PATH} in the strings of a configuration file. Internal to engine/config.
#pragma once

#include <functional>
#include <string>

#include "engine/config/file_source.hpp"
#include "engine/config/load_options.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// Replaces each reference in a string that stands at a node. PATH is relative to the file's directory and the
// content loses its trailing line breaks. What cannot be had becomes "" and a finding. Nothing is expanded
// twice. All that is borrowed must outlive the returned function.
[[nodiscard]] std::function<std::string(const yaml::Node&, std::string)> reference_expander(
    const LoadOptions& options, FileSource& files, const yaml::Document& document, Diagnostics& diagnostics);

}  // namespace tocsin::config
