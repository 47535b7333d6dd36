// The handlers behind the router, one file a family.
#pragma once

#include <string_view>

#include "engine/api/handler.hpp"

namespace tocsin::api {

// /api/v1/query and query_range (prometheus_query.cpp). `rest` is the path after /api/v1.
[[nodiscard]] std::optional<Answer> handle_query_api(std::string_view rest, const HttpRequest& request,
                                                     const View& view);
// /api/v1/series, labels, label/{name}/values (prometheus_labels.cpp)
[[nodiscard]] std::optional<Answer> handle_label_api(std::string_view rest, const HttpRequest& request,
                                                     const View& view);
// /api/v1/format_query, parse_query, query_exemplars (prometheus_expressions.cpp)
[[nodiscard]] std::optional<Answer> handle_expression_api(std::string_view rest, const HttpRequest& request,
                                                          const ApiOptions& options);
// /api/v1/targets, rules, alerts, metadata (prometheus_state.cpp)
[[nodiscard]] std::optional<Answer> handle_state_api(std::string_view rest, const HttpRequest& request,
                                                     const View& view, const ApiOptions& options);
// /api/v1/status/... (prometheus_status.cpp)
[[nodiscard]] std::optional<Answer> handle_status_api(std::string_view rest, const HttpRequest& request,
                                                      const View& view);
// /api/v2/... (alertmanager.cpp). `rest` is the path after /api/v2.
[[nodiscard]] std::optional<Answer> handle_alertmanager_api(std::string_view rest, const HttpRequest& request,
                                                            const View& view);
// /api/v2/silences and /api/v2/silence/{id} (silences.cpp).
[[nodiscard]] std::optional<Answer> handle_silences(std::string_view rest, const HttpRequest& request,
                                                    const View& view);
// /api/v1/history (history_api.cpp)
[[nodiscard]] Answer handle_history(const HttpRequest& request);
// /-/healthy, /-/ready, /health/... (health.cpp)
[[nodiscard]] std::optional<Answer> handle_health(const HttpRequest& request, const View& view,
                                                  const ApiOptions& options);

}  // namespace tocsin::api
