#include "engine/dispatch/reasons.hpp"

namespace tocsin::dispatch {

bool should_notify(NotifyReason reason) {
  return reason != NotifyReason::nothing_new && reason != NotifyReason::nothing_to_tell;
}

std::string_view to_string(NotifyReason reason) {
  switch (reason) {
    case NotifyReason::nothing_new:
      return "nothing new";
    case NotifyReason::nothing_to_tell:
      return "nothing to tell";
    case NotifyReason::first_notification:
      return "first notification";
    case NotifyReason::new_alerts:
      return "new alerts added";
    case NotifyReason::some_resolved:
      return "some alerts resolved";
    case NotifyReason::all_resolved:
      return "all alerts resolved";
    case NotifyReason::repeat_interval:
      return "repeat interval elapsed";
    case NotifyReason::unmuted:
      return "unmuted";
  }
  return "unknown";
}

std::string_view to_string(Withheld withheld) {
  switch (withheld) {
    case Withheld::no:
      return "";
    case Withheld::inhibited:
      return "inhibition";
    case Withheld::outside_active_time:
      return "active_time_interval";
    case Withheld::inside_mute_time:
      return "mute_time_interval";
    case Withheld::silenced:
      return "silence";
    case Withheld::unknown:
      return "unknown";
  }
  return "";
}

std::string_view to_string(SendResult result) {
  switch (result) {
    case SendResult::told:
      return "told";
    case SendResult::not_sent:
      return "not sent";
    case SendResult::failed:
      return "failed";
    case SendResult::held:
      return "held, the receiver is down";
    case SendResult::dropped_removed:
      return "dropped, the integration was removed";
  }
  return "";
}

}  // namespace tocsin::dispatch
