// Relabelling, as targets, samples and alerts go through it (upstream's model/relabel).
//
// The rules come compiled and validated from the configuration. Applying them needs no state and is safe
// from any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/config/prometheus_config.hpp"
#include "promql/labels.hpp"

namespace tocsin::scrape {

// Applies the rules in their order. False when one of them says to drop; the labels are then of no use.
[[nodiscard]] bool relabel(std::span<const config::RelabelConfig> rules, LabelsBuilder& labels);
// The same on a set; empty when it was dropped.
[[nodiscard]] std::optional<Labels> relabel(std::span<const config::RelabelConfig> rules,
                                            const Labels& labels);

}  // namespace tocsin::scrape
