// From a path to its handler. Small guards first: method, lifecycle; then the family of the path.
#include "engine/api/answers.hpp"
#include "engine/api/handler.hpp"
#include "engine/api/routes.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

bool is_read(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// Paths of the query API that a client may POST to because a query can be long.
bool accepts_form(std::string_view rest) {
  for (const std::string_view path : {"/query", "/query_range", "/query_exemplars", "/format_query",
                                      "/parse_query", "/labels", "/series"}) {
    if (rest == path) return true;
  }
  return false;
}

HttpResponse method_not_allowed() {
  return answer_text(405, "Method Not Allowed\n");
}

// Prometheus guards reload and quit, Alertmanager does not.
Answer reload(const HttpRequest& request, const ApiOptions& options) {
  if (request.method != "POST" && request.method != "PUT") {
    HttpResponse response = answer_text(405, "Only POST or PUT requests allowed");
    return response;
  }
  if (options.prometheus && !options.enable_lifecycle) {
    return answer_text(403, "Lifecycle API is not enabled.");
  }
  return ReloadCommand{};
}

Answer handle_v1(std::string_view rest, const HttpRequest& request, const View& view,
                 const ApiOptions& options) {
  // Alertmanager's API v1 is gone upstream too; its GET paths that Prometheus does not have say so.
  const bool gone = (rest == "/alerts" && !is_read(request)) || rest == "/silences" ||
                    rest.starts_with("/silence/") || rest == "/receivers" || rest == "/status" ||
                    rest == "/alerts/groups";
  if (gone) {
    return answer_json(
        R"({"status":"deprecated","error":"The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0 - please use the equivalent route in the v2 API"})",
        410);
  }
  if (request.method == "OPTIONS") return answer_nothing();
  const bool form = request.method == "POST" && accepts_form(rest);
  if (!is_read(request) && !form) return method_not_allowed();
  if (rest == "/history") return handle_history(request);
  if (auto answer = handle_query_api(rest, request, view)) return *answer;
  if (auto answer = handle_label_api(rest, request, view)) return *answer;
  if (auto answer = handle_expression_api(rest, request, options)) return *answer;
  if (auto answer = handle_state_api(rest, request, view, options)) return *answer;
  if (auto answer = handle_status_api(rest, request, view)) return *answer;
  return answer_text(404, "404 page not found\n");
}

}  // namespace

Answer handle(const HttpRequest& request, const View& view, const ApiOptions& options) {
  const std::string_view path = request.path;
  constexpr std::string_view kV1 = "/api/v1";
  constexpr std::string_view kV2 = "/api/v2";
  if (path.starts_with(kV1) && path.substr(kV1.size()).starts_with('/')) {
    return handle_v1(path.substr(kV1.size()), request, view, options);
  }
  if (path.starts_with(kV2) && path.substr(kV2.size()).starts_with('/')) {
    if (auto answer = handle_alertmanager_api(path.substr(kV2.size()), request, view)) return *answer;
    return answer_json(format(R"({{"code":404,"message":"path {} was not found"}})", path), 404);
  }
  if (path == "/-/reload") return reload(request, options);
  if (!is_read(request)) return method_not_allowed();
  if (auto answer = handle_health(request, view, options)) return *answer;
  if (path == "/metrics") {
    HttpResponse response = answer_text(200, view.metrics());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8; escaping=values";
    return response;
  }
  return answer_text(404, "404 page not found\n");
}

HttpResponse answer_reload(std::string_view errors) {
  if (errors.empty()) return answer_text(200, "");
  return answer_text(500, std::string(errors));
}

}  // namespace tocsin::api
