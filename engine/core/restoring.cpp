// What was kept comes into force with the first configuration, before anything else happens.
//
// Dispatch goes on under the configuration that was in force when it was written, and then takes the present
// one as it would at a reload: so what the change took away is told its end. Rules take their alerts by name
// and labels. The time in which nobody ran is not counted towards `for` and keep_firing_for, as upstream does
// for the long ones. Last, the two are compared: an alert that only one of them knows is given to, or taken
// from, the other.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/core/state.hpp"
#include "promql/format.hpp"

namespace tocsin::core {
namespace {

// Clocks are set by a little all the time.
constexpr Duration kClockSlack = std::chrono::minutes(1);

// A rule's alert was last looked at by the process that wrote what was kept.
void move_clock(rules::Alert& alert, const dispatch::Kept& kept, WallTime now) {
  const Duration gap = now - kept.last_alive;
  const auto move = [gap](WallTime& time) {
    if (time != kNoTime) time += gap;
  };
  if (kept.is_of_another_clock(now)) {
    // The clock of this machine is not set, or was not: all that was kept lies in another time.
    alert.clock = rules::shifted(alert.clock, gap);
    if (alert.told) move(alert.told->starts_at);
  } else {
    if (alert.clock.state == rules::AlertState::pending) move(alert.clock.active_at);
    move(alert.clock.keep_firing_since);
  }
  if (alert.told) move(alert.told->valid_until);
  // Alertmanagers hear of it at once, as after a start of Prometheus.
  alert.last_sent_at = kNoTime;
}

std::vector<rules::RuleState> rule_states(std::vector<KeptRuleAlert> records, const dispatch::Kept& kept,
                                          WallTime now) {
  using Key = std::tuple<std::string, std::string, std::string, std::uint64_t>;
  std::map<Key, rules::RuleState> states;
  for (KeptRuleAlert& record : records) {
    move_clock(record.alert, kept, now);
    rules::RuleState& state = states[{record.file, record.group, record.rule, record.ordinal}];
    state.file = record.file;
    state.group = record.group;
    state.rule = record.rule;
    state.ordinal = record.ordinal;
    state.alerts.emplace_back(std::move(record.labels), std::move(record.alert));
  }
  std::vector<rules::RuleState> list;
  list.reserve(states.size());
  for (auto& [key, state] : states) list.push_back(std::move(state));
  return list;
}

dispatch::Alert to_dispatch(const rules::Alert& alert, WallTime now) {
  dispatch::Alert fired;
  fired.labels = *alert.told->labels;
  fired.annotations = alert.annotations;
  fired.starts_at = alert.told->starts_at;
  fired.updated_at = now;
  return fired;
}

// Who of rules and dispatch knows of an alert that the other one does not.
void reconcile(Engine::State& state) {
  std::map<Labels, dispatch::Alert> told;
  for (const auto& group : state.rules.groups()) {
    group->for_each_alert([&](const rules::RuleKey&, const Labels&, const rules::Alert& alert) {
      if (alert.told && alert.told->labels) {
        told.emplace(*alert.told->labels, to_dispatch(alert, state.now.wall));
      }
    });
  }
  std::vector<dispatch::Alert> changes;
  for (dispatch::Alert& alert : state.dispatcher.own_alerts(state.now)) {
    if (told.erase(alert.labels) > 0) continue;
    alert.ends_at = state.now.wall;
    alert.cause = dispatch::ResolveCause::rule_removed;
    changes.push_back(std::move(alert));
  }
  for (auto& [labels, alert] : told) changes.push_back(std::move(alert));
  if (!changes.empty()) state.dispatcher.insert(std::move(changes), state.now);
}

// "" if nobody can know, for one of the two clocks was not set.
std::string down_for(const Engine::State& state) {
  const Life& life = state.keeping.loaded.life;
  if (state.keeping.loaded.dispatch.is_of_another_clock(state.now.wall)) return {};
  return format_go_duration(std::chrono::round<std::chrono::seconds>(state.now.wall - life.last_alive));
}

std::string started_detail(const Engine::State& state) {
  if (!state.keeping.warm) return "no state was found";
  const std::string down = down_for(state);
  return down.empty() ? "the clock was set meanwhile, nobody knows for how long it was down"
                      : "down for " + down;
}

void log_restored(Engine::State& state, std::size_t resent) {
  const Life& life = state.keeping.loaded.life;
  if (life.stopped == kNoTime) {
    std::vector<std::pair<std::string, std::string>> fields = {
        {"last_alive", format_rfc3339(life.last_alive)}};
    if (const std::string down = down_for(state); !down.empty()) fields.emplace_back("down_for", down);
    state.log(LogLevel::warn, "stopped without shutdown", std::move(fields));
  }
  std::size_t firing = 0;
  std::size_t pending = 0;
  for (const auto& group : state.rules.groups()) {
    group->for_each_alert([&](const rules::RuleKey&, const Labels&, const rules::Alert& alert) {
      firing += alert.clock.state == rules::AlertState::firing ? 1 : 0;
      pending += alert.clock.state == rules::AlertState::pending ? 1 : 0;
    });
  }
  state.log(LogLevel::info, "state restored",
            {{"firing", format("{}", firing)},
             {"pending", format("{}", pending)},
             {"posted", format("{}", state.dispatcher.posted_count(state.now))},
             {"groups", format("{}", state.dispatcher.group_count())},
             {"silences", format("{}", state.dispatcher.silences().all().size())},
             {"unsent", format("{}", resent)},
             {"damaged", format("{}", state.keeping.counters.damaged_rows)}});
}

}  // namespace

void Engine::State::state_loaded(StateLoaded loaded) {
  if (keeping.mode != StorageMode::loading) return;
  keeping.mode = loaded.error.empty() ? StorageMode::works
                 : loaded.never       ? StorageMode::off
                                      : StorageMode::broken;
  keeping.retry_at = now.mono + kStorageRetry;
  keeping.error = std::move(loaded.error);
  for (std::string& text : loaded.notes) {
    log(LogLevel::warn, "state file", {{"note", text}});
    note({{}, api::HistoryKind::storage, false, "", "", "", "state file", std::move(text)});
  }
  if (keeping.mode == StorageMode::off) {
    log(LogLevel::warn, "nothing is kept over a restart", {{"reason", keeping.error}});
  } else if (keeping.mode == StorageMode::broken) {
    log(LogLevel::error, "state cannot be written, going on in memory", {{"err", keeping.error}});
  }
  keeping.loaded = decode(loaded.rows);
  keeping.counters.damaged_rows = keeping.loaded.damaged;
  const WallTime last_alive = keeping.loaded.life.last_alive;
  if (last_alive != kNoTime && last_alive > now.wall + kClockSlack) {
    clock_floor = std::max(clock_floor, last_alive);
    judge_clock();
  }
  keeping.loaded.dispatch.clock_was_in_doubt =
      last_alive != kNoTime && last_alive < kReleased && now.wall >= kReleased;
  keeping.warm = loaded.found && keeping.loaded.life.last_alive != kNoTime;
  for (const KeptRuleAlert& record : keeping.loaded.rule_alerts) {
    keeping.last_rule_row = std::max(keeping.last_rule_row, record.row);
  }
  keeping.config = std::make_shared<const KeptConfig>(kept_config(loaded.rows, options.seed));
  request_load(std::nullopt);
}

// A state that does not come is done without.
void Engine::State::give_up_loading() {
  if (keeping.mode != StorageMode::loading || now.mono < keeping.give_up_at) return;
  StateLoaded none;
  none.never = true;
  none.error = format("the state file was not read within {}", format_duration(kLongestStateLoad));
  state_loaded(std::move(none));
}

// REQUIRES: the first configuration is in `config`; nothing has come in.
void Engine::State::restore(const ConfigPtr& previous) {
  keeping.restored = true;
  keeping.life = {now.wall, now.wall, kNoTime, options.version};
  keeping.next_texts = now.mono + kTextsInterval;
  if (keeping.mode != StorageMode::off) dispatcher.keep(options.commit_wait);
  dispatcher.set_keeper_works(keeping.mode == StorageMode::works);
  std::size_t resent = 0;
  if (config->alertmanager != nullptr) {
    const bool goes_on = keeping.warm && previous != nullptr && previous->alertmanager != nullptr;
    reload_dispatcher(goes_on ? *previous : *config, goes_on ? previous : config);
    if (keeping.warm) resent = dispatcher.restore(std::move(keeping.loaded.dispatch), now);
    if (goes_on) reload_dispatcher(*config, config);
  }
  if (config->prometheus != nullptr) {
    load_prometheus();
    if (keeping.warm) {
      rules::ImportReport report = rules.import_state(
          rule_states(std::move(keeping.loaded.rule_alerts), keeping.loaded.dispatch, now.wall), now.wall);
      for (const rules::RuleState& left : report.left) {
        for (const auto& [labels, alert] : left.alerts) {
          keeping.rows.push_back({{Table::rule_alerts, alert.record}, std::nullopt});
        }
      }
      feed_dispatcher(std::move(report.changes));
    }
  }
  if (keeping.warm) {
    // Their clocks were moved by the time in which nobody ran, which must not count at the next start either.
    if (keeping.takes_rows()) keep_all_rule_alerts();
    if (config->alertmanager != nullptr) reconcile(*this);
    log_restored(*this, resent);
  }
  note({{},
        api::HistoryKind::started,
        false,
        "",
        "",
        "",
        format("tocsin {}", options.version),
        started_detail(*this)});
  keeping.loaded = {};
}

}  // namespace tocsin::core
