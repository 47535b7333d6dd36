#include "engine/core/alert_labels.hpp"

#include "engine/scrape/relabel.hpp"

namespace tocsin::core {

rules::LabelMapper alert_labels(std::shared_ptr<const config::PrometheusConfig> config) {
  return [config = std::move(config)](const Labels& labels) -> std::optional<Labels> {
    const Labels labelled = rules::with_external_labels(labels, config->global.external_labels);
    return scrape::relabel(config->alerting.alert_relabel_configs, labelled);
  };
}

}  // namespace tocsin::core
