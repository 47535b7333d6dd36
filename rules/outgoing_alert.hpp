// Alerts on their way out of the rules, in two forms.
//
// OutgoingAlert is what Prometheus posts to an Alertmanager: repeated while it fires, with an end that lies
// ahead (so that a dead Prometheus' alerts end), and after it resolved with the end it had.
//
// AlertChange is for the dispatcher in this process: an alert lives while its rule says so, so it is told
// once when it begins, when its annotations change, and when it ends, and why.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::rules {

// Not Labels: an annotation (or a rule's label before it is applied) may have an empty value.
using TextMap = std::map<std::string, std::string>;

struct OutgoingAlert {
  Labels labels;  // as the LabelMapper made them
  TextMap annotations;
  WallTime starts_at = kNoTime;  // when it began to fire, not when it became pending
  WallTime ends_at = kNoTime;    // resolved: when; else when it ends unless it is sent again
  std::string generator_url;
  double value = 0;
};

enum class ChangeKind {
  fired,    // begins; also when its labels were mapped anew after a reload
  updated,  // annotations changed, or it was unknown and is known again
  unknown,  // its rule has failed for too long to say; it neither fires nor is resolved
  resolved  // is over
};
enum class ResolveCause {
  none,             // not resolved
  condition_false,  // the rule ran and no longer sees it
  for_raised,       // the rule's `for` is now longer than the alert is old: pending again
  limit_exceeded,   // the rule went over its limit and forgot its alerts; this one is pending again
  rule_removed,     // the rule, its group or its file is gone, or the rule has other labels now
  relabelled        // external labels or alert relabelling changed: it goes on under other labels
};
[[nodiscard]] std::string_view to_string(ChangeKind kind);
[[nodiscard]] std::string_view to_string(ResolveCause cause);

struct AlertChange {
  ChangeKind kind = ChangeKind::fired;
  ResolveCause cause = ResolveCause::none;
  // ends_at is kNoTime unless kind is resolved.
  OutgoingAlert alert;
};

// From an alert's own labels to those it is told under: external labels, then alert_relabel_configs, which
// live elsewhere. No value: relabelling drops the alert. Must be a pure function of the labels.
using LabelMapper = std::function<std::optional<Labels>(const Labels&)>;

// Adds the external labels that the alert does not have.
[[nodiscard]] Labels with_external_labels(const Labels& alert, const Labels& external);

// Where Prometheus' page shows an expression as a table: /graph?g0.expr=up+%3D%3D+0&g0.tab=1
[[nodiscard]] std::string table_link(std::string_view expression);

}  // namespace tocsin::rules
