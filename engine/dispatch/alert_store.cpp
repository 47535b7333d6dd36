#include "engine/dispatch/alert_store.hpp"

#include <algorithm>

namespace tocsin::dispatch {
namespace {

// How many alerts' ends stand in one record: about a page of the disk.
constexpr RowId kEndsInARow = 256;

RowId ends_row_of(RowId alert) {
  return alert / kEndsInARow + 1;
}

}  // namespace

bool AlertStore::refuses(const Alert& alert, WallTime now) const {
  if (entries_.size() >= limits_.alerts) return true;
  if (limits_.alerts_per_name == 0) return false;
  const auto same_name = by_name_.find(alert.name());
  if (same_name == by_name_.end()) return false;
  std::size_t alive = 0;
  for (const Fingerprint other : same_name->second) {
    if (!entries_.at(other).alert.resolved_at(now)) ++alive;
  }
  return alive >= limits_.alerts_per_name;
}

PutResult AlertStore::put(Alert alert, WallTime now) {
  const Fingerprint key = fingerprint(alert.labels);
  const auto known = entries_.find(key);
  if (known == entries_.end()) {
    if (refuses(alert, now)) return PutResult::limited;
    if (limits_.alerts_per_name > 0) by_name_[std::string(alert.name())].insert(key);
    posted_ += alert.origin == Origin::posted ? 1 : 0;
    entries_.emplace(key, Entry{std::move(alert), ++revision_, 0, ++last_row_, false});
    changed_.touch(key);
    return PutResult::added;
  }
  Alert& old = known->second.alert;
  const bool own_is_alive = old.origin == Origin::own && !old.resolved_at(now);
  if (alert.origin == Origin::posted) {
    if (own_is_alive) return PutResult::ignored;
    if (should_merge(old, alert)) alert = merge(old, alert, now);
  } else if (old.origin == Origin::posted && !old.resolved_at(now)) {
    alert.starts_at = std::min(alert.starts_at, old.starts_at);
  }
  posted_ -= old.origin == Origin::posted ? 1 : 0;
  posted_ += alert.origin == Origin::posted ? 1 : 0;
  std::swap(old, alert);
  known->second.revision = ++revision_;
  known->second.end_noted = known->second.end_noted && old.resolved_at(now);
  if (changed_.is_on()) note_change(key, alert, known->second, now);
  return PutResult::updated;
}

void AlertStore::note_change(Fingerprint fingerprint, const Alert& before, const Entry& after, WallTime now) {
  const Alert& alert = after.alert;
  const bool ends_itself = alert.origin == Origin::posted && !alert.resolved_at(now);
  const bool same_life = before.origin == alert.origin && before.starts_at == alert.starts_at &&
                         before.cause == alert.cause && before.unknown == alert.unknown &&
                         before.timeout == alert.timeout &&
                         (ends_itself ? !before.resolved_at(now) : before.ends_at == alert.ends_at);
  if (!same_life) {
    changed_.touch(fingerprint);
    return;
  }
  if (before.annotations != alert.annotations || before.generator_url != alert.generator_url) {
    changed_lazily_.insert(fingerprint);
  }
  if (ends_itself) moved_ends_.insert(ends_row_of(after.row));
}

const AlertStore::Entry* AlertStore::find(Fingerprint fingerprint) const {
  const auto entry = entries_.find(fingerprint);
  return entry == entries_.end() ? nullptr : &entry->second;
}

void AlertStore::set_unknown(Fingerprint fingerprint, bool unknown) {
  const auto entry = entries_.find(fingerprint);
  if (entry == entries_.end() || entry->second.alert.unknown == unknown) return;
  entry->second.alert.unknown = unknown;
  entry->second.revision = ++revision_;
  changed_.touch(fingerprint);
}

// All that happened by this clock moves, also what has ended: else it would be alive again after a step back.
// An own alert began by this clock, so its beginning moves too; a posted one's is its sender's affair. So is
// its end, but the sender may have gone by a clock like ours: it has the time to speak again.
void AlertStore::shift(Duration step, Duration grace, WallTime now) {
  for (auto& [key, entry] : entries_) {
    Alert& alert = entry.alert;
    const Duration left = alert.ends_at == kNoTime ? Duration::zero() : alert.ends_at + step - now;
    alert.updated_at += step;
    if (alert.origin == Origin::own) alert.starts_at += step;
    if (alert.origin == Origin::posted && step > Duration::zero() && left > Duration::zero()) {
      alert.ends_at = std::max(alert.ends_at, now + std::min(left, grace));
    } else if (alert.ends_at != kNoTime) {
      alert.ends_at += step;
    }
    entry.revision = ++revision_;
  }
}

void AlertStore::retain(Fingerprint fingerprint) {
  ++entries_.at(fingerprint).held_by;
}

void AlertStore::release(Fingerprint fingerprint) {
  --entries_.at(fingerprint).held_by;
}

std::vector<Alert> AlertStore::collect(WallTime now) {
  std::vector<Alert> gone;
  for (const Fingerprint key : fingerprints()) {
    const auto entry = entries_.find(key);
    if (entry->second.held_by > 0 || !entry->second.alert.resolved_at(now)) continue;
    const auto same_name = by_name_.find(entry->second.alert.name());
    if (same_name != by_name_.end()) {
      same_name->second.erase(key);
      if (same_name->second.empty()) by_name_.erase(same_name);
    }
    posted_ -= entry->second.alert.origin == Origin::posted ? 1 : 0;
    changed_.gone(key, entry->second.row);
    changed_lazily_.erase(key);
    if (changed_.is_on() && written_ends_.contains(ends_row_of(entry->second.row))) {
      moved_ends_.insert(ends_row_of(entry->second.row));
    }
    gone.push_back(std::move(entry->second.alert));
    entries_.erase(entry);
  }
  return gone;
}

// ---- what outlives the process

void AlertStore::restore(std::vector<KeptAlert> alerts, std::set<RowId> ends) {
  written_ends_ = std::move(ends);
  for (KeptAlert& kept : alerts) {
    const Fingerprint key = fingerprint(kept.alert.labels);
    last_row_ = std::max(last_row_, kept.row);
    posted_ += kept.alert.origin == Origin::posted ? 1 : 0;
    if (limits_.alerts_per_name > 0) by_name_[std::string(kept.alert.name())].insert(key);
    // The end of one that had ended was noted when it did; the end of any other is still to come.
    const bool ended = kept.alert.ends_at != kNoTime && kept.alert.ends_at <= kept.alert.updated_at;
    entries_.insert_or_assign(key, Entry{std::move(kept.alert), ++revision_, 0, kept.row, ended});
  }
}

// An end that was written by itself must not stay behind: the younger of the two counts.
void AlertStore::touch_all() {
  moved_ends_.insert(written_ends_.begin(), written_ends_.end());
  ends_at_once_ = true;
  for (const auto& [key, entry] : entries_) {
    changed_.touch(key);
    if (entry.alert.origin == Origin::posted) moved_ends_.insert(ends_row_of(entry.row));
  }
}

bool AlertStore::take_end(Fingerprint fingerprint) {
  Entry& entry = entries_.at(fingerprint);
  return !std::exchange(entry.end_noted, true);
}

void AlertStore::take_changes(Depth depth, Changes& changes) {
  if (depth >= Depth::texts) {
    for (const Fingerprint key : std::exchange(changed_lazily_, {})) changed_.touch(key);
  }
  for (const Fingerprint key : changed_.take_touched()) {
    const Entry& entry = entries_.at(key);
    changes.alerts.written.push_back({entry.row, entry.alert});
  }
  std::sort(changes.alerts.written.begin(), changes.alerts.written.end(),
            [](const KeptAlert& a, const KeptAlert& b) { return a.row < b.row; });
  changes.alerts.gone = changed_.take_gone();
  if (std::exchange(ends_at_once_, false) || depth >= Depth::ends) take_ends(changes);
}

void AlertStore::take_ends(Changes& changes) {
  if (moved_ends_.empty()) return;
  std::map<RowId, KeptEnds> rows;
  for (const auto& [key, entry] : entries_) {
    if (entry.alert.origin != Origin::posted || entry.alert.ends_at == kNoTime) continue;
    const RowId row = ends_row_of(entry.row);
    if (!moved_ends_.contains(row)) continue;
    KeptEnds& ends = rows[row];
    ends.row = row;
    ends.ends.push_back({entry.row, entry.alert.ends_at, entry.alert.updated_at});
  }
  for (const RowId row : std::exchange(moved_ends_, {})) {
    const auto found = rows.find(row);
    if (found == rows.end()) {
      if (written_ends_.erase(row) > 0) changes.ends.gone.push_back(row);
      continue;
    }
    std::sort(found->second.ends.begin(), found->second.ends.end(),
              [](const KeptEnd& a, const KeptEnd& b) { return a.alert < b.alert; });
    written_ends_.insert(row);
    changes.ends.written.push_back(std::move(found->second));
  }
}

std::vector<Fingerprint> AlertStore::fingerprints() const {
  std::vector<Fingerprint> all;
  all.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) all.push_back(key);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace tocsin::dispatch
