#include "engine/core/engine.hpp"

#include <algorithm>

#include "engine/api/handler.hpp"
#include "engine/core/state.hpp"
#include "engine/scrape/relabel.hpp"
#include "promql/format.hpp"

namespace tocsin::core {
namespace {

// Slower drift is the business of whoever disciplines the clock.
constexpr Duration kClockStep = std::chrono::seconds(30);

}  // namespace

Engine::State::State(Options engine_options)
    : options(std::move(engine_options)),
      scraping({"tocsin/" + options.version, options.seed}),
      rules({}),
      dispatcher(options.policy, options.dispatch_limits, options.seed),
      forwarder(options.dispatch_limits, options.seed,
                [](std::span<const config::RelabelConfig> rules_of_target, const Labels& labels) {
                  return scrape::relabel(rules_of_target, labels);
                }),
      queries(std::max<std::size_t>(options.query_concurrency, 1)) {}

void Engine::State::log(LogLevel level, std::string message,
                        std::vector<std::pair<std::string, std::string>> fields) {
  actions.emplace_back(LogRecord{level, std::move(message), std::move(fields)});
}

HttpCall Engine::State::new_call(CallKind kind, CallPurpose purpose) {
  HttpCall call;
  call.id = {next_call++};
  call.kind = kind;
  calls.emplace(call.id, purpose);
  return call;
}

void Engine::State::issue_job(std::unique_ptr<Job> job, bool ordered, Duration timeout) {
  actions.emplace_back(queue.issue(std::move(job), ordered, timeout));
}

Duration Engine::State::evaluation_interval() const {
  if (config == nullptr || config->prometheus == nullptr) return std::chrono::minutes(1);
  return config->prometheus->global.evaluation_interval;
}

// A box without a clock of its own starts somewhere in the past, until it has heard the time.
void Engine::State::judge_clock() {
  const bool in_doubt = now.wall < clock_floor;
  if (in_doubt == clock_in_doubt) return;
  clock_in_doubt = in_doubt;
  dispatcher.set_clock_in_doubt(in_doubt);
  if (in_doubt) {
    log(LogLevel::warn, "the clock of this machine is not set", {{"at_least", format_rfc3339(clock_floor)}});
  } else {
    log(LogLevel::info, "the clock of this machine is set");
  }
}

namespace {

// Begins a step: takes the time, and notices when the wall clock was set.
void take_time(Engine::State& state, const Now& now) {
  const Now before = std::exchange(state.now, now);
  if (!state.started) {
    state.started = true;
    state.start_time = now.wall;
    state.keeping.give_up_at = now.mono + kLongestStateLoad;
    state.actions.emplace_back(LoadState{});
    return;
  }
  const Duration step = (now.wall - before.wall) - (now.mono - before.mono);
  if (step < kClockStep && step > -kClockStep) return;
  ++state.counters.wall_clock_steps;
  state.log(LogLevel::warn, "wall clock was set", {{"step", format_go_duration(step)}});
  state.scraping.reschedule(now.wall);
  state.rules.wall_clock_stepped(now.wall, step);
  state.settle_again();
  if (state.keeping.takes_rows()) state.keep_all_rule_alerts();
  state.dispatcher.wall_clock_stepped(step, state.settling_bound(), now);
  // Else what comes now would be out of order behind samples of a time that has not come, or windows would be
  // empty until they have filled again.
  state.counters.samples_set_aside += state.store.shift(step, to_timestamp(now.wall));
}

struct InputHandler {
  Engine& engine;
  Engine::State& state;

  void operator()(Tick) const {}
  void operator()(HttpReply reply) const {
    const auto call = state.calls.find(reply.id);
    if (call == state.calls.end()) return;
    const CallPurpose purpose = call->second;
    state.calls.erase(call);
    if (const auto* target = std::get_if<scrape::TargetId>(&purpose)) {
      state.scrape_replied(*target, std::move(reply));
    } else if (const auto* attempt = std::get_if<dispatch::AttemptId>(&purpose)) {
      state.attempt_replied(*attempt, std::move(reply));
    } else {
      state.forward_replied(std::get<dispatch::ForwardId>(purpose), std::move(reply));
    }
  }
  void operator()(JobTicket ticket) const {
    if (auto job = state.queue.finished(std::move(ticket))) job->apply(engine);
  }
  void operator()(RequestReceived received) const { state.handle_request(std::move(received)); }
  void operator()(ConfigLoaded loaded) const { state.config_loaded(std::move(loaded)); }
  void operator()(const WatchedFiles& files) const { state.files_changed(files); }
  void operator()(StateLoaded loaded) const { state.state_loaded(std::move(loaded)); }
  void operator()(const Persisted& done) const { state.persisted(done); }
  void operator()(const HistoryRead& read) const {
    state.actions.emplace_back(Respond{read.id, api::answer_history(read.page)});
  }
  void operator()(ReloadRequested) const { state.request_load(std::nullopt); }
  void operator()(ShutdownRequested) const {
    state.stopping = true;
    state.log(LogLevel::info, "stopping",
              {{"notifications_under_way", format("{}", state.dispatcher.in_flight())}});
    state.note({{}, api::HistoryKind::stopped, false, "", "", "", "a signal or the API", ""});
  }
};

}  // namespace

Engine::Engine(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Engine::~Engine() = default;

Actions Engine::step(const Now& now, Input input) {
  State& state = *state_;
  take_time(state, now);
  state.judge_clock();
  state.finish_unit();
  std::visit(InputHandler{*this, state}, std::move(input));
  state.give_up_loading();
  if (!state.stopping) {
    state.watch_start();
    state.send_notifications();
    state.start_scrapes();
    state.queue_due_round();
    state.run_queue(*this);
    state.trim_samples();
    state.watch_queries();
  }
  state.log_events();
  state.keep_changes();
  state.release_late_responses();
  if (state.stopping) state.actions.emplace_back(Stop{});
  return std::exchange(state.actions, {});
}

std::optional<MonoTime> Engine::next_wakeup() const {
  const State& state = *state_;
  if (!state.started) return MonoTime::min();
  if (state.stopping) return std::nullopt;
  if (state.unit || state.queue.front() == WorkQueue::Front::round) return state.now.mono;
  std::optional<MonoTime> next;
  const auto consider = [&next](std::optional<MonoTime> candidate) {
    if (candidate && (!next || *candidate < *next)) next = candidate;
  };
  const auto consider_wall = [&](std::optional<WallTime> candidate) {
    if (candidate) consider(state.mono_at(*candidate));
  };
  consider(state.next_keeping());
  if (!state.starting.over && state.config != nullptr) consider(state.starting.deadline);
  consider(state.queries.next_deadline());
  consider(state.dispatcher.next_deadline());
  consider(state.forwarder.next_deadline());
  consider_wall(state.scraping.next_deadline());
  if (!state.queue.has_round()) consider_wall(state.rules.next_due());
  return next;
}

}  // namespace tocsin::core
