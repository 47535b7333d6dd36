#include "engine/dispatch/alert_store.hpp"

#include <algorithm>

namespace tocsin::dispatch {

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
    entries_.emplace(key, Entry{std::move(alert), ++revision_, 0});
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
  old = std::move(alert);
  known->second.revision = ++revision_;
  return PutResult::updated;
}

const AlertStore::Entry* AlertStore::find(Fingerprint fingerprint) const {
  const auto entry = entries_.find(fingerprint);
  return entry == entries_.end() ? nullptr : &entry->second;
}

void AlertStore::set_unknown(Fingerprint fingerprint, bool unknown) {
  const auto entry = entries_.find(fingerprint);
  if (entry != entries_.end()) entry->second.alert.unknown = unknown;
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
    gone.push_back(std::move(entry->second.alert));
    entries_.erase(entry);
  }
  return gone;
}

std::vector<Fingerprint> AlertStore::fingerprints() const {
  std::vector<Fingerprint> all;
  all.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) all.push_back(key);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace tocsin::dispatch
