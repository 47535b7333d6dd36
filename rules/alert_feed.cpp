// What an alerting rule tells others. Alertmanagers hear what Prometheus would post. The dispatcher hears the
// difference between what it was told last and what the rule says now; each alert remembers what that was.
#include "rules/alerting_rule.hpp"

#include <utility>

namespace tocsin::rules {
namespace {

std::optional<Labels> mapped(const Labels& labels, const RuleOptions& options) {
  return options.map_labels ? options.map_labels(labels) : labels;
}

// Why an alert that the dispatcher believes to fire no longer does.
ResolveCause cause_of_end(const AlertClock& clock, bool wiped) {
  if (clock.state == AlertState::inactive) return ResolveCause::condition_false;
  return wiped ? ResolveCause::limit_exceeded : ResolveCause::for_raised;
}

}  // namespace

OutgoingAlert AlertingRule::outgoing(const Entry& entry) const {
  OutgoingAlert alert;
  alert.annotations = entry.annotations;
  alert.starts_at = entry.clock.fired_at;
  alert.generator_url = generator_url_;
  alert.value = entry.value;
  return alert;
}

void AlertingRule::send(const Evaluation& evaluation, RuleOutcome& outcome) {
  for (auto& [labels, entry] : alerts_) {
    const RuleOptions& options = evaluation.options;
    if (!needs_sending(entry.clock, entry.last_sent_at, evaluation.slot, options.resend_delay)) continue;
    entry.last_sent_at = evaluation.slot;
    entry.valid_until = evaluation.valid_until();
    std::optional<Labels> told_as = mapped(labels, options);
    if (!told_as) continue;
    OutgoingAlert alert = outgoing(entry);
    alert.labels = std::move(*told_as);
    const bool resolved = entry.clock.resolved_at != kNoTime;
    alert.ends_at = resolved ? entry.clock.resolved_at : entry.valid_until;
    outcome.to_send.push_back(std::move(alert));
  }
}

AlertChange AlertingRule::change(ChangeKind kind, ResolveCause cause, const Entry& entry) const {
  AlertChange change{kind, cause, outgoing(entry)};
  change.alert.labels = *entry.told->labels;
  change.alert.starts_at = entry.told->starts_at;
  return change;
}

void AlertingRule::tell_changes(const Evaluation& evaluation, RuleOutcome& outcome) {
  for (Node& node : alerts_) tell_change(node, evaluation, outcome.changes);
}

void AlertingRule::tell_change(Node& node, const Evaluation& evaluation, std::vector<AlertChange>& changes) {
  auto& [labels, entry] = node;
  const bool firing = entry.clock.state == AlertState::firing;
  std::optional<ToldAlert>& told = entry.told;
  if (!firing && !told) return;

  if (!told) {
    told =
        ToldAlert{mapped(labels, evaluation.options), entry.clock.fired_at, evaluation.valid_until(), false};
    entry.touched = true;
    if (told->labels) changes.push_back(change(ChangeKind::fired, ResolveCause::none, entry));
  } else if (firing) {
    // An evaluation that could not know says nothing, not even that the alert is still there.
    if (evaluation.unsure && entry.seen_in_round != round_) return;
    const bool news = entry.annotations_changed || told->unknown;
    entry.touched |= std::exchange(told->unknown, false);
    told->valid_until = evaluation.valid_until();
    if (news && told->labels) changes.push_back(change(ChangeKind::updated, ResolveCause::none, entry));
  } else {
    const ResolveCause cause = cause_of_end(entry.clock, entry.wiped);
    if (told->labels) {
      changes.push_back(change(ChangeKind::resolved, cause, entry));
      changes.back().alert.ends_at = evaluation.slot;
    }
    told.reset();
    entry.touched = true;
  }
  entry.wiped = false;
}

void AlertingRule::fail(const Evaluation& evaluation, RuleOutcome& outcome) {
  if (!evaluation.options.feed_dispatcher) return;
  for (auto& [labels, entry] : alerts_) {
    if (!entry.told || entry.told->unknown || evaluation.slot < entry.told->valid_until) continue;
    entry.told->unknown = true;
    entry.touched = true;
    if (entry.told->labels) {
      outcome.changes.push_back(change(ChangeKind::unknown, ResolveCause::none, entry));
    }
  }
  gather_touched(outcome);
}

std::vector<AlertChange> AlertingRule::farewell(WallTime now) {
  std::vector<AlertChange> changes;
  for (auto& [labels, entry] : alerts_) {
    if (!entry.told) continue;
    if (entry.told->labels) {
      changes.push_back(change(ChangeKind::resolved, ResolveCause::rule_removed, entry));
      changes.back().alert.ends_at = now;
    }
    entry.told.reset();
  }
  return changes;
}

std::vector<AlertChange> AlertingRule::options_changed(const RuleOptions& options, WallTime now) {
  ++text_epoch_;
  alert_of_row_.clear();
  generator_url_ = options.external_url + table_link(query());
  std::vector<AlertChange> changes;
  for (auto& [labels, entry] : alerts_) {
    if (!entry.told) continue;
    std::optional<Labels> told_as = mapped(labels, options);
    if (told_as == entry.told->labels) continue;
    if (entry.told->labels) {
      changes.push_back(change(ChangeKind::resolved, ResolveCause::relabelled, entry));
      changes.back().alert.ends_at = now;
    }
    entry.told->labels = std::move(told_as);
    if (entry.told->labels) changes.push_back(change(ChangeKind::fired, ResolveCause::none, entry));
  }
  return changes;
}

}  // namespace tocsin::rules
