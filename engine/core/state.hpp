// Everything the core holds, and the parts of a step as functions over it, one file each. Private to
// engine/core.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/core/config_snapshot.hpp"
#include "engine/core/engine.hpp"
#include "engine/core/keeping.hpp"
#include "engine/core/query_queue.hpp"
#include "engine/core/starting.hpp"
#include "engine/core/store_sink.hpp"
#include "engine/core/work_queue.hpp"
#include "engine/dispatch/dispatcher.hpp"
#include "engine/dispatch/forwarder.hpp"
#include "engine/scrape/scrape_manager.hpp"
#include "engine/store/store.hpp"
#include "rules/rule_set.hpp"

namespace tocsin::core {

// What a call that is under way is for.
using CallPurpose = std::variant<scrape::TargetId, dispatch::AttemptId, dispatch::ForwardId>;

// The state of (re)loading: at most one load is under way; requests that come meanwhile wait for the next
// one.
struct Loading {
  bool under_way = false;
  bool again = false;                        // asked for while one was under way
  std::vector<RequestId> waiting;            // answered by the load under way
  std::vector<RequestId> waiting_for_again;  // answered by the one after
  bool successful = true;
  WallTime last_success = kNoTime;
};

// A rule evaluation whose duration is not known yet: it is over when the next step begins.
struct RunningUnit {
  rules::Group* group = nullptr;
  std::size_t rule = 0;
  MonoTime began{};
};

// No clock is right that shows a time before this program was made.
inline constexpr WallTime kReleased{std::chrono::seconds(1'767'225'600)};  // 2026-01-01

struct OwnCounters {
  std::uint64_t http_requests = 0;
  std::uint64_t queries = 0;
  std::uint64_t invalid_alerts = 0;
  std::uint64_t wall_clock_steps = 0;
  std::uint64_t samples_out_of_order = 0;  // of rules
  std::uint64_t samples_set_aside = 0;     // ahead of the clock when it was set back
  Duration evaluation_seconds{};           // of all rules, summed
  std::uint64_t evaluation_count = 0;
  std::map<std::string_view, std::uint64_t> alert_transitions;  // by the reason's name
};

struct Engine::State {
  explicit State(Options engine_options);

  Options options;
  Now now{};        // of the step under way
  Actions actions;  // of the step under way
  bool started = false;
  bool stopping = false;
  WallTime start_time = kNoTime;
  // The clock cannot be right while it shows an earlier time: it has been later before.
  WallTime clock_floor = kReleased;
  bool clock_in_doubt = false;

  ConfigPtr config;
  engine::Store store;
  ScrapeSink scrape_sink{store};
  RuleSink rule_sink{store};
  scrape::ScrapeManager scraping;
  rules::RuleSet rules;
  dispatch::Dispatcher dispatcher;
  dispatch::Forwarder forwarder;

  WorkQueue queue;
  QueryQueue queries;
  std::uint64_t next_call = 1;
  std::map<CallId, CallPurpose> calls;
  Loading loading;
  std::optional<RunningUnit> unit;
  Keeping keeping;
  Starting starting;
  Duration needed_window{};  // what rules look back at most
  MonoTime next_trim{};
  OwnCounters counters;

  void log(LogLevel level, std::string message, std::vector<std::pair<std::string, std::string>> fields = {});
  [[nodiscard]] HttpCall new_call(CallKind kind, CallPurpose purpose);
  void issue_job(std::unique_ptr<Job> job, bool ordered, Duration timeout = {});

  // engine.cpp
  void judge_clock();

  // reloading.cpp
  void request_load(std::optional<RequestId> request);
  void config_loaded(ConfigLoaded loaded);
  void config_rejected(const std::vector<std::string>& errors, bool kept_one_runs);
  void announce_config(bool first);
  void files_changed(const WatchedFiles& files);
  void load_prometheus();
  // Hands an Alertmanager configuration to dispatch. `owner` keeps what it points into alive.
  void reload_dispatcher(const ConfigSnapshot& snapshot, const ConfigPtr& owner);
  // `rule`: whose evaluation the changes come from; null: they come from a reload.
  void feed_dispatcher(std::vector<rules::AlertChange> changes, const rules::RunningRule* rule = nullptr);

  // scraping.cpp
  void start_scrapes();
  void scrape_replied(scrape::TargetId target, HttpReply reply);

  // evaluation.cpp
  void finish_unit();
  void queue_due_round();
  void run_queue(Engine& engine);
  void trim_samples();

  // notifying.cpp
  void send_notifications();
  void attempt_replied(dispatch::AttemptId attempt, HttpReply reply);
  void forward_replied(dispatch::ForwardId forward, HttpReply reply);
  void log_events();

  // keeping.cpp: rows out
  void note(api::HistoryEntry entry);
  void respond_when_kept(RequestId id, api::HttpResponse response);
  void keep_rule_alert(const rules::RuleKey& key, const Labels& labels, rules::Alert& alert);
  void keep_rule_run(const rules::RuleRun& run);
  void keep_alerts_of(rules::Group& group);
  void keep_all_rule_alerts();
  void keep_reloaded_rules(const rules::ReloadReport& report);
  void keep_config(const std::shared_ptr<const KeptConfig>& text);
  void keep_changes();
  [[nodiscard]] std::vector<RowWrite> everything();
  [[nodiscard]] std::vector<RowWrite> changed_rows(bool checkpoint, bool& durable);
  [[nodiscard]] RowWrite life_row();
  void send_persist(Persist persist);
  void persisted(const Persisted& done);
  void storage_failed(const std::string& error);
  void release_held();
  void free_held(std::uint64_t sequence);
  void release_late_responses();
  [[nodiscard]] std::optional<MonoTime> next_keeping() const;

  // restoring.cpp: rows in
  void state_loaded(StateLoaded loaded);
  void give_up_loading();
  void restore(const ConfigPtr& previous);

  // starting.cpp: the first minutes
  void begin_start();
  void watch_groups();
  // The wall clock was set.
  void settle_again();
  [[nodiscard]] Duration settling_bound() const;
  void watch_start();
  void finish_start();

  // history.cpp: what people read later
  void note_rule_run(const rules::RuleRun& run);
  void note_event(const dispatch::Event& event);
  void note_silence(std::string_view id, const std::string& actor, bool expired);

  // requests.cpp
  void handle_request(RequestReceived received);
  void add_query(RequestId id, api::QueryCommand command);
  // Starts what may run, and answers what has waited too long.
  void watch_queries();
  void start_query(AskedQuery query);

  // metrics.cpp
  [[nodiscard]] std::string metrics() const;

  [[nodiscard]] Duration evaluation_interval() const;
  [[nodiscard]] MonoTime mono_at(WallTime wall) const { return now.mono + (wall - now.wall); }
};

}  // namespace tocsin::core
