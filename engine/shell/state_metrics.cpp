#include "engine/shell/state_metrics.hpp"

#include "engine/core/metrics_text.hpp"

namespace tocsin::shell {

std::string state_metrics(const StateWriter::Counters& counters) {
  using core::MetricKind;
  const auto number = [](auto value) { return static_cast<double>(value); };
  core::MetricsText out;
  out.gauge("tocsin_state_writable", "Whether the last write to the state file succeeded.",
            counters.trouble.empty() ? 1 : 0);
  out.counter("tocsin_state_transactions_total", "Transactions that the state file took.",
              number(counters.transactions));
  out.counter("tocsin_state_transactions_failed_total", "Transactions that the state file did not take.",
              number(counters.failures));
  out.counter("tocsin_state_rows_written_total", "Rows written to or removed from the state file.",
              number(counters.rows));
  out.gauge("tocsin_state_waiting_rows", "Rows that wait for the disk.", number(counters.waiting_rows));
  out.counter("tocsin_state_files_set_aside_total", "State files that were damaged and set aside.",
              number(counters.file.set_aside));
  out.counter("tocsin_history_entries_total", "Entries written to the event log.", number(counters.history));
  out.gauge("tocsin_history_bytes", "Size of the event log.", number(counters.file.history_bytes));
  out.family(
      "tocsin_history_entries_dropped_total", MetricKind::counter,
      "Entries of the event log that were dropped: beyond --storage.history-age or --storage.history-size, "
      "or because too many waited for the disk.");
  out.sample(number(counters.file.dropped_by_age), {{"reason", "age"}});
  out.sample(number(counters.file.dropped_by_size), {{"reason", "size"}});
  out.sample(number(counters.history_dropped_waiting), {{"reason", "waiting"}});
  return out.take();
}

}  // namespace tocsin::shell
