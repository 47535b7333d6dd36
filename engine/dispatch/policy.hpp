// Where dispatch differs from upstream, one named field each. true is tocsin's way, false is upstream's.
//
// Each field carries the number of the defect (section 2) or trap (sections 4 and 5) of the field guide that
// it answers; tests hold it both ways. No other code asks whether it runs in compatibility mode.
#pragma once

#include <span>
#include <string_view>

#include "promql/result.hpp"

namespace tocsin::dispatch {

struct Policy {
  // 2.1: whoever was told "firing" is told "resolved", also when the alert is silenced, inhibited or muted by
  // then. Upstream drops the resolve and leaves the incident open.
  bool told_resolved = true;
  // Trap 85: an end is told once, and only to who was told the beginning. Upstream lists every ended alert of
  // the group in every message until all integrations have succeeded.
  bool ends_told_once = true;
  // 2.9: when a silence or a time mute ends, what still fires is told at once. Upstream waits for the next
  // group_interval, and tells nobody when nothing else changed.
  bool unmuted_told = true;
  // 2.10, trap 48: repeat_interval has its own clock. Upstream looks at it only at ticks of group_interval.
  bool repeat_clock = true;
  // 2.6: a reload keeps groups, their timers and sends under way where route and labels stay the same.
  // Upstream starts every group anew.
  bool reload_keeps_groups = true;
  // 2.6: a reload that takes a route or a receiver away first resolves what was told through it. Upstream
  // forgets it.
  bool removed_told_resolved = true;
  // Trap 46: routes with equal matchers (twins) remember what they told each on its own. Upstream lets them
  // share the memory, so that one hides the other's notifications.
  bool twins_apart = true;
  // Trap 49: an alert that ended and fires again is told again also where send_resolved is off. Upstream
  // keeps it among the told ones while others of its group fire, and stays silent until repeat_interval.
  bool refired_told = true;
  // Trap 50: an integration is known by its destination. Upstream knows it by its index, so that a reordered
  // list tells everything again.
  bool integration_by_destination = true;
  // Trap 51: what was told is kept until its end was told. Upstream forgets it after twice repeat_interval.
  bool told_kept = true;
  // 2.19: a receiver's Retry-After is waited for. Upstream tries again when its own back-off says so.
  bool retry_after = true;
  // 2.19: a receiver that does not answer is asked by one notification at a time, and hears the present state
  // once when it is back. Upstream lets every group try on, and sends what each has to say.
  bool circuit_breaker = true;
  // 2.19: a receiver that answers 401, 403 or 404 is left alone until the configuration is loaded anew, an
  // hour at most, and what it is to hear is kept. Upstream tries again at each round of each group.
  bool refusal_held = true;
  // 2.7: alerts, groups and notifications under way survive a restart. Upstream's are forgotten, and so are
  // the ends of what it told.
  bool alerts_survive = true;
  // 2.8: after a start without state, groups wait until the rules have run once. Upstream tells what comes
  // first, also where the next rule would have inhibited it.
  bool rules_before_groups = true;
  // 2.4: a field whose template fails falls back to its default text, with the error in brackets. Upstream
  // sends what is left (Slack) or nothing at all.
  bool render_fallback = true;
  // Trap 15: an alert whose rule fails to evaluate stays and is marked unknown. Upstream resolves it.
  bool unknown_stays = true;

  friend bool operator==(const Policy&, const Policy&) = default;
};

struct PolicyField {
  std::string_view name;  // as in --compat=upstream,+told_resolved
  bool Policy::*member;
  std::string_view reference;  // where the field guide has it
  std::string_view summary;
};

// Every field of Policy, in the order above.
[[nodiscard]] std::span<const PolicyField> policy_fields();

[[nodiscard]] Policy upstream_policy();

// --compat: "" or "tocsin" is the default; "upstream" sets all fields back; then "+name" and "-name",
// separated by commas, pick single ones. The error names the field that does not exist.
[[nodiscard]] Result<Policy> parse_policy(std::string_view text);

}  // namespace tocsin::dispatch
