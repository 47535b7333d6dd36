// Configuration into force: everything is loaded and validated by whoever has the files, then taken over part
// by part, each of which compares with what it has. A configuration with errors changes nothing.
#include <algorithm>

#include "engine/api/handler.hpp"
#include "engine/core/alert_labels.hpp"
#include "engine/core/state.hpp"
#include "promql/format.hpp"

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

// How far before its evaluation an expression reads. What is pinned to a fixed time by @ does not count.
Duration look_back(const std::string& expression, const promql::PlanOptions& options) {
  const promql::ParserOptions everything{true, true, true, true};
  auto parsed = promql::parse_expr(expression, everything);
  if (!parsed.ok()) return {};
  const auto plan = promql::Plan::compile(std::move(parsed.value), expression, options);
  if (!plan) return {};
  Duration furthest{};
  for (const promql::SelectionRequest& request : plan->selections({})) {
    furthest = std::max<Duration>(furthest, -request.after.time_since_epoch());
  }
  return furthest;
}

// How far back the rules of a configuration look at most: their selectors' windows, a scrape interval more so
// that the oldest sample of a window is still there, and the query offset.
Duration window_of(const ConfigSnapshot& config, const promql::PlanOptions& options) {
  Duration window = options.lookback;
  Duration offset = config.prometheus->global.rule_query_offset;
  for (const auto& file : config.rule_files) {
    for (const rules::RuleGroup& group : file.groups) {
      offset = std::max(offset, group.query_offset.value_or(Duration{}));
      for (const rules::Rule& rule : group.rules) {
        window = std::max(window, look_back(rule.expr_text, options));
      }
    }
  }
  return window + offset + config.prometheus->global.scrape_interval;
}

std::size_t count_rules(const ConfigSnapshot& config) {
  std::size_t count = 0;
  for (const auto& file : config.rule_files) {
    for (const rules::RuleGroup& group : file.groups) count += group.rules.size();
  }
  return count;
}

void load_prometheus(Engine::State& state) {
  const config::PrometheusConfig& prometheus = *state.config->prometheus;
  for (std::string& error : state.scraping.apply(state.config->prometheus, state.now.wall)) {
    state.log(LogLevel::error, "target refused", {{"err", std::move(error)}});
  }
  state.actions.emplace_back(WatchFiles{state.scraping.watched_patterns()});
  for (std::string& note :
       state.forwarder.reload(state.config->prometheus, state.options.listening, state.now)) {
    state.log(LogLevel::info, std::move(note));
  }

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
  std::vector<const rules::RuleFile*> files;
  for (const auto& file : state.config->rule_files) files.push_back(&file);
  rules::ReloadReport report = state.rules.load(files, std::move(options), state.now.wall);
  state.feed_dispatcher(std::move(report.changes));
  state.needed_window = window_of(*state.config, state.options.plan);
}

void load_alertmanager(Engine::State& state) {
  dispatch::Setup setup;
  setup.config = state.config->alertmanager;
  setup.templates =
      std::shared_ptr<const templates::TemplateSet>(state.config, &state.config->notification_templates);
  setup.read_file = state.options.read_file;
  setup.external_url = state.options.external_url;
  state.dispatcher.reload(std::move(setup), state.now);
}

void respond_to_reload(Engine::State& state, std::string_view errors) {
  for (const RequestId id : std::exchange(state.loading.waiting, {})) {
    state.actions.emplace_back(Respond{id, api::answer_reload(errors)});
  }
}

}  // namespace

void Engine::State::request_load(std::optional<RequestId> request) {
  if (loading.under_way) {
    loading.again = true;
    if (request) loading.waiting_for_again.push_back(*request);
    return;
  }
  loading.under_way = true;
  if (request) loading.waiting.push_back(*request);
  actions.emplace_back(LoadConfig{});
}

void Engine::State::config_loaded(ConfigLoaded loaded) {
  for (std::string& warning : loaded.warnings)
    log(LogLevel::warn, "configuration", {{"warning", std::move(warning)}});
  loading.under_way = false;
  loading.successful = loaded.snapshot != nullptr;
  loading.errors = loaded.errors;
  if (loaded.snapshot == nullptr) {
    const std::string in_force =
        config == nullptr ? "there is none in force"
                          : format("the one of {} stays in force", format_rfc3339(loading.last_success));
    log(LogLevel::error, "configuration not loaded", {{"in_force", in_force}, {"err", loaded.errors}});
    respond_to_reload(*this, format("configuration not loaded, {}\n{}", in_force, loaded.errors));
  } else {
    const bool first = config == nullptr;
    config = std::move(loaded.snapshot);
    loading.last_success = now.wall;
    if (config->alertmanager != nullptr) load_alertmanager(*this);
    if (config->prometheus != nullptr) load_prometheus(*this);
    std::size_t targets = 0;
    for (const scrape::PoolView& pool : scraping.pools()) targets += pool.active.size();
    log(LogLevel::info, first ? "ready" : "configuration loaded",
        {{"targets", format("{}", targets)},
         {"rules", format("{}", count_rules(*config))},
         {"receivers",
          format("{}", config->alertmanager == nullptr ? 0 : config->alertmanager->receivers.size())}});
    respond_to_reload(*this, "");
  }
  if (std::exchange(loading.again, false)) {
    loading.waiting = std::exchange(loading.waiting_for_again, {});
    loading.under_way = true;
    actions.emplace_back(LoadConfig{});
  }
}

void Engine::State::files_changed(const WatchedFiles& files) {
  for (const std::string& error : files.errors)
    log(LogLevel::error, "discovery file not read", {{"err", error}});
  for (std::string& error : scraping.files_changed(files.pattern, files.files, now.wall)) {
    log(LogLevel::error, "discovery file refused", {{"err", std::move(error)}});
  }
}

void Engine::State::feed_dispatcher(std::vector<rules::AlertChange> changes) {
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
    alert.generator_url = std::move(change.alert.generator_url);
    alerts.push_back(std::move(alert));
  }
  if (!alerts.empty()) dispatcher.insert(std::move(alerts), now);
  if (!known.empty()) dispatcher.set_unknown(known, false, now);
  if (!unknown.empty()) dispatcher.set_unknown(unknown, true, now);
}

}  // namespace tocsin::core
