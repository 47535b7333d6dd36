// PagerDuty: the Events API v2 (routing_key) and the older v1 (service_key).
#pragma once

#include "notifiers/registry.hpp"

namespace tocsin::notifiers {

[[nodiscard]] Service pagerduty_service();

}  // namespace tocsin::notifiers
