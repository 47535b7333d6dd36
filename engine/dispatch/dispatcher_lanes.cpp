// Receivers that are down. Their state is the lane's (lane.hpp); here is what it means for groups: those that
// have something to say are held, one after the other probes when the time has come, and all are looked at
// anew when the receiver is back.
#include <algorithm>

#include "engine/dispatch/dispatcher_state.hpp"

namespace tocsin::dispatch {
namespace {

bool is_refusal(const notifiers::Outcome& outcome) {
  return outcome.verdict == notifiers::Verdict::failed &&
         (outcome.status == 401 || outcome.status == 403 || outcome.status == 404);
}

}  // namespace

bool Dispatcher::State::lane_takes(Group& group, const std::string& integration, const Now& now) {
  const auto found = lanes.find(integration);
  if (found == lanes.end()) return true;
  Lane& lane = found->second;
  if (lane.is_up() || lane.take_probe(group.number, now.mono)) {
    lane.held.erase(group.number);
    arm_lane(integration);
    return true;
  }
  if (lane.held.insert(group.number).second) ++counters.held;
  arm_lane(integration);
  return false;
}

Dispatcher::State::LaneChange Dispatcher::State::tell_lane(const Group& group, const Send& send,
                                                           const notifiers::Outcome& outcome,
                                                           const Now& now) {
  Lane& lane = lanes[send.integration];
  Event event = event_of(EventKind::receiver_back, group, now);
  event.integration = send.name;
  event.text = outcome.text;
  event.attempts = send.attempts;
  const MonoTime down_since = lane.down_since();
  LaneChange change = LaneChange::none;
  const IntegrationRef* ref = send.running->find(send.integration);
  const bool one_way = ref != nullptr && !ref->templated_destination;
  if (policy.refusal_held && one_way && is_refusal(outcome)) {
    if (!lane.refused(now.mono)) return change;
    event.kind = EventKind::receiver_refuses;
    event.wait = Lane::kRefusedFor;
    change = LaneChange::closed;
  } else if (outcome.verdict == notifiers::Verdict::retry) {
    if (!policy.circuit_breaker || !one_way || !lane.failed(now.mono, random)) return change;
    event.kind = EventKind::receiver_down;
    event.wait = lane.not_before() - now.mono;
    change = LaneChange::closed;
  } else {
    if (!lane.answered()) return change;
    event.wait = now.mono - down_since;
    event.firing = firing_in(lane, send, now);
    event.ended_meanwhile = std::exchange(lane.ended_meanwhile, 0);
    change = LaneChange::opened;
  }
  note(std::move(event));
  return change;
}

// Alerts that the receiver is told of, now that it is back.
std::size_t Dispatcher::State::firing_in(const Lane& lane, const Send& send, const Now& now) const {
  std::set<Fingerprint> firing(send.plan.picture.firing.begin(), send.plan.picture.firing.end());
  for (const GroupNumber number : lane.held) {
    for (const Fingerprint member : groups.at(number).members) {
      if (!store.find(member)->alert.resolved_at(now.wall)) firing.insert(member);
    }
  }
  return firing.size();
}

void Dispatcher::State::hold_waiting(const std::string& integration, const Now& now) {
  std::vector<GroupNumber> numbers;
  for (auto& [number, group] : groups) {
    if (group.flush) numbers.push_back(number);
  }
  for (const GroupNumber number : numbers) {
    Group& group = groups.at(number);
    bool any = false;
    for (Send& send : group.flush->sends) {
      if (send.integration != integration || send.done || send.in_flight) continue;
      hold_send(group, send, now);
      any = true;
    }
    if (any) finish_if_done(number, now);
  }
  lanes[integration].waiting.clear();
}

void Dispatcher::State::hold_send(Group& group, Send& send, const Now& now) {
  lanes[send.integration].held.insert(group.number);
  finish_send(group, send, SendResult::held, now);
}

void Dispatcher::State::free_held(const std::string& integration, const Now& now) {
  for (const GroupNumber number : std::exchange(lanes[integration].held, {})) {
    Group& group = groups.at(number);
    group.next_flush = now.mono;
    arm(group);
  }
  lane_deadlines.remove(integration);
}

void Dispatcher::State::arm_lane(const std::string& integration) {
  const Lane& lane = lanes[integration];
  if (lane.is_up() || lane.has_probe() || lane.held.empty()) {
    lane_deadlines.remove(integration);
  } else {
    lane_deadlines.set(integration, lane.not_before());
  }
}

// One after the other is looked at, until one has something to say that can be the probe.
void Dispatcher::State::probe(const std::string& integration, const Now& now) {
  Lane& lane = lanes[integration];
  if (lane.is_up() || lane.has_probe() || lane.held.empty()) return;
  const GroupNumber number = lane.next_probe();
  lane.held.erase(number);
  Group& group = groups.at(number);
  group.next_flush = now.mono;
  arm(group);
  arm_lane(integration);
}

void Dispatcher::State::forget_in_lanes(GroupNumber number) {
  for (auto& [integration, lane] : lanes) {
    lane.give_up_probe(number);
    if (lane.held.erase(number) > 0) arm_lane(integration);
  }
}

}  // namespace tocsin::dispatch
