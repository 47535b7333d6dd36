#include "engine/dispatch/alert.hpp"

#include <algorithm>

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

ResolveCause cause_of_end(const Alert& alert) {
  if (alert.cause != ResolveCause::none) return alert.cause;
  if (alert.origin == Origin::own) return ResolveCause::condition_false;
  // An end that lay ahead when it was posted came because nothing was posted after it.
  return alert.ends_at > alert.updated_at ? ResolveCause::sender_silent : ResolveCause::sender_resolved;
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

}  // namespace tocsin::dispatch
