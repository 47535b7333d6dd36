// Attempts go out, answers come in, and what failed is tried again until the group's next round is due.
#include <algorithm>

#include "engine/dispatch/dispatcher_state.hpp"
#include "notifiers/registry.hpp"
#include "promql/format.hpp"

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

// Who is paged in the year 1970 should know why.
constexpr std::string_view kClockNotSet = "not set: the times in this message are not to be trusted";

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
  if (frozen.resolved) {
    alert.resolve_reason = to_string(frozen.alert.cause);
    alert.resolve_detail = frozen.alert.cause_detail;
  }
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
    if (!contains(send.plan.sent, frozen.fingerprint)) continue;
    notifiers::NotifiedAlert& alert = notification.alerts.emplace_back(notified(frozen));
    if (clock_in_doubt) alert.annotations.emplace("clock", kClockNotSet);
  }
  return notification;
}

// The same news under the same key, until they are known to have arrived: also from a group that is looked at
// again, and after a restart. The next repeat of the same has another key, for there the count is another.
std::string Dispatcher::State::key_of(const Group& group, const Send& send, const Now& now) const {
  const ToldKey name = told_key(group, send.integration);
  const Told* known = told.find(name, now.mono);
  std::string what = format("{}\n{}\n{}\n{}", name.group, name.integration, group.birth,
                            known == nullptr ? 0 : known->times);
  for (const Frozen& frozen : group.flush->alerts) {
    if (!contains(send.plan.sent, frozen.fingerprint)) continue;
    what += format("\n{} {} {}", frozen.fingerprint.to_hex(), frozen.resolved ? 1 : 0,
                   frozen.alert.starts_at.time_since_epoch().count());
  }
  return notifiers::hashed_group_key(what).substr(0, 32);
}

void Dispatcher::State::register_send(const Group& group, Send& send, const Now& now) {
  send.key = key_of(group, send, now);
  Event event = event_of(EventKind::decided, group, now);
  describe_send(event, group, send);
  note(std::move(event));
  if (!keeper_works) return;
  if (outbox.size() >= limits.outbox) {
    ++counters.outbox_overflow;
    return;
  }
  send.row = ++last_outbox_row;
  outbox.emplace(send.row, group.number);
  outbox_changes.touch(send.row);
  send.waits_for_commit = true;
  send.next_attempt = now.mono + commit_wait;
}

// An attempt that is never answered must not hold its group for good.
void Dispatcher::State::give_up_lost(Group& group, Send& send, const Now& now) {
  ++counters.attempts_lost;
  in_flight.erase(*send.in_flight);
  send.in_flight.reset();
  send.in_doubt = true;
  --lanes[send.integration].in_flight;
  notifiers::Outcome lost;
  lost.verdict = notifiers::Verdict::retry;
  lost.text = "no answer";
  if (tell_lane(group, send, lost, now) == LaneChange::closed) closed_lanes.push_back(send.integration);
  give_turn(send.integration);
}

void Dispatcher::State::start_sends(Group& group, const Now& now, std::vector<Attempt>& attempts) {
  const GroupNumber number = group.number;
  Flush& flush = *group.flush;
  for (std::size_t i = 0; i < flush.sends.size(); ++i) {
    Send& send = flush.sends[i];
    if (send.done) continue;
    if (send.in_flight) {
      if (now.mono < flush.deadline + kAnswerGrace) continue;
      give_up_lost(group, send, now);
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
  finish_if_done(number, now);
  for (const std::string& integration : std::exchange(closed_lanes, {})) hold_waiting(integration, now);
}

void Dispatcher::State::finish_if_done(GroupNumber number, const Now& now) {
  Group& group = groups.at(number);
  const bool all_done = std::all_of(group.flush->sends.begin(), group.flush->sends.end(),
                                    [](const Send& send) { return send.done; });
  if (all_done) finish_flush(group, now);
  const auto left = groups.find(number);
  if (left != groups.end()) arm(left->second);
}

// False if the attempt has to wait, or is not to be made at all.
bool Dispatcher::State::may_start(Group& group, Send& send, const Now& now) {
  Lane& lane = lanes[send.integration];
  if (send.waits_for_commit) {
    ++counters.sent_uncommitted;
    send.waits_for_commit = false;
  }
  if (!lane.admits(group.number)) {
    hold_send(group, send, now);
    return false;
  }
  if (lane.not_before() > now.mono && !lane.has_probe()) {
    send.next_attempt = lane.not_before();
    return false;
  }
  if (lane.in_flight >= limits.attempts_in_flight) {
    send.waits_for_turn = true;
    lane.waiting.push_back(group.number);
    return false;
  }
  return true;
}

std::optional<Attempt> Dispatcher::State::start_attempt(Group& group, std::size_t index, const Now& now) {
  Send& send = group.flush->sends[index];
  const IntegrationRef* ref = group.running->find(send.integration);
  if (ref == nullptr) {
    finish_send(group, send, SendResult::dropped_removed, now);
    return std::nullopt;
  }
  if (!may_start(group, send, now)) return std::nullopt;
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
  attempt.key = send.key;
  attempt.request = std::move(rendered->request);
  attempt.request.headers.push_back({"Idempotency-Key", send.key, false});
  attempt.http = integration.http;
  attempt.timeout = group.flush->deadline - now.mono;
  if (attempt.request.timeout > Duration::zero()) {
    attempt.timeout = std::min(attempt.timeout, attempt.request.timeout);
  }
  if (!lanes[send.integration].is_up()) attempt.timeout = std::min(attempt.timeout, Lane::kProbeFor);
  send.attempt_started = now.mono;
  send.in_flight = attempt.id;
  send.running = group.running;
  ++lanes[send.integration].in_flight;
  in_flight.emplace(attempt.id, InFlight{group.number, index, send.integration, attempt.request.subject});
  return attempt;
}

// What a notification was about, for events.
void Dispatcher::State::describe_send(Event& event, const Group& group, const Send& send) const {
  event.integration = send.name;
  event.reason = send.plan.reason;
  event.key = send.key;
  event.attempts = send.attempts;
  event.status = send.last_status;
  event.firing = send.plan.picture.firing.size();
  event.resolved = send.plan.sent.size() - event.firing;
  std::set<std::string> names;
  std::set<std::string_view> causes;
  for (const Frozen& frozen : group.flush->alerts) {
    if (!contains(send.plan.sent, frozen.fingerprint)) continue;
    names.emplace(frozen.alert.name());
    if (frozen.resolved) causes.insert(to_string(frozen.alert.cause));
  }
  if (send.plan.record_only) {
    for (const Fingerprint alert : send.plan.picture.resolved) {
      if (const AlertStore::Entry* entry = store.find(alert)) names.emplace(entry->alert.name());
    }
  }
  event.alert_names.assign(names.begin(), names.end());
  for (const std::string_view cause : causes) {
    event.cause += event.cause.empty() ? "" : ", ";
    event.cause += cause;
  }
}

void Dispatcher::State::finish_send(Group& group, Send& send, SendResult result, const Now& now) {
  send.done = true;
  send.waits_for_turn = false;  // or it would take the turn of one that still waits
  send.waits_for_commit = false;
  outbox.erase(send.row);
  outbox_changes.gone(send.row, send.row);
  lanes[send.integration].give_up_probe(group.number);
  arm_lane(send.integration);
  if (result != SendResult::told) group.flush->failed = true;
  if (result != SendResult::told && send.in_doubt) record_doubt(group, send, now);
  Event event = event_of(EventKind::finished, group, now);
  describe_send(event, group, send);
  event.result = result;
  event.failures = send.failures;
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
  send.next_attempt = std::max(send.next_attempt, lanes[send.integration].not_before());
  note_failed_attempt(group, send, outcome, send.next_attempt - now.mono, now);
}

void Dispatcher::State::note_failed_attempt(const Group& group, Send& send, const notifiers::Outcome& outcome,
                                            Duration wait, const Now& now) {
  constexpr std::size_t kShown = 3;
  if (send.failures.size() < kShown) {
    const std::string what =
        outcome.status == 0 ? outcome.text : std::to_string(outcome.status) + ' ' + outcome.text;
    send.failures.push_back(format(
        "{}: {} after {}", send.attempts, what,
        format_go_duration(std::chrono::round<std::chrono::milliseconds>(now.mono - send.attempt_started))));
  }
  Event event = event_of(EventKind::attempt_failed, group, now);
  describe_send(event, group, send);
  event.wait = wait;
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
  notifiers::Outcome meaning = integration.service->classify(reply, integration.settings);
  const std::string& subject = entry->second.subject;
  if (reply.arrived && meaning.verdict != notifiers::Verdict::success && !subject.empty()) {
    meaning.text = format("{}: {}", subject, meaning.text);
  }
  meaning.status = reply.arrived ? reply.status : 0;
  // No answer to what was sent, or a gateway's in the service's place.
  meaning.in_doubt = reply.arrived ? reply.status == 502 || reply.status == 504 : !reply.never_sent;
  outcome(id, meaning, now);
}

void Dispatcher::outcome(AttemptId id, const notifiers::Outcome& outcome, const Now& now) {
  State& state = *state_;
  const auto entry = state.in_flight.find(id);
  if (entry == state.in_flight.end()) return;
  const State::InFlight attempt = entry->second;
  state.in_flight.erase(entry);
  Lane& lane = state.lanes[attempt.integration];
  --lane.in_flight;
  if (state.policy.retry_after && outcome.retry_after && outcome.verdict != notifiers::Verdict::success) {
    lane.ask_to_wait(now.mono + *outcome.retry_after);
  }
  state.give_turn(attempt.integration);
  Send* const waiting = state.waiting_send(id, attempt);
  if (waiting == nullptr) return;
  state.take_outcome(state.groups.at(attempt.group), *waiting, outcome, now);
}

void Dispatcher::State::take_outcome(Group& group, Send& send, const notifiers::Outcome& outcome,
                                     const Now& now) {
  send.in_flight.reset();
  send.last_status = outcome.status;
  send.in_doubt |= outcome.in_doubt;
  IntegrationCounters& counted = counters_of(group, send);
  ++counted.requests;
  count_latency(counted, now.mono - send.attempt_started);
  const LaneChange change = tell_lane(group, send, outcome, now);
  const bool lane_is_up = lanes[send.integration].is_up();
  if (outcome.verdict == notifiers::Verdict::success) {
    record_told(group, send, outcome.remember, now);
    finish_send(group, send, SendResult::told, now);
    farewell_if_removed(group, send, now);
  } else {
    ++counted.requests_failed;
    send.last_error = outcome.text;
    send.last_reason = outcome.reason;
    if (!lane_is_up) {
      note_failed_attempt(group, send, outcome, {}, now);
      hold_send(group, send, now);
    } else if (outcome.verdict == notifiers::Verdict::retry) {
      retry_later(group, send, outcome, now);
    } else {
      finish_send(group, send, SendResult::failed, now);
    }
  }
  const std::string integration = send.integration;
  finish_if_done(group.number, now);
  if (change == LaneChange::closed) hold_waiting(integration, now);
  if (change == LaneChange::opened) free_held(integration, now);
}

}  // namespace tocsin::dispatch
