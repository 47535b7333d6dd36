// An alert as dispatch holds it, and how two reports of the same alert become one.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::dispatch {

// Own alerts come from this process' rules and live until they are told to have ended. Posted ones came over
// the API and carry an end.
enum class Origin { own, posted };

// Why an alert ended.
enum class ResolveCause {
  none,             // it has not
  condition_false,  // its expression no longer yields it
  series_gone,      // the series it came from went stale
  sender_silent,    // posted, and not posted again in time
  sender_resolved,  // posted with an end that has come
  rule_removed,
  route_removed  // it may go on, but nobody is told any more
};
[[nodiscard]] std::string_view to_string(ResolveCause cause);

struct Alert {
  Labels labels;
  // Not Labels: an annotation with an empty value is kept and shown, as upstream does.
  std::map<std::string, std::string> annotations;
  WallTime starts_at{};
  WallTime ends_at = kNoTime;  // kNoTime: until told otherwise
  WallTime updated_at{};
  bool timeout = false;  // ends_at was set by resolve_timeout, not by the sender
  Origin origin = Origin::own;
  ResolveCause cause = ResolveCause::none;
  std::string cause_detail;  // of series_gone: which target, and what its scrape met
  // Nobody can say at present whether it fires: its rule fails to evaluate, or the end that its sender named
  // passed while this process was down. It is neither told nor dropped.
  bool unknown = false;
  std::string generator_url;

  // True from ends_at on.
  [[nodiscard]] bool resolved_at(WallTime now) const { return ends_at != kNoTime && ends_at <= now; }
  [[nodiscard]] std::string_view name() const { return labels.get(kAlertName); }
};

// Why it ended, as far as the alert itself tells. REQUIRES: it has ended.
[[nodiscard]] ResolveCause cause_of_end(const Alert& alert);

// Alertmanager's merge (alert/alert.go, Merge): the younger report counts, but the earliest start is kept,
// and a later end that the sender named is not shortened by a report that says nothing new (traps 41 and 86).
[[nodiscard]] Alert merge(const Alert& older, const Alert& younger, WallTime now);

// True where the two activity ranges overlap in the way that makes Alertmanager merge them.
[[nodiscard]] bool should_merge(const Alert& known, const Alert& report);

}  // namespace tocsin::dispatch
