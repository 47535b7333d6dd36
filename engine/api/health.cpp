// Health pages: Prometheus' and Alertmanager's /-/healthy and /-/ready, and /health/* as services behind
// Kubernetes probes give them.
#include "engine/api/answers.hpp"
#include "engine/api/routes.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

Answer healthy(const ApiOptions& options) {
  return answer_text(200, options.prometheus ? "Prometheus Server is Healthy.\n" : "OK");
}

Answer ready(const View& view, const ApiOptions& options) {
  if (!view.ready()) return answer_text(503, "Service Unavailable\n");
  std::string text = options.prometheus ? "Prometheus Server is Ready.\n" : "OK";
  // What a person has to know about a server that is ready all the same: a staging sink, a kept
  // configuration.
  for (const HealthCheck& check : view.health()) {
    if (check.state != "ok")
      text += format("{}{}: {}\n", text.ends_with('\n') ? "" : "\n", check.part, check.state);
  }
  return answer_text(200, std::move(text));
}

Answer live(const View& view) {
  JsonWriter json;
  json.begin_object().key("status").string("alive");
  json.key("timestamp").string(format_rfc3339(view.status().now)).end_object();
  return answer_json(json.take());
}

Answer health_ready(const View& view) {
  JsonWriter json;
  const bool ready = view.ready();
  json.begin_object().key("status").string(ready ? "ready" : "not ready").key("checks").begin_object();
  for (const HealthCheck& check : view.health()) json.key(check.part).string(check.state);
  json.end_object().end_object();
  return answer_json(json.take(), ready ? 200 : 503);
}

Answer detailed(const View& view) {
  const StatusView status = view.status();
  const auto checks = view.health();
  bool healthy = view.ready();
  for (const HealthCheck& check : checks) healthy = healthy && check.state == "ok";
  JsonWriter json;
  json.begin_object().key("status").string(healthy ? "healthy" : "degraded");
  json.key("version").string(status.version);
  json.key("uptime_seconds").integer((status.now - status.started) / std::chrono::seconds(1));
  json.key("checks").begin_object();
  for (const HealthCheck& check : checks) {
    json.key(check.part).begin_object().key("status").string(check.state);
    for (const auto& [name, value] : check.facts) json.key(name).string(value);
    json.end_object();
  }
  json.end_object().end_object();
  return answer_json(json.take());
}

}  // namespace

std::optional<Answer> handle_health(const HttpRequest& request, const View& view, const ApiOptions& options) {
  if (request.path == "/-/healthy") return healthy(options);
  if (request.path == "/-/ready") return ready(view, options);
  if (request.path == "/health/live") return live(view);
  if (request.path == "/health/ready") return health_ready(view);
  if (request.path == "/health/detailed") return detailed(view);
  return std::nullopt;
}

}  // namespace tocsin::api
