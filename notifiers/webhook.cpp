#include "notifiers/webhook.hpp"

#include <algorithm>

#include "notifiers/classification.hpp"
#include "notifiers/notification_template.hpp"
#include "notifiers/rendering.hpp"
#include "rules/template/json.hpp"

namespace tocsin::notifiers {
namespace {

using templates::Value;

FieldTable webhook_table() {
  FieldTable table;
  table.kind = "webhook";
  table.config_key = "webhook_configs";
  table.send_resolved = true;
  table.fields = {
      {"url", FieldType::secret_template_url, "", true, {}},
      {"url_file", FieldType::file, "", true, {}},
      {"max_alerts", FieldType::count, "", false, {}},
      {"timeout", FieldType::duration, "", false, {}},
      {"payload", FieldType::data, "", true, {}},
  };
  table.check = [](Settings& settings) -> std::vector<Problem> {
    if (!settings.has_text("url") && !settings.has_text("url_file")) {
      return {{"", "one of url or url_file must be configured"}};
    }
    if (settings.has_text("url") && settings.has_text("url_file")) {
      return {{"url_file", "at most one of url & url_file must be configured"}};
    }
    return {};
  };
  return table;
}

// The data's fields, then those of the message around it.
Result<std::string> message_json(const Notification& notification, const Value& data, std::size_t truncated) {
  auto json = templates::to_json(data);
  if (!json) return json;
  json->pop_back();
  return *json + ",\"version\":\"4\",\"groupKey\":" + templates::json_string(notification.group_key) +
         ",\"truncatedAlerts\":" + std::to_string(truncated) + "}";
}

Result<std::string> body_of(const Notification& notification, const Settings& settings, const Value& data,
                            FieldRenderer& renderer) {
  const Value payload = settings.value("payload");
  if (!payload.valid()) {
    const auto max_alerts = static_cast<std::size_t>(settings.number("max_alerts"));
    const std::size_t count = notification.alerts.size();
    return message_json(notification, data, max_alerts != 0 && count > max_alerts ? count - max_alerts : 0);
  }
  const Value rendered = renderer.data("payload", payload);
  if (renderer.error()) return renderer.error()->wrap("failed to render custom payload");
  auto json = templates::to_json(rendered);
  if (!json) return json.error().wrap("failed to render custom payload");
  return json;
}

Result<Rendered> render_webhook(const FieldTable& table, const Notification& notification,
                                const Settings& settings, const RenderContext& context) {
  const Value data = notification_data(notification, static_cast<std::size_t>(settings.number("max_alerts")));
  FieldRenderer renderer(notification, data, context, table);
  auto body = body_of(notification, settings, data, renderer);
  if (!body) return body.error();
  const auto url_source = setting_or_file(settings, "url", context, "read url_file");
  if (!url_source) return url_source.error();
  auto url = renderer.required(*url_source);
  if (!url) return url.error().wrap("failed to template webhook URL");
  if (url->empty()) return Error("webhook URL is empty after templating");
  Rendered rendered;
  rendered.request = json_request(std::move(*url), *body + "\n");
  rendered.request.timeout = settings.duration("timeout");
  rendered.failures = renderer.take_failures();
  return rendered;
}

}  // namespace

Service webhook_service() {
  return make_service(webhook_table(), render_webhook, [](const Reply& reply, const Settings&) {
    return classify_status(reply, {}, body_as_details);
  });
}

}  // namespace tocsin::notifiers
