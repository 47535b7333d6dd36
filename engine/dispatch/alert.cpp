#include "engine/dispatch/alert.hpp"

#include <algorithm>
#include <array>

namespace tocsin::dispatch {

std::string_view to_string(ResolveCause cause) {
  switch (cause) {
    case ResolveCause::none:
      return "none";
    case ResolveCause::condition_false:
      return "condition_false";
    case ResolveCause::series_gone:
      return "series_gone";
    case ResolveCause::sender_silent:
      return "sender_silent";
    case ResolveCause::sender_resolved:
      return "sender_resolved";
    case ResolveCause::rule_removed:
      return "rule_removed";
    case ResolveCause::route_removed:
      return "route_removed";
  }
  return "none";
}

Alert merge(const Alert& older, const Alert& younger, WallTime now) {
  // A younger report may arrive first when two senders' clocks differ.
  if (younger.updated_at < older.updated_at) return merge(younger, older, now);
  Alert merged = younger;
  merged.starts_at = std::min(older.starts_at, younger.starts_at);
  if (younger.resolved_at(now)) {
    // Of two ends that have both come the later one is right.
    if (older.resolved_at(now) && older.ends_at > younger.ends_at) merged.ends_at = older.ends_at;
  } else if (older.ends_at > younger.ends_at && !older.timeout) {
    merged.ends_at = older.ends_at;
  }
  return merged;
}

bool should_merge(const Alert& known, const Alert& report) {
  const bool ends_within = report.ends_at > known.starts_at && report.ends_at < known.ends_at;
  const bool starts_within = report.starts_at > known.starts_at && report.starts_at < known.ends_at;
  return ends_within || starts_within;
}

bool label_set_before(const Labels& a, const Labels& b) {
  const std::size_t size_a = a.size();
  const std::size_t size_b = b.size();
  if (size_a != size_b) return size_a < size_b;
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end(); ++left, ++right) {
    const LabelView x = *left;
    const LabelView y = *right;
    // The set that has the smaller name lacks nothing that the other has there: it comes second.
    if (x.name != y.name) return x.name > y.name;
    if (x.value != y.value) return x.value < y.value;
  }
  return false;
}

bool notification_order(const Labels& a, const Labels& b) {
  static constexpr std::array<std::string_view, 2> kFirst = {"job", "instance"};
  for (const std::string_view name : kFirst) {
    const std::string_view x = a.get(name);
    const std::string_view y = b.get(name);
    if (x == y) continue;
    if (x.empty()) return false;
    if (y.empty()) return true;
    return x < y;
  }
  return label_set_before(a, b);
}

}  // namespace tocsin::dispatch
