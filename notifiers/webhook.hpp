// The generic webhook: the notification's data as JSON, version 4, or a payload of the user's own.
#pragma once

#include "notifiers/registry.hpp"

namespace tocsin::notifiers {

[[nodiscard]] Service webhook_service();

}  // namespace tocsin::notifiers
