#include "engine/dispatch/told.hpp"

#include <algorithm>

namespace tocsin::dispatch {

bool contains(const Fingerprints& set, Fingerprint fingerprint) {
  return std::binary_search(set.begin(), set.end(), fingerprint);
}

bool is_subset(const Fingerprints& inner, const Fingerprints& outer) {
  return std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
}

bool overlap(const Fingerprints& a, const Fingerprints& b) {
  return std::any_of(a.begin(), a.end(), [&](Fingerprint fingerprint) { return contains(b, fingerprint); });
}

Fingerprints united(const Fingerprints& a, const Fingerprints& b) {
  Fingerprints both;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

Fingerprints common(const Fingerprints& a, const Fingerprints& b) {
  Fingerprints both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

Fingerprints without(const Fingerprints& set, const Fingerprints& taken) {
  Fingerprints rest;
  std::set_difference(set.begin(), set.end(), taken.begin(), taken.end(), std::back_inserter(rest));
  return rest;
}

NotifyReason compare(const Told* told, const Picture& picture, const Fingerprints& unmuted,
                     const CompareOptions& options) {
  const bool knows_of_firing = told != nullptr && !told->firing.empty();
  if (picture.firing.empty()) {
    // Done even without send_resolved, so that the log no longer says that something fires.
    const bool may_know = told != nullptr && !told->doubtful.empty();
    return knows_of_firing || may_know ? NotifyReason::all_resolved : NotifyReason::nothing_to_tell;
  }
  if (overlap(unmuted, picture.firing)) return NotifyReason::unmuted;
  if (!knows_of_firing) return NotifyReason::first_notification;
  if (!is_subset(picture.firing, told->firing)) return NotifyReason::new_alerts;
  if (options.send_resolved && !is_subset(picture.resolved, told->resolved)) {
    return NotifyReason::some_resolved;
  }
  const MonoTime due = told->at + options.repeat_interval;
  // Upstream repeats at the first tick that is later, not at the moment itself.
  const bool repeat = options.repeat_clock ? due <= options.now : due < options.now;
  return repeat ? NotifyReason::repeat_interval : NotifyReason::nothing_new;
}

const Told* ToldLog::find(const ToldKey& key, MonoTime now) const {
  const auto entry = entries_.find(key);
  if (entry == entries_.end() || entry->second.forgotten_at <= now) return nullptr;
  return &entry->second;
}

void ToldLog::record(ToldKey key, Told told) {
  const auto known = entries_.find(key);
  told.row = known == entries_.end() ? ++last_row_ : known->second.row;
  changes_.touch(key);
  entries_.insert_or_assign(std::move(key), std::move(told));
}

void ToldLog::erase(const ToldKey& key) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return;
  changes_.gone(key, entry->second.row);
  entries_.erase(entry);
}

void ToldLog::collect(MonoTime now) {
  std::erase_if(entries_, [&](const auto& entry) {
    if (entry.second.forgotten_at > now) return false;
    changes_.gone(entry.first, entry.second.row);
    return true;
  });
}

void ToldLog::restore(ToldKey key, Told told) {
  last_row_ = std::max(last_row_, told.row);
  entries_.insert_or_assign(std::move(key), std::move(told));
}

}  // namespace tocsin::dispatch
