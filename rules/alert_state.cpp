// Two small machines, one for an alert that is seen and one for an alert that is not, and the check that both
// share: an alert that fires must be at least as old as `for`.
#include "rules/alert_state.hpp"

namespace tocsin::rules {
namespace {

bool held_long_enough(const AlertClock& clock, WallTime now, const AlertTiming& timing) {
  return now - clock.active_at >= timing.hold;
}

// A rule whose `for` was raised takes the alert back to pending, as if it had never fired.
AlertStep demoted(AlertClock clock) {
  clock.state = AlertState::pending;
  clock.fired_at = kNoTime;
  clock.keep_firing_since = kNoTime;
  return {clock, AlertReason::for_raised};
}

AlertStep start(WallTime now, const AlertTiming& timing) {
  AlertClock clock;
  clock.state = AlertState::pending;
  clock.active_at = now;
  if (!held_long_enough(clock, now, timing)) return {clock, AlertReason::started};
  clock.state = AlertState::firing;
  clock.fired_at = now;
  return {clock, AlertReason::fired_at_once};
}

AlertStep next_seen(AlertClock clock, WallTime now, const AlertTiming& timing) {
  switch (clock.state) {
    case AlertState::inactive:
      return start(now, timing);
    case AlertState::pending:
      if (!held_long_enough(clock, now, timing)) return {clock, AlertReason::holding};
      clock.state = AlertState::firing;
      clock.fired_at = now;
      return {clock, AlertReason::fired};
    case AlertState::firing:
      break;
  }
  const bool was_kept = clock.keep_firing_since != kNoTime;
  clock.keep_firing_since = kNoTime;
  if (!held_long_enough(clock, now, timing)) return demoted(clock);
  return {clock, was_kept ? AlertReason::seen_again : AlertReason::still_firing};
}

AlertStep next_unseen(AlertClock clock, WallTime now, const AlertTiming& timing) {
  switch (clock.state) {
    case AlertState::inactive:
      if (clock.vacant()) return {clock, AlertReason::never_seen};
      if (now - clock.resolved_at > kResolvedRetention) return {AlertClock{}, AlertReason::forgotten};
      return {clock, AlertReason::still_resolved};
    case AlertState::pending:
      return {AlertClock{}, AlertReason::reset};
    case AlertState::firing:
      break;
  }
  if (timing.keep_firing_for > Duration::zero()) {
    if (clock.keep_firing_since == kNoTime) clock.keep_firing_since = now;
    if (now - clock.keep_firing_since < timing.keep_firing_for) {
      if (!held_long_enough(clock, now, timing)) return demoted(clock);
      return {clock, AlertReason::kept_firing};
    }
  }
  clock.state = AlertState::inactive;
  clock.resolved_at = now;
  return {clock, AlertReason::resolved};
}

}  // namespace

AlertStep next(const AlertClock& was, Presence presence, WallTime now, const AlertTiming& timing) {
  switch (presence) {
    case Presence::seen:
      return next_seen(was, now, timing);
    case Presence::unseen:
      return next_unseen(was, now, timing);
    case Presence::unsure:
      break;
  }
  return {was, AlertReason::not_known};
}

bool needs_sending(const AlertClock& clock, WallTime last_sent_at, WallTime now, Duration resend_delay) {
  if (clock.vacant() || clock.state == AlertState::pending) return false;
  if (clock.resolved_at > last_sent_at) return true;
  return last_sent_at == kNoTime || last_sent_at + resend_delay < now;
}

AlertClock shifted(const AlertClock& clock, Duration step) {
  const auto move = [step](WallTime time) { return time == kNoTime ? time : time + step; };
  return {clock.state, move(clock.active_at), move(clock.fired_at), move(clock.resolved_at),
          move(clock.keep_firing_since)};
}

std::string_view to_string(AlertState state) {
  switch (state) {
    case AlertState::inactive:
      return "inactive";
    case AlertState::pending:
      return "pending";
    case AlertState::firing:
      return "firing";
  }
  return "unknown";
}

std::string_view to_string(AlertReason reason) {
  switch (reason) {
    case AlertReason::never_seen:
      return "never_seen";
    case AlertReason::started:
      return "started";
    case AlertReason::fired_at_once:
      return "fired_at_once";
    case AlertReason::holding:
      return "holding";
    case AlertReason::fired:
      return "fired";
    case AlertReason::still_firing:
      return "still_firing";
    case AlertReason::kept_firing:
      return "kept_firing";
    case AlertReason::seen_again:
      return "seen_again";
    case AlertReason::for_raised:
      return "for_raised";
    case AlertReason::reset:
      return "reset";
    case AlertReason::resolved:
      return "resolved";
    case AlertReason::still_resolved:
      return "still_resolved";
    case AlertReason::forgotten:
      return "forgotten";
    case AlertReason::not_known:
      return "not_known";
  }
  return "unknown";
}

bool is_transition(AlertReason reason) {
  switch (reason) {
    case AlertReason::started:
    case AlertReason::fired_at_once:
    case AlertReason::fired:
    case AlertReason::for_raised:
    case AlertReason::reset:
    case AlertReason::resolved:
    case AlertReason::forgotten:
      return true;
    default:
      return false;
  }
}

}  // namespace tocsin::rules
