// Attempts go out, answers come in, and what failed is tried again until the group's next round is due.
#include <algorithm>

#include "engine/dispatch/dispatcher_state.hpp"
#include "notifiers/registry.hpp"

namespace tocsin::dispatch {
namespace {

// Templates see upstream's reasons; what upstream does not know is an alert that is new to the reader.
notifiers::NotifyReason shown_reason(NotifyReason reason) {
  switch (reason) {
    case NotifyReason::first_notification:
      return notifiers::NotifyReason::first_notification;
    case NotifyReason::new_alerts:
    case NotifyReason::unmuted:
      return notifiers::NotifyReason::new_alerts_added;
    case NotifyReason::some_resolved:
      return notifiers::NotifyReason::some_alerts_resolved;
    case NotifyReason::all_resolved:
      return notifiers::NotifyReason::all_alerts_resolved;
    case NotifyReason::repeat_interval:
      return notifiers::NotifyReason::repeat_interval_elapsed;
    case NotifyReason::nothing_new:
    case NotifyReason::nothing_to_tell:
      break;
  }
  return notifiers::NotifyReason::unknown;
}

void count_latency(IntegrationCounters& counters, Duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  counters.latency_sum += seconds;
  for (std::size_t i = 0; i < IntegrationCounters::kLatencyBounds.size(); ++i) {
    if (seconds > IntegrationCounters::kLatencyBounds[i]) continue;
    ++counters.latency[i];
    return;
  }
}

}  // namespace

IntegrationCounters& Dispatcher::State::counters_of(const Group& group, const Send& send) {
  const std::string kind = send.name.substr(0, send.name.find('['));
  return counters.integrations[{kind, group.options().receiver}];
}

notifiers::NotifiedAlert Dispatcher::State::notified(const Frozen& frozen) {
  notifiers::NotifiedAlert alert;
  alert.labels = frozen.alert.labels;
  alert.annotations = frozen.alert.annotations;
  alert.starts_at = frozen.alert.starts_at;
  alert.ends_at = frozen.alert.ends_at;
  alert.generator_url = frozen.alert.generator_url;
  alert.fingerprint = frozen.fingerprint;
  alert.resolved = frozen.resolved;
  return alert;
}

notifiers::Notification Dispatcher::State::notification_of(const Group& group, const Now& now) {
  notifiers::Notification notification;
  notification.receiver = group.options().receiver;
  notification.group_key = group.key;
  notification.group_labels = group.labels;
  notification.external_url = group.running->setup().external_url;
  notification.now = now.wall;
  return notification;
}

notifiers::Notification Dispatcher::State::notification_of(const Group& group, const Send& send,
                                                           const Now& now) const {
  notifiers::Notification notification = notification_of(group, now);
  notification.route_labels = group.flush->route_labels;
  notification.reason = shown_reason(send.plan.reason);
  const Told* known = told.find(told_key(group, send.integration), now.mono);
  if (known != nullptr && !known->firing.empty()) notification.remembered = known->remembered;
  for (const Frozen& frozen : group.flush->alerts) {
    if (contains(send.plan.sent, frozen.fingerprint)) notification.alerts.push_back(notified(frozen));
  }
  return notification;
}

void Dispatcher::State::start_sends(Group& group, const Now& now, std::vector<Attempt>& attempts) {
  Flush& flush = *group.flush;
  for (std::size_t i = 0; i < flush.sends.size(); ++i) {
    Send& send = flush.sends[i];
    if (send.done) continue;
    if (send.in_flight) {
      if (now.mono < flush.deadline + kAnswerGrace) continue;
      ++counters.attempts_lost;
      const auto lost = in_flight.find(*send.in_flight);
      --lanes[send.integration].in_flight;
      give_turn(send.integration);
      in_flight.erase(lost);
      send.in_flight.reset();
    }
    if (now.mono >= flush.deadline) {
      finish_send(group, send, SendResult::failed, now);
      continue;
    }
    if (send.waits_for_turn || send.next_attempt > now.mono) continue;
    if (attempts.size() >= limits.attempts_per_step) break;
    if (std::optional<Attempt> attempt = start_attempt(group, i, now))
      attempts.push_back(std::move(*attempt));
  }
  const bool all_done =
      std::all_of(flush.sends.begin(), flush.sends.end(), [](const Send& send) { return send.done; });
  if (all_done) finish_flush(group, now);
}

std::optional<Attempt> Dispatcher::State::start_attempt(Group& group, std::size_t index, const Now& now) {
  Send& send = group.flush->sends[index];
  const IntegrationRef* ref = group.running->find(send.integration);
  if (ref == nullptr) {
    finish_send(group, send, SendResult::dropped_removed, now);
    return std::nullopt;
  }
  Lane& lane = lanes[send.integration];
  if (lane.in_flight >= limits.attempts_in_flight) {
    send.waits_for_turn = true;
    lane.waiting.push_back(group.number);
    return std::nullopt;
  }
  Attempt attempt;
  attempt.notification = notification_of(group, send, now);
  const Setup& setup = group.running->setup();
  const notifiers::RenderContext context{*setup.templates, setup.read_file, policy.render_fallback};
  const config::Integration& integration = *ref->integration;
  Result<notifiers::Rendered> rendered =
      integration.service->render(attempt.notification, integration.settings, context);
  ++send.attempts;
  if (!rendered) {
    IntegrationCounters& counted = counters_of(group, send);
    ++counted.requests;
    ++counted.requests_failed;
    send.last_error = rendered.error().text;
    send.last_reason = notifiers::FailureReason::other;
    finish_send(group, send, SendResult::failed, now);
    return std::nullopt;
  }
  for (const notifiers::TemplateFailure& failure : rendered->failures) {
    ++counters.template_failures;
    Event event = event_of(EventKind::template_failed, group, now);
    event.integration = send.name;
    event.text = failure.field + ": " + failure.error;
    note(std::move(event));
  }
  for (const std::string& warning : rendered->warnings) {
    Event event = event_of(EventKind::warning, group, now);
    event.integration = send.name;
    event.text = warning;
    note(std::move(event));
  }
  attempt.id = AttemptId{++last_attempt};
  attempt.receiver = group.options().receiver;
  attempt.integration = send.name;
  attempt.number = send.attempts;
  attempt.request = std::move(rendered->request);
  attempt.http = integration.http;
  attempt.timeout = group.flush->deadline - now.mono;
  if (attempt.request.timeout > Duration::zero()) {
    attempt.timeout = std::min(attempt.timeout, attempt.request.timeout);
  }
  send.attempt_started = now.mono;
  send.in_flight = attempt.id;
  send.running = group.running;
  ++lane.in_flight;
  in_flight.emplace(attempt.id, InFlight{group.number, index, send.integration});
  return attempt;
}

void Dispatcher::State::finish_send(Group& group, Send& send, SendResult result, const Now& now) {
  send.done = true;
  send.waits_for_turn = false;  // or it would take the turn of one that still waits
  if (result != SendResult::told) group.flush->failed = true;
  Event event = event_of(EventKind::finished, group, now);
  event.integration = send.name;
  event.reason = send.plan.reason;
  event.result = result;
  event.attempts = send.attempts;
  event.firing = send.plan.picture.firing.size();
  event.resolved = send.plan.sent.size() - event.firing;
  if (result == SendResult::failed) {
    ++counters_of(group, send).failed[static_cast<std::size_t>(send.last_reason)];
    event.text = send.last_error.empty() ? "context deadline exceeded" : send.last_error;
  }
  note(std::move(event));
}

void Dispatcher::State::give_turn(const std::string& integration) {
  Lane& lane = lanes[integration];
  while (!lane.waiting.empty()) {
    const auto entry = groups.find(lane.waiting.front());
    lane.waiting.pop_front();
    if (entry == groups.end() || !entry->second.flush) continue;
    Group& group = entry->second;
    for (Send& send : group.flush->sends) {
      if (send.integration != integration || !send.waits_for_turn) continue;
      send.waits_for_turn = false;
      arm(group);
      return;
    }
  }
}

void Dispatcher::State::retry_later(Group& group, Send& send, const notifiers::Outcome& outcome,
                                    const Now& now) {
  const Duration wait = send.backoff.next(random);
  send.next_attempt = std::max(now.mono, send.attempt_started + wait);
  send.next_attempt = std::max(send.next_attempt, lanes[send.integration].not_before);
  Event event = event_of(EventKind::attempt_failed, group, now);
  event.integration = send.name;
  event.reason = send.plan.reason;
  event.attempts = send.attempts;
  event.wait = send.next_attempt - now.mono;
  event.text = outcome.text;
  note(std::move(event));
}

// The send that waits for this attempt's answer. Null if the group is gone, or has begun anew meanwhile.
Send* Dispatcher::State::waiting_send(AttemptId id, const InFlight& attempt) {
  const auto group = groups.find(attempt.group);
  if (group == groups.end() || !group->second.flush) return nullptr;
  std::vector<Send>& sends = group->second.flush->sends;
  if (attempt.send >= sends.size() || sends[attempt.send].in_flight != id) return nullptr;
  return &sends[attempt.send];
}

void Dispatcher::reply(AttemptId id, const notifiers::Reply& reply, const Now& now) {
  const auto entry = state_->in_flight.find(id);
  if (entry == state_->in_flight.end()) return;
  const Send* send = state_->waiting_send(id, entry->second);
  if (send == nullptr) {
    outcome(id, {}, now);
    return;
  }
  const config::Integration& integration = *send->running->find(send->integration)->integration;
  outcome(id, integration.service->classify(reply, integration.settings), now);
}

void Dispatcher::outcome(AttemptId id, const notifiers::Outcome& outcome, const Now& now) {
  State& state = *state_;
  const auto entry = state.in_flight.find(id);
  if (entry == state.in_flight.end()) return;
  const State::InFlight attempt = entry->second;
  state.in_flight.erase(entry);
  State::Lane& lane = state.lanes[attempt.integration];
  --lane.in_flight;
  if (state.policy.retry_after && outcome.retry_after && outcome.verdict != notifiers::Verdict::success) {
    lane.not_before = std::max(lane.not_before, now.mono + *outcome.retry_after);
  }
  state.give_turn(attempt.integration);
  Send* const waiting = state.waiting_send(id, attempt);
  if (waiting == nullptr) return;

  Send& send = *waiting;
  Group& group = state.groups.at(attempt.group);
  send.in_flight.reset();
  IntegrationCounters& counted = state.counters_of(group, send);
  ++counted.requests;
  count_latency(counted, now.mono - send.attempt_started);
  if (outcome.verdict == notifiers::Verdict::success) {
    state.record_told(group, send, outcome.remember, now);
    state.finish_send(group, send, SendResult::told, now);
    state.farewell_if_removed(group, send, now);
  } else {
    ++counted.requests_failed;
    send.last_error = outcome.text;
    send.last_reason = outcome.reason;
    if (outcome.verdict == notifiers::Verdict::retry) {
      state.retry_later(group, send, outcome, now);
    } else {
      state.finish_send(group, send, SendResult::failed, now);
    }
  }
  const bool all_done = std::all_of(group.flush->sends.begin(), group.flush->sends.end(),
                                    [](const Send& each) { return each.done; });
  const GroupNumber number = group.number;
  if (all_done) state.finish_flush(group, now);
  if (state.groups.contains(number)) state.arm(group);
}

}  // namespace tocsin::dispatch
