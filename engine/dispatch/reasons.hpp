// Why a notification was sent, or was not. Each decision of dispatch yields one of these; it is counted,
// logged and kept.
#pragma once

#include <string_view>

namespace tocsin::dispatch {

// What the comparison with what an integration was last told says.
enum class NotifyReason {
  nothing_new,         // not sent: it knows all this
  nothing_to_tell,     // not sent: all is resolved and it never heard of it
  first_notification,  // it was told nothing that still stands
  new_alerts,          // alerts fire that it was not told of
  some_resolved,       // alerts that it was told of have ended
  all_resolved,        // nothing fires any more
  repeat_interval,     // nothing changed, but repeat_interval has passed
  unmuted              // a silence or mute ended while an alert fired
};

// Why one alert is left out of a notification.
enum class Withheld {
  no,
  inhibited,
  outside_active_time,
  inside_mute_time,
  silenced,
  unknown  // nobody can say at present whether it fires
};

// What became of a notification that was to be sent.
enum class SendResult {
  told,
  not_sent,         // recorded without sending: only resolved alerts, and send_resolved is false
  failed,           // a final error, or the deadline came
  held,             // its receiver is down: what is true then is told when it is back
  dropped_removed,  // the configuration no longer has the integration
};

[[nodiscard]] bool should_notify(NotifyReason reason);
// Upstream's words where it has them, since templates see them: "first notification".
[[nodiscard]] std::string_view to_string(NotifyReason reason);
// The value of the label `reason` in alertmanager_notifications_suppressed_total: "silence".
[[nodiscard]] std::string_view to_string(Withheld withheld);
[[nodiscard]] std::string_view to_string(SendResult result);

}  // namespace tocsin::dispatch
