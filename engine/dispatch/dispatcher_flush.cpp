// A group is looked at: its alerts are frozen and judged, and each integration's notification is planned.
#include <algorithm>

#include "engine/dispatch/dispatcher_state.hpp"
#include "notifiers/notification_template.hpp"

namespace tocsin::dispatch {
namespace {

// Upstream's floor for the time that a notification may take (notify.MinTimeout).
constexpr Duration kShortestFlush = std::chrono::seconds(10);
// A withheld alert is looked at again at least this often: wall clocks step, and time intervals have minutes.
constexpr Duration kLongestLook = std::chrono::minutes(1);

// What ends by itself, and whose end is told at once.
bool is_muting(Withheld withheld) {
  return withheld == Withheld::silenced || withheld == Withheld::inside_mute_time ||
         withheld == Withheld::outside_active_time;
}

void insert_sorted(Fingerprints& set, Fingerprint fingerprint) {
  const auto at = std::lower_bound(set.begin(), set.end(), fingerprint);
  if (at == set.end() || *at != fingerprint) set.insert(at, fingerprint);
}

bool same_withheld(const std::map<Fingerprint, Verdict>& a, const std::map<Fingerprint, Verdict>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& left, const auto& right) {
    return left.first == right.first && left.second.withheld == right.second.withheld;
  });
}

Frozen freeze_alert(const Alert& alert, Fingerprint fingerprint, WallTime now) {
  Frozen frozen{alert, fingerprint, alert.resolved_at(now)};
  frozen.alert.unknown = false;  // what is told is known, and the end of what was unknown is too
  if (frozen.resolved) {
    frozen.alert.cause = cause_of_end(alert);
  } else {
    frozen.alert.ends_at = kNoTime;  // so that it does not end while it is told (trap 55)
  }
  return frozen;
}

}  // namespace

std::vector<Seen> Dispatcher::State::see(const Group& group, const Now& now) const {
  std::vector<Seen> seen;
  seen.reserve(group.members.size() + group.departed.size());
  for (const Fingerprint member : group.members) {
    const AlertStore::Entry& entry = *store.find(member);
    seen.push_back({member, entry.revision, entry.alert.resolved_at(now.wall), false});
  }
  for (const Alert& alert : group.departed) seen.push_back({fingerprint(alert.labels), 0, true, true});
  return seen;
}

// Posted alerts end by time alone when their sender falls silent; the first look at them notices.
void Dispatcher::State::note_ends(const std::vector<Seen>& alerts, const Now& now) {
  for (const Seen& seen : alerts) {
    if (!seen.resolved || seen.departed) continue;
    const Alert& alert = store.find(seen.fingerprint)->alert;
    if (alert.origin != Origin::posted || !store.take_end(seen.fingerprint)) continue;
    Event event;
    event.kind = EventKind::alert_ended;
    event.at = now.wall;
    event.alert = alert.labels;
    event.cause = to_string(cause_of_end(alert));
    note(std::move(event));
  }
}

std::vector<Frozen> Dispatcher::State::freeze(const Group& group, const Now& now) const {
  std::vector<Frozen> alerts;
  alerts.reserve(group.members.size() + group.departed.size());
  for (const Fingerprint member : group.members) {
    alerts.push_back(freeze_alert(store.find(member)->alert, member, now.wall));
  }
  for (const Alert& alert : group.departed) {
    alerts.push_back(freeze_alert(alert, fingerprint(alert.labels), now.wall));
  }
  std::stable_sort(alerts.begin(), alerts.end(), [](const Frozen& a, const Frozen& b) {
    return notifiers::notification_order(a.alert.labels, b.alert.labels);
  });
  return alerts;
}

ToldKey Dispatcher::State::told_key(const Group& group, std::string_view integration) const {
  return {policy.twins_apart ? group.identity : group.key, std::string(integration)};
}

bool Dispatcher::State::is_owed(const Group& group, Fingerprint alert, const Now& now) const {
  const std::vector<const IntegrationRef*> integrations = targets(group);
  return was_told(group, integrations, alert, now);
}

WallTime Dispatcher::State::silence_time(const Now& now) const {
  return now.mono < silences_lag_until ? now.wall - silences_lag : now.wall;
}

Verdict Dispatcher::State::verdict_of(const Bench& bench, const Alert& alert) const {
  if (alert.unknown && !alert.resolved_at(bench.now)) return {Withheld::unknown, {}};
  return judge(bench, alert.labels);
}

std::vector<const IntegrationRef*> Dispatcher::State::targets(const Group& group) const {
  std::vector<const IntegrationRef*> found;
  if (group.is_farewell) {
    for (const std::string& identity : group.farewell) {
      if (const IntegrationRef* integration = group.running->find(identity)) found.push_back(integration);
    }
    return found;
  }
  for (const IntegrationRef& integration : group.running->integrations(group.options().receiver)) {
    found.push_back(&integration);
  }
  return found;
}

Bench Dispatcher::State::bench_of(const Group& group, const Now& now) const {
  return Bench{*inhibitor,          silences, group.running->intervals(),
               *group.node().route, now.wall, silence_time(now)};
}

// Posted alerts end, silences begin and intervals pass by time alone; without them nothing changes between
// two looks but what is inserted.
bool Dispatcher::State::is_settled(const Group& group, const Now& now) const {
  if (!policy.repeat_clock || !policy.told_kept) return false;
  const config::Route& route = *group.node().route;
  return group.settled_at == store.revision() && !store.has_posted() && route.mute_time_intervals.empty() &&
         route.active_time_intervals.empty() && !silences.any_alive(now.wall);
}

Duration Dispatcher::State::longest_flush(const Group& group) {
  return std::max(group.options().group_interval, kShortestFlush);
}

void Dispatcher::State::begin_flush(Group& group, const Now& now) {
  const Duration interval = group.options().group_interval;
  const bool was_looked_at = group.last_flush.has_value();
  group.last_flush = now.mono;
  group.next_flush = now.mono + interval;
  group.next_look.reset();
  group.settled_at.reset();
  group.flush.emplace();
  Flush& flush = *group.flush;
  flush.started = now.mono;
  flush.deadline = now.mono + longest_flush(group);
  flush.seen = see(group, now);
  note_ends(flush.seen, now);

  std::vector<Verdict> verdicts;
  const Bench bench = bench_of(group, now);
  for (const Seen& seen : flush.seen) {
    verdicts.push_back(seen.departed ? Verdict{} : verdict_of(bench, store.find(seen.fingerprint)->alert));
  }
  if (!was_looked_at) touch(group);
  note_verdicts(group, verdicts, now);
  for (const IntegrationRef* integration : targets(group)) plan_for(group, *integration, verdicts, now);
  if (flush.sends.empty()) {
    finish_flush(group, now);
    return;
  }
  flush.alerts = freeze(group, now);
  for (Send& send : flush.sends) register_send(group, send, now);
  render_route_labels(group, now);
}

void Dispatcher::State::render_route_labels(Group& group, const Now& now) {
  if (group.options().labels.empty()) return;
  notifiers::Notification notification = notification_of(group, now);
  for (const Frozen& frozen : group.flush->alerts) notification.alerts.push_back(notified(frozen));
  std::vector<notifiers::RouteLabelError> errors;
  group.flush->route_labels = notifiers::render_route_labels(*group.running->setup().templates,
                                                             group.options().labels, notification, errors);
  for (const notifiers::RouteLabelError& error : errors) {
    Event event = event_of(EventKind::template_failed, group, now);
    event.text = "route label \"" + error.label + "\": " + error.error;
    note(std::move(event));
  }
}

void Dispatcher::State::note_verdicts(Group& group, const std::vector<Verdict>& verdicts, const Now& now) {
  std::map<Fingerprint, Verdict> withheld;
  Fingerprints freed;
  const std::vector<Seen>& all = group.flush->seen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].departed) continue;
    const auto before = group.withheld.find(all[i].fingerprint);
    const Withheld was = before == group.withheld.end() ? Withheld::no : before->second.withheld;
    const Withheld is = verdicts[i].withheld;
    if (is != Withheld::no) {
      ++counters.suppressed[std::string(to_string(is))];
      withheld.emplace(all[i].fingerprint, verdicts[i]);
    } else if (is_muting(was) && !all[i].resolved) {
      insert_sorted(freed, all[i].fingerprint);
    }
    if (was != is) note_verdict(group, all[i].fingerprint, was, verdicts[i], now);
  }
  if (!same_withheld(group.withheld, withheld) || !freed.empty()) touch(group);
  group.withheld = std::move(withheld);
  set_next_look(group, now);
  if (!policy.unmuted_told || freed.empty()) return;
  for (const IntegrationRef* integration : targets(group)) {
    for (const Fingerprint alert : freed) insert_sorted(group.unmuted[integration->identity], alert);
  }
}

void Dispatcher::State::note_verdict(const Group& group, Fingerprint alert, Withheld was,
                                     const Verdict& verdict, const Now& now) {
  const bool free = verdict.withheld == Withheld::no;
  Event event = event_of(free ? EventKind::released : EventKind::withheld, group, now);
  event.alert = store.find(alert)->alert.labels;
  event.withheld = free ? was : verdict.withheld;
  for (const std::string& by : verdict.by) event.text += (event.text.empty() ? "" : ", ") + by;
  note(std::move(event));
}

void Dispatcher::State::plan_for(Group& group, const IntegrationRef& integration,
                                 const std::vector<Verdict>& verdicts, const Now& now) {
  Flush& flush = *group.flush;
  PlanOptions options;
  options.policy = policy;
  options.compare = {integration.integration->send_resolved, policy.repeat_clock,
                     group.options().repeat_interval, now.mono};
  const Told* known = told.find(told_key(group, integration.identity), now.mono);
  Plan plan = plan_notification(flush.seen, verdicts, known, group.unmuted[integration.identity], options);
  group.decisions[integration.name] = Decision{plan.reason, now.wall};
  if (!should_notify(plan.reason)) {
    forget_ended(group, integration, plan, now);
    return;
  }
  Send send;
  send.integration = integration.identity;
  send.name = integration.name;
  send.plan = std::move(plan);
  send.next_attempt = now.mono;
  if (send.plan.record_only) {
    ++counters_of(group, send).notifications;
    record_told(group, send, {}, now);
    Event event = event_of(EventKind::finished, group, now);
    describe_send(event, group, send);
    event.result = SendResult::not_sent;
    note(std::move(event));
    return;
  }
  if (!lane_takes(group, integration.identity, now)) {
    flush.failed = true;
    return;
  }
  ++counters_of(group, send).notifications;
  flush.sends.push_back(std::move(send));
}

// Policy::refired_told: who is not told of ends forgets them, so that the next firing is news again.
void Dispatcher::State::forget_ended(const Group& group, const IntegrationRef& integration, const Plan& plan,
                                     const Now& now) {
  if (!policy.refired_told || integration.integration->send_resolved) return;
  const ToldKey key = told_key(group, integration.identity);
  const Told* known = told.find(key, now.mono);
  if (known == nullptr || !overlap(plan.picture.resolved, known->firing)) return;
  Told rest = *known;
  std::erase_if(rest.firing, [&](Fingerprint alert) { return contains(plan.picture.resolved, alert); });
  told.record(key, std::move(rest));
}

void Dispatcher::State::record_told(Group& group, const Send& send,
                                    std::map<std::string, std::string> remember, const Now& now) {
  const ToldKey key = told_key(group, send.integration);
  const Told* before = told.find(key, now.mono);
  Told after = told_after(send.plan, before, policy);
  after.times = before == nullptr ? 1 : before->times + 1;
  if (!remember.empty()) {
    after.remembered = std::move(remember);
  } else if (before != nullptr && !before->firing.empty()) {
    after.remembered = before->remembered;
  }
  // From the attempt that arrived: slow answers must not make each repeat later than the last.
  after.at = policy.repeat_clock && send.attempts > 0 ? send.attempt_started : now.mono;
  if (!policy.told_kept) {
    after.forgotten_at = now.mono + std::min(limits.told_retention, 2 * group.options().repeat_interval);
  }
  if (group.unmuted.erase(send.integration) > 0) touch(group);
  // It goes with its group, not before: the count of what was told is part of the next key.
  told.record(key, std::move(after));
}

// What was told is kept until its end was told. Under upstream's policy the log forgets by its own clock.
void Dispatcher::State::forget_told(const ToldKey& key) {
  const auto entry = told.all().find(key);
  if (!policy.told_kept || entry == told.all().end()) return;
  if (entry->second.firing.empty() && entry->second.doubtful.empty()) told.erase(key);
}

void Dispatcher::State::forget_told_without_group() {
  std::set<std::string> known;
  for (const auto& [number, group] : groups) known.insert(told_key(group, "").group);
  std::vector<ToldKey> lost;
  for (const auto& [key, entry] : told.all()) {
    if (!known.contains(key.group)) lost.push_back(key);
  }
  for (const ToldKey& key : lost) forget_told(key);
}

void Dispatcher::State::finish_flush(Group& group, const Now& now) {
  const Flush flush = std::move(*group.flush);
  group.flush.reset();
  release_ended(group, flush, now);
  if (!flush.failed) {
    const bool told_departed =
        std::any_of(flush.seen.begin(), flush.seen.end(), [](const Seen& seen) { return seen.departed; });
    if (told_departed) {
      group.departed.clear();
      touch(group);
    }
  }
  const bool empty = group.members.empty() && group.departed.empty();
  const bool given_up = group.is_farewell && now.mono >= group.given_up_at;
  if (!empty && !given_up) {
    const bool nothing_open =
        flush.sends.empty() && !flush.failed && group.withheld.empty() && group.departed.empty();
    if (nothing_open) group.settled_at = store.revision();
    return;
  }
  if (group.is_farewell) {
    for (const std::string& integration : group.farewell) told.erase(told_key(group, integration));
  }
  remove_group(group, now);
}

// No answer said whether the notification arrived, and no other attempt of it will. Whoever may have heard of
// an end no longer counts as knowing that the alert fires: should it fire again, that is news.
void Dispatcher::State::record_doubt(const Group& group, const Send& send, const Now& now) {
  if (!policy.told_resolved || !policy.told_kept) return;
  const ToldKey key = told_key(group, send.integration);
  const Told* before = told.find(key, now.mono);
  Told after = before == nullptr ? Told{} : *before;
  const Fingerprints told_ends = common(common(send.plan.picture.resolved, send.plan.sent), after.firing);
  const Fingerprints news = united(without(send.plan.picture.firing, after.firing), told_ends);
  if (is_subset(news, after.doubtful)) return;
  after.doubtful = united(after.doubtful, news);
  after.firing = without(after.firing, told_ends);
  told.record(key, std::move(after));
}

// Resolved alerts leave the group once every integration knows what it has to know (trap 54). One that fired
// again meanwhile has another revision, and stays. Where a receiver was not reached, only those stay whose
// end it is owed: what came and went while it was down is no news when it is back.
void Dispatcher::State::release_ended(Group& group, const Flush& flush, const Now& now) {
  for (const Seen& seen : flush.seen) {
    if (seen.departed || !seen.resolved || !group.members.contains(seen.fingerprint)) continue;
    if (store.find(seen.fingerprint)->revision != seen.revision) continue;
    if (flush.failed && (!policy.ends_told_once || is_owed(group, seen.fingerprint, now))) continue;
    group.members.erase(seen.fingerprint);
    store.release(seen.fingerprint);
    if (group.withheld.erase(seen.fingerprint) > 0) touch(group);
    if (!flush.failed) continue;
    for (const IntegrationRef* integration : targets(group)) {
      const auto lane = lanes.find(integration->identity);
      if (lane != lanes.end() && lane->second.held.contains(group.number)) ++lane->second.ended_meanwhile;
    }
  }
}

bool Dispatcher::State::look(Group& group, const Now& now) {
  const Bench bench = bench_of(group, now);
  for (const auto& [fingerprint, verdict] : group.withheld) {
    if (!is_muting(verdict.withheld) && verdict.withheld != Withheld::unknown) continue;
    const AlertStore::Entry* entry = store.find(fingerprint);
    if (entry == nullptr || entry->alert.resolved_at(now.wall)) continue;
    if (verdict_of(bench, entry->alert).withheld == Withheld::no) return true;
  }
  set_next_look(group, now);
  return false;
}

void Dispatcher::State::set_next_look(Group& group, const Now& now) const {
  group.next_look.reset();
  if (!policy.unmuted_told) return;
  std::optional<Duration> wait;
  for (const auto& [fingerprint, verdict] : group.withheld) {
    if (!is_muting(verdict.withheld)) continue;
    Duration until = kLongestLook;
    if (verdict.withheld == Withheld::silenced) {
      const std::optional<WallTime> end = silences.next_end(verdict.by);
      if (end) until = std::min(until, *end - silence_time(now));
    } else {
      until = std::chrono::floor<std::chrono::minutes>(now.wall) + kLongestLook - now.wall;
    }
    // A silence that has ended and another that still holds: there is nothing to hurry for.
    if (until <= Duration::zero()) until = kLongestLook;
    if (!wait || until < *wait) wait = until;
  }
  if (wait) group.next_look = now.mono + *wait;
}

}  // namespace tocsin::dispatch
