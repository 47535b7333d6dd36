#include "engine/core/feeding.hpp"

#include <algorithm>

#include "promql/format.hpp"

namespace tocsin::core {
namespace {

// Whether series of this target may match. A label that the target does not set may come from its page; one
// that it sets is as it says, unless the page's own label wins or relabelling changes it.
bool can_feed(const scrape::TargetView& target, bool labels_are_its_own,
              const std::vector<Matcher>& selector) {
  if (!labels_are_its_own) return true;
  const Labels& labels = target.target->labels;
  return std::all_of(selector.begin(), selector.end(), [&](const Matcher& matcher) {
    return !labels.has(matcher.name()) || matcher.matches(labels.get(matcher.name()));
  });
}

bool labels_are_its_own(const config::PrometheusConfig& config, std::string_view pool) {
  const auto job = std::find_if(config.scrape_configs.begin(), config.scrape_configs.end(),
                                [&](const auto& scrape) { return scrape.job_name == pool; });
  return job != config.scrape_configs.end() && !job->honor_labels && job->metric_relabel_configs.empty();
}

std::string reason_of(const scrape::TargetView& target) {
  return format("{}: {}", target.target->labels.get("instance"), target.last_error);
}

}  // namespace

Selectors selectors_of(const rules::RunningRule& rule) {
  Selectors selectors;
  if (rule.compiled() == nullptr) return selectors;
  for (const promql::SelectionRequest& request : rule.compiled()->selections({})) {
    std::vector<Matcher>& selector = selectors.emplace_back();
    for (const Matcher& matcher : request.matchers) selector.push_back(matcher.clone());
  }
  return selectors;
}

void for_each_feeding(const Engine::State& state, const Selectors& selectors,
                      const std::function<void(const scrape::TargetView&)>& visit) {
  for (const scrape::PoolView& pool : state.scraping.pools()) {
    const bool own = labels_are_its_own(*state.config->prometheus, pool.name);
    for (const scrape::TargetView& target : pool.active) {
      const bool feeds = std::any_of(selectors.begin(), selectors.end(),
                                     [&](const auto& selector) { return can_feed(target, own, selector); });
      if (feeds) visit(target);
    }
  }
}

// One that names its instance is that target's. One that does not was summed up over several: then all of
// them have to be down.
std::optional<std::string> lost_series(const Engine::State& state, const rules::RunningRule& rule,
                                       const Labels& alert) {
  const std::string_view instance = alert.get("instance");
  std::size_t feeding = 0;
  std::vector<std::string> down;
  for_each_feeding(state, selectors_of(rule), [&](const scrape::TargetView& target) {
    const Labels& labels = target.target->labels;
    if (!instance.empty() && labels.get("instance") != instance) return;
    if (!instance.empty() && alert.has("job") && labels.get("job") != alert.get("job")) return;
    ++feeding;
    if (target.health == scrape::Health::down) down.push_back(reason_of(target));
  });
  if (feeding == 0 && !instance.empty()) return format("{}: it is no longer a target", instance);
  if (feeding == 0 || down.size() < feeding) return std::nullopt;
  return down.front();
}

}  // namespace tocsin::core
