// What each integration was last told about each group, and whether there is something new to tell it.
// This is upstream's notification log and its DedupStage; reasons in traps 48, 49, 57 and 85.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/dispatch/change_log.hpp"
#include "engine/dispatch/policy.hpp"
#include "engine/dispatch/reasons.hpp"
#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::dispatch {

using Fingerprints = std::vector<Fingerprint>;  // sorted, without doubles

[[nodiscard]] bool contains(const Fingerprints& set, Fingerprint fingerprint);
[[nodiscard]] bool is_subset(const Fingerprints& inner, const Fingerprints& outer);
[[nodiscard]] bool overlap(const Fingerprints& a, const Fingerprints& b);
[[nodiscard]] Fingerprints united(const Fingerprints& a, const Fingerprints& b);
[[nodiscard]] Fingerprints common(const Fingerprints& a, const Fingerprints& b);
[[nodiscard]] Fingerprints without(const Fingerprints& set, const Fingerprints& taken);

struct Told {
  Fingerprints firing;    // told as firing, and not told to have ended since
  Fingerprints resolved;  // told as resolved in the last notification
  // Sent as firing, or as over, and no answer came that says whether it arrived. They are still to be told,
  // and if they end before that, their end is owed (contract C2).
  Fingerprints doubtful;
  MonoTime at{};            // from when repeat_interval counts
  std::uint64_t times = 0;  // how many notifications arrived; part of the next one's key
  MonoTime forgotten_at = MonoTime::max();
  // What the service wants back next time (notifiers::Outcome::remember).
  std::map<std::string, std::string> remembered;
  RowId row = 0;  // the log's to set
};

// What a notification would say now.
struct Picture {
  Fingerprints firing;
  Fingerprints resolved;
};

struct CompareOptions {
  bool send_resolved = false;
  bool repeat_clock = true;  // Policy::repeat_clock
  Duration repeat_interval{};
  MonoTime now{};
};

// `unmuted`: alerts whose silence or mute ended and which this integration was not told since. `told` is null
// if it was never told anything that still counts.
[[nodiscard]] NotifyReason compare(const Told* told, const Picture& picture, const Fingerprints& unmuted,
                                   const CompareOptions& options);

// Which group, as which integration knows it.
struct ToldKey {
  std::string group;
  std::string integration;
  friend auto operator<=>(const ToldKey&, const ToldKey&) = default;
};

class ToldLog {
 public:
  // Null if nothing is known, or it is forgotten by now.
  [[nodiscard]] const Told* find(const ToldKey& key, MonoTime now) const;
  void record(ToldKey key, Told told);
  void erase(const ToldKey& key);
  // Drops what is forgotten by now.
  void collect(MonoTime now);
  [[nodiscard]] const std::map<ToldKey, Told>& all() const { return entries_; }

  // An entry as it was kept, with its row.
  void restore(ToldKey key, Told told);
  [[nodiscard]] ChangeLog<ToldKey>& changes() { return changes_; }

 private:
  std::map<ToldKey, Told> entries_;
  RowId last_row_ = 0;
  ChangeLog<ToldKey> changes_;
};

}  // namespace tocsin::dispatch
