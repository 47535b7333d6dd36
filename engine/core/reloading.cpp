// Configuration into force: everything is loaded and validated by whoever has the files, then taken over part
// by part, each of which compares with what it has. A configuration with errors changes nothing.
#include <algorithm>

#include "engine/api/handler.hpp"
#include "engine/core/alert_labels.hpp"
#include "engine/core/feeding.hpp"
#include "engine/core/state.hpp"
#include "promql/format.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::core {
namespace {

dispatch::ResolveCause cause_of(rules::ResolveCause cause) {
  switch (cause) {
    case rules::ResolveCause::none:
      return dispatch::ResolveCause::none;
    case rules::ResolveCause::condition_false:
    case rules::ResolveCause::for_raised:
    case rules::ResolveCause::limit_exceeded:
      return dispatch::ResolveCause::condition_false;
    case rules::ResolveCause::rule_removed:
    case rules::ResolveCause::relabelled:
      return dispatch::ResolveCause::rule_removed;
  }
  return dispatch::ResolveCause::none;
}

// How far back the rules look at most: their selectors' windows, a scrape interval more so that the oldest
// sample of a window is still there, and the query offset. What is pinned to a fixed time by @ does not
// count.
Duration window_of(const Engine::State& state) {
  const config::PrometheusConfig& prometheus = *state.config->prometheus;
  Duration window = state.options.plan.lookback;
  Duration offset = prometheus.global.rule_query_offset;
  for (const auto& group : state.rules.groups()) {
    offset = std::max(offset, group->definition().query_offset.value_or(Duration{}));
    for (const auto& rule : group->rules()) {
      if (rule->compiled() == nullptr) continue;
      for (const promql::SelectionRequest& request : rule->compiled()->selections({})) {
        window = std::max<Duration>(window, -request.after.time_since_epoch());
      }
    }
  }
  return window + offset + prometheus.global.scrape_interval;
}

std::size_t count_rules(const ConfigSnapshot& config) {
  std::size_t count = 0;
  for (const auto& file : config.rule_files) {
    for (const rules::RuleGroup& group : file.groups) count += group.rules.size();
  }
  return count;
}

rules::RuleSetOptions rule_set_options(const Engine::State& state) {
  const config::PrometheusConfig& prometheus = *state.config->prometheus;
  rules::RuleSetOptions options;
  options.schedule = state.options.schedule;
  options.evaluation_interval = prometheus.global.evaluation_interval;
  options.query_offset = prometheus.global.rule_query_offset;
  options.rules.external_labels = prometheus.global.external_labels;
  options.rules.external_url = state.options.external_url;
  options.rules.resend_delay = state.options.resend_delay;
  options.rules.send_to_alertmanagers = state.forwarder.has_targets();
  options.rules.feed_dispatcher = state.config->alertmanager != nullptr;
  options.rules.map_labels = alert_labels(state.config->prometheus);
  options.rules.parser = state.options.parser;
  options.rules.plan = state.options.plan;
  options.rules.plan.default_subquery_step = prometheus.global.evaluation_interval;
  return options;
}

void respond_to_reload(Engine::State& state, std::string_view errors) {
  for (const RequestId id : std::exchange(state.loading.waiting, {})) {
    state.actions.emplace_back(Respond{id, api::answer_reload(errors)});
  }
}

}  // namespace

void Engine::State::load_prometheus() {
  for (std::string& error : scraping.apply(config->prometheus, now.wall)) {
    log(LogLevel::error, "target refused", {{"err", std::move(error)}});
  }
  actions.emplace_back(WatchFiles{scraping.watched_patterns()});
  for (std::string& text : forwarder.reload(config->prometheus, options.listening, now)) {
    log(LogLevel::info, std::move(text));
  }
  std::vector<const rules::RuleFile*> files;
  for (const auto& file : config->rule_files) files.push_back(&file);
  rules::ReloadReport report = rules.load(files, rule_set_options(*this), now.wall);
  keep_reloaded_rules(report);
  feed_dispatcher(std::move(report.changes));
  needed_window = window_of(*this);
}

void Engine::State::reload_dispatcher(const ConfigSnapshot& snapshot, const ConfigPtr& owner) {
  dispatch::Setup setup;
  setup.config = snapshot.alertmanager;
  setup.templates = std::shared_ptr<const templates::TemplateSet>(owner, &snapshot.notification_templates);
  setup.read_file = options.read_file;
  setup.external_url = options.external_url;
  dispatcher.reload(std::move(setup), now);
}

void Engine::State::request_load(std::optional<RequestId> request) {
  if (loading.under_way) {
    loading.again = true;
    if (request) loading.waiting_for_again.push_back(*request);
    return;
  }
  loading.under_way = true;
  if (request) loading.waiting.push_back(*request);
  actions.emplace_back(LoadConfig{keeping.config, config == nullptr});
}

// What a person needs to know of a configuration that is in force now.
void Engine::State::announce_config(bool first) {
  std::size_t targets = 0;
  for (const scrape::PoolView& pool : scraping.pools()) targets += pool.active.size();
  const std::string counts_targets = format("{}", targets);
  const std::string counts_rules = format("{}", count_rules(*config));
  const std::string counts_receivers =
      format("{}", config->alertmanager == nullptr ? 0 : config->alertmanager->receivers.size());
  log(LogLevel::info, first ? "ready" : "configuration loaded",
      {{"targets", counts_targets}, {"rules", counts_rules}, {"receivers", counts_receivers}});
  if (first) return;
  note(
      {{},
       api::HistoryKind::reload,
       false,
       "",
       "",
       "",
       "configuration",
       format("loaded: {} targets, {} rules, {} receivers", counts_targets, counts_rules, counts_receivers)});
}

void Engine::State::config_rejected(const std::vector<std::string>& errors, bool kept_one_runs) {
  const std::string accepted =
      config == nullptr ? "" : format_rfc3339(std::chrono::floor<std::chrono::seconds>(loading.last_success));
  const std::string text = format("{}", fmt::join(errors, "\n"));
  if (kept_one_runs) {
    log(LogLevel::error, format("configuration on disk rejected, running the one accepted at {}", accepted),
        {{"err", text}});
  }
  const std::string in_force =
      config == nullptr ? "there is none in force" : format("the one of {} stays in force", accepted);
  if (!kept_one_runs) {
    log(LogLevel::error, "configuration not loaded", {{"in_force", in_force}, {"err", text}});
  }
  note({{}, api::HistoryKind::reload, false, "", "", "", "configuration", "refused: " + text});
  respond_to_reload(*this, format("configuration not loaded, {}; {}\n{}\n", count_of(errors.size(), "error"),
                                  in_force, text));
}

namespace {

std::string kinds_of(const ConfigSnapshot& snapshot) {
  if (snapshot.alertmanager == nullptr) return "a configuration of Prometheus";
  return snapshot.prometheus == nullptr ? "one of Alertmanager" : "one of each";
}

// What the process serves was decided at its start: another kind of file under the same name, as after a slip
// of the hand, would leave the targets and rules of the old one running where nobody sees them.
void refuse_other_kind(const ConfigPtr& in_force, ConfigLoaded& loaded) {
  if (in_force == nullptr || loaded.snapshot == nullptr) return;
  const std::string expected = kinds_of(*in_force);
  const std::string found = kinds_of(*loaded.snapshot);
  if (expected == found) return;
  loaded.errors.push_back(
      format("--config.file: expected {} as at the start, found {}; a restart takes it", expected, found));
  loaded.snapshot = nullptr;
}

}  // namespace

void Engine::State::config_loaded(ConfigLoaded loaded) {
  refuse_other_kind(config, loaded);
  for (std::string& warning : loaded.warnings)
    log(LogLevel::warn, "configuration", {{"warning", std::move(warning)}});
  loading.under_way = false;
  loading.successful = loaded.errors.empty();
  const bool fell_back = loaded.snapshot != nullptr && !loading.successful;
  if (loaded.snapshot != nullptr) {
    const bool first = config == nullptr;
    config = std::move(loaded.snapshot);
    loading.last_success = loading.successful ? now.wall : loaded.text->accepted;
    keep_config(loaded.text);
    if (first) {
      restore(loaded.previous);
      begin_start();
    } else {
      if (config->alertmanager != nullptr) reload_dispatcher(*config, config);
      if (config->prometheus != nullptr) load_prometheus();
    }
    announce_config(first);
  }
  if (loading.successful) {
    respond_to_reload(*this, "");
  } else {
    config_rejected(loaded.errors, fell_back);
  }
  if (std::exchange(loading.again, false)) {
    loading.waiting = std::exchange(loading.waiting_for_again, {});
    loading.under_way = true;
    actions.emplace_back(LoadConfig{keeping.config, config == nullptr});
  }
}

void Engine::State::files_changed(const WatchedFiles& files) {
  for (const std::string& error : files.errors)
    log(LogLevel::error, "discovery file not read", {{"err", error}});
  const scrape::MatchedFiles matched{files.files, files.unread, files.glob_failed};
  for (std::string& error : scraping.files_changed(files.pattern, matched, now.wall)) {
    log(LogLevel::error, "discovery file refused", {{"err", std::move(error)}});
  }
}

void Engine::State::feed_dispatcher(std::vector<rules::AlertChange> changes, const rules::RunningRule* rule) {
  std::vector<dispatch::Alert> alerts;
  std::vector<Labels> unknown;
  std::vector<Labels> known;
  for (rules::AlertChange& change : changes) {
    if (change.kind == rules::ChangeKind::unknown) {
      unknown.push_back(std::move(change.alert.labels));
      continue;
    }
    if (change.kind == rules::ChangeKind::updated) known.push_back(change.alert.labels);
    dispatch::Alert alert;
    alert.labels = std::move(change.alert.labels);
    alert.annotations = std::move(change.alert.annotations);
    alert.starts_at = change.alert.starts_at;
    alert.ends_at = change.alert.ends_at;
    alert.updated_at = now.wall;
    alert.cause = cause_of(change.cause);
    if (rule != nullptr && alert.cause == dispatch::ResolveCause::condition_false) {
      if (std::optional<std::string> lost = lost_series(*this, *rule, alert.labels)) {
        alert.cause = dispatch::ResolveCause::series_gone;
        alert.cause_detail = std::move(*lost);
      }
    }
    alert.generator_url = std::move(change.alert.generator_url);
    alerts.push_back(std::move(alert));
  }
  if (!alerts.empty()) dispatcher.insert(std::move(alerts), now);
  if (!known.empty()) dispatcher.set_unknown(known, false, now);
  if (!unknown.empty()) dispatcher.set_unknown(unknown, true, now);
}

}  // namespace tocsin::core
