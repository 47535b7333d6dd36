// The body of POST /api/v2/alerts: JSON in, alerts out, with upstream's checks and its texts.
#pragma once

#include "engine/api/handler.hpp"

namespace tocsin::api {

// A PostAlertsCommand with every valid alert, or at once an answer when the body as a whole is refused.
[[nodiscard]] Answer read_posted_alerts(const HttpRequest& request, const View& view);

}  // namespace tocsin::api
