// Slack: incoming webhooks, and chat.postMessage / chat.update with an app's token.
#pragma once

#include "notifiers/registry.hpp"

namespace tocsin::notifiers {

[[nodiscard]] Service slack_service();

}  // namespace tocsin::notifiers
