// How large each of dispatch's collections may grow, and what happens then. Every overflow is counted in
// Counters under the name given here.
#pragma once

#include <cstddef>

#include "promql/time.hpp"

namespace tocsin::dispatch {

struct Limits {
  // Alerts held. A new one is refused and counted (alerts_limited); known alerts are always updated. 200,000
  // alerts are about 200 MB, ten times what the largest installations report.
  std::size_t alerts = 200'000;
  // Alerts with the same alertname, as --alerts.per-alertname-limit; 0 means none. Overflow as above.
  std::size_t alerts_per_name = 0;
  // Aggregation groups. An alert that would need another one is kept but not told (groups_limited).
  std::size_t groups = 100'000;
  // Attempts of one integration that were handed out and not answered. Others wait their turn; nothing is
  // lost, and a slow receiver holds up nobody else.
  std::size_t attempts_in_flight = 64;
  // Attempts that one step renders. The rest is due at once, in the next step: a step stays short.
  std::size_t attempts_per_step = 32;
  // Groups that one step looks at.
  std::size_t groups_per_step = 512;
  // Events that nobody has taken yet. The oldest are dropped (events_dropped).
  std::size_t events = 100'000;
  // Alerts that wait to be sent to another Alertmanager, for each; the oldest are dropped, as upstream
  // (prometheus_notifications_dropped_total). And how many go in one post.
  std::size_t forward_queue = 10'000;
  std::size_t forward_batch = 256;
  // Notifications that are to be sent and whose outcome is not known, as records. One more is sent without a
  // record (outbox_overflow): after a crash its alerts would be told anew, under another key.
  std::size_t outbox = 10'000;
  // Silences, expired ones included, as --silences.max-silences; 0 means none. A new one is refused.
  std::size_t silences = 0;
  // Bytes of one silence, as --silences.max-silence-size-bytes; 0 means none. It is refused.
  std::size_t silence_bytes = 0;

  // Resolved alerts leave the store in rounds of this length, as --alerts.gc-interval.
  Duration collect_interval = std::chrono::minutes(30);
  // How long the end of what was told through a removed route or receiver is tried to be told.
  Duration farewell = std::chrono::hours(1);
  // How long an expired silence is kept, as --data.retention.
  Duration silence_retention = std::chrono::hours(120);
  // With policy told_kept off: how long what was told is remembered at most, as --data.retention.
  Duration told_retention = std::chrono::hours(120);
};

}  // namespace tocsin::dispatch
