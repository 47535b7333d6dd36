#include "engine/core/starting.hpp"

#include <algorithm>

#include "engine/core/feeding.hpp"
#include "engine/core/state.hpp"

namespace tocsin::core {
namespace {

Starting::Needs needs_of(const rules::Group& group) {
  Starting::Needs needs;
  needs.file = group.definition().file;
  needs.group = group.definition().name;
  for (const auto& rule : group.rules()) {
    for (std::vector<Matcher>& selector : selectors_of(*rule)) needs.selectors.push_back(std::move(selector));
  }
  return needs;
}

// Whether every target that can feed the group was scraped, or failed to be.
bool is_fed(const Engine::State& state, const Starting::Needs& needs) {
  bool fed = true;
  for_each_feeding(state, needs.selectors, [&](const scrape::TargetView& target) {
    const bool scraped = target.last_scrape != kNoTime && target.last_scrape >= state.starting.since &&
                         target.last_scrape <= state.now.wall;
    fed = fed && scraped;
  });
  return fed;
}

rules::Group* find_group(Engine::State& state, const Starting::Needs& needs) {
  for (const auto& group : state.rules.groups()) {
    if (group->definition().file == needs.file && group->definition().name == needs.group) return group.get();
  }
  return nullptr;
}

// How long the rule's windows take to fill.
Duration filling_time(const rules::RunningRule& rule) {
  if (rule.compiled() == nullptr) return {};
  Duration longest{};
  for (const promql::SelectionRequest& request : rule.compiled()->selections({})) {
    longest = std::max<Duration>(longest, -request.after.time_since_epoch() - request.lookback);
  }
  return std::min(longest, kLongestUnsure);
}

// The group's samples begin to come in: now, or as if they did because nobody waits longer for them.
void begin_group(Engine::State& state, rules::Group& group) {
  if (!state.starting.warm) {
    if (state.options.policy.rules_before_groups) rules::RuleSet::run_soon(group, state.now.wall);
    return;
  }
  for (const auto& rule : group.rules()) rule->set_unsure_until(state.now.wall + filling_time(*rule));
}

}  // namespace

void Engine::State::begin_start() {
  starting.warm = keeping.warm;
  starting.deadline = now.mono + settling_bound();
  if (config->prometheus == nullptr) {
    starting.over = true;
    if (!starting.warm && options.start_delay > Duration::zero()) {
      dispatcher.hold_until(now.mono + options.start_delay);
    }
    return;
  }
  watch_groups();
  if (!starting.warm && options.policy.rules_before_groups) dispatcher.hold_until(starting.deadline);
  watch_start();
}

// Until its samples are there, a rule that goes on from kept state knows nothing of what it does not see.
void Engine::State::watch_groups() {
  starting.groups.clear();
  for (const auto& group : rules.groups()) {
    starting.groups.push_back(needs_of(*group));
    if (!starting.warm) continue;
    for (const auto& rule : group->rules()) rule->set_unsure_until(WallTime::max());
  }
}

void Engine::State::settle_again() {
  if (config == nullptr || config->prometheus == nullptr) return;
  starting.since = now.wall;
  if (!starting.over && !starting.warm) return;  // nobody was told anything yet
  starting.over = false;
  starting.warm = true;
  starting.deadline = now.mono + settling_bound();
  watch_groups();
}

Duration Engine::State::settling_bound() const {
  return std::min<Duration>(2 * evaluation_interval(), kLongestStart);
}

void Engine::State::watch_start() {
  if (starting.over || config == nullptr) return;
  const bool too_late = now.mono >= starting.deadline;
  bool all_ran = true;
  for (Starting::Needs& needs : starting.groups) {
    rules::Group* const group = find_group(*this, needs);
    if (group == nullptr) continue;
    if (!needs.fed && (too_late || is_fed(*this, needs))) {
      needs.fed = true;
      begin_group(*this, *group);
    }
    const bool ran = group->statistics().last_slot != kNoTime;
    all_ran = all_ran && needs.fed && (starting.warm || ran);
  }
  if (all_ran || too_late) finish_start();
}

void Engine::State::finish_start() {
  starting.over = true;
  starting.groups.clear();
  if (!starting.warm) dispatcher.hold_until(now.mono);
}

}  // namespace tocsin::core
