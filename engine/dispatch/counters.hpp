// What dispatch has counted since the start. Names of the metrics they are shown under stand beside them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "notifiers/request.hpp"

namespace tocsin::dispatch {

struct IntegrationCounters {
  static constexpr std::size_t kReasons = 7;  // of notifiers::FailureReason
  static constexpr std::array<double, 5> kLatencyBounds = {1, 5, 10, 15, 20};

  std::uint64_t notifications = 0;               // alertmanager_notifications_total
  std::array<std::uint64_t, kReasons> failed{};  // alertmanager_notifications_failed_total{reason}
  std::uint64_t requests = 0;                    // alertmanager_notification_requests_total
  std::uint64_t requests_failed = 0;             // alertmanager_notification_requests_failed_total
  std::array<std::uint64_t, kLatencyBounds.size()> latency{};  // not cumulative: the bucket alone
  double latency_sum = 0;                                      // alertmanager_notification_latency_seconds
};

struct Counters {
  std::uint64_t received_firing = 0;    // alertmanager_alerts_received_total{status="firing"}
  std::uint64_t received_resolved = 0;  // ...{status="resolved"}
  std::uint64_t ignored_posts = 0;      // tocsin_alerts_ignored_total: posted, but a rule here owns the alert
  std::uint64_t alerts_limited = 0;     // alertmanager_alerts_limited_total
  std::uint64_t groups_limited = 0;     // alertmanager_dispatcher_aggregation_group_limit_reached_total
  std::uint64_t events_dropped = 0;     // tocsin_dispatch_events_dropped_total
  std::uint64_t template_failures = 0;  // tocsin_notification_template_failures_total
  std::uint64_t attempts_lost = 0;      // tocsin_notification_attempts_lost_total: never answered
  std::uint64_t sent_uncommitted = 0;   // tocsin_notifications_uncommitted_total: the disk was too slow
  std::uint64_t outbox_overflow = 0;    // tocsin_outbox_overflow_total: sent without a record of it
  std::uint64_t held = 0;               // tocsin_notifications_held_total: the receiver was down
  std::map<std::string, std::uint64_t, std::less<>>
      suppressed;  // alertmanager_notifications_suppressed_total
  // By kind and receiver: ("slack", "team-notifications").
  std::map<std::pair<std::string, std::string>, IntegrationCounters> integrations;
};

}  // namespace tocsin::dispatch
