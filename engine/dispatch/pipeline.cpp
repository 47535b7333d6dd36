#include "engine/dispatch/pipeline.hpp"

#include <algorithm>
#include <array>

namespace tocsin::dispatch {
namespace {

using Stage = Verdict (*)(const Bench&, const Labels&);

Verdict judge_inhibition(const Bench& bench, const Labels& alert) {
  const std::optional<Inhibition> inhibition = bench.inhibitor.inhibits(alert, bench.now);
  if (!inhibition) return {};
  return {Withheld::inhibited, {inhibition->source.to_hex()}};
}

Verdict judge_active_time(const Bench& bench, const Labels&) {
  const std::vector<std::string>& names = bench.route.active_time_intervals;
  if (names.empty() || !bench.intervals.containing(names, bench.now).empty()) return {};
  return {Withheld::outside_active_time, names};
}

Verdict judge_mute_time(const Bench& bench, const Labels&) {
  if (bench.route.mute_time_intervals.empty()) return {};
  std::vector<std::string> muted_by = bench.intervals.containing(bench.route.mute_time_intervals, bench.now);
  if (muted_by.empty()) return {};
  return {Withheld::inside_mute_time, std::move(muted_by)};
}

Verdict judge_silences(const Bench& bench, const Labels& alert) {
  std::vector<std::string> ids = bench.silences.silencing(alert, bench.silence_now);
  if (ids.empty()) return {};
  return {Withheld::silenced, std::move(ids)};
}

constexpr std::array<Stage, 4> kStages = {judge_inhibition, judge_active_time, judge_mute_time,
                                          judge_silences};

void sort_unique(Fingerprints& set) {
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
}

}  // namespace

Verdict judge(const Bench& bench, const Labels& alert) {
  for (const Stage stage : kStages) {
    Verdict verdict = stage(bench, alert);
    if (verdict.withheld != Withheld::no) return verdict;
  }
  return {};
}

Plan plan_notification(const std::vector<Seen>& alerts, const std::vector<Verdict>& verdicts,
                       const Told* told, const Fingerprints& unmuted, const PlanOptions& options) {
  Plan plan;
  std::vector<std::size_t> visible;
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    const Seen& seen = alerts[i];
    const bool may_know = told != nullptr && contains(told->doubtful, seen.fingerprint);
    const bool was_told = told != nullptr && (may_know || contains(told->firing, seen.fingerprint));
    const bool withheld = seen.departed || verdicts[i].withheld != Withheld::no;
    const bool end_is_owed = seen.resolved && was_told && (seen.departed || options.policy.told_resolved);
    if (withheld && !end_is_owed) {
      if (was_told && !may_know && !seen.resolved) plan.kept.push_back(seen.fingerprint);
      continue;
    }
    if (seen.resolved && !was_told && options.policy.ends_told_once) continue;
    visible.push_back(i);
    (seen.resolved ? plan.picture.resolved : plan.picture.firing).push_back(seen.fingerprint);
  }
  sort_unique(plan.kept);
  sort_unique(plan.picture.firing);
  sort_unique(plan.picture.resolved);
  // Nobody is told anything, and nothing is recorded, when all alerts are withheld (trap 52).
  if (visible.empty()) return plan;
  plan.reason = compare(told, plan.picture, unmuted, options.compare);
  if (!should_notify(plan.reason)) return plan;
  const bool send_resolved = options.compare.send_resolved;
  for (const std::size_t i : visible) {
    if (send_resolved || !alerts[i].resolved) plan.sent.push_back(alerts[i].fingerprint);
  }
  sort_unique(plan.sent);
  plan.record_only = plan.sent.empty();
  return plan;
}

Told told_after(const Plan& plan, const Told* before, const Policy& policy) {
  Told told;
  told.firing = plan.picture.firing;
  told.resolved = plan.picture.resolved;
  if (policy.told_resolved) {
    told.firing.insert(told.firing.end(), plan.kept.begin(), plan.kept.end());
    sort_unique(told.firing);
    if (before != nullptr) {
      told.doubtful = without(without(before->doubtful, plan.picture.firing), plan.picture.resolved);
    }
  }
  return told;
}

}  // namespace tocsin::dispatch
