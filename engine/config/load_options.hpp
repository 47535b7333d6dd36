// What the loaders of prometheus.yml and alertmanager.yml are told.
#pragma once

#include <string>

#include "rules/yaml/diagnostic.hpp"

namespace tocsin::config {

struct LoadOptions {
  // As the user named it: for messages, and for what is relative to its directory.
  std::string file;
  // What a ${env:NAME} or ${file:PATH} is that cannot be had: serving stops, a check warns.
  Severity unset_reference = Severity::error;
  // What a rule file is that is named without a pattern and does not exist: Prometheus runs without it,
  // promtool refuses.
  Severity missing_rule_file = Severity::warning;
};

}  // namespace tocsin::config
