// Rates are constant within a phase, so a counter is the base rate times the time that has passed, plus, for
// each phase that touches it, the extra rate times the part of the phase that has passed. Nothing is random:
// two runs show the same page at the same time.
#include "examples/cim/model.hpp"

#include <algorithm>
#include <cmath>

#include "promql/format.hpp"
#include "promql/value.hpp"

namespace tocsin::examples {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kNatsLost = seconds(15);
constexpr Duration kNatsBack = minutes(9);
constexpr Duration kErrorsRise = seconds(45);
constexpr Duration kErrorsEnd = minutes(10);
constexpr Duration kMemoryFills = minutes(1);
constexpr Duration kMemoryFreed = minutes(11);
constexpr Duration kProjectionStalls = seconds(75);
constexpr Duration kProjectionCatchesUp = minutes(10);
constexpr Duration kQueriesSlow = seconds(90);
constexpr Duration kQueriesFast = minutes(10);
constexpr double kMemoryLimit = 2147483648.0;

bool within(Duration now, Duration from, Duration to) {
  return now >= from && now < to;
}

// How many seconds of [from, to) have passed.
double elapsed_in(Duration now, Duration from, Duration to) {
  return seconds_of(std::clamp(now, from, to) - from);
}

// A counter: a steady rate, and another one during a phase.
double counted(Duration now, double rate, double phase_rate, Duration from, Duration to) {
  const double in_phase = elapsed_in(now, from, to);
  return std::floor((seconds_of(now) - in_phase) * rate + in_phase * phase_rate);
}

double memory_used(Duration now) {
  constexpr double kNormal = 0.62;
  constexpr double kFull = 0.96;
  if (!within(now, kMemoryFills, kMemoryFreed)) return kNormal * kMemoryLimit;
  const double filled = std::min(1.0, elapsed_in(now, kMemoryFills, kMemoryFills + minutes(1)) / 60.0);
  return (kNormal + (kFull - kNormal) * filled) * kMemoryLimit;
}

// Falls behind by a second a second, and catches up ten times as fast.
double projection_lag(Duration now) {
  const double behind = elapsed_in(now, kProjectionStalls, kProjectionCatchesUp);
  const double caught_up = std::max(0.0, seconds_of(now - kProjectionCatchesUp)) * 10;
  return std::max(0.4, 0.4 + behind - (now > kProjectionCatchesUp ? caught_up : 0));
}

class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    out_ += format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void sample(std::string_view series, double value) {
    out_ += format("{} {}\n", series, promql::format_float_go(value));
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// Cumulative counts under the bounds that CIM's Rust client uses. `fast` observations take some milliseconds,
// `slow` ones between one and ten seconds.
void histogram(Page& page, std::string_view name, std::string_view labels, double fast, double slow) {
  const double total = fast + slow;
  const auto bucket = [&](std::string_view bound, double count) {
    page.sample(format("{}_bucket{{{},le=\"{}\"}}", name, labels, bound), count);
  };
  bucket("0.001", std::floor(fast * 0.1));
  bucket("0.01", std::floor(fast * 0.8));
  bucket("0.1", std::floor(fast * 0.995));
  bucket("1", fast);
  bucket("10", total);
  bucket("+Inf", total);
  page.sample(format("{}_sum{{{}}}", name, labels), fast * 0.006 + slow * 3.5);
  page.sample(format("{}_count{{{}}}", name, labels), total);
}

void summary(Page& page, std::string_view name, std::string_view labels, double median, double p99,
             double count) {
  page.sample(format("{}{{{},quantile=\"0.5\"}}", name, labels), median);
  page.sample(format("{}{{{},quantile=\"0.99\"}}", name, labels), p99);
  page.sample(format("{}_sum{{{}}}", name, labels), count * median);
  page.sample(format("{}_count{{{}}}", name, labels), count);
}

void events(Page& page, Duration now) {
  page.family("cim_events_processed_total", "counter", "Events processed.");
  page.sample(R"(cim_events_processed_total{domain="graph",event_type="NodeAdded"})",
              counted(now, 42, 31, kErrorsRise, kErrorsEnd));
  page.sample(R"(cim_events_processed_total{domain="graph",event_type="EdgeAdded"})",
              std::floor(seconds_of(now) * 17));
  page.sample(R"(cim_events_processed_total{domain="agent",event_type="AgentDeployed"})",
              std::floor(seconds_of(now) * 0.5));
  page.family("cim_events_processing_duration_seconds", "summary", "Time to process an event.");
  summary(page, "cim_events_processing_duration_seconds", R"(domain="graph")", 0.0021, 0.019,
          seconds_of(now) * 59);
  page.family("cim_events_failed_total", "counter", "Events that failed.");
  page.sample(R"(cim_events_failed_total{domain="graph",reason="validation_error"})",
              counted(now, 0.01, 0.75, kErrorsRise, kErrorsEnd));
  page.sample(R"(cim_events_failed_total{domain="agent",reason="validation_error"})",
              std::floor(seconds_of(now) * 0.002));
}

void commands(Page& page, Duration now) {
  page.family("cim_commands_received_total", "counter", "Commands received.");
  page.sample(R"(cim_commands_received_total{domain="graph",command_type="CreateNode"})",
              std::floor(seconds_of(now) * 21));
  page.family("cim_commands_duration_seconds", "summary", "Time to carry out a command.");
  summary(page, "cim_commands_duration_seconds", R"(domain="graph",command_type="CreateNode")", 0.0034, 0.027,
          seconds_of(now) * 21);
  page.family("cim_commands_failed_total", "counter", "Commands that failed.");
  page.sample(R"(cim_commands_failed_total{domain="graph",reason="unauthorized"})",
              std::floor(seconds_of(now) * 0.01));
}

void queries(Page& page, Duration now) {
  const bool slow = within(now, kQueriesSlow, kQueriesFast);
  const double total = std::floor(seconds_of(now) * 8);
  const double slow_count = std::floor(elapsed_in(now, kQueriesSlow, kQueriesFast) * 3);
  constexpr std::string_view kLabels = R"(domain="graph",query_type="FindNodes")";
  page.family("cim_queries_total", "counter", "Queries answered.");
  page.sample(format("cim_queries_total{{{}}}", kLabels), total);
  page.family("cim_queries_duration_seconds", "histogram", "Time to answer a query.");
  histogram(page, "cim_queries_duration_seconds", kLabels, total - slow_count, slow_count);
  // The same as CIM 0.4.2 documents it. A family has one type, so the quantiles stand without a type of their
  // own.
  page.sample(format("cim_queries_duration_seconds{{{},quantile=\"0.99\"}}", kLabels), slow ? 4.2 : 0.031);
  page.family("cim_query_cache_hits_total", "counter", "Queries answered from the cache.");
  page.sample(R"(cim_query_cache_hits_total{domain="graph"})", std::floor(total * 0.83));
  page.family("cim_query_cache_misses_total", "counter", "Queries that the cache could not answer.");
  page.sample(R"(cim_query_cache_misses_total{domain="graph"})", total - std::floor(total * 0.83));
}

void messaging(Page& page, Duration now) {
  const bool lost = within(now, kNatsLost, kNatsBack);
  page.family("cim_nats_connections_active", "gauge", "Connections to NATS that are up.");
  page.sample("cim_nats_connections_active", lost ? 0 : 3);
  page.family("cim_nats_messages_sent_total", "counter", "Messages sent.");
  page.sample("cim_nats_messages_sent_total", counted(now, 120, 0, kNatsLost, kNatsBack));
  page.family("cim_nats_messages_received_total", "counter", "Messages received.");
  page.sample("cim_nats_messages_received_total", counted(now, 118, 0, kNatsLost, kNatsBack));
  page.family("cim_nats_reconnects_total", "counter", "Attempts to connect again.");
  page.sample("cim_nats_reconnects_total", counted(now, 0, 0.5, kNatsLost, kNatsBack));
}

void resources(Page& page, Duration now) {
  page.family("cim_memory_usage_bytes", "gauge", "Memory in use.");
  page.sample("cim_memory_usage_bytes", std::floor(memory_used(now)));
  page.family("cim_memory_limit_bytes", "gauge", "Memory that may be used.");
  page.sample("cim_memory_limit_bytes", kMemoryLimit);
  page.family("cim_goroutines_count", "gauge", "Tasks that are running.");
  page.sample("cim_goroutines_count", within(now, kNatsLost, kNatsBack) ? 412 : 87);
  page.family("cim_event_store_size_bytes", "gauge", "Size of the event store.");
  page.sample("cim_event_store_size_bytes", 734003200 + std::floor(seconds_of(now) * 5200));
  page.family("cim_projection_lag_seconds", "gauge", "How far a projection is behind.");
  page.sample(R"(cim_projection_lag_seconds{projection="GraphSummary"})", projection_lag(now));
  page.sample(R"(cim_projection_lag_seconds{projection="NodeList"})", 0.2);
}

void graph(Page& page, Duration now) {
  page.family("cim_graph_operations_total", "counter", "Operations on graphs.");
  page.sample(R"(cim_graph_operations_total{operation="add_node"})", std::floor(seconds_of(now) * 21));
  page.sample(R"(cim_graph_operations_total{operation="add_edge"})", std::floor(seconds_of(now) * 17));
  page.sample(R"(cim_graph_operations_total{operation="layout"})", std::floor(seconds_of(now) * 0.2));
  page.family("cim_graph_nodes_total", "gauge", "Nodes in all graphs.");
  page.sample("cim_graph_nodes_total", 18250 + std::floor(seconds_of(now) * 2));
  page.family("cim_spatial_query_duration_seconds", "histogram", "Time to answer a spatial query.");
  histogram(page, "cim_spatial_query_duration_seconds", R"(index="rtree")", std::floor(seconds_of(now) * 4),
            0);
}

}  // namespace

std::vector<Phase> incident() {
  return {{kNatsLost, kNatsBack, "NATS is lost: no connection is up"},
          {kErrorsRise, kErrorsEnd, "events of the graph domain fail validation"},
          {kMemoryFills, kMemoryFreed, "memory fills to 96 %"},
          {kProjectionStalls, kProjectionCatchesUp, "the projection GraphSummary falls behind"},
          {kQueriesSlow, kQueriesFast, "queries take seconds"}};
}

Duration incident_length() {
  return minutes(20);
}

std::string cim_metrics(Duration since_start) {
  Page page;
  events(page, since_start);
  commands(page, since_start);
  queries(page, since_start);
  messaging(page, since_start);
  resources(page, since_start);
  graph(page, since_start);
  return page.take();
}

}  // namespace tocsin::examples
