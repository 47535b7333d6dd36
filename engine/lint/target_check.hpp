// Files that prometheus.yml names besides rule files: credentials, certificates, targets. Internal to
// engine/lint.
#pragma once

#include "engine/config/file_source.hpp"
#include "engine/config/prometheus_config.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::lint {

// As promtool: files of credentials and certificates must be readable and target files must be right; a
// pattern of target files that finds none is a warning.
void check_referenced_files(const config::PrometheusConfig& config, config::FileSource& files,
                            Diagnostics& diagnostics);

}  // namespace tocsin::lint
