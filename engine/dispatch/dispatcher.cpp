#include "engine/dispatch/dispatcher.hpp"

#include <algorithm>

#include "engine/dispatch/dispatcher_state.hpp"

namespace tocsin::dispatch {

Dispatcher::State::State(const Policy& the_policy, const Limits& the_limits, std::uint64_t seed)
    : policy(the_policy), limits(the_limits), random(seed), store(the_limits), silences(the_limits) {}

// ---- alerts come in and find their groups

Duration Dispatcher::State::resolve_timeout() const {
  return running ? running->config().global.resolve_timeout : config::AlertmanagerGlobal().resolve_timeout;
}

void Dispatcher::State::put(Alert alert, const Now& now) {
  const bool resolved = alert.resolved_at(now.wall);
  const Fingerprint key = fingerprint(alert.labels);
  const Labels labels = alert.labels;
  const AlertStore::Entry* known = store.find(key);
  const bool was_unknown = known != nullptr && known->alert.unknown;
  const bool was_firing = known != nullptr && !known->alert.resolved_at(now.wall);
  const bool posted = alert.origin == Origin::posted;
  switch (store.put(std::move(alert), now.wall)) {
    case PutResult::ignored:
      ++counters.ignored_posts;
      return;
    case PutResult::limited: {
      ++counters.alerts_limited;
      Event event;
      event.kind = EventKind::alert_limited;
      event.at = now.wall;
      event.alert = labels;
      note(std::move(event));
      return;
    }
    case PutResult::added:
      if (inhibitor) inhibitor->add(key, labels);
      break;
    case PutResult::updated:
      break;
  }
  ++(resolved ? counters.received_resolved : counters.received_firing);
  if (!next_collect) next_collect = now.mono + limits.collect_interval;
  if (running) route(key, now);
  if (posted) note_posted(key, was_firing, now);
  if (was_unknown && !alert_is_unknown(key)) look_at(Withheld::unknown, now);
}

// A posted alert has begun, or it has ended: what its sender says again is no event.
void Dispatcher::State::note_posted(Fingerprint key, bool was_firing, const Now& now) {
  const Alert& alert = store.find(key)->alert;
  const bool fires = !alert.resolved_at(now.wall);
  if (fires == was_firing || (!fires && !store.take_end(key))) return;
  Event event;
  event.kind = fires ? EventKind::alert_fired : EventKind::alert_ended;
  event.at = now.wall;
  event.alert = alert.labels;
  event.text = sender;
  if (!fires) event.cause = to_string(cause_of_end(alert));
  note(std::move(event));
}

bool Dispatcher::State::alert_is_unknown(Fingerprint alert) const {
  const AlertStore::Entry* entry = store.find(alert);
  return entry != nullptr && entry->alert.unknown;
}

void Dispatcher::State::route(Fingerprint fingerprint, const Now& now) {
  const Alert& alert = store.find(fingerprint)->alert;
  for (const std::size_t node : running->routes().match(alert.labels)) {
    Group* group = group_for(node, alert, now);
    if (group == nullptr) continue;
    if (!group->members.insert(fingerprint).second) continue;
    store.retain(fingerprint);
    // It is back after a reload had sent it away.
    std::erase_if(group->departed, [&](const Alert& gone) { return gone.labels == alert.labels; });
  }
}

Group* Dispatcher::State::group_for(std::size_t node_index, const Alert& alert, const Now& now) {
  const RouteNode& node = running->routes().node(node_index);
  Labels labels = group_labels_of(alert.labels, node.options());
  const auto known = by_identity.find(node.identity + ':' + print_group_labels(labels));
  if (known != by_identity.end()) return &groups.at(known->second);
  if (groups.size() >= limits.groups) {
    ++counters.groups_limited;
    Event event;
    event.kind = EventKind::group_limited;
    event.at = now.wall;
    event.alert = alert.labels;
    note(std::move(event));
    return nullptr;
  }
  Group& group = make_group(node_index, std::move(labels));
  group.birth = random.next();
  // An alert that is old already, as after a restart, does not wait for company (trap 83).
  const bool old = alert.starts_at + node.options().group_wait < now.wall;
  group.next_flush = old ? now.mono : now.mono + node.options().group_wait;
  note(event_of(EventKind::group_created, group, now));
  arm(group);
  return &group;
}

Group& Dispatcher::State::make_group(std::size_t node_index, Labels labels) {
  const RouteNode& node = running->routes().node(node_index);
  const std::string printed = print_group_labels(labels);
  const GroupNumber number{++last_group};
  Group& group = groups[number];
  group.number = number;
  group.row = ++last_group_row;
  group.running = running;
  group.route = node_index;
  group.key = node.key + ':' + printed;
  group.labels = std::move(labels);
  group.identity = node.identity + ':' + printed;
  by_identity.emplace(group.identity, number);
  touch(group);
  return group;
}

void Dispatcher::State::remove_group(Group& group, const Now& now) {
  note(event_of(EventKind::group_removed, group, now));
  for (const Fingerprint member : group.members) store.release(member);
  if (!group.is_farewell) by_identity.erase(group.identity);
  const GroupNumber number = group.number;
  group_changes.gone(number, group.row);
  for (const IntegrationRef* integration : targets(group))
    forget_told(told_key(group, integration->identity));
  forget_in_lanes(number);
  deadlines.remove(number);
  groups.erase(number);
}

// ---- what is due

void Dispatcher::State::handle_group(Group& group, const Now& now, std::vector<Attempt>& attempts) {
  const GroupNumber number = group.number;
  for (;;) {
    if (group.flush) {
      start_sends(group, now, attempts);
      if (!groups.contains(number)) return;
      if (group.flush) break;
    }
    const bool tick = group.next_flush <= now.mono;
    if (tick && is_settled(group, now)) group.next_flush = now.mono + group.options().group_interval;
    bool due = group.next_flush <= now.mono || (group.next_repeat && *group.next_repeat <= now.mono);
    if (!due && group.next_look && *group.next_look <= now.mono) due = look(group, now);
    if (!due) break;
    begin_flush(group, now);
    if (!groups.contains(number)) return;
    if (!group.flush) break;
  }
  arm(group);
}

// While a flush is under way only its sends count. An attempt that is never answered must not stop the group
// for good: some time after the deadline it is taken for lost.
void Dispatcher::State::arm(Group& group) {
  MonoTime next = MonoTime::max();
  if (group.flush) {
    for (const Send& send : group.flush->sends) {
      if (send.done) continue;
      MonoTime due = group.flush->deadline;
      if (send.in_flight) {
        due += kAnswerGrace;
      } else if (!send.waits_for_turn) {
        due = std::min(due, send.next_attempt);
      }
      next = std::min(next, due);
    }
  } else {
    set_next_repeat(group);
    next = group.next_flush;
    if (group.next_look) next = std::min(next, *group.next_look);
    if (group.next_repeat) next = std::min(next, *group.next_repeat);
  }
  deadlines.set(group.number, next);
}

// A repeat that fell due at or before the last flush was withheld there: the group's tick looks again.
void Dispatcher::State::set_next_repeat(Group& group) const {
  group.next_repeat.reset();
  if (!policy.repeat_clock || !group.last_flush || group.is_farewell) return;
  for (const IntegrationRef* integration : targets(group)) {
    const Told* known = told.find(told_key(group, integration->identity), *group.last_flush);
    if (known == nullptr || known->firing.empty()) continue;
    const MonoTime due = known->at + group.options().repeat_interval;
    if (due <= *group.last_flush) continue;
    if (!group.next_repeat || due < *group.next_repeat) group.next_repeat = due;
  }
}

void Dispatcher::State::collect(const Now& now) {
  for (const Alert& alert : store.collect(now.wall)) {
    if (inhibitor) inhibitor->remove(fingerprint(alert.labels), alert.labels);
  }
  told.collect(now.mono);
  silences.collect(now.wall);
  next_collect = now.mono + limits.collect_interval;
}

void Dispatcher::State::look_at(Withheld withheld, const Now& now) {
  for (auto& [number, group] : groups) {
    const bool any = std::any_of(group.withheld.begin(), group.withheld.end(),
                                 [&](const auto& entry) { return entry.second.withheld == withheld; });
    if (!any) continue;
    group.next_look = now.mono;
    arm(group);
  }
}

void Dispatcher::State::note(Event event) {
  if (events.size() >= limits.events) {
    events.pop_front();
    ++counters.events_dropped;
  }
  events.push_back(std::move(event));
}

Event Dispatcher::State::event_of(EventKind kind, const Group& group, const Now& now) const {
  Event event;
  event.kind = kind;
  event.at = now.wall;
  event.receiver = group.options().receiver;
  event.group_key = group.key;
  return event;
}

// ---- the public face

Dispatcher::Dispatcher(const Policy& policy, const Limits& limits, std::uint64_t seed)
    : state_(std::make_unique<State>(policy, limits, seed)) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::hold_until(MonoTime time) {
  state_->held_until = time;
}

void Dispatcher::insert(std::vector<Alert> alerts, const Now& now) {
  for (Alert& alert : alerts) {
    alert.origin = Origin::own;
    alert.updated_at = now.wall;
    state_->put(std::move(alert), now);
  }
}

void Dispatcher::post(std::vector<PostedAlert> alerts, const Now& now, std::string_view sender) {
  state_->sender = sender;
  const Duration resolve_timeout = state_->resolve_timeout();
  for (PostedAlert& posted : alerts) {
    Alert alert;
    alert.labels = std::move(posted.labels);
    alert.annotations = std::move(posted.annotations);
    alert.generator_url = std::move(posted.generator_url);
    alert.origin = Origin::posted;
    alert.updated_at = now.wall;
    alert.starts_at = posted.starts_at;
    if (alert.starts_at == kNoTime) alert.starts_at = posted.ends_at == kNoTime ? now.wall : posted.ends_at;
    alert.timeout = posted.ends_at == kNoTime;
    alert.ends_at = alert.timeout ? now.wall + resolve_timeout : posted.ends_at;
    state_->put(std::move(alert), now);
  }
}

void Dispatcher::set_unknown(const std::vector<Labels>& alerts, bool unknown, const Now& now) {
  for (const Labels& labels : alerts) {
    const Fingerprint key = fingerprint(labels);
    const AlertStore::Entry* entry = state_->store.find(key);
    if (entry == nullptr || entry->alert.origin != Origin::own || entry->alert.resolved_at(now.wall))
      continue;
    if (state_->policy.unknown_stays) {
      state_->store.set_unknown(key, unknown);
      if (!unknown) state_->look_at(Withheld::unknown, now);
    } else if (unknown) {
      Alert ended = entry->alert;
      ended.ends_at = now.wall;
      ended.updated_at = now.wall;
      ended.cause = ResolveCause::sender_silent;
      state_->put(std::move(ended), now);
    }
  }
}

Result<std::string> Dispatcher::set_silence(Silence silence, const Now& now) {
  Result<std::string> id = state_->silences.set(std::move(silence), now.wall, state_->random);
  if (id && state_->policy.unmuted_told) state_->look_at(Withheld::silenced, now);
  return id;
}

Result<void> Dispatcher::expire_silence(std::string_view id, const Now& now) {
  Result<void> expired = state_->silences.expire(id, now.wall);
  if (expired && state_->policy.unmuted_told) state_->look_at(Withheld::silenced, now);
  return expired;
}

void Dispatcher::wall_clock_stepped(Duration step, Duration settle, const Now& now) {
  State& state = *state_;
  state.store.shift(step, state.resolve_timeout(), now.wall);
  // What somebody set while nobody knew the time lasts as long as was meant.
  if (state.clock_in_doubt && step > Duration::zero()) state.silences.clock_was_set(step);
  // What is kept are times of the wall, which are others now.
  state.touch_all();
  if (step <= Duration::zero() || state.clock_in_doubt) {
    state.silences_lag_until = MonoTime::min();
    return;
  }
  const bool lags = now.mono < state.silences_lag_until;
  state.silences_lag = (lags ? state.silences_lag : Duration::zero()) + step;
  state.silences_lag_until = now.mono + settle;
}

void Dispatcher::set_clock_in_doubt(bool in_doubt) {
  state_->clock_in_doubt = in_doubt;
}

std::vector<Attempt> Dispatcher::step(const Now& now) {
  State& state = *state_;
  std::vector<Attempt> attempts;
  if (state.next_collect && *state.next_collect <= now.mono) state.collect(now);
  if (!state.running || now.mono < state.held_until) return attempts;
  // One group each is looked at for a probe: if it has nothing to say, the next one is, in the next step.
  std::vector<std::string> probing;
  while (std::optional<std::string> integration = state.lane_deadlines.take_due(now.mono)) {
    probing.push_back(std::move(*integration));
  }
  for (const std::string& integration : probing) state.probe(integration, now);
  for (std::size_t looked_at = 0; looked_at < state.limits.groups_per_step; ++looked_at) {
    if (attempts.size() >= state.limits.attempts_per_step) break;
    const std::optional<GroupNumber> due = state.deadlines.take_due(now.mono);
    if (!due) break;
    state.handle_group(state.groups.at(*due), now, attempts);
  }
  return attempts;
}

std::optional<MonoTime> Dispatcher::next_deadline() const {
  std::optional<MonoTime> next = state_->next_collect;
  if (!state_->running || state_->held_until == MonoTime::max()) return next;
  for (const std::optional<MonoTime> due : {state_->deadlines.next(), state_->lane_deadlines.next()}) {
    if (!due) continue;
    const MonoTime time = std::max(*due, state_->held_until);
    if (!next || time < *next) next = time;
  }
  return next;
}

const Silences& Dispatcher::silences() const {
  return state_->silences;
}
std::size_t Dispatcher::group_count() const {
  return state_->groups.size();
}
std::size_t Dispatcher::in_flight() const {
  return state_->in_flight.size();
}
const Counters& Dispatcher::counters() const {
  return state_->counters;
}
const Policy& Dispatcher::policy() const {
  return state_->policy;
}

std::vector<Event> Dispatcher::take_events() {
  std::vector<Event> taken(std::make_move_iterator(state_->events.begin()),
                           std::make_move_iterator(state_->events.end()));
  state_->events.clear();
  return taken;
}

}  // namespace tocsin::dispatch
