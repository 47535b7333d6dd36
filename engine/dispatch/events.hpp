// What dispatch decided and what came of it, as data for the log, the history and `why`.
#pragma once

#include <string>

#include "engine/dispatch/reasons.hpp"
#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::dispatch {

enum class EventKind {
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
  group_limited
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
};

}  // namespace tocsin::dispatch
