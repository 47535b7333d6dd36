// A new configuration comes into force.
//
// A group is kept, with its clocks and what it has under way, if the new tree has a route of the same
// identity that still takes its alerts with the same group labels. What no longer has its place is not just
// forgotten: whoever was told that an alert fires is told its end. An alert that only left the group becomes
// `departed` there; for an integration or a whole group that is gone, a farewell group tells it under the old
// configuration, and goes when it is told, or after Limits::farewell.
#include <algorithm>

#include "engine/dispatch/dispatcher_state.hpp"

namespace tocsin::dispatch {

void Dispatcher::reload(Setup setup, const Now& now) {
  State& state = *state_;
  const auto next = std::make_shared<const Running>(std::move(setup), state.policy);
  state.inhibitor.emplace(&next->config().inhibit_rules, &state.store);
  for (const Fingerprint key : state.store.fingerprints()) {
    state.inhibitor->add(key, state.store.find(key)->alert.labels);
  }
  if (state.running) state.regroup(next, now);
  state.running = next;
  for (const Fingerprint key : state.store.fingerprints()) {
    const bool resolved = state.store.find(key)->alert.resolved_at(now.wall);
    // A group that tells an end has the alert already; upstream's new groups look at all again.
    if (!resolved || !state.policy.reload_keeps_groups) state.route(key, now);
  }
  if (!state.policy.reload_keeps_groups) state.restart_groups(now);
  for (auto& [integration, lane] : state.lanes) {
    lane.reloaded(now.mono);
    state.arm_lane(integration);
  }
}

void Dispatcher::State::regroup(const std::shared_ptr<const Running>& next, const Now& now) {
  std::vector<GroupNumber> numbers;
  for (const auto& [number, group] : groups) {
    if (!group.is_farewell) numbers.push_back(number);
  }
  for (const GroupNumber number : numbers) move_group(groups.at(number), next, now);
}

void Dispatcher::State::move_group(Group& group, const std::shared_ptr<const Running>& next, const Now& now) {
  const std::size_t node = next->routes().find(group.node().identity);
  const bool has_route = node < next->routes().size();
  std::vector<Fingerprint> leaving;
  for (const Fingerprint member : group.members) {
    bool stays = false;
    if (has_route) {
      const Labels& labels = store.find(member)->alert.labels;
      const std::vector<std::size_t> matched = next->routes().match(labels);
      stays = std::find(matched.begin(), matched.end(), node) != matched.end() &&
              group_labels_of(labels, next->routes().node(node).options()) == group.labels;
    }
    if (!stays) leaving.push_back(member);
  }
  if (leaving.size() == group.members.size() && (!has_route || group.departed.empty())) {
    dissolve(group, now);
    return;
  }

  const std::shared_ptr<const Running> old = group.running;
  const std::vector<const IntegrationRef*> before = targets(group);
  const std::string& receiver = next->routes().node(node).options().receiver;
  const std::vector<IntegrationRef>& after = next->integrations(receiver);
  for (const IntegrationRef* integration : before) {
    const bool stays = std::any_of(after.begin(), after.end(), [&](const IntegrationRef& candidate) {
      return candidate.identity == integration->identity;
    });
    if (!stays) say_farewell(group, integration->identity, old, now);
  }
  for (const Fingerprint member : leaving) {
    if (policy.removed_told_resolved && was_told(group, before, member, now)) {
      group.departed.push_back(ended(member, now));
    }
    group.members.erase(member);
    group.withheld.erase(member);
    store.release(member);
    touch(group);
  }
  group.running = next;
  group.route = node;
  group.settled_at.reset();
  const Duration wait = group.last_flush ? group.options().group_interval : group.options().group_wait;
  group.next_flush = std::min(group.next_flush, now.mono + wait);
  arm(group);
}

// Upstream starts its dispatcher anew: sends under way are cancelled, and alerts that are old enough are
// looked at at once.
void Dispatcher::State::restart_groups(const Now& now) {
  for (auto& [number, group] : groups) {
    if (group.is_farewell) continue;
    if (group.flush) {
      for (const Send& send : group.flush->sends) {
        outbox.erase(send.row);
        outbox_changes.gone(send.row, send.row);
      }
    }
    group.flush.reset();
    group.last_flush.reset();
    group.next_look.reset();
    group.settled_at.reset();
    group.withheld.clear();
    group.unmuted.clear();
    const Duration wait = group.options().group_wait;
    const bool old = std::any_of(group.members.begin(), group.members.end(), [&](Fingerprint member) {
      return store.find(member)->alert.starts_at + wait < now.wall;
    });
    group.next_flush = old ? now.mono : now.mono + wait;
    arm(group);
  }
}

bool Dispatcher::State::was_told(const Group& group, const std::vector<const IntegrationRef*>& integrations,
                                 Fingerprint alert, const Now& now) const {
  return std::any_of(integrations.begin(), integrations.end(), [&](const IntegrationRef* integration) {
    const Told* known = told.find(told_key(group, integration->identity), now.mono);
    return known != nullptr && (contains(known->firing, alert) || contains(known->doubtful, alert));
  });
}

Alert Dispatcher::State::ended(Fingerprint fingerprint, const Now& now) const {
  Alert alert = store.find(fingerprint)->alert;
  if (alert.resolved_at(now.wall)) return alert;
  alert.ends_at = now.wall;
  alert.cause = ResolveCause::route_removed;
  return alert;
}

void Dispatcher::State::dissolve(Group& group, const Now& now) {
  const std::vector<const IntegrationRef*> integrations = targets(group);
  const bool anyone_told = std::any_of(group.members.begin(), group.members.end(), [&](Fingerprint member) {
    return was_told(group, integrations, member, now);
  });
  const bool under_way = group.flush && std::any_of(group.flush->sends.begin(), group.flush->sends.end(),
                                                    [](const Send& send) { return send.in_flight; });
  if (!policy.removed_told_resolved || !(anyone_told || under_way || !group.departed.empty())) {
    for (const IntegrationRef* integration : integrations) {
      if (policy.told_kept) told.erase(told_key(group, integration->identity));
    }
    remove_group(group, now);
    return;
  }
  for (const Fingerprint member : group.members) {
    group.departed.push_back(ended(member, now));
    store.release(member);
  }
  group.members.clear();
  group.withheld.clear();
  group.next_look.reset();
  for (const IntegrationRef* integration : integrations) group.farewell.insert(integration->identity);
  by_identity.erase(group.identity);
  begin_farewell(group, now);
  if (group.flush) {
    for (Send& send : group.flush->sends) {
      if (!send.done && !send.in_flight) finish_send(group, send, SendResult::dropped_removed, now);
    }
    if (!under_way) group.flush.reset();
  }
  arm(group);
}

void Dispatcher::State::say_farewell(const Group& group, const std::string& integration,
                                     const std::shared_ptr<const Running>& old, const Now& now) {
  const ToldKey key = told_key(group, integration);
  const Told* known = told.find(key, now.mono);
  if (known == nullptr) return;
  const IntegrationRef* ref = old->find(integration);
  const Fingerprints knows = united(known->firing, known->doubtful);
  if (!policy.removed_told_resolved || ref == nullptr || knows.empty()) {
    if (policy.told_kept) told.erase(key);
    return;
  }
  Group farewell;
  farewell.row = ++last_group_row;
  farewell.birth = group.birth;
  farewell.running = old;
  farewell.route = old->routes().find(group.node().identity);
  farewell.identity = group.identity;
  farewell.key = group.key;
  farewell.labels = group.labels;
  farewell.farewell.insert(integration);
  for (const Fingerprint alert : knows) {
    if (store.find(alert) != nullptr) farewell.departed.push_back(ended(alert, now));
  }
  add_farewell(std::move(farewell), now);
}

void Dispatcher::State::add_farewell(Group farewell, const Now& now) {
  const GroupNumber number{++last_group};
  farewell.number = number;
  begin_farewell(groups.emplace(number, std::move(farewell)).first->second, now);
}

void Dispatcher::State::begin_farewell(Group& group, const Now& now) {
  group.is_farewell = true;
  group.given_up_at = now.mono + limits.farewell;
  group.next_flush = now.mono;
  touch(group);
  arm(group);
}

// An attempt was under way when its integration was removed, and it arrived.
void Dispatcher::State::farewell_if_removed(const Group& group, const Send& send, const Now& now) {
  if (group.running->find(send.integration) == nullptr)
    say_farewell(group, send.integration, send.running, now);
}

}  // namespace tocsin::dispatch
