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
    const rules::RuleDefinition& rule = run->rule.definition();
    if (!run->outcome.error.empty()) {
      log(LogLevel::warn, "Evaluating rule failed",
          {{"file", run->group.definition().file},
           {"group", run->group.definition().name},
           {"name", rule.name},
           {"err", run->outcome.error}});
    }
    for (const std::string& error : run->outcome.template_errors) {
      log(LogLevel::warn, "Expanding alert template failed", {{"alert", rule.name}, {"err", error}});
    }
    feed_dispatcher(std::move(run->outcome.changes));
    forwarder.enqueue(std::move(run->outcome.to_send), now);
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
