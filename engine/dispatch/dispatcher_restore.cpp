// Goes on from what was kept.
//
// Alerts find their groups by the route tree, as if they had come in; the records of the groups then set
// their clocks. Nothing is told by this alone: what was told is known to be told, and an alert whose end
// passed while nobody listened is unknown until its sender speaks again. What was being sent is sent again,
// as it was. A record that has no place in the configuration, which then is not the one it was written under,
// says farewell through the integrations that are left.
//
// A box without a clock of its own may come up in the past. Then every time that was kept lies ahead by the
// same amount, and all are moved back by it: what was a minute old is a minute old. If such a box is started
// again with the right time, they are moved on again.
#include <algorithm>
#include <unordered_map>

#include "engine/dispatch/dispatcher_state.hpp"

namespace tocsin::dispatch {
namespace {

// Maps times of the process that wrote the records.
class Anchor {
 public:
  Anchor(const Kept& kept, const Now& now) : now_(now) {
    last_alive_ = kept.last_alive == kNoTime ? now.wall : kept.last_alive;
    if (kept.is_of_another_clock(now.wall)) shift_ = now.wall - last_alive_;
  }
  [[nodiscard]] Duration shift() const { return shift_; }
  // By the clock of then.
  [[nodiscard]] WallTime written_at() const { return last_alive_; }
  [[nodiscard]] WallTime wall(WallTime time) const { return time == kNoTime ? time : time + shift_; }
  [[nodiscard]] MonoTime mono(WallTime time) const { return now_.mono + (wall(time) - now_.wall); }
  [[nodiscard]] WallTime last_alive() const { return wall(last_alive_); }

  void move(Alert& alert) const {
    // When a posted one began is its sender's affair, and so is when it ends if that still lay ahead.
    const bool sender_says = alert.origin == Origin::posted;
    if (!sender_says) alert.starts_at = wall(alert.starts_at);
    if (!sender_says || alert.ends_at <= last_alive_) alert.ends_at = wall(alert.ends_at);
    alert.updated_at = wall(alert.updated_at);
  }

 private:
  Now now_;
  WallTime last_alive_;
  Duration shift_{};
};

// The younger of an alert's end and the one that was written by itself.
void apply_ends(Kept& kept) {
  std::unordered_map<RowId, const KeptEnd*> ends;
  for (const KeptEnds& row : kept.ends) {
    for (const KeptEnd& end : row.ends) ends.emplace(end.alert, &end);
  }
  for (KeptAlert& record : kept.alerts) {
    const auto end = ends.find(record.row);
    if (end == ends.end() || end->second->updated_at <= record.alert.updated_at) continue;
    record.alert.ends_at = end->second->ends_at;
    record.alert.updated_at = end->second->updated_at;
  }
}

// A posted alert could not be posted again while nobody listened. Its sender gets as long as it would have
// had, from now on; if the end that it named has passed, it is unknown until then.
void give_grace(Alert& alert, Duration grace, WallTime now) {
  if (alert.ends_at <= now) {
    alert.unknown = true;
    alert.timeout = true;  // or a post with an earlier end would not count
  }
  alert.ends_at = std::max(alert.ends_at, now + grace);
}

// The receiver's name in the identity of an integration, for one that is not there to be asked.
std::string receiver_in(std::string_view identity, const Policy& policy) {
  std::size_t end = identity.rfind('/');
  if (policy.integration_by_destination && end != std::string_view::npos && end > 0) {
    end = identity.rfind('/', end - 1);
  }
  return std::string(identity.substr(0, end));
}

}  // namespace

class Dispatcher::State::Restoring {
 public:
  Restoring(State& state, Kept& kept, const Now& now)
      : state_(state),
        kept_(kept),
        now_(now),
        anchor_(kept, now),
        moved_(anchor_.shift() != Duration::zero()) {}

  std::size_t run() {
    restore_silences();
    restore_told();
    restore_alerts();
    for (KeptGroup& record : kept_.groups) restore_group(record);
    note_lost_receivers();
    state_.forget_told_without_group();
    std::size_t resumed = 0;
    for (KeptSend& record : kept_.outbox) resumed += resume(record) ? 1 : 0;
    // Records that are left as they are would be moved once more at the next start, or taken to have ended
    // while somebody listened.
    if (moved_) state_.touch_all();
    return resumed;
  }

 private:
  void restore_silences();
  void restore_told();
  void restore_alerts();
  void place_ended(Fingerprint key, const Alert& alert);
  void restore_group(KeptGroup& record);
  void restore_clocks(Group& group, const KeptGroup& record);
  void restore_withheld(Group& group, const KeptGroup& record);
  void say_farewell(KeptGroup& record);
  void say_farewell_to_told(KeptGroup& record);
  void note_lost_receivers();
  [[nodiscard]] bool resume(KeptSend& record);
  [[nodiscard]] Flush& flush_of(Group& group);
  [[nodiscard]] Group* find_group(const KeptSend& record);

  State& state_;
  Kept& kept_;
  const Now& now_;
  Anchor anchor_;
  bool moved_;  // times are others now than in the records
  // Alerts of which somebody has yet to hear the end, by what told entries call their group.
  std::map<std::string, Fingerprints> owed_;
};

void Dispatcher::State::Restoring::restore_silences() {
  for (KeptSilence& record : kept_.silences) {
    record.silence.row = record.row;
    if (anchor_.shift() < Duration::zero()) {
      record.silence.move(anchor_.shift());
    } else if (kept_.clock_was_in_doubt) {
      record.silence.put_back(anchor_.shift());
    }
    state_.silences.restore(std::move(record.silence));
  }
}

void Dispatcher::State::Restoring::restore_told() {
  for (KeptTold& record : kept_.told) {
    Told entry;
    entry.firing = std::move(record.firing);
    entry.resolved = std::move(record.resolved);
    entry.doubtful = std::move(record.doubtful);
    entry.times = record.times;
    entry.at = anchor_.mono(record.at);
    if (record.forgotten_at != kNoTime) entry.forgotten_at = anchor_.mono(record.forgotten_at);
    entry.remembered = std::move(record.remembered);
    entry.row = record.row;
    Fingerprints& owed = owed_[record.key.group];
    owed = united(owed, united(entry.firing, entry.doubtful));
    state_.told.restore(std::move(record.key), std::move(entry));
  }
}

void Dispatcher::State::Restoring::restore_alerts() {
  apply_ends(kept_);
  for (KeptAlert& record : kept_.alerts) {
    const bool is_promised = record.alert.origin == Origin::posted && record.alert.ends_at != kNoTime &&
                             !record.alert.resolved_at(anchor_.written_at());
    Duration grace = state_.resolve_timeout();
    // By a clock that was not set nobody can tell how far ahead the sender named the end.
    if (is_promised && !kept_.clock_was_in_doubt) {
      grace = std::max(grace, record.alert.ends_at - record.alert.updated_at);
    }
    anchor_.move(record.alert);
    if (!is_promised) continue;
    give_grace(record.alert, grace, now_.wall);
    moved_ = true;
  }
  std::set<RowId> ends;
  for (const KeptEnds& row : kept_.ends) ends.insert(row.row);
  state_.store.restore(std::move(kept_.alerts), std::move(ends));
  for (const KeptSend& record : kept_.outbox) {
    Fingerprints& owed = owed_[record.group];
    owed = united(owed, record.sent);
  }
  for (const Fingerprint key : state_.store.fingerprints()) {
    const Alert& alert = state_.store.find(key)->alert;
    state_.inhibitor->add(key, alert.labels);
    if (alert.resolved_at(now_.wall)) {
      place_ended(key, alert);
    } else {
      state_.route(key, now_);
    }
  }
  if (state_.store.size() > 0) state_.next_collect = now_.mono + state_.limits.collect_interval;
}

// One that has ended belongs to a group only while somebody there has yet to hear it.
void Dispatcher::State::Restoring::place_ended(Fingerprint key, const Alert& alert) {
  const RouteTree& routes = state_.running->routes();
  for (const std::size_t index : routes.match(alert.labels)) {
    const RouteNode& node = routes.node(index);
    const std::string printed = print_group_labels(group_labels_of(alert.labels, node.options()));
    const auto open = owed_.find((state_.policy.twins_apart ? node.identity : node.key) + ':' + printed);
    if (open == owed_.end() || !contains(open->second, key)) continue;
    Group* group = state_.group_for(index, alert, now_);
    if (group != nullptr && group->members.insert(key).second) state_.store.retain(key);
  }
}

void Dispatcher::State::Restoring::restore_group(KeptGroup& record) {
  for (Alert& alert : record.departed) anchor_.move(alert);
  if (!record.farewell.empty()) return say_farewell(record);
  const RouteTree& routes = state_.running->routes();
  const std::size_t node = routes.find(record.route);
  if (node == routes.size()) return say_farewell_to_told(record);
  const auto known = state_.by_identity.find(record.identity);
  if (known == state_.by_identity.end() && record.departed.empty()) {
    state_.group_changes.gone(GroupNumber{}, record.row);  // nothing is left of it
    return;
  }
  Group& group = known == state_.by_identity.end() ? state_.make_group(node, std::move(record.labels))
                                                   : state_.groups.at(known->second);
  group.row = record.row;
  group.birth = record.birth;
  restore_clocks(group, record);
  group.departed = std::move(record.departed);
  for (KeptUnmuted& unmuted : record.unmuted) {
    group.unmuted.emplace(std::move(unmuted.integration), std::move(unmuted.alerts));
  }
  restore_withheld(group, record);
  state_.arm(group);
}

// Its looks went on at each interval until the last sign of life; one that fell due since is due now.
void Dispatcher::State::Restoring::restore_clocks(Group& group, const KeptGroup& record) {
  const Duration interval = group.options().group_interval;
  WallTime due = anchor_.wall(record.next_flush);
  if (record.looked_at && due <= anchor_.last_alive()) {
    due += ((anchor_.last_alive() - due) / interval + 1) * interval;
  }
  group.next_flush = now_.mono + std::max(due - now_.wall, Duration::zero());
  if (record.looked_at) group.last_flush = now_.mono + (due - interval - now_.wall);
}

void Dispatcher::State::Restoring::restore_withheld(Group& group, const KeptGroup& record) {
  const Bench bench = state_.bench_of(group, now_);
  for (const KeptWithheld& kept : record.withheld) {
    if (!group.members.contains(kept.alert)) continue;
    Verdict verdict = state_.verdict_of(bench, state_.store.find(kept.alert)->alert);
    // What freed it while nobody looked is noticed at the first look.
    if (verdict.withheld != kept.withheld) group.next_look = now_.mono;
    verdict.withheld = kept.withheld;
    group.withheld.emplace(kept.alert, std::move(verdict));
  }
  if (!group.next_look) state_.set_next_look(group, now_);
}

// The route is gone, and so is the configuration that had it.
void Dispatcher::State::Restoring::say_farewell_to_told(KeptGroup& record) {
  const std::string name = state_.policy.twins_apart ? record.identity : record.key;
  for (const auto& [key, entry] : state_.told.all()) {
    if (key.group != name) continue;
    for (const Fingerprint alert : united(entry.firing, entry.doubtful)) {
      if (state_.store.find(alert) == nullptr) continue;
      record.farewell.insert(key.integration);
      record.departed.push_back(state_.ended(alert, now_));
    }
  }
  say_farewell(record);
}

// Nothing can be sent to an integration whose address is no longer known. That is said once.
void Dispatcher::State::Restoring::note_lost_receivers() {
  std::vector<ToldKey> lost;
  for (const auto& [key, entry] : state_.told.all()) {
    if (state_.running->find(key.integration) != nullptr) continue;
    lost.push_back(key);
    for (const Fingerprint alert : united(entry.firing, entry.doubtful)) {
      const AlertStore::Entry* const known = state_.store.find(alert);
      if (known == nullptr) continue;
      Event event;
      event.kind = EventKind::end_untold;
      event.at = now_.wall;
      event.receiver = receiver_in(key.integration, state_.policy);
      event.group_key = key.group;
      event.alert = known->alert.labels;
      state_.note(std::move(event));
    }
  }
  for (const ToldKey& key : lost) state_.told.erase(key);
}

void Dispatcher::State::Restoring::say_farewell(KeptGroup& record) {
  std::erase_if(record.farewell, [&](const std::string& identity) {
    if (state_.running->find(identity) != nullptr) return false;
    state_.told.erase({state_.policy.twins_apart ? record.identity : record.key, identity});
    return true;
  });
  if (record.farewell.empty()) {
    state_.group_changes.gone(GroupNumber{}, record.row);
    return;
  }
  const RouteTree& routes = state_.running->routes();
  const std::size_t node = routes.find(record.route);
  Group group;
  group.row = record.row;
  group.birth = record.birth;
  group.running = state_.running;
  group.route = node == routes.size() ? 0 : node;
  group.identity = std::move(record.identity);
  group.key = std::move(record.key);
  group.labels = std::move(record.labels);
  group.departed = std::move(record.departed);
  group.farewell = std::move(record.farewell);
  state_.add_farewell(std::move(group), now_);
}

// A notification whose outcome nobody knows goes out again, as it was and under its key.
bool Dispatcher::State::Restoring::resume(KeptSend& record) {
  Group* const group = find_group(record);
  const IntegrationRef* const integration = state_.running->find(record.integration);
  if (group == nullptr || integration == nullptr) {
    Event event;
    event.kind = EventKind::dropped_at_start;
    event.at = now_.wall;
    event.receiver = integration == nullptr ? record.integration : integration->receiver->name;
    event.group_key = record.group;
    event.key = record.key;
    state_.note(std::move(event));
    state_.outbox_changes.gone(record.row, record.row);
    return false;
  }
  Flush& flush = flush_of(*group);
  for (Alert& alert : record.alerts) {
    anchor_.move(alert);
    const Fingerprint key = fingerprint(alert.labels);
    const bool known = std::any_of(flush.alerts.begin(), flush.alerts.end(),
                                   [&](const Frozen& frozen) { return frozen.fingerprint == key; });
    if (known) continue;
    const bool resolved = contains(record.picture.resolved, key);
    const AlertStore::Entry* entry = state_.store.find(key);
    // As it was then: what has ended since is news for the next look.
    flush.seen.push_back({key, entry == nullptr ? 0 : entry->revision, resolved, false});
    flush.alerts.push_back({std::move(alert), key, resolved});
  }
  Send send;
  send.integration = record.integration;
  send.name = integration->name;
  send.plan.reason = record.reason;
  send.plan.sent = std::move(record.sent);
  send.plan.picture = std::move(record.picture);
  send.plan.kept = std::move(record.kept);
  send.key = std::move(record.key);
  send.row = record.row;
  send.next_attempt = now_.mono;
  send.in_doubt = true;  // the attempt that was under way
  state_.outbox.emplace(send.row, group->number);
  flush.sends.push_back(std::move(send));
  state_.arm(*group);
  return true;
}

Group* Dispatcher::State::Restoring::find_group(const KeptSend& record) {
  const auto known = state_.by_identity.find(record.group);
  if (known != state_.by_identity.end()) return &state_.groups.at(known->second);
  for (auto& [number, group] : state_.groups) {
    if (group.is_farewell && group.identity == record.group && group.farewell.contains(record.integration)) {
      return &group;
    }
  }
  return nullptr;
}

Flush& Dispatcher::State::Restoring::flush_of(Group& group) {
  if (group.flush) return *group.flush;
  Flush& flush = group.flush.emplace();
  flush.started = now_.mono;
  flush.deadline = now_.mono + State::longest_flush(group);
  return flush;
}

std::size_t Dispatcher::restore(Kept kept, const Now& now) {
  State& state = *state_;
  for (const KeptGroup& record : kept.groups) {
    state.last_group_row = std::max(state.last_group_row, record.row);
  }
  for (const KeptSend& record : kept.outbox) {
    state.last_outbox_row = std::max(state.last_outbox_row, record.row);
  }
  if (!state.policy.alerts_survive) {
    kept.alerts.clear();
    kept.ends.clear();
    kept.groups.clear();
    kept.outbox.clear();
  }
  const std::size_t resumed = State::Restoring(state, kept, now).run();
  state.outbox_safe = state.last_outbox_row;
  return resumed;
}

}  // namespace tocsin::dispatch
