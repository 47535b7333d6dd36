// The program's own metrics, under the names that upstream's mixins and dashboards ask for where upstream has
// them.
#include "engine/core/metrics_text.hpp"
#include "engine/core/state.hpp"
#include "promql/format.hpp"

namespace tocsin::core {
namespace {

double unix_seconds(WallTime time) {
  return time == kNoTime ? 0 : seconds_of(time.time_since_epoch());
}
double number(std::uint64_t value) {
  return static_cast<double>(value);
}

void write_process(MetricsText& out, const Engine::State& state) {
  for (const std::string_view name :
       {"tocsin_build_info", "prometheus_build_info", "alertmanager_build_info"}) {
    out.family(name, MetricKind::gauge, "A metric with a constant '1' value, labeled by version.")
        .sample(1, {{"version", state.options.version}});
  }
  out.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
            unix_seconds(state.start_time));
  for (const std::string_view program : {"prometheus", "alertmanager"}) {
    out.gauge(format("{}_config_last_reload_successful", program),
              "Whether the last configuration reload attempt was successful.",
              state.loading.successful ? 1 : 0);
    out.gauge(format("{}_config_last_reload_success_timestamp_seconds", program),
              "Timestamp of the last successful configuration reload.",
              unix_seconds(state.loading.last_success));
  }
  out.counter("tocsin_wall_clock_steps_total", "How often the wall clock was set while running.",
              number(state.counters.wall_clock_steps));
  out.counter("tocsin_samples_set_aside_total",
              "Samples that lay ahead of the clock when it was set back, and were moved along with it.",
              number(state.counters.samples_set_aside));
}

void write_storage(MetricsText& out, const Keeping& keeping) {
  const StorageCounters& counters = keeping.counters;
  out.gauge("tocsin_storage_working", "Whether what must survive a restart is being written.",
            keeping.mode == StorageMode::works ? 1 : 0);
  // What the file took is counted by whoever writes it (engine/shell/state_metrics.cpp).
  out.counter("tocsin_storage_answered_early_total",
              "Requests answered before what they changed was written, as the disk was too slow.",
              number(counters.answered_early));
  out.counter("tocsin_history_dropped_total", "History entries lost while nothing could be written.",
              number(counters.history_dropped));
  out.counter("tocsin_storage_damaged_rows_total", "Rows at the start that made no sense.",
              number(counters.damaged_rows));
}

void write_queries(MetricsText& out, const Engine::State& state) {
  out.gauge("prometheus_engine_queries", "The current number of queries being executed or waiting.",
            number(state.queries.size()));
  out.gauge("prometheus_engine_queries_concurrent_max", "The max number of concurrent queries.",
            number(state.queries.most_running()));
  out.counter("prometheus_engine_queries_total", "Queries asked over the API.",
              number(state.counters.queries));
  out.family("prometheus_engine_query_duration_seconds", MetricKind::summary, "Query timings.")
      .suffixed("_sum", seconds_of(state.counters.evaluation_seconds), {{"slice", "inner_eval"}})
      .suffixed("_count", number(state.counters.evaluation_count), {{"slice", "inner_eval"}});
}

std::string group_key(const rules::Group& group) {
  return group.definition().file + ";" + group.definition().name;
}

void write_rules(MetricsText& out, const Engine::State& state) {
  const auto each = [&](std::string_view name, MetricKind kind, std::string_view help, const auto& value) {
    out.family(name, kind, help);
    for (const auto& group : state.rules.groups())
      out.sample(value(*group), {{"rule_group", group_key(*group)}});
  };
  using Group = rules::Group;
  each("prometheus_rule_evaluations_total", MetricKind::counter, "The total number of rule evaluations.",
       [](const Group& group) { return number(group.statistics().evaluations); });
  each("prometheus_rule_evaluation_failures_total", MetricKind::counter,
       "The total number of rule evaluation failures.",
       [](const Group& group) { return number(group.statistics().failures); });
  each("prometheus_rule_group_iterations_total", MetricKind::counter,
       "The total number of scheduled rule group evaluations, whether executed or missed.",
       [](const Group& group) { return number(group.statistics().iterations); });
  each("prometheus_rule_group_iterations_missed_total", MetricKind::counter,
       "The total number of rule group evaluations missed due to slow rule group evaluation.",
       [](const Group& group) { return number(group.statistics().missed); });
  each("prometheus_rule_group_interval_seconds", MetricKind::gauge, "The interval of a rule group.",
       [](const Group& group) { return seconds_of(group.definition().interval); });
  each("prometheus_rule_group_last_duration_seconds", MetricKind::gauge,
       "The duration of the last rule group evaluation.",
       [](const Group& group) { return seconds_of(group.statistics().evaluation_time); });
  each("prometheus_rule_group_last_evaluation_samples", MetricKind::gauge,
       "The number of samples returned during the last rule group evaluation.",
       [](const Group& group) { return static_cast<double>(group.statistics().last_samples); });
  each("prometheus_rule_group_last_evaluation_timestamp_seconds", MetricKind::gauge,
       "The timestamp of the last rule group evaluation in seconds.",
       [](const Group& group) { return unix_seconds(group.statistics().last_evaluation); });
  each("prometheus_rule_group_rules", MetricKind::gauge, "The number of rules.",
       [](const Group& group) { return static_cast<double>(group.rules().size()); });
  out.family("tocsin_rule_alert_transitions_total", MetricKind::counter,
             "Alerts of rules that moved from one state to another, by reason.");
  for (const auto& [reason, count] : state.counters.alert_transitions) {
    out.sample(number(count), {{"reason", std::string(reason)}});
  }
}

void write_scraping(MetricsText& out, const Engine::State& state) {
  const scrape::ScrapeStatistics statistics = state.scraping.statistics();
  const auto total = [&out](std::string_view what, std::string_view help, std::uint64_t value) {
    out.counter(format("prometheus_target_{}_total", what), help, number(value));
  };
  total("scrapes_exceeded_body_size_limit", "Scrapes that hit the body size limit.",
        statistics.exceeded_body_size_limit);
  total("scrapes_exceeded_sample_limit", "Scrapes that hit the sample limit.",
        statistics.exceeded_sample_limit);
  total("scrape_pool_exceeded_label_limits", "Scrapes that hit a label limit.",
        statistics.exceeded_label_limits);
  total("scrape_pool_exceeded_target_limit", "Times that a pool hit its target limit.",
        statistics.exceeded_target_limit);
  total("scrapes_sample_duplicate_timestamp", "Samples rejected for a timestamp that had another value.",
        statistics.duplicate_timestamp);
  total("scrapes_sample_out_of_order", "Samples rejected for being older than the newest one.",
        statistics.out_of_order);
  total("scrapes_sample_out_of_bounds", "Samples rejected for a time outside of what is kept.",
        statistics.out_of_bounds);
  out.counter("tocsin_scrapes_total", "Scrapes that were made.", number(statistics.scrapes));
  out.counter("tocsin_scrapes_failed_total", "Scrapes that failed.", number(statistics.failed_scrapes));
  out.family("prometheus_target_interval_length_seconds", MetricKind::summary,
             "Actual intervals between scrapes.");
  for (const auto& [interval, length] : statistics.interval_length) {
    const std::string shown = format_duration(interval);
    out.suffixed("_sum", length.sum, {{"interval", shown}})
        .suffixed("_count", number(length.count), {{"interval", shown}});
  }
  out.family("prometheus_target_sync_failed_total", MetricKind::counter, "Targets that were refused.");
  for (const auto& [pool, count] : statistics.sync_failed) out.sample(number(count), {{"scrape_job", pool}});
  out.family("prometheus_sd_discovered_targets", MetricKind::gauge, "Current number of discovered targets.");
  for (const scrape::PoolView& pool : state.scraping.pools()) {
    out.sample(static_cast<double>(pool.active.size() + pool.dropped_count),
               {{"config", pool.name}, {"name", "scrape"}});
  }
  out.gauge("prometheus_target_metadata_cache_entries", "Metric metadata entries held.",
            static_cast<double>(statistics.metadata_entries));
}

void write_store(MetricsText& out, const Engine::State& state) {
  const engine::StoreStatistics statistics = state.store.statistics();
  out.gauge("prometheus_tsdb_head_series", "Series in memory.", static_cast<double>(statistics.series));
  out.counter("prometheus_tsdb_head_samples_appended_total", "Samples appended.",
              number(statistics.appended));
  out.counter("prometheus_tsdb_head_series_created_total", "Series created.",
              number(statistics.series_created));
  out.counter("prometheus_tsdb_head_series_removed_total", "Series removed.",
              number(statistics.series_removed));
  out.gauge("tocsin_store_samples", "Samples in memory.", static_cast<double>(statistics.samples));
}

void write_integrations(MetricsText& out, const dispatch::Counters& counters) {
  using Entry = std::pair<const std::pair<std::string, std::string>, dispatch::IntegrationCounters>;
  const auto each = [&](std::string_view name, std::string_view help, const auto& value) {
    out.family(name, MetricKind::counter, help);
    for (const Entry& entry : counters.integrations) {
      out.sample(number(value(entry.second)),
                 {{"integration", entry.first.first}, {"receiver_name", entry.first.second}});
    }
  };
  using Counters = dispatch::IntegrationCounters;
  each("alertmanager_notifications_total", "The total number of attempted notifications.",
       [](const Counters& one) { return one.notifications; });
  each("alertmanager_notification_requests_total", "The total number of attempted notification requests.",
       [](const Counters& one) { return one.requests; });
  each("alertmanager_notification_requests_failed_total", "The total number of failed notification requests.",
       [](const Counters& one) { return one.requests_failed; });
  out.family("alertmanager_notifications_failed_total", MetricKind::counter,
             "The total number of failed notifications.");
  for (const Entry& entry : counters.integrations) {
    for (std::size_t i = 0; i < Counters::kReasons; ++i) {
      out.sample(number(entry.second.failed[i]),
                 {{"integration", entry.first.first},
                  {"reason", to_string(static_cast<notifiers::FailureReason>(i))},
                  {"receiver_name", entry.first.second}});
    }
  }
  out.family("alertmanager_notification_latency_seconds", MetricKind::histogram,
             "The latency of notifications in seconds.");
  for (const Entry& entry : counters.integrations) {
    std::uint64_t below = 0;
    const std::string_view kind = entry.first.first;
    const std::string_view receiver = entry.first.second;
    for (std::size_t i = 0; i < Counters::kLatencyBounds.size(); ++i) {
      below += entry.second.latency[i];
      out.suffixed("_bucket", number(below),
                   {{"integration", kind},
                    {"receiver_name", receiver},
                    {"le", promql::format_float_go(Counters::kLatencyBounds[i])}});
    }
    const double requests = number(entry.second.requests);
    out.suffixed("_bucket", requests, {{"integration", kind}, {"receiver_name", receiver}, {"le", "+Inf"}});
    out.suffixed("_sum", entry.second.latency_sum, {{"integration", kind}, {"receiver_name", receiver}});
    out.suffixed("_count", requests, {{"integration", kind}, {"receiver_name", receiver}});
  }
}

void write_dispatch(MetricsText& out, const Engine::State& state) {
  const dispatch::Counters& counters = state.dispatcher.counters();
  std::size_t active = 0;
  std::size_t suppressed = 0;
  for (const dispatch::AlertView& alert : state.dispatcher.alerts(state.now)) {
    ++(alert.status == dispatch::AlertStatus::suppressed ? suppressed : active);
  }
  out.family("alertmanager_alerts", MetricKind::gauge, "How many alerts by state.")
      .sample(static_cast<double>(active), {{"state", "active"}})
      .sample(static_cast<double>(suppressed), {{"state", "suppressed"}});
  out.family("alertmanager_alerts_received_total", MetricKind::counter,
             "The total number of received alerts.")
      .sample(number(counters.received_firing), {{"status", "firing"}, {"version", "v2"}})
      .sample(number(counters.received_resolved), {{"status", "resolved"}, {"version", "v2"}});
  out.family("alertmanager_alerts_invalid_total", MetricKind::counter,
             "The total number of received alerts that were invalid.")
      .sample(number(state.counters.invalid_alerts), {{"version", "v2"}});
  out.gauge("alertmanager_dispatcher_aggregation_groups", "Number of active aggregation groups.",
            static_cast<double>(state.dispatcher.group_count()));
  out.counter("alertmanager_alerts_limited_total", "Alerts refused because a limit was reached.",
              number(counters.alerts_limited));
  out.counter("alertmanager_dispatcher_aggregation_group_limit_reached_total",
              "Groups refused because a limit was reached.", number(counters.groups_limited));
  out.counter("tocsin_silences_limited_total", "Silences refused because a limit was reached.",
              number(state.dispatcher.silences().refused()));
  out.counter("tocsin_notification_template_failures_total",
              "Fields whose template failed and that were sent with their default text.",
              number(counters.template_failures));
  out.counter("tocsin_notification_attempts_lost_total", "Attempts that were never answered.",
              number(counters.attempts_lost));
  out.counter("tocsin_notifications_uncommitted_total",
              "Notifications sent before their record was written, as the disk was too slow.",
              number(counters.sent_uncommitted));
  out.counter("tocsin_outbox_overflow_total", "Notifications sent without a record, as there were too many.",
              number(counters.outbox_overflow));
  out.counter("tocsin_notifications_held_total", "Notifications held because their receiver was down.",
              number(counters.held));
  out.counter("tocsin_dispatch_events_dropped_total", "Events that nobody took in time.",
              number(counters.events_dropped));
  out.family("tocsin_receiver_up", MetricKind::gauge,
             "Whether a receiver's integration takes notifications.");
  for (const dispatch::ReceiverState& receiver : state.dispatcher.receivers(state.now)) {
    out.sample(receiver.state == dispatch::Lane::State::up ? 1 : 0,
               {{"integration", receiver.integration}, {"receiver_name", receiver.receiver}});
  }
  out.counter("tocsin_alerts_ignored_total", "Posted alerts that a rule of this process owns.",
              number(counters.ignored_posts));
  out.family("alertmanager_notifications_suppressed_total", MetricKind::counter,
             "The total number of notifications suppressed for being silenced, inhibited, or muted.");
  for (const auto& [reason, count] : counters.suppressed) out.sample(number(count), {{"reason", reason}});
  write_integrations(out, counters);
}

void write_forwarding(MetricsText& out, const Engine::State& state) {
  const auto targets = state.forwarder.statistics();
  out.gauge("prometheus_notifications_alertmanagers_discovered",
            "The number of alertmanagers discovered and active.", static_cast<double>(targets.size()));
  const auto each = [&](std::string_view name, MetricKind kind, std::string_view help, const auto& value) {
    out.family(name, kind, help);
    for (const auto& target : targets) out.sample(number(value(target)), {{"alertmanager", target.url}});
  };
  each("prometheus_notifications_sent_total", MetricKind::counter, "Total number of alerts sent.",
       [](const auto& target) { return target.sent; });
  each("prometheus_notifications_errors_total", MetricKind::counter,
       "Total number of sent alerts affected by errors.", [](const auto& target) { return target.errors; });
  each("prometheus_notifications_dropped_total", MetricKind::counter,
       "Total number of alerts dropped due to errors when sending to Alertmanager.",
       [](const auto& target) { return target.dropped; });
  each("prometheus_notifications_queue_length", MetricKind::gauge,
       "The number of alert notifications in the queue.", [](const auto& target) { return target.queued; });
  out.gauge("prometheus_notifications_queue_capacity", "The capacity of the alert notifications queue.",
            static_cast<double>(state.forwarder.capacity()));
}

}  // namespace

std::string Engine::State::metrics() const {
  MetricsText out;
  write_process(out, *this);
  write_queries(out, *this);
  write_rules(out, *this);
  write_scraping(out, *this);
  write_store(out, *this);
  write_storage(out, keeping);
  if (config != nullptr && config->alertmanager != nullptr) write_dispatch(out, *this);
  write_forwarding(out, *this);
  return out.take();
}

}  // namespace tocsin::core
