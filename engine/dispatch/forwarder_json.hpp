// The body of a post to /api/v2/alerts, byte for byte as Prometheus writes it.
#pragma once

#include <span>
#include <string>

#include "rules/outgoing_alert.hpp"

namespace tocsin::dispatch {

[[nodiscard]] std::string encode_alerts(std::span<const rules::OutgoingAlert> alerts);

}  // namespace tocsin::dispatch
