#include "engine/core/view.hpp"

#include "promql/format.hpp"

namespace tocsin::core {
namespace {

api::RuleView view_of(const rules::RunningRule& rule) {
  const rules::RuleDefinition& definition = rule.definition();
  const rules::RuleStatus& status = rule.status();
  api::RuleView view;
  view.alerting = definition.kind == rules::RuleKind::alerting;
  view.name = definition.name;
  view.query = rule.query();
  view.hold_duration = definition.hold;
  view.keep_firing_for = definition.keep_firing_for;
  view.labels = definition.labels;
  view.annotations = definition.annotations;
  view.health = to_string(status.health);
  view.last_error = status.last_error;
  view.evaluation_time = status.evaluation_time;
  view.last_evaluation = status.last_evaluation;
  if (!view.alerting) return view;
  const auto& alerting = static_cast<const rules::AlertingRule&>(rule);
  const auto state = alerting.state();
  view.state = state ? to_string(*state) : "unknown";
  alerting.for_each_active([&view](const Labels& labels, const rules::Alert& alert) {
    view.alerts.push_back({labels, alert.annotations, std::string(to_string(alert.clock.state)),
                           alert.clock.active_at, alert.clock.keep_firing_since, alert.value});
  });
  return view;
}

// An alert of a rule here lives until the rule says otherwise. Who reads the API expects an end: the one that
// Prometheus would have posted with an alert of this moment (trap 16).
WallTime assumed_end(const Engine::State& state) {
  return state.now.wall + 4 * std::max(state.evaluation_interval(), state.options.resend_delay);
}

api::AlertView view_of(const dispatch::AlertView& alert, WallTime end) {
  api::AlertView view;
  view.labels = alert.alert.labels;
  view.annotations = alert.alert.annotations;
  view.generator_url = alert.alert.generator_url;
  view.starts_at = alert.alert.starts_at;
  view.updated_at = alert.alert.updated_at;
  view.ends_at = alert.alert.ends_at == kNoTime ? end : alert.alert.ends_at;
  view.fingerprint = alert.fingerprint;
  view.receivers = alert.receivers;
  view.state = to_string(alert.status);
  view.silenced_by = alert.silenced_by;
  view.inhibited_by = alert.inhibited_by;
  view.muted_by = alert.muted_by;
  return view;
}

api::HealthCheck storage_check(const Keeping& keeping) {
  std::string state(to_string(keeping.mode));
  if (keeping.mode == StorageMode::off) state = "nothing is kept over a restart: " + keeping.error;
  if (state == "broken") state = "going on in memory: " + keeping.error;
  return {"storage", std::move(state), {{"commits", format("{}", keeping.counters.commits)}}};
}

}  // namespace

std::vector<api::TargetView> CoreView::targets() const {
  std::vector<api::TargetView> views;
  for (const scrape::PoolView& pool : state_.scraping.pools()) {
    for (const scrape::TargetView& target : pool.active) {
      api::TargetView view;
      view.discovered_labels = target.target->discovered;
      view.labels = target.target->labels;
      view.scrape_pool = *target.pool;
      view.scrape_url = target.target->url;
      view.global_url = scrape::global_url(target.target->url, state_.options.own_address);
      view.last_error = target.last_error;
      view.last_scrape = target.last_scrape;
      view.last_scrape_duration = target.last_duration;
      view.health = to_string(target.health);
      view.scrape_interval = format_duration(target.target->interval);
      view.scrape_timeout = format_duration(target.target->timeout);
      views.push_back(std::move(view));
    }
  }
  return views;
}

std::vector<api::DroppedTargetView> CoreView::dropped_targets() const {
  std::vector<api::DroppedTargetView> views;
  for (const scrape::PoolView& pool : state_.scraping.pools()) {
    for (const Labels& labels : *pool.dropped) views.push_back({labels, std::string(pool.name)});
  }
  return views;
}

std::vector<api::MetadataView> CoreView::metadata() const {
  std::vector<api::MetadataView> views;
  for (const scrape::PoolView& pool : state_.scraping.pools()) {
    for (const scrape::TargetView& target : pool.active) {
      for (const auto& [metric, metadata] : *target.metadata) {
        views.push_back({metric, std::string(to_string(metadata.type)), metadata.help, metadata.unit,
                         target.target->labels});
      }
    }
  }
  return views;
}

std::vector<api::RuleGroupView> CoreView::rule_groups() const {
  std::vector<api::RuleGroupView> views;
  for (const auto& group : state_.rules.groups()) {
    api::RuleGroupView view;
    view.name = group->definition().name;
    view.file = group->definition().file;
    view.interval = group->definition().interval;
    view.limit = group->definition().limit;
    view.evaluation_time = group->statistics().evaluation_time;
    view.last_evaluation = group->statistics().last_evaluation;
    for (const auto& rule : group->rules()) view.rules.push_back(view_of(*rule));
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<api::AlertView> CoreView::alerts() const {
  std::vector<api::AlertView> views;
  const WallTime end = assumed_end(state_);
  for (const dispatch::AlertView& alert : state_.dispatcher.alerts(state_.now))
    views.push_back(view_of(alert, end));
  return views;
}

std::vector<api::AlertGroupView> CoreView::alert_groups() const {
  std::vector<api::AlertGroupView> views;
  const WallTime end = assumed_end(state_);
  for (const dispatch::GroupView& group : state_.dispatcher.groups(state_.now)) {
    api::AlertGroupView view;
    view.receiver = group.receiver;
    view.labels = group.labels;
    view.route_labels = Labels::from_map(group.route_labels);
    view.muted = !group.muted_by.empty();
    for (const dispatch::AlertView& alert : group.alerts) view.alerts.push_back(view_of(alert, end));
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<api::ReceiverView> CoreView::receivers() const {
  std::vector<api::ReceiverView> views;
  if (state_.config == nullptr || state_.config->alertmanager == nullptr) return views;
  for (const config::Receiver& receiver : state_.config->alertmanager->receivers) {
    views.push_back({receiver.name, Labels::from_map(receiver.labels)});
  }
  return views;
}

std::vector<api::SilenceView> CoreView::silences() const {
  std::vector<api::SilenceView> views;
  for (const auto& [id, silence] : state_.dispatcher.silences().all()) {
    api::SilenceView view;
    view.id = id;
    for (const std::vector<Matcher>& set : silence.matcher_sets) {
      auto& texts = view.sets.emplace_back();
      for (const Matcher& matcher : set) texts.push_back({matcher.type(), matcher.name(), matcher.value()});
    }
    view.starts_at = silence.starts_at;
    view.ends_at = silence.ends_at;
    view.updated_at = silence.updated_at;
    view.created_by = silence.created_by;
    view.comment = silence.comment;
    view.annotations = silence.annotations;
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<std::string> CoreView::alertmanagers() const {
  return state_.forwarder.urls();
}

std::vector<Labels> CoreView::series(const SeriesFilter& filter) const {
  return state_.store.series({filter.selectors, filter.from, filter.to});
}

std::vector<std::string> CoreView::label_names(const SeriesFilter& filter) const {
  return state_.store.label_names({filter.selectors, filter.from, filter.to});
}

std::vector<std::string> CoreView::label_values(std::string_view name, const SeriesFilter& filter) const {
  return state_.store.label_values(name, {filter.selectors, filter.from, filter.to});
}

std::pair<Timestamp, Timestamp> CoreView::sample_times() const {
  return {state_.store.min_time(), state_.store.max_time()};
}

api::StatusView CoreView::status() const {
  api::StatusView status;
  status.version = state_.options.version;
  status.started = state_.start_time;
  status.now = state_.now.wall;
  status.reload_successful = state_.loading.successful;
  status.last_reload = state_.loading.last_success;
  if (state_.config != nullptr && state_.config->prometheus != nullptr) {
    status.prometheus_config = state_.config->prometheus->effective_yaml;
  }
  if (state_.config != nullptr && state_.config->alertmanager != nullptr) {
    status.alertmanager_config = state_.config->alertmanager->effective_yaml;
    status.resolve_timeout = state_.config->alertmanager->global.resolve_timeout;
  }
  status.flags = state_.options.flags;
  status.storage_window = state_.needed_window;
  return status;
}

bool CoreView::ready() const {
  return state_.config != nullptr && !state_.stopping;
}

std::vector<api::HealthCheck> CoreView::health() const {
  std::vector<api::HealthCheck> checks;
  const auto last_loaded = format_rfc3339(state_.loading.last_success);
  checks.push_back({"config",
                    state_.loading.successful ? "ok"
                    : state_.config == nullptr
                        ? "not loaded"
                        : format("the files on disk were rejected, the one of {} is in force", last_loaded),
                    {{"loaded", last_loaded}}});
  checks.push_back(storage_check(state_.keeping));
  if (state_.clock_in_doubt) {
    checks.push_back({"clock",
                      "the clock of this machine is not set",
                      {{"at_least", format_rfc3339(state_.clock_floor)}}});
  }
  std::size_t up = 0;
  std::size_t targets = 0;
  for (const scrape::PoolView& pool : state_.scraping.pools()) {
    targets += pool.active.size();
    for (const scrape::TargetView& target : pool.active) up += target.health == scrape::Health::up ? 1 : 0;
  }
  checks.push_back({"scraping", "ok", {{"targets", format("{}", targets)}, {"up", format("{}", up)}}});
  checks.push_back({"rules", "ok", {{"groups", format("{}", state_.rules.groups().size())}}});
  std::string notifications =
      state_.options.notify_sink.empty()
          ? ""
          : format("sent to the sink {} instead of their services", state_.options.notify_sink);
  for (const dispatch::ReceiverState& receiver : state_.dispatcher.receivers(state_.now)) {
    if (receiver.state == dispatch::Lane::State::up) continue;
    notifications +=
        format("{}{}/{} {} for {}", notifications.empty() ? "" : ", ", receiver.receiver,
               receiver.integration, receiver.state == dispatch::Lane::State::down ? "is down" : "refuses",
               format_duration(std::chrono::round<std::chrono::seconds>(receiver.for_how_long)));
  }
  checks.push_back({"notifications",
                    notifications.empty() ? "ok" : notifications,
                    {{"groups", format("{}", state_.dispatcher.group_count())},
                     {"under_way", format("{}", state_.dispatcher.in_flight())}}});
  return checks;
}

}  // namespace tocsin::core
