// The life of one alert as a pure function of what it was, whether its rule still sees it, and the time.
//
//            seen                for has passed
//   (none) --------> pending ----------------------> firing
//      ^   not seen  |    ^        for was raised     |  not seen, keep_firing_for is over
//      +-------------+    +---------------------------+----------> inactive (resolved)
//      +------------------------- after 15 minutes -------------------+
//
// An inactive alert that is seen again starts anew: new active_at, `for` runs again. Source of the rules:
// Prometheus' rules/alerting.go; field-guide traps 18, 20, 21, 25.
#pragma once

#include <cstdint>
#include <string_view>

#include "promql/time.hpp"

namespace tocsin::rules {

enum class AlertState : std::uint8_t { inactive, pending, firing };
[[nodiscard]] std::string_view to_string(AlertState state);

// How long a resolved alert is remembered, and told again to Alertmanagers that may have missed it.
inline constexpr Duration kResolvedRetention = std::chrono::minutes(15);

// Where an alert is in its life. All times are evaluation timestamps; kNoTime stands for "not yet".
struct AlertClock {
  AlertState state = AlertState::inactive;
  WallTime active_at = kNoTime;          // first evaluation of the present run in which it was seen
  WallTime fired_at = kNoTime;           // pending became firing
  WallTime resolved_at = kNoTime;        // firing became inactive
  WallTime keep_firing_since = kNoTime;  // first evaluation that no longer saw it, while keep_firing_for runs

  // True where nothing is known: never seen, or forgotten.
  [[nodiscard]] bool vacant() const { return active_at == kNoTime; }
  friend bool operator==(const AlertClock&, const AlertClock&) = default;
};

struct AlertTiming {
  Duration hold{};             // `for`
  Duration keep_firing_for{};  // 0: resolve at once
};

// `unsure` is for evaluations that cannot know, such as the first after the wall clock stepped forward: the
// samples look old, not gone. Such an evaluation changes nothing.
enum class Presence : std::uint8_t { seen, unseen, unsure };

// Why an alert is in the state it is in now.
enum class AlertReason : std::uint8_t {
  never_seen,      // inactive, as before
  started,         // seen for the first time, or again after it was resolved: `for` runs
  fired_at_once,   // the same, and the rule has no `for`
  holding,         // pending, `for` has not passed
  fired,           // pending became firing: `for` has passed
  still_firing,    // firing and seen
  kept_firing,     // firing, not seen, keep_firing_for runs
  seen_again,      // keep_firing_for was running and ended because it is seen again
  for_raised,      // firing became pending: the rule's `for` is longer now than the alert's age
  reset,           // pending and not seen: forgotten
  resolved,        // firing became inactive: not seen, and keep_firing_for (if any) is over
  still_resolved,  // inactive, remembered
  forgotten,       // inactive for longer than the retention
  not_known,       // this evaluation could not know
};
[[nodiscard]] std::string_view to_string(AlertReason reason);
// True if the alert moved from one state to another (or a resolved one started anew).
[[nodiscard]] bool is_transition(AlertReason reason);

struct AlertStep {
  AlertClock clock;
  AlertReason reason = AlertReason::never_seen;
};

// `now` is the timestamp of the evaluation. A vacant clock in the result means that nothing is to be kept.
[[nodiscard]] AlertStep next(const AlertClock& was, Presence presence, WallTime now,
                             const AlertTiming& timing);

// Whether Prometheus would (re)send this alert to its Alertmanagers at `now`. Pending alerts are never sent,
// resolved ones are repeated like firing ones. `last_sent_at` is kNoTime if it was never sent.
[[nodiscard]] bool needs_sending(const AlertClock& clock, WallTime last_sent_at, WallTime now,
                                 Duration resend_delay);

// The same alert after the wall clock stepped: its times move along, so that `for` and keep_firing_for run
// on.
[[nodiscard]] AlertClock shifted(const AlertClock& clock, Duration step);

}  // namespace tocsin::rules
