// Which targets' series a rule can read: by the labels that targets set and those that selectors ask for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/core/state.hpp"
#include "promql/matcher.hpp"

namespace tocsin::core {

using Selectors = std::vector<std::vector<Matcher>>;

// What an expression selects, without the windows.
[[nodiscard]] Selectors selectors_of(const rules::RunningRule& rule);

// Calls visit(target) for each target that can feed one of the selectors.
void for_each_feeding(const Engine::State& state, const Selectors& selectors,
                      const std::function<void(const scrape::TargetView&)>& visit);

// Why a rule may no longer see an alert although its condition is not known to be false: the target that its
// series came from is down, or is gone. "localhost:9091: connection refused". No value: nothing says so.
[[nodiscard]] std::optional<std::string> lost_series(const Engine::State& state,
                                                     const rules::RunningRule& rule, const Labels& alert);

}  // namespace tocsin::core
