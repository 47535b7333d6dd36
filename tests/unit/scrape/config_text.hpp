// Configurations for tests, through the real loader: what a test writes is what a user would write.
#pragma once

#include <memory>
#include <string>

#include "engine/config/prometheus_loader.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::scrape {

inline std::shared_ptr<const config::PrometheusConfig> load_config(const std::string& text) {
  config::MemoryFiles files;
  Diagnostics diagnostics;
  auto config = config::load_prometheus_config(text, {.file = "prometheus.yml"}, files, diagnostics);
  INFO(text << "\n" << format_diagnostics(diagnostics.all()));
  REQUIRE(config.has_value());
  return std::make_shared<const config::PrometheusConfig>(std::move(*config));
}

// One job "job" with one target; `keys` are further lines of its configuration.
inline std::shared_ptr<const config::PrometheusConfig> one_job(const std::string& keys = "") {
  std::string text =
      "global: {scrape_interval: 10s}\n"
      "scrape_configs:\n"
      "- job_name: job\n"
      "  static_configs: [{targets: ['host:80']}]\n";
  std::istringstream lines(keys);
  for (std::string line; std::getline(lines, line);) text += "  " + line + "\n";
  return load_config(text);
}

inline std::shared_ptr<const config::ScrapeConfig> first_job(
    const std::shared_ptr<const config::PrometheusConfig>& config) {
  return {config, &config->scrape_configs.at(0)};
}

}  // namespace tocsin::scrape
