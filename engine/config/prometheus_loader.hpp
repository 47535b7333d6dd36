// From the text of prometheus.yml to a PrometheusConfig.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/config/file_source.hpp"
#include "engine/config/load_options.hpp"
#include "engine/config/prometheus_config.hpp"
#include "rules/rule_file.hpp"

namespace tocsin::config {

// Reads and checks everything, scrape_config_files included; rule files are found but not read. All findings
// are added to diagnostics; the result is empty if one of them is an error.
[[nodiscard]] std::optional<PrometheusConfig> load_prometheus_config(std::string text,
                                                                     const LoadOptions& options,
                                                                     FileSource& files,
                                                                     Diagnostics& diagnostics);

// Reads the rule files that a configuration found. Upstream runs none of them if one has an error.
[[nodiscard]] std::vector<rules::RuleFile> load_rule_files(const PrometheusConfig& config, FileSource& files,
                                                           Diagnostics& diagnostics,
                                                           const promql::ParserOptions& parser = {});

}  // namespace tocsin::config
