// What outlives the process, as it is now: records of what changed since they were last taken.
#include <algorithm>

#include "engine/dispatch/dispatcher_state.hpp"

namespace tocsin::dispatch {
namespace {

WallTime wall_of(MonoTime time, const Now& now) {
  return now.wall + (time - now.mono);
}

template <class Record>
void sort_by_row(std::vector<Record>& records) {
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.row < b.row; });
}

}  // namespace

KeptGroup Dispatcher::State::keep_group(const Group& group, const Now& now) const {
  KeptGroup kept;
  kept.row = group.row;
  kept.identity = group.identity;
  kept.birth = group.birth;
  kept.looked_at = group.last_flush.has_value();
  kept.next_flush = wall_of(group.next_flush, now);
  kept.departed = group.departed;
  for (const auto& [alert, verdict] : group.withheld) kept.withheld.push_back({alert, verdict.withheld});
  for (const auto& [integration, alerts] : group.unmuted) {
    if (!alerts.empty()) kept.unmuted.push_back({integration, alerts});
  }
  kept.farewell = group.farewell;
  kept.route = group.node().identity;
  kept.key = group.key;
  kept.labels = group.labels;
  return kept;
}

KeptTold Dispatcher::State::keep_told(const ToldKey& key, const Told& entry, const Now& now) const {
  KeptTold kept;
  kept.row = entry.row;
  kept.key = key;
  kept.firing = entry.firing;
  kept.resolved = entry.resolved;
  kept.doubtful = entry.doubtful;
  kept.times = entry.times;
  kept.at = wall_of(entry.at, now);
  if (entry.forgotten_at != MonoTime::max()) kept.forgotten_at = wall_of(entry.forgotten_at, now);
  kept.remembered = entry.remembered;
  return kept;
}

KeptSend Dispatcher::State::keep_send(const Group& group, const Send& send, const Now& now) const {
  KeptSend kept;
  kept.row = send.row;
  kept.group = group.identity;
  kept.integration = send.integration;
  kept.key = send.key;
  kept.reason = send.plan.reason;
  kept.decided_at = wall_of(group.flush->started, now);
  kept.sent = send.plan.sent;
  kept.picture = send.plan.picture;
  kept.kept = send.plan.kept;
  for (const Frozen& frozen : group.flush->alerts) {
    if (contains(send.plan.sent, frozen.fingerprint)) kept.alerts.push_back(frozen.alert);
  }
  return kept;
}

Changes Dispatcher::take_changes(Depth depth, const Now& now) {
  State& state = *state_;
  Changes changes;
  state.store.take_changes(depth, changes);
  for (const GroupNumber number : state.group_changes.take_touched()) {
    changes.groups.written.push_back(state.keep_group(state.groups.at(number), now));
  }
  changes.groups.gone = state.group_changes.take_gone();
  for (const ToldKey& key : state.told.changes().take_touched()) {
    changes.told.written.push_back(state.keep_told(key, state.told.all().at(key), now));
  }
  changes.told.gone = state.told.changes().take_gone();
  for (const RowId row : state.outbox_changes.take_touched()) {
    const Group& group = state.groups.at(state.outbox.at(row));
    for (const Send& send : group.flush->sends) {
      if (send.row == row) changes.outbox.written.push_back(state.keep_send(group, send, now));
    }
  }
  changes.outbox.gone = state.outbox_changes.take_gone();
  for (const std::string& id : state.silences.changes().take_touched()) {
    const Silence& silence = *state.silences.find(id);
    changes.silences.written.push_back({silence.row, silence.clone()});
  }
  changes.silences.gone = state.silences.changes().take_gone();
  sort_by_row(changes.groups.written);
  sort_by_row(changes.told.written);
  sort_by_row(changes.silences.written);
  return changes;
}

Changes Dispatcher::take_everything(const Now& now) {
  state_->touch_all();
  return take_changes(Depth::texts, now);
}

void Dispatcher::State::touch_all() {
  store.touch_all();
  for (const auto& [number, group] : groups) touch(group);
  for (const auto& [key, entry] : told.all()) told.changes().touch(key);
  for (const auto& [row, number] : outbox) outbox_changes.touch(row);
  for (const auto& [id, silence] : silences.all()) silences.changes().touch(id);
}

void Dispatcher::keep(Duration commit_wait) {
  State& state = *state_;
  state.commit_wait = commit_wait;
  state.keeper_works = true;
  state.store.log_changes();
  state.group_changes.switch_on();
  state.told.changes().switch_on();
  state.outbox_changes.switch_on();
  state.silences.changes().switch_on();
}

void Dispatcher::set_keeper_works(bool works) {
  state_->keeper_works = works;
}

void Dispatcher::outbox_written(RowId up_to, const Now& now) {
  State& state = *state_;
  for (auto entry = state.outbox.upper_bound(state.outbox_safe);
       entry != state.outbox.end() && entry->first <= up_to; ++entry) {
    Group& group = state.groups.at(entry->second);
    for (Send& send : group.flush->sends) {
      if (send.row != entry->first || !send.waits_for_commit) continue;
      send.waits_for_commit = false;
      send.next_attempt = now.mono;
    }
    state.arm(group);
  }
  state.outbox_safe = std::max(state.outbox_safe, up_to);
}

}  // namespace tocsin::dispatch
