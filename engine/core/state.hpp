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
  std::string errors;  // of the last one
};

// A rule evaluation whose duration is not known yet: it is over when the next step begins.
struct RunningUnit {
  rules::Group* group = nullptr;
  std::size_t rule = 0;
  MonoTime began{};
};

struct OwnCounters {
  std::uint64_t http_requests = 0;
  std::uint64_t queries = 0;
  std::uint64_t invalid_alerts = 0;
  std::uint64_t wall_clock_steps = 0;
  std::uint64_t samples_out_of_order = 0;  // of rules
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

  ConfigPtr config;
  engine::Store store;
  ScrapeSink scrape_sink{store};
  RuleSink rule_sink{store};
  scrape::ScrapeManager scraping;
  rules::RuleSet rules;
  dispatch::Dispatcher dispatcher;
  dispatch::Forwarder forwarder;

  WorkQueue queue;
  std::uint64_t next_call = 1;
  std::map<CallId, CallPurpose> calls;
  Loading loading;
  std::optional<RunningUnit> unit;
  Duration needed_window{};  // what rules look back at most
  MonoTime next_trim{};
  OwnCounters counters;

  void log(LogLevel level, std::string message, std::vector<std::pair<std::string, std::string>> fields = {});
  [[nodiscard]] HttpCall new_call(CallKind kind, CallPurpose purpose);
  void issue_job(std::unique_ptr<Job> job, bool ordered, Duration timeout = {});

  // reloading.cpp
  void request_load(std::optional<RequestId> request);
  void config_loaded(ConfigLoaded loaded);
  void files_changed(const WatchedFiles& files);
  void feed_dispatcher(std::vector<rules::AlertChange> changes);

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

  // requests.cpp
  void handle_request(RequestReceived received);

  // metrics.cpp
  [[nodiscard]] std::string metrics() const;

  [[nodiscard]] Duration evaluation_interval() const;
  [[nodiscard]] MonoTime mono_at(WallTime wall) const { return now.mono + (wall - now.wall); }
};

}  // namespace tocsin::core
