// All alerts that dispatch knows, by fingerprint: what upstream's provider/mem keeps.
//
// Owned by the Dispatcher, single-threaded. Groups refer to alerts by fingerprint and hold them with retain()
// and release(); a resolved alert is collected once no group holds it. (Upstream's groups hold copies.)
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/dispatch/alert.hpp"
#include "engine/dispatch/kept.hpp"
#include "engine/dispatch/limits.hpp"

namespace tocsin::dispatch {

struct FingerprintHash {
  std::size_t operator()(const Fingerprint& value) const { return value.value; }
};

enum class PutResult {
  added,
  updated,
  ignored,  // posted, while a rule of this process says that it fires: the rule knows better
  limited   // Limits::alerts or Limits::alerts_per_name
};

class AlertStore {
 public:
  struct Entry {
    Alert alert;
    // Grows with every change of any alert: tells whether an alert is still what it was.
    std::uint64_t revision = 0;
    std::uint32_t held_by = 0;  // groups
    RowId row = 0;
    bool end_noted = false;  // somebody was told of its end: an event was made of it
  };

  explicit AlertStore(const Limits& limits) : limits_(limits) {}

  // Adds or updates an alert, merging as Alertmanager does. REQUIRES: alert.updated_at is set.
  PutResult put(Alert alert, WallTime now);
  // Null if there is none. Valid until the next put or collect.
  [[nodiscard]] const Entry* find(Fingerprint fingerprint) const;
  // An alert's rule fails to evaluate, or does again.
  void set_unknown(Fingerprint fingerprint, bool unknown);
  // True the first time it is asked for an alert that has ended.
  [[nodiscard]] bool take_end(Fingerprint fingerprint);
  // The wall clock was set: times of alerts move along. A sender has at least `grace` to speak again.
  // Their records are not touched by this alone.
  void shift(Duration step, Duration grace, WallTime now);

  // ---- what outlives the process
  // Alerts as they were kept. `ends`: the records of that kind that exist. REQUIRES: the store is empty.
  void restore(std::vector<KeptAlert> alerts, std::set<RowId> ends);
  void log_changes() { changed_.switch_on(); }
  // Everything is to be written anew.
  void touch_all();
  void take_changes(Depth depth, Changes& changes);

  void retain(Fingerprint fingerprint);
  void release(Fingerprint fingerprint);
  // Takes out the resolved alerts that no group holds and returns them.
  std::vector<Alert> collect(WallTime now);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  // Grows with each change of any alert.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  // Whether there are alerts that end by themselves.
  [[nodiscard]] bool has_posted() const { return posted_ > 0; }
  // In the order of fingerprints.
  [[nodiscard]] std::vector<Fingerprint> fingerprints() const;

 private:
  [[nodiscard]] bool refuses(const Alert& alert, WallTime now) const;

  void note_change(Fingerprint fingerprint, const Alert& before, const Entry& after, WallTime now);
  void take_ends(Changes& changes);

  Limits limits_;
  std::uint64_t revision_ = 0;
  std::size_t posted_ = 0;
  RowId last_row_ = 0;
  ChangeLog<Fingerprint> changed_;
  std::set<Fingerprint> changed_lazily_;  // annotations
  std::set<RowId> moved_ends_;            // rows of KeptEnds
  bool ends_at_once_ = false;             // these are written with the next changes, however small
  std::set<RowId> written_ends_;          // likewise: that exist
  std::unordered_map<Fingerprint, Entry, FingerprintHash> entries_;
  // Only kept when there is a limit for a name.
  std::map<std::string, std::set<Fingerprint>, std::less<>> by_name_;
};

}  // namespace tocsin::dispatch
