// An aggregation group: alerts of one route that agree in the labels of group_by, with the group's clock and
// the notification that is under way.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/dispatch/backoff.hpp"
#include "engine/dispatch/change_log.hpp"
#include "engine/dispatch/pipeline.hpp"
#include "engine/dispatch/running.hpp"
#include "notifiers/request.hpp"

namespace tocsin::dispatch {

// Names a group within one process; rises with creation, never used again.
struct GroupNumber {
  std::uint64_t value = 0;
  friend auto operator<=>(const GroupNumber&, const GroupNumber&) = default;
};

struct AttemptId {
  std::uint64_t value = 0;
  friend auto operator<=>(const AttemptId&, const AttemptId&) = default;
};

// An alert as it was when its group was looked at: it does not change while it is told.
struct Frozen {
  Alert alert;
  Fingerprint fingerprint;
  bool resolved = false;
};

// One notification to one integration, until it is told or given up.
struct Send {
  std::string integration;  // identity
  std::string name;         // slack[0]
  Plan plan;
  // Names this notification to its receiver, however often it is sent: the same after a restart.
  std::string key;
  RowId row = 0;                  // in the outbox; 0: it has no place there
  bool waits_for_commit = false;  // until next_attempt at the latest
  unsigned attempts = 0;
  std::vector<std::string> failures;  // of the first attempts: "1: 503 after 0.4s"
  Backoff backoff;
  MonoTime next_attempt{};
  MonoTime attempt_started{};
  std::optional<AttemptId> in_flight;
  std::shared_ptr<const Running> running;  // that the last attempt was made under
  bool waits_for_turn = false;             // the integration has too many attempts under way
  bool done = false;
  bool in_doubt = false;  // an attempt may have arrived without our knowing
  std::string last_error;
  unsigned last_status = 0;
  notifiers::FailureReason last_reason = notifiers::FailureReason::context_deadline_exceeded;
};

// One round of a group: what was seen, and the notifications that came of it.
struct Flush {
  MonoTime started{};
  MonoTime deadline{};  // no attempt starts from here on
  std::vector<Seen> seen;
  std::vector<Frozen> alerts;  // in the order in which they are told; empty if nobody is to be told anything
  std::map<std::string, std::string> route_labels;  // rendered
  std::vector<Send> sends;
  bool failed = false;
};

// What a group last decided about an integration; `why` shows it.
struct Decision {
  NotifyReason reason = NotifyReason::nothing_new;
  WallTime at{};
};

struct Group {
  GroupNumber number;
  RowId row = 0;  // as which it outlives the process
  // Random, and part of the keys of what it tells: a group that comes again has others.
  std::uint64_t birth = 0;
  std::shared_ptr<const Running> running;
  std::size_t route = 0;  // node of running->routes()
  std::string identity;   // the route's, and the labels: what groups and told ones are kept under
  std::string key;        // upstream's, which receivers see
  Labels labels;
  std::set<Fingerprint> members;
  std::vector<Alert> departed;  // left the group at a reload; their end is still to be told

  // A group that the configuration no longer has: it only tells the ends of `departed` to `farewell`.
  bool is_farewell = false;
  std::set<std::string> farewell;
  MonoTime given_up_at = MonoTime::max();

  MonoTime next_flush{};
  std::optional<MonoTime> last_flush;
  // AlertStore::revision() of a look after which there was nothing left to do: until an alert changes, only
  // repeat_interval can bring something.
  std::optional<std::uint64_t> settled_at;
  std::optional<MonoTime> next_repeat;  // the first repeat_interval that ends after last_flush
  std::optional<Flush> flush;

  std::map<Fingerprint, Verdict> withheld;      // at the last look
  std::map<std::string, Fingerprints> unmuted;  // by integration: freed and not told since
  std::optional<MonoTime> next_look;            // when one of `withheld` may be free
  std::map<std::string, Decision> decisions;    // by integration

  [[nodiscard]] const RouteNode& node() const { return running->routes().node(route); }
  [[nodiscard]] const config::RouteOptions& options() const { return node().options(); }
};

}  // namespace tocsin::dispatch
