// What happened, as people read it later (wording.md 9 of the project's standard of wording): one entry for
// each change of an alert, each decision, answer, silence and reload, with who did it.
#include <algorithm>

#include "engine/core/state.hpp"
#include "promql/format.hpp"
#include "promql/number_text.hpp"

namespace tocsin::core {
namespace {

using api::HistoryEntry;
using api::HistoryKind;

std::optional<HistoryKind> kind_of(rules::AlertReason reason) {
  switch (reason) {
    case rules::AlertReason::started:
    case rules::AlertReason::for_raised:
      return HistoryKind::pending;
    case rules::AlertReason::fired:
    case rules::AlertReason::fired_at_once:
      return HistoryKind::firing;
    case rules::AlertReason::resolved:
      return HistoryKind::resolved;
    case rules::AlertReason::reset:
      return HistoryKind::reset;
    default:
      return std::nullopt;
  }
}

// alerts/cim-alerts.yml:16
std::string place_of(const rules::RuleRun& run) {
  return format("rule {}:{}", run.group.definition().file, run.rule.definition().position.line);
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

// 202, attempt 2 (1: 503 after 0.4s), key 5f1c09..., repeat interval elapsed
std::string answer_text(const dispatch::Event& event) {
  std::string text = event.status == 0 ? std::string() : format("{}, ", event.status);
  text += format("attempt {}", event.attempts);
  if (!event.failures.empty()) text += format(" ({})", joined(event.failures, "; "));
  if (!event.key.empty()) text += format(", key {}...", event.key.substr(0, 6));
  text += format(", {}", to_string(event.reason));
  if (!event.cause.empty()) text += format(", {}", event.cause);
  if (!event.text.empty()) text += format(": {}", event.text);
  return text;
}

HistoryEntry entry_of(HistoryKind kind, const dispatch::Event& event) {
  HistoryEntry entry;
  entry.kind = kind;
  entry.alerts = joined(event.alert_names, "\n");
  entry.labels = event.group_key;
  if (!event.alert.empty()) {
    entry.alerts = event.alert.get(kAlertName);
    entry.labels = event.alert.to_string();
  }
  if (!event.receiver.empty()) {
    entry.receiver = event.receiver + (event.integration.empty() ? "" : "/" + event.integration);
  }
  entry.who = entry.receiver;
  entry.resolved = event.firing == 0 && event.resolved > 0;
  return entry;
}

HistoryEntry finished(const dispatch::Event& event) {
  const bool told = event.result == dispatch::SendResult::told;
  HistoryEntry entry = entry_of(told ? HistoryKind::told : HistoryKind::not_told, event);
  entry.detail = answer_text(event);
  if (!told) entry.detail = format("{}: {}", to_string(event.result), entry.detail);
  return entry;
}

HistoryEntry withheld(const dispatch::Event& event) {
  const bool held = event.kind == dispatch::EventKind::withheld;
  HistoryEntry entry = entry_of(held ? HistoryKind::withheld : HistoryKind::released, event);
  entry.who = std::string(to_string(event.withheld));
  if (!event.text.empty()) entry.who += " " + event.text;
  entry.detail = format("for {}", event.receiver);
  return entry;
}

HistoryEntry posted(const dispatch::Event& event) {
  const bool fired = event.kind == dispatch::EventKind::alert_fired;
  HistoryEntry entry = entry_of(fired ? HistoryKind::firing : HistoryKind::resolved, event);
  entry.who = "posted " + event.text;
  if (!fired && event.text.empty()) entry.who = "its sender";
  entry.detail = event.cause;
  return entry;
}

}  // namespace

void Engine::State::note_rule_run(const rules::RuleRun& run) {
  for (const rules::AlertTransition& transition : run.outcome.transitions) {
    const std::optional<HistoryKind> kind = kind_of(transition.reason);
    if (!kind) continue;
    HistoryEntry entry;
    entry.kind = *kind;
    entry.alerts = transition.labels.get(kAlertName);
    entry.labels = transition.labels.to_string();
    entry.who = place_of(run);
    entry.detail = format("value {}", promql::format_float_go(transition.value));
    if (*kind == HistoryKind::resolved) {
      entry.who = "condition false";
      entry.detail = format("last value {}", promql::format_float_go(transition.value));
    }
    note(std::move(entry));
  }
  for (const rules::AlertChange& change : run.outcome.changes) {
    if (change.kind != rules::ChangeKind::unknown) continue;
    HistoryEntry entry;
    entry.kind = HistoryKind::unknown;
    entry.alerts = change.alert.labels.get(kAlertName);
    entry.labels = change.alert.labels.to_string();
    entry.who = place_of(run);
    entry.detail = run.outcome.error;
    note(std::move(entry));
  }
}

void Engine::State::note_event(const dispatch::Event& event) {
  using dispatch::EventKind;
  switch (event.kind) {
    case EventKind::finished:
      return note(finished(event));
    case EventKind::attempt_failed: {
      HistoryEntry entry = entry_of(HistoryKind::attempt_failed, event);
      entry.detail = answer_text(event);
      return note(std::move(entry));
    }
    case EventKind::withheld:
    case EventKind::released:
      return note(withheld(event));
    case EventKind::alert_fired:
    case EventKind::alert_ended:
      return note(posted(event));
    case EventKind::receiver_down:
    case EventKind::receiver_refuses: {
      HistoryEntry entry = entry_of(HistoryKind::receiver_down, event);
      entry.detail = event.text;
      return note(std::move(entry));
    }
    case EventKind::receiver_back: {
      HistoryEntry entry = entry_of(HistoryKind::receiver_back, event);
      entry.resolved = false;
      entry.detail = format("after {}, {} firing now, {} ended meanwhile",
                            format_go_duration(std::chrono::round<std::chrono::seconds>(event.wait)),
                            event.firing, event.ended_meanwhile);
      return note(std::move(entry));
    }
    case EventKind::dropped_at_start: {
      HistoryEntry entry = entry_of(HistoryKind::not_told, event);
      entry.detail = "unsent at the stop, and its route or receiver is gone";
      return note(std::move(entry));
    }
    case EventKind::end_untold: {
      HistoryEntry entry = entry_of(HistoryKind::not_told, event);
      entry.resolved = true;
      entry.detail = "its receiver was taken out while nobody ran";
      return note(std::move(entry));
    }
    default:
      return;
  }
}

void Engine::State::note_silence(std::string_view id, const std::string& actor, bool expired) {
  const dispatch::Silence* silence = dispatcher.silences().find(id);
  if (silence == nullptr) return;
  HistoryEntry entry;
  entry.kind = expired ? HistoryKind::silence_expired : HistoryKind::silence_set;
  entry.alerts = joined(dispatcher.names_matched(*silence, now), "\n");
  for (const std::vector<Matcher>& set : silence->matcher_sets) {
    entry.labels += (entry.labels.empty() ? "" : " or ") + dispatch::print_matchers(set);
  }
  entry.who = actor;
  // Who is named as its author need not be who sent it.
  if (!expired && !silence->created_by.empty() && !actor.starts_with(silence->created_by + " ")) {
    entry.who = format("{} {}", silence->created_by, actor);
  }
  const std::string short_id = silence->id.substr(0, 8);
  entry.detail = expired ? short_id
                         : format("{} until {} {}", short_id, format_rfc3339(silence->ends_at),
                                  go_quote(silence->comment));
  note(std::move(entry));
}

}  // namespace tocsin::core
