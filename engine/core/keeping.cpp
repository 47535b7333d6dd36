// What changed in a step goes out as one Persist, and what waits for it is freed when it is carried out.
//
// Storage that fails is no reason to stop: notifications and answers no longer wait, the core goes on in
// memory and tries again later with everything it knows, as if the file were new.
#include "engine/core/keeping.hpp"

#include <algorithm>

#include "engine/core/kept_config.hpp"
#include "engine/core/state.hpp"
#include "promql/format.hpp"

namespace tocsin::core {
namespace {

template <class Record>
void write_changed(const dispatch::Changed<Record>& changed, Table table, std::vector<RowWrite>& rows) {
  for (const Record& record : changed.written) rows.push_back({{table, record.row}, encode(record)});
  for (const dispatch::RowId row : changed.gone) rows.push_back({{table, row}, std::nullopt});
}

// True if some of it must survive a power loss: who was told what, and silences.
bool write_changes(const dispatch::Changes& changes, std::vector<RowWrite>& rows) {
  write_changed(changes.alerts, Table::alerts, rows);
  write_changed(changes.ends, Table::alert_ends, rows);
  write_changed(changes.groups, Table::groups, rows);
  write_changed(changes.told, Table::told, rows);
  write_changed(changes.outbox, Table::outbox, rows);
  write_changed(changes.silences, Table::silences, rows);
  return !changes.told.empty() || !changes.outbox.empty() || !changes.silences.empty();
}

RowWrite meta_row(MetaRow row, std::string body) {
  return {{Table::meta, static_cast<std::int64_t>(row)}, std::move(body)};
}

KeptRuleAlert record_of(const rules::RuleKey& key, const Labels& labels, const rules::Alert& alert) {
  KeptRuleAlert record;
  record.row = alert.record;
  record.file = key.file;
  record.group = key.group;
  record.rule = key.rule;
  record.ordinal = key.ordinal;
  record.labels = labels;
  record.alert = alert;
  return record;
}

}  // namespace

std::string_view to_string(StorageMode mode) {
  switch (mode) {
    case StorageMode::loading:
      return "loading";
    case StorageMode::off:
      return "off";
    case StorageMode::works:
      return "ok";
    case StorageMode::broken:
    case StorageMode::recovering:
      return "broken";
  }
  return "";
}

// ---- rules' alerts

void Engine::State::keep_rule_alert(const rules::RuleKey& key, const Labels& labels, rules::Alert& alert) {
  if (alert.record == 0) alert.record = ++keeping.last_rule_row;
  keeping.rows.push_back({{Table::rule_alerts, alert.record}, encode(record_of(key, labels, alert))});
}

void Engine::State::keep_rule_run(const rules::RuleRun& run) {
  if (run.outcome.touched.empty() || !keeping.takes_rows()) return;
  auto& rule = static_cast<rules::AlertingRule&>(*run.group.rules()[run.rule_index]);
  const rules::RuleKey key = run.group.key_of(run.rule_index);
  for (const rules::TouchedAlert& touched : run.outcome.touched) {
    if (touched.gone != 0) {
      keeping.rows.push_back({{Table::rule_alerts, touched.gone}, std::nullopt});
    } else if (rules::Alert* const alert = rule.find(touched.labels)) {
      keep_rule_alert(key, touched.labels, *alert);
    }
  }
}

void Engine::State::keep_alerts_of(rules::Group& group) {
  group.for_each_alert([this](const rules::RuleKey& key, const Labels& labels, rules::Alert& alert) {
    keep_rule_alert(key, labels, alert);
  });
}

// All of them changed.
void Engine::State::keep_all_rule_alerts() {
  for (const auto& group : rules.groups()) keep_alerts_of(*group);
}

// After a reload: rules have other names or places, or are gone.
void Engine::State::keep_reloaded_rules(const rules::ReloadReport& report) {
  if (!keeping.takes_rows()) return;
  for (const std::int64_t row : report.rows_gone) {
    keeping.rows.push_back({{Table::rule_alerts, row}, std::nullopt});
  }
  for (rules::Group* const group : report.changed) keep_alerts_of(*group);
}

// The configuration that is in force now, as text.
void Engine::State::keep_config(const std::shared_ptr<const KeptConfig>& text) {
  if (text == nullptr || (keeping.config != nullptr && same_text(*keeping.config, *text))) return;
  auto accepted = std::make_shared<KeptConfig>(*text);
  accepted->accepted = now.wall;
  keeping.config = std::move(accepted);
  if (keeping.takes_rows()) keeping.rows.push_back(meta_row(MetaRow::config, encode(*keeping.config)));
}

// ---- out

void Engine::State::note(api::HistoryEntry entry) {
  entry.at = now.wall;
  if (keeping.mode == StorageMode::off) return;
  if (keeping.history.size() >= kHistoryBacklog) {
    // Some at once, so that an event in a storm does not move all that wait.
    constexpr std::size_t kDropped = kHistoryBacklog / 10;
    keeping.history.erase(keeping.history.begin(), keeping.history.begin() + kDropped);
    keeping.counters.history_dropped += kDropped;
  }
  keeping.history.push_back(std::move(entry));
}

void Engine::State::respond_when_kept(RequestId id, api::HttpResponse response) {
  keeping.to_hold.push_back({id, std::move(response)});
}

std::vector<RowWrite> Engine::State::everything() {
  keeping.rows.clear();
  std::vector<RowWrite> rows;
  (void)write_changes(dispatcher.take_everything(now), rows);
  keep_all_rule_alerts();
  std::move(keeping.rows.begin(), keeping.rows.end(), std::back_inserter(rows));
  keeping.rows.clear();
  if (keeping.config != nullptr && !keeping.config->files.empty()) {
    rows.push_back(meta_row(MetaRow::config, encode(*keeping.config)));
  }
  return rows;
}

// The rows of this step. `durable` is set if they must survive a power loss.
std::vector<RowWrite> Engine::State::changed_rows(bool checkpoint, bool& durable) {
  dispatch::Depth depth = dispatch::Depth::lives;
  if (checkpoint) {
    depth = now.mono >= keeping.next_texts ? dispatch::Depth::texts : dispatch::Depth::ends;
    if (depth == dispatch::Depth::texts) keeping.next_texts = now.mono + kTextsInterval;
  }
  std::vector<RowWrite> rows = std::exchange(keeping.rows, {});
  durable = write_changes(dispatcher.take_changes(depth, now), rows) || durable;
  return rows;
}

void Engine::State::keep_changes() {
  if (keeping.mode == StorageMode::loading || !keeping.restored) return;
  if (keeping.mode == StorageMode::off) return release_held();
  const bool broken = keeping.mode == StorageMode::broken;
  Persist persist;
  persist.durable = stopping;
  if (broken) {
    keeping.rows.clear();
    (void)dispatcher.take_changes(dispatch::Depth::lives, now);
    persist.replace_all = now.mono >= keeping.retry_at || stopping;
    if (!persist.replace_all) return release_held();
    // What was told meanwhile is only in here.
    persist.durable = true;
    persist.rows = everything();
    persist.rows.push_back(life_row());
    keeping.mode = StorageMode::recovering;
    keeping.whole_from = keeping.sequence + 1;
  } else {
    const bool checkpoint = now.mono >= keeping.next_checkpoint || stopping;
    if (checkpoint) keeping.next_checkpoint = now.mono + kCheckpointInterval;
    persist.rows = changed_rows(checkpoint, persist.durable);
    if (checkpoint || !persist.rows.empty()) persist.rows.push_back(life_row());
  }
  if (persist.rows.empty() && keeping.history.empty()) return release_held();
  send_persist(std::move(persist));
}

RowWrite Engine::State::life_row() {
  keeping.life.last_alive = now.wall;
  if (stopping) keeping.life.stopped = now.wall;
  return meta_row(MetaRow::life, encode(keeping.life));
}

void Engine::State::send_persist(Persist persist) {
  persist.sequence = ++keeping.sequence;
  persist.history = std::exchange(keeping.history, {});
  dispatch::RowId last_outbox = 0;
  for (const RowWrite& row : persist.rows) {
    if (row.key.table == Table::outbox && row.body) last_outbox = std::max(last_outbox, row.key.id);
  }
  if (last_outbox != 0) keeping.outbox.emplace_back(persist.sequence, last_outbox);
  for (Respond& respond : std::exchange(keeping.to_hold, {})) {
    // Where storage is broken nobody waits for it.
    if (keeping.mode != StorageMode::works) {
      actions.emplace_back(std::move(respond));
    } else {
      keeping.held.push_back({persist.sequence, now.mono + options.commit_wait, std::move(respond)});
    }
  }
  actions.emplace_back(std::move(persist));
}

void Engine::State::release_held() {
  for (Respond& respond : std::exchange(keeping.to_hold, {})) actions.emplace_back(std::move(respond));
}

// ---- carried out, or not

void Engine::State::persisted(const Persisted& done) {
  if (!done.error.empty()) return storage_failed(done.error);
  ++keeping.counters.commits;
  // What was on its way when storage broke may still arrive; only the whole picture makes up for what is
  // lost.
  if (keeping.mode == StorageMode::broken) return;
  if (keeping.mode == StorageMode::recovering) {
    if (done.sequence < keeping.whole_from) return;
    keeping.mode = StorageMode::works;
    keeping.error.clear();
    dispatcher.set_keeper_works(true);
    log(LogLevel::info, "state is written again");
    note({{}, api::HistoryKind::storage, false, "", "", "", "state file", "written again"});
  }
  free_held(done.sequence);
}

void Engine::State::free_held(std::uint64_t sequence) {
  while (!keeping.held.empty() && keeping.held.front().sequence <= sequence) {
    actions.emplace_back(std::move(keeping.held.front().respond));
    keeping.held.pop_front();
  }
  while (!keeping.outbox.empty() && keeping.outbox.front().first <= sequence) {
    dispatcher.outbox_written(keeping.outbox.front().second, now);
    keeping.outbox.pop_front();
  }
}

void Engine::State::storage_failed(const std::string& error) {
  keeping.retry_at = now.mono + kStorageRetry;
  if (keeping.error != error) {
    log(LogLevel::error, "state cannot be written, going on in memory", {{"err", error}});
    note({{}, api::HistoryKind::storage, false, "", "", "", "state file", error});
  }
  keeping.mode = StorageMode::broken;
  keeping.error = error;
  dispatcher.set_keeper_works(false);
  free_held(keeping.sequence);
}

// Answers that have waited long enough, and at the end all of them: what they speak of is handed to the disk,
// and who were told "shutting down" would do it twice.
void Engine::State::release_late_responses() {
  while (!keeping.held.empty() && (stopping || keeping.held.front().until <= now.mono)) {
    ++keeping.counters.answered_early;
    actions.emplace_back(std::move(keeping.held.front().respond));
    keeping.held.pop_front();
  }
}

std::optional<MonoTime> Engine::State::next_keeping() const {
  if (keeping.mode == StorageMode::loading) return keeping.give_up_at;
  if (keeping.mode == StorageMode::off || !keeping.restored) return std::nullopt;
  MonoTime next = keeping.mode == StorageMode::broken ? keeping.retry_at : keeping.next_checkpoint;
  if (!keeping.held.empty()) next = std::min(next, keeping.held.front().until);
  return next;
}

}  // namespace tocsin::core
