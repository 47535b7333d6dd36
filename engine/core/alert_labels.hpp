// The labels under which an alert of a rule is told: external labels, then alert_relabel_configs.
#pragma once

#include <memory>

#include "engine/config/prometheus_config.hpp"
#include "rules/outgoing_alert.hpp"

namespace tocsin::core {

[[nodiscard]] rules::LabelMapper alert_labels(std::shared_ptr<const config::PrometheusConfig> config);

}  // namespace tocsin::core
