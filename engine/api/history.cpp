#include "engine/api/history.hpp"

#include <algorithm>

#include "promql/format.hpp"

namespace tocsin::api {

std::string_view to_string(HistoryKind kind) {
  switch (kind) {
    case HistoryKind::pending:
      return "pending";
    case HistoryKind::firing:
      return "firing";
    case HistoryKind::resolved:
      return "resolved";
    case HistoryKind::reset:
      return "reset";
    case HistoryKind::unknown:
      return "unknown";
    case HistoryKind::told:
      return "told";
    case HistoryKind::not_told:
      return "not told";
    case HistoryKind::attempt_failed:
      return "attempt failed";
    case HistoryKind::withheld:
      return "withheld";
    case HistoryKind::released:
      return "released";
    case HistoryKind::silence_set:
      return "silenced";
    case HistoryKind::silence_expired:
      return "silence expired";
    case HistoryKind::reload:
      return "reload";
    case HistoryKind::started:
      return "started";
    case HistoryKind::stopped:
      return "stopped";
    case HistoryKind::receiver_down:
      return "receiver down";
    case HistoryKind::receiver_back:
      return "receiver back";
    case HistoryKind::storage:
      return "storage";
  }
  return "";
}

std::string event_name(const HistoryEntry& entry) {
  const std::string_view name = to_string(entry.kind);
  if (entry.kind == HistoryKind::told) return format("{} {}", name, entry.resolved ? "resolved" : "firing");
  return name.empty() ? "other" : std::string(name);
}

std::vector<std::string_view> alert_names(const HistoryEntry& entry) {
  std::vector<std::string_view> names;
  std::string_view rest = entry.alerts;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    names.push_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return names;
}

bool concerns(const HistoryQuery& query, std::string_view alerts, std::string_view receiver) {
  if (!query.receiver.empty() && receiver != query.receiver) {
    // A receiver's name may have slashes; what stands behind the last one is the integration.
    const std::size_t slash = receiver.rfind('/');
    if (slash == std::string_view::npos || receiver.substr(0, slash) != query.receiver) return false;
  }
  if (query.alert.empty()) return true;
  for (std::size_t at = 0; at <= alerts.size();) {
    const std::size_t end = std::min(alerts.find('\n', at), alerts.size());
    if (alerts.substr(at, end - at) == query.alert) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace tocsin::api
