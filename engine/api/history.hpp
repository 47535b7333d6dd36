// The event log: what happened, as people read it, and how it is asked for. `tocsin history` and
// GET /api/v1/history show the same entries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/time.hpp"

namespace tocsin::api {

// Numbers are part of the state file's format: never reused.
enum class HistoryKind : std::uint8_t {
  pending = 1,  // an alert of a rule
  firing = 2,
  resolved = 3,  // `detail` has the cause
  reset = 4,     // pending, and forgotten before it fired
  unknown = 5,   // nobody can say at present whether it fires
  told = 6,      // a notification arrived
  not_told = 7,  // one that was decided came to nothing
  attempt_failed = 8,
  withheld = 9,  // silenced, inhibited, muted: `who` says by what
  released = 10,
  silence_set = 11,
  silence_expired = 12,
  reload = 13,
  started = 14,
  stopped = 15,
  receiver_down = 16,
  receiver_back = 17,
  storage = 18,  // the state file itself: damaged, full, back
};
// "told firing" and "told resolved" are one kind; HistoryEntry::resolved tells them apart.
[[nodiscard]] std::string_view to_string(HistoryKind kind);

struct HistoryEntry {
  WallTime at{};
  HistoryKind kind = HistoryKind::firing;
  bool resolved = false;  // of told and its like: only ends were told
  std::string alerts;     // names of the alerts it is about, each once, separated by newlines; may be empty
  std::string labels;     // the alert's labels or the group's key, as people write them
  std::string receiver;   // "pagerduty-critical/pagerduty[0]", or ""
  std::string who;        // who did it: a rule's place, an integration, "maria from 10.0.0.7 (basic auth)"
  std::string detail;     // "202, attempt 1, key 5f1c09..."
  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

// Something that a later release wrote and this one has no name for.
inline constexpr HistoryKind kOtherEvent{0};

// "told firing", "silenced": what stands in the column EVENT.
[[nodiscard]] std::string event_name(const HistoryEntry& entry);

// The names in HistoryEntry::alerts.
[[nodiscard]] std::vector<std::string_view> alert_names(const HistoryEntry& entry);

struct HistoryQuery {
  std::string alert;             // of this name; "": all
  std::string receiver;          // a receiver's name, or receiver/integration; "": all
  std::optional<WallTime> from;  // inclusive
  std::optional<WallTime> to;    // exclusive
  std::size_t limit = 0;         // the newest so many; 0: all
};

// Whether an entry about these alerts and this receiver (both as in HistoryEntry) is one that the query asks
// for.
[[nodiscard]] bool concerns(const HistoryQuery& query, std::string_view alerts, std::string_view receiver);

struct HistoryPage {
  std::vector<HistoryEntry> entries;  // oldest first
  bool truncated = false;             // there are more, older ones, that fit the query
  std::optional<WallTime>
      complete_since;  // what happened from here on is all there (older entries were dropped)
  std::string error;
};

}  // namespace tocsin::api
