// What of dispatch outlives the process, as plain records, and which of it changed since somebody last wrote
// it down. Who writes it, and in which form, is not dispatch's business.
//
// Times are on the wall clock, because monotonic ones mean nothing to another process.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/dispatch/alert.hpp"
#include "engine/dispatch/change_log.hpp"
#include "engine/dispatch/reasons.hpp"
#include "engine/dispatch/silences.hpp"
#include "engine/dispatch/told.hpp"

namespace tocsin::dispatch {

struct KeptAlert {
  RowId row = 0;
  Alert alert;
};

// Posted alerts that go on are posted again and again with a later end. That is written by itself, many
// alerts a record, and counts where it is younger than the alert's own record.
struct KeptEnd {
  RowId alert = 0;
  WallTime ends_at{};
  WallTime updated_at{};
};
struct KeptEnds {
  RowId row = 0;
  std::vector<KeptEnd> ends;
};

struct KeptWithheld {
  Fingerprint alert;
  Withheld withheld = Withheld::no;
};
struct KeptUnmuted {
  std::string integration;
  Fingerprints alerts;
};
struct KeptGroup {
  RowId row = 0;
  std::string identity;
  std::string route;  // identity
  std::string key;
  Labels labels;
  std::uint64_t birth = 0;
  bool looked_at = false;  // its first look is over
  // Of the time of writing. Later looks follow each group_interval and are not written.
  WallTime next_flush = kNoTime;
  std::vector<Alert> departed;
  std::vector<KeptWithheld> withheld;
  std::vector<KeptUnmuted> unmuted;
  std::set<std::string> farewell;  // integrations, of one that only says farewell
};

struct KeptTold {
  RowId row = 0;
  ToldKey key;
  Fingerprints firing;
  Fingerprints resolved;
  Fingerprints doubtful;
  std::uint64_t times = 0;
  WallTime at{};
  WallTime forgotten_at = kNoTime;  // kNoTime: never
  std::map<std::string, std::string> remembered;
};

// A notification that was decided and whose outcome is not known.
struct KeptSend {
  RowId row = 0;
  std::string group;        // identity
  std::string integration;  // identity
  std::string key;          // Attempt::key
  NotifyReason reason = NotifyReason::first_notification;
  WallTime decided_at{};
  Fingerprints sent;
  Picture picture;
  Fingerprints kept;
  std::vector<Alert> alerts;  // those of `sent`, in the order in which they are told
};

struct KeptSilence {
  RowId row = 0;
  Silence silence;
};

// How much of what changed is asked for.
enum class Depth : std::uint8_t {
  lives,  // what must not be lost
  ends,   // and ends of posted alerts that moved on
  texts   // and annotations that changed by themselves
};

template <class Record>
struct Changed {
  std::vector<Record> written;  // new or changed, by row
  std::vector<RowId> gone;

  [[nodiscard]] bool empty() const { return written.empty() && gone.empty(); }
};

struct Changes {
  Changed<KeptAlert> alerts;
  Changed<KeptEnds> ends;
  Changed<KeptGroup> groups;
  Changed<KeptTold> told;
  Changed<KeptSend> outbox;
  Changed<KeptSilence> silences;
};

// Everything, as it was read back.
struct Kept {
  std::vector<KeptAlert> alerts;
  std::vector<KeptEnds> ends;
  std::vector<KeptGroup> groups;
  std::vector<KeptTold> told;
  std::vector<KeptSend> outbox;
  std::vector<KeptSilence> silences;
  WallTime last_alive = kNoTime;    // the last moment at which the process that wrote it is known to have run
  bool clock_was_in_doubt = false;  // its clock was not set, and the present one is

  // Whether its times were taken by another clock than the one that shows `now`: then only their distances
  // from `last_alive` mean anything.
  [[nodiscard]] bool is_of_another_clock(WallTime now) const {
    return last_alive != kNoTime && (last_alive > now || clock_was_in_doubt);
  }
};

}  // namespace tocsin::dispatch
