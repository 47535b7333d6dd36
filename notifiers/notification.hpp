// What the dispatcher hands over: one notification to one integration, complete, so that rendering needs
// nothing else.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::notifiers {

// Why this notification goes out; upstream's notify.NotifyReason, whose texts webhooks and templates show.
enum class NotifyReason {
  first_notification,       // "first notification"
  new_alerts_added,         // "new alerts added"
  some_alerts_resolved,     // "some alerts resolved"
  all_alerts_resolved,      // "all alerts resolved"
  repeat_interval_elapsed,  // "repeat interval elapsed"
  unknown                   // "unknown"
};
[[nodiscard]] std::string_view to_string(NotifyReason reason);

struct NotifiedAlert {
  Labels labels;
  // Not Labels: an annotation with an empty value is kept and shown, as upstream does.
  std::map<std::string, std::string> annotations;
  WallTime starts_at = kNoTime;
  WallTime ends_at = kNoTime;  // kNoTime while firing
  std::string generator_url;
  Fingerprint fingerprint;
  bool resolved = false;
  // Why it ended: condition_false, series_gone, sender_silent, sender_resolved, rule_removed, route_removed;
  // "" while it fires. Only templates see it, as .ResolveReason; .ResolveDetail says more where there is
  // more.
  std::string resolve_reason;
  std::string resolve_detail;
};

struct Notification {
  std::string receiver;  // its name as configured
  std::string group_key;
  Labels group_labels;
  std::map<std::string, std::string> route_labels;  // values already rendered
  // In the order in which they are told: sort_for_notification().
  std::vector<NotifiedAlert> alerts;
  NotifyReason reason = NotifyReason::unknown;
  std::string external_url;
  WallTime now{};
  // What Outcome::remember of the last success of this group and integration held (Slack's message to
  // update).
  std::map<std::string, std::string> remembered;

  // Upstream's alert.Alerts.Status: firing while one alert fires.
  [[nodiscard]] bool firing() const;
};

// Upstream's order of label sets (model.LabelSet.Before): fewer labels first.
[[nodiscard]] bool label_set_before(const Labels& a, const Labels& b);
// Whether an alert with these labels is told before one with those: by job, then instance, then all labels;
// one that lacks the label comes after those that have it (upstream's AlertSlice, field-guide trap 84).
[[nodiscard]] bool notification_order(const Labels& a, const Labels& b);
void sort_for_notification(std::vector<NotifiedAlert>& alerts);

// Hex SHA-256 of the group key: PagerDuty's dedup_key, Opsgenie's alias.
[[nodiscard]] std::string hashed_group_key(std::string_view group_key);

}  // namespace tocsin::notifiers
