// Templates of notifications: Alertmanager's functions, default templates and data, on the template engine.
//
// Functions that need what is only known when a notification is made (now, since, routeLabels) are bound for
// each execution; bind() makes them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "notifiers/notification.hpp"
#include "promql/result.hpp"
#include "rules/template/functions.hpp"
#include "rules/template/template.hpp"

namespace tocsin::notifiers {

// A set with Alertmanager's functions and default templates (default.tmpl); user files are add()ed to it
// under their base names.
[[nodiscard]] templates::TemplateSet notification_templates();

// The data of a notification: *template.Data with Receiver, Status, Alerts, NotificationReason, GroupLabels,
// CommonLabels, CommonAnnotations, RouteLabels, ExternalURL. `Receiver` is regex-quoted, as upstream's.
// At most max_alerts of the alerts are in it, unless that is 0.
[[nodiscard]] templates::Value notification_data(const Notification& notification,
                                                 std::size_t max_alerts = 0);

// Executes a field's text. The error is upstream's.
[[nodiscard]] Result<std::string> execute_text(const templates::TemplateSet& set, std::string_view text,
                                               const Notification& notification,
                                               const templates::Value& data);

// The values of a route's labels, each a template over the data of the group's alerts, which may refer to the
// others with routeLabels. A label whose template fails is left out and its error added to `errors`.
struct RouteLabelError {
  std::string label;
  std::string error;
};
[[nodiscard]] std::map<std::string, std::string> render_route_labels(
    const templates::TemplateSet& set, const std::map<std::string, std::string>& labels,
    const Notification& notification, std::vector<RouteLabelError>& errors);

}  // namespace tocsin::notifiers
