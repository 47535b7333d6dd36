// What dispatch decided and what came of it, as data for the log, the history and `why`.
#pragma once

#include <string>
#include <vector>

#include "engine/dispatch/reasons.hpp"
#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::dispatch {

enum class EventKind {
  alert_fired,  // one that was posted; `text` is who posted it
  alert_ended,  // likewise; `cause` says why
  group_created,
  group_removed,
  withheld,         // an alert is left out from now on; `withheld` says by what, `text` by whom
  released,         // it no longer is
  decided,          // a notification goes out, for `reason`
  attempt_failed,   // and will be tried again after `wait`
  finished,         // a notification came to `result`; `text` is the error, if any
  template_failed,  // `text` names field and error; the page went out with the default text
  warning,          // something was cut off
  alert_limited,
  group_limited,
  receiver_down,     // `text` is the error
  receiver_refuses,  // likewise: it will be asked again after `wait`, or after a reload
  receiver_back,     // `wait` is for how long it was down
  dropped_at_start,  // a record of the outbox has no place in the configuration
  // Whoever was told of `alert` was taken out while nobody ran, and cannot be told its end.
  end_untold
};

struct Event {
  EventKind kind = EventKind::decided;
  WallTime at{};
  std::string receiver;
  std::string integration;  // slack[0]
  std::string group_key;
  Labels alert;  // of withheld, released and the limits
  NotifyReason reason = NotifyReason::nothing_new;
  Withheld withheld = Withheld::no;
  SendResult result = SendResult::told;
  unsigned attempts = 0;
  std::size_t firing = 0;    // alerts in the notification
  std::size_t resolved = 0;  // likewise
  Duration wait{};
  std::string text;
  // Of decided, finished and attempt_failed: what the notification is about, each name once, sorted.
  std::vector<std::string> alert_names;
  std::string key;                    // Attempt::key
  unsigned status = 0;                // of the last answer; 0: there was none
  std::vector<std::string> failures;  // of finished: attempts that failed before
  std::string cause;                  // of ends that were told: why, "condition_false"
  std::size_t ended_meanwhile = 0;    // of receiver_back
};

}  // namespace tocsin::dispatch
