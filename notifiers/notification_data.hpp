// The types of notification data as templates and webhooks see them (upstream's template.Data and its parts).
#pragma once

#include "rules/template/value.hpp"

namespace tocsin::notifiers {

[[nodiscard]] const templates::Type& kv_type();            // template.KV
[[nodiscard]] const templates::Type& alert_type();         // template.Alert
[[nodiscard]] const templates::Type& alerts_type();        // template.Alerts
[[nodiscard]] const templates::Type& data_type();          // template.Data
[[nodiscard]] const templates::Type& data_pointer_type();  // *template.Data

}  // namespace tocsin::notifiers
