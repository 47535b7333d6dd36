// Rule rounds, one rule a step, and the forgetting of old samples.
#include <algorithm>

#include "engine/core/state.hpp"
#include "promql/format.hpp"

namespace tocsin::core {
namespace {

// Graphs of small installations reach back an hour even if no rule does, as long as it costs little memory.
constexpr Duration kHistory = std::chrono::hours(1);
constexpr std::size_t kHistorySamples = 2'000'000;
constexpr Duration kTrimInterval = std::chrono::seconds(30);

// What a person may want to know of an evaluation: why it failed, and why an alert is where it is now.
void report_run(Engine::State& state, const rules::RuleRun& run) {
  const std::string& name = run.rule.definition().name;
  if (!run.outcome.error.empty()) {
    state.log(LogLevel::warn, "Evaluating rule failed",
              {{"file", run.group.definition().file},
               {"group", run.group.definition().name},
               {"name", name},
               {"err", run.outcome.error}});
  }
  for (const std::string& error : run.outcome.template_errors) {
    state.log(LogLevel::warn, "Expanding alert template failed", {{"alert", name}, {"err", error}});
  }
  for (const rules::AlertTransition& transition : run.outcome.transitions) {
    ++state.counters.alert_transitions[to_string(transition.reason)];
    state.log(LogLevel::debug, "alert changed state",
              {{"alert", transition.labels.to_string()},
               {"state", std::string(to_string(transition.state))},
               {"reason", std::string(to_string(transition.reason))},
               {"value", promql::format_float_go(transition.value)}});
  }
}

}  // namespace

// The evaluation that the last step made has lasted until now: nobody else had the thread.
void Engine::State::finish_unit() {
  if (!unit) return;
  const Duration took = now.mono - unit->began;
  unit->group->add_evaluation_time(unit->rule, took);
  counters.evaluation_seconds += took;
  ++counters.evaluation_count;
  unit.reset();
}

void Engine::State::queue_due_round() {
  if (queue.has_round()) return;
  const auto due = rules.next_due();
  if (due && *due <= now.wall) queue.queue_round();
}

void Engine::State::run_queue(Engine& engine) {
  bool evaluated = false;
  while (true) {
    const WorkQueue::Front front = queue.front();
    if (front == WorkQueue::Front::finished_job) {
      queue.take_job()->apply(engine);
      continue;
    }
    if (front != WorkQueue::Front::round || evaluated) return;
    promql::RunLimits limits;
    limits.max_samples = options.query_max_samples;
    auto run = rules.run_next({store, rule_sink, limits, now.wall});
    if (!run) {
      queue.finish_round();
      continue;
    }
    evaluated = true;
    unit = RunningUnit{&run->group, run->rule_index, now.mono};
    report_run(*this, *run);
    note_rule_run(*run);
    keep_rule_run(*run);
    feed_dispatcher(std::move(run->outcome.changes), &run->rule);
    forwarder.enqueue(run->outcome.to_send, now);
    // What has become due by this alert goes out before the next rule is looked at.
    send_notifications();
  }
}

void Engine::State::trim_samples() {
  if (now.mono < next_trim || queue.has_round()) return;
  next_trim = now.mono + kTrimInterval;
  const bool roomy = store.statistics().samples < kHistorySamples;
  const Duration window = roomy ? std::max(needed_window, kHistory) : needed_window;
  store.trim(to_timestamp(now.wall - window));
}

}  // namespace tocsin::core
