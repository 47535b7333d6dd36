// What the dispatcher shows: computed when asked, from what holds now.
#include <algorithm>
#include <tuple>

#include "engine/dispatch/dispatcher_state.hpp"
#include "notifiers/notification_template.hpp"

namespace tocsin::dispatch {
namespace {

std::vector<std::string> muted_by(const Running& running, const config::Route& route, WallTime now) {
  if (!route.active_time_intervals.empty() &&
      running.intervals().containing(route.active_time_intervals, now).empty()) {
    return route.active_time_intervals;
  }
  return running.intervals().containing(route.mute_time_intervals, now);
}

}  // namespace

std::string_view to_string(AlertStatus status) {
  switch (status) {
    case AlertStatus::unprocessed:
      return "unprocessed";
    case AlertStatus::active:
      return "active";
    case AlertStatus::suppressed:
      return "suppressed";
  }
  return "";
}

AlertView Dispatcher::State::view_of(const Alert& alert, Fingerprint fingerprint, const Now& now) const {
  AlertView view;
  view.alert = alert;
  view.fingerprint = fingerprint;
  view.silenced_by = silences.silencing(alert.labels, silence_time(now));
  if (inhibitor) {
    if (const std::optional<Inhibition> inhibition = inhibitor->inhibits(alert.labels, now.wall)) {
      view.inhibited_by.push_back(inhibition->source.to_hex());
    }
  }
  const bool suppressed = !view.silenced_by.empty() || !view.inhibited_by.empty();
  view.status =
      suppressed ? AlertStatus::suppressed : (running ? AlertStatus::active : AlertStatus::unprocessed);
  return view;
}

std::vector<AlertView> Dispatcher::alerts(const Now& now) const {
  const State& state = *state_;
  std::vector<AlertView> views;
  for (const Fingerprint key : state.store.fingerprints()) {
    const Alert& alert = state.store.find(key)->alert;
    if (alert.resolved_at(now.wall)) continue;
    AlertView view = state.view_of(alert, key, now);
    if (state.running) {
      for (const std::size_t node : state.running->routes().match(alert.labels)) {
        view.receivers.push_back(state.running->routes().node(node).options().receiver);
      }
    }
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<ReceiverState> Dispatcher::receivers(const Now& now) const {
  std::vector<ReceiverState> states;
  for (const auto& [identity, lane] : state_->lanes) {
    const IntegrationRef* integration = state_->running ? state_->running->find(identity) : nullptr;
    if (integration == nullptr) continue;
    states.push_back({integration->receiver->name, integration->name, lane.state(),
                      lane.is_up() ? Duration::zero() : now.mono - lane.down_since()});
  }
  std::sort(states.begin(), states.end(), [](const ReceiverState& a, const ReceiverState& b) {
    return std::tie(a.receiver, a.integration) < std::tie(b.receiver, b.integration);
  });
  return states;
}

std::vector<Alert> Dispatcher::own_alerts(const Now& now) const {
  std::vector<Alert> found;
  for (const Fingerprint key : state_->store.fingerprints()) {
    const Alert& alert = state_->store.find(key)->alert;
    if (alert.origin == Origin::own && !alert.resolved_at(now.wall)) found.push_back(alert);
  }
  return found;
}

std::size_t Dispatcher::posted_count(const Now& now) const {
  const std::vector<Fingerprint> all = state_->store.fingerprints();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](Fingerprint key) {
    const Alert& alert = state_->store.find(key)->alert;
    return alert.origin == Origin::posted && !alert.resolved_at(now.wall);
  }));
}

std::vector<std::string> Dispatcher::names_matched(const Silence& silence, const Now& now) const {
  std::set<std::string> names;
  for (const Fingerprint key : state_->store.fingerprints()) {
    const Alert& alert = state_->store.find(key)->alert;
    if (!alert.resolved_at(now.wall) && silence.matches(alert.labels)) names.emplace(alert.name());
  }
  return {names.begin(), names.end()};
}

std::vector<GroupView> Dispatcher::groups(const Now& now) const {
  const State& state = *state_;
  std::vector<GroupView> views;
  for (const auto& [number, group] : state.groups) {
    if (group.is_farewell) continue;
    GroupView view;
    view.receiver = group.options().receiver;
    view.key = group.key;
    view.labels = group.labels;
    view.decisions = group.decisions;
    view.muted_by = muted_by(*group.running, *group.node().route, now.wall);
    notifiers::Notification data = State::notification_of(group, now);
    for (const Frozen& frozen : state.freeze(group, now)) {
      if (frozen.resolved) continue;
      // Its receivers are those of the groups that are asked for, which who asks knows.
      AlertView alert = state.view_of(state.store.find(frozen.fingerprint)->alert, frozen.fingerprint, now);
      alert.muted_by = view.muted_by;
      view.alerts.push_back(std::move(alert));
      data.alerts.push_back(State::notified(frozen));
    }
    if (view.alerts.empty()) continue;
    if (!group.options().labels.empty()) {
      std::vector<notifiers::RouteLabelError> errors;
      view.route_labels = notifiers::render_route_labels(*group.running->setup().templates,
                                                         group.options().labels, data, errors);
    }
    views.push_back(std::move(view));
  }
  std::stable_sort(views.begin(), views.end(), [](const GroupView& a, const GroupView& b) {
    if (a.labels == b.labels) return a.receiver < b.receiver;
    return notifiers::label_set_before(a.labels, b.labels);
  });
  return views;
}

}  // namespace tocsin::dispatch
