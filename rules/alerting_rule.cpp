// One evaluation goes in passes, so that a rule that fails half way has changed nothing:
//
//   find     each row's alert, by its templated labels; two rows of one alert make the rule fail
//   update   value and annotations of the alerts that were found
//   step     every alert of the rule, seen or not, through the state machine; then the limit
//   send     what Alertmanagers and the dispatcher are to hear
//   write    ALERTS and ALERTS_FOR_STATE of what is pending or firing, markers for what is no longer
//
// Nodes of the map stay where they are, and a forgotten alert keeps its node until sweep(), so the passes and
// the row cache hold pointers. The map is ordered by labels: what comes out is in that order.
#include "rules/alerting_rule.hpp"

#include <bit>
#include <utility>

#include "promql/format.hpp"

namespace tocsin::rules {

// What the passes over the rows share: the template data of a row, and where errors of texts go.
class AlertingRule::Expansion {
 public:
  Expansion(const Evaluation& evaluation, const promql::Plan& plan, std::vector<std::string>& errors)
      : evaluation_(evaluation), plan_(plan), errors_(errors) {}

  [[nodiscard]] const Labels& row_labels(const promql::ResultRow& row) const {
    return plan_.row_labels(row.row);
  }
  template <class Use>
  auto with_data(const promql::ResultRow& row, Use&& use) {
    const RuleOptions& options = evaluation_.options;
    const promql::Sample sample{evaluation_.query_time(), row.value, row.histogram};
    return use(RuleTemplateData{row_labels(row), options.external_labels, sample,
                                to_wall(to_timestamp(evaluation_.slot)), options.external_url,
                                options.external_url_functions, query_});
  }

  [[nodiscard]] std::string expand(const AlertText& text, const promql::ResultRow& row) {
    return with_data(row, [&](const RuleTemplateData& data) { return text.expand(data, errors_); });
  }
  [[nodiscard]] TextMap expand(const AlertTexts& texts, const promql::ResultRow& row) {
    return with_data(row, [&](const RuleTemplateData& data) { return texts.expand(data, errors_); });
  }

 private:
  const Evaluation& evaluation_;
  const promql::Plan& plan_;
  std::vector<std::string>& errors_;
  // Templates query at the group's timestamp: query_offset does not apply to them. Nothing is written while
  // texts are expanded, so that what was asked for one alert is the answer for the next as well.
  [[nodiscard]] const Result<promql::Vector>& ask(std::string_view expression) {
    const auto known = answers_.find(expression);
    if (known != answers_.end()) return known->second;
    return answers_.emplace(expression, query_once(expression, to_timestamp(evaluation_.slot), evaluation_))
        .first->second;
  }

  std::map<std::string, Result<promql::Vector>, std::less<>> answers_;
  const std::function<Result<promql::Vector>(std::string_view)> query_ = [this](std::string_view expression) {
    return ask(expression);
  };
};

AlertingRule::AlertingRule(RuleDefinition rule, const RuleOptions& options)
    : RunningRule(std::move(rule), options),
      label_texts_(definition().label_templates),
      annotation_texts_(definition().annotation_templates),
      generator_url_(options.external_url + table_link(query())) {}

AlertingRule::~AlertingRule() = default;

Result<void> AlertingRule::act(const Evaluation& evaluation, const promql::InstantRows& rows,
                               RuleOutcome& outcome) {
  if (plan().binding_epoch() != binding_epoch_) {
    alert_of_row_.clear();
    ++text_epoch_;
  }
  binding_epoch_ = plan().binding_epoch();
  ++round_;

  Expansion expansion(evaluation, plan(), outcome.template_errors);
  if (Result<void> found = find_alerts(rows, expansion); !found) return found;
  update_seen(rows, expansion);
  step_all(evaluation, outcome);
  const auto active = static_cast<std::int64_t>(active_.size());
  if (evaluation.limit > 0 && active > evaluation.limit) {
    outcome.transitions.clear();
    wipe();
    gather_touched(outcome);
    return Error(format("exceeded limit of {} with {} alerts", evaluation.limit, active));
  }
  outcome.result_size = 2 * active_.size();
  if (evaluation.options.send_to_alertmanagers) send(evaluation, outcome);
  if (evaluation.options.feed_dispatcher) tell_changes(evaluation, outcome);
  write_samples(evaluation, outcome);
  gather_touched(outcome);
  sweep();
  return {};
}

Result<void> AlertingRule::find_alerts(const promql::InstantRows& rows, Expansion& expansion) {
  seen_.clear();
  for (const promql::ResultRow& row : rows.rows) {
    Node& node = alert_of(row, expansion);
    if (node.second.seen_in_round == round_) {
      return Error("vector contains metrics with the same labelset after applying alert labels");
    }
    node.second.seen_in_round = round_;
    seen_.push_back(&node);
  }
  return {};
}

AlertingRule::Node& AlertingRule::alert_of(const promql::ResultRow& row, Expansion& expansion) {
  const bool may_keep = label_texts_.dependence() <= Dependence::labels;
  if (may_keep) {
    if (const auto known = alert_of_row_.find(row.row); known != alert_of_row_.end()) return *known->second;
  }
  LabelsBuilder builder(expansion.row_labels(row));
  builder.remove(kMetricName);
  for (const AlertText& text : label_texts_.all()) builder.set(text.name(), expansion.expand(text, row));
  builder.set(kAlertName, definition().name);
  Node& node = *alerts_.try_emplace(builder.build()).first;
  if (may_keep) alert_of_row_.emplace(row.row, &node);
  return node;
}

void AlertingRule::update_seen(const promql::InstantRows& rows, Expansion& expansion) {
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    Entry& entry = seen_[i]->second;
    if (entry.clock.state == AlertState::inactive) {
      entry.last_sent_at = kNoTime;
      entry.valid_until = kNoTime;
    }
    entry.value = rows.rows[i].value;
    expand_annotations(entry, rows.rows[i], expansion);
  }
}

void AlertingRule::expand_annotations(Entry& entry, const promql::ResultRow& row, Expansion& expansion) {
  entry.annotations_changed = false;
  const auto value_bits = std::bit_cast<std::uint64_t>(row.value);
  const bool same_labels = entry.expanded_in_epoch == text_epoch_ && entry.row == row.row;
  const bool same_value = same_labels && entry.value_bits == value_bits && !row.histogram;
  switch (annotation_texts_.dependence()) {
    case Dependence::constant:
    case Dependence::labels:
      if (same_labels) return;
      break;
    case Dependence::value:
      if (same_value) return;
      break;
    case Dependence::anything:
      break;
  }
  TextMap expanded = expansion.expand(annotation_texts_, row);
  entry.annotations_changed = expanded != entry.annotations;
  entry.annotations = std::move(expanded);
  entry.row = row.row;
  entry.expanded_in_epoch = text_epoch_;
  entry.value_bits = value_bits;
}

void AlertingRule::step_all(const Evaluation& evaluation, RuleOutcome& outcome) {
  const AlertTiming timing{definition().hold, definition().keep_firing_for};
  active_.clear();
  for (Node& node : alerts_) {
    Entry& entry = node.second;
    Presence presence = Presence::seen;
    if (entry.seen_in_round != round_) {
      presence = evaluation.unsure ? Presence::unsure : Presence::unseen;
      entry.annotations_changed = false;
    }
    const AlertStep step = next(entry.clock, presence, evaluation.slot, timing);
    entry.touched = entry.clock != step.clock;
    entry.clock = step.clock;
    if (step.reason == AlertReason::for_raised) entry.last_sent_at = kNoTime;
    if (is_transition(step.reason)) {
      outcome.transitions.push_back({node.first, step.reason, step.clock.state, entry.value});
    }
    if (entry.clock.state != AlertState::inactive) active_.push_back(&node);
  }
}

// Upstream forgets all alerts of a rule that is over its limit, and tells nobody.
void AlertingRule::wipe() {
  for (auto& [labels, entry] : alerts_) {
    entry.touched = true;
    entry.clock = {};
    entry.last_sent_at = kNoTime;
    entry.valid_until = kNoTime;
    entry.wiped = entry.told.has_value();
  }
  active_.clear();
}

void AlertingRule::gather_touched(RuleOutcome& outcome) {
  for (auto& [labels, entry] : alerts_) {
    if (!std::exchange(entry.touched, false)) continue;
    if (!entry.clock.vacant() || entry.told) {
      outcome.touched.push_back({labels, 0});
    } else if (entry.record != 0) {
      outcome.touched.push_back({labels, std::exchange(entry.record, 0)});
    }
  }
}

void AlertingRule::write_samples(const Evaluation& evaluation, RuleOutcome& outcome) {
  const Timestamp time = evaluation.query_time();
  outputs().begin_round();
  for (Node* node : active_) {
    Entry& entry = node->second;
    const bool firing = entry.clock.state == AlertState::firing;
    RuleOutputs::Entry*& series = firing ? entry.firing_series : entry.pending_series;
    if (series == nullptr) series = &series_for(node->first, "ALERTS", to_string(entry.clock.state));
    if (entry.for_state_series == nullptr) {
      entry.for_state_series = &series_for(node->first, "ALERTS_FOR_STATE", {});
    }
    outputs().write(*series, time, {time, 1, nullptr}, evaluation.sink, outcome.samples);
    const auto active_at = std::chrono::floor<std::chrono::seconds>(entry.clock.active_at);
    const auto seconds = static_cast<double>(active_at.time_since_epoch().count());
    outputs().write(*entry.for_state_series, time, {time, seconds, nullptr}, evaluation.sink,
                    outcome.samples);
  }
  outputs().finish_round(time, evaluation.sink);
  if (!outputs().tidy()) return;
  for (auto& [labels, entry] : alerts_) {
    entry.pending_series = entry.firing_series = entry.for_state_series = nullptr;
  }
}

// Under the alert's labels lie the rule's as they are written: a label that was templated to "" shows its
// template here, as upstream.
RuleOutputs::Entry& AlertingRule::series_for(const Labels& alert, std::string_view name,
                                             std::string_view state) {
  LabelsBuilder builder;
  for (const auto& [label, text] : definition().labels) builder.set(label, text);
  for (const LabelView label : alert) builder.set(label.name, label.value);
  builder.set(kMetricName, name);
  builder.set(kAlertName, definition().name);
  if (!state.empty()) builder.set("alertstate", state);
  return outputs().find_or_add(builder.build());
}

// Drops the nodes of forgotten alerts once they are many: one that comes and goes keeps its node.
void AlertingRule::sweep() {
  constexpr std::size_t kAlwaysKept = 64;
  if (alerts_.size() <= kAlwaysKept + 2 * active_.size()) return;
  const std::size_t dropped = std::erase_if(
      alerts_, [](const Node& node) { return node.second.clock.vacant() && !node.second.told; });
  if (dropped > 0) alert_of_row_.clear();
}

std::optional<AlertState> AlertingRule::state() const {
  if (status().last_evaluation == kNoTime) return std::nullopt;
  AlertState furthest = AlertState::inactive;
  for (const auto& [labels, entry] : alerts_) furthest = std::max(furthest, entry.clock.state);
  return furthest;
}

Alert* AlertingRule::find(const Labels& labels) {
  const auto found = alerts_.find(labels);
  return found == alerts_.end() ? nullptr : &found->second;
}

std::vector<std::pair<Labels, Alert>> AlertingRule::export_alerts() const {
  std::vector<std::pair<Labels, Alert>> alerts;
  for (const auto& [labels, entry] : alerts_) {
    if (!entry.clock.vacant() || entry.told) alerts.emplace_back(labels, entry);
  }
  return alerts;
}

void AlertingRule::import_alerts(std::vector<std::pair<Labels, Alert>> alerts) {
  for (std::pair<Labels, Alert>& entry : alerts) {
    static_cast<Alert&>(alerts_[entry.first]) = std::move(entry.second);
  }
}

void AlertingRule::adopt_alerts(AlertingRule& from) {
  alerts_ = std::move(from.alerts_);
  from.alerts_.clear();
  from.alert_of_row_.clear();
  for (auto& [labels, entry] : alerts_) {
    entry.expanded_in_epoch = 0;
    entry.seen_in_round = 0;
    entry.pending_series = entry.firing_series = entry.for_state_series = nullptr;
  }
}

void AlertingRule::shift(Duration step) {
  const auto move = [step](WallTime& time) {
    if (time != kNoTime) time += step;
  };
  for (auto& [labels, entry] : alerts_) {
    entry.clock = shifted(entry.clock, step);
    move(entry.last_sent_at);
    move(entry.valid_until);
    if (!entry.told) continue;
    move(entry.told->starts_at);
    move(entry.told->valid_until);
  }
}

}  // namespace tocsin::rules
