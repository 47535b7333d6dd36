// From a group's alerts to what each integration is to be told: the stages of a notification, as pure
// functions.
//
//   inhibited? -> outside its active time? -> inside a mute time? -> silenced? -> anything new? -> what to
//   say
//
// The first four judge each alert and stand in one list, in upstream's order (trap 53); the first that
// objects gives the reason. What comes after is decided for each integration on its own: two integrations of
// one receiver may have been told different things.
//
// With Policy::told_resolved an alert that has ended passes the judges for those integrations that were told
// that it fires. And an alert that was told, still fires and is withheld now stays in what was told, so that
// its end is not lost when another notification goes out meanwhile.
#pragma once

#include <string>
#include <vector>

#include "engine/dispatch/alert.hpp"
#include "engine/dispatch/inhibition.hpp"
#include "engine/dispatch/running.hpp"
#include "engine/dispatch/silences.hpp"
#include "engine/dispatch/told.hpp"

namespace tocsin::dispatch {

// An alert as a look at its group sees it.
struct Seen {
  Fingerprint fingerprint;
  std::uint64_t revision = 0;  // AlertStore::Entry::revision
  bool resolved = false;
  bool departed = false;  // no longer of this group: only its end is to be told
};

struct Verdict {
  Withheld withheld = Withheld::no;
  std::vector<std::string> by;  // silences, intervals, or the fingerprint of what inhibits
};

// What the judges may look at.
struct Bench {
  const Inhibitor& inhibitor;
  const Silences& silences;
  const TimeIntervals& intervals;
  const config::Route& route;
  WallTime now;
  WallTime silence_now;  // see Dispatcher::wall_clock_stepped
};

[[nodiscard]] Verdict judge(const Bench& bench, const Labels& alert);

struct PlanOptions {
  Policy policy;
  CompareOptions compare;
};

struct Plan {
  NotifyReason reason = NotifyReason::nothing_new;
  Fingerprints sent;  // the alerts that the message lists
  Picture picture;    // what the integration knows afterwards
  Fingerprints kept;  // told as firing before, firing, withheld now
  // Nothing is listed (all have ended, and this integration is not told ends): recorded without sending.
  bool record_only = false;
};

// REQUIRES: a verdict for each alert.
[[nodiscard]] Plan plan_notification(const std::vector<Seen>& alerts, const std::vector<Verdict>& verdicts,
                                     const Told* told, const Fingerprints& unmuted,
                                     const PlanOptions& options);

// What is known to be told once the plan is carried out. `before` may be null.
[[nodiscard]] Told told_after(const Plan& plan, const Told* before, const Policy& policy);

}  // namespace tocsin::dispatch
