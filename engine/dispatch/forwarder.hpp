// Alerts of this process' rules on their way to other Alertmanagers: Prometheus' notifier
// (notifier/manager.go, sendloop.go; traps 31 and 32). Each Alertmanager has a queue and a loop of its own,
// so that a dead one holds up nobody. Batches are posted to /api/v2/alerts as Prometheus encodes them.
//
// Pure and single-threaded, as the Dispatcher: requests leave as data, each is answered by exactly one
// reply().
//
// An Alertmanager that is this process gets nothing: it is recognised when it is configured, by an address
// that this process listens on, or when its first post comes back with the mark of this process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/config/prometheus_config.hpp"
#include "engine/dispatch/limits.hpp"
#include "notifiers/request.hpp"
#include "promql/time.hpp"
#include "rules/outgoing_alert.hpp"

namespace tocsin::dispatch {

// The header that carries the mark: "<random id of the process>/<number of the target>".
inline constexpr std::string_view kInstanceHeader = "X-Tocsin-Instance";

struct ForwardId {
  std::uint64_t value = 0;
  friend auto operator<=>(const ForwardId&, const ForwardId&) = default;
};

struct ForwardRequest {
  ForwardId id;
  std::string url;  // http://host:9093/prefix/api/v2/alerts
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  config::HttpClientPtr http;
  Duration timeout{};
};

struct ForwardStatistics {
  std::string url;
  std::uint64_t sent = 0;     // prometheus_notifications_sent_total
  std::uint64_t errors = 0;   // prometheus_notifications_errors_total
  std::uint64_t dropped = 0;  // prometheus_notifications_dropped_total
  std::size_t queued = 0;     // prometheus_notifications_queue_length
};

// Applies relabelling rules to an alert's labels; no value: dropped. Relabelling lives in engine/scrape,
// which dispatch does not know.
using Relabel =
    std::function<std::optional<Labels>(std::span<const config::RelabelConfig> rules, const Labels& labels)>;

class Forwarder {
 public:
  // `seed` makes the mark of this process.
  Forwarder(const Limits& limits, std::uint64_t seed, Relabel relabel);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // Takes the Alertmanagers of a configuration; those that stay keep their queues. `listening` are the
  // addresses that this process answers on ("0.0.0.0:9090"). Returns what is to be logged.
  std::vector<std::string> reload(std::shared_ptr<const config::PrometheusConfig> config,
                                  const std::vector<std::string>& listening, const Now& now);
  // Whether there is anybody to send to.
  [[nodiscard]] bool has_targets() const;

  // Labels are those after the global alert_relabel_configs; those of each Alertmanager are applied here.
  void enqueue(const std::vector<rules::OutgoingAlert>& alerts, const Now& now);
  [[nodiscard]] std::vector<ForwardRequest> step(const Now& now);
  void reply(ForwardId id, const notifiers::Reply& reply, const Now& now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // A post with this mark was received. True if the mark is ours: its target is then switched off.
  bool came_back(std::string_view mark);

  [[nodiscard]] std::vector<std::string> urls() const;  // of those that are sent to
  [[nodiscard]] std::vector<ForwardStatistics> statistics() const;
  [[nodiscard]] std::size_t capacity() const;  // of each queue
  // Errors since the last call, to be logged: url and text.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> take_errors();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::dispatch
