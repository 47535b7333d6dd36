// alertmanager.yml as plain structs, after defaults, inheritance and all of upstream's validation. Made by
// load_alertmanager_config (alertmanager_loader.hpp); immutable afterwards and shared as a snapshot.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/http_client.hpp"
#include "notifiers/registry.hpp"
#include "promql/matcher.hpp"
#include "promql/time.hpp"
#include "rules/yaml/diagnostic.hpp"
#include "rules/yaml/secret.hpp"

namespace tocsin::config {

// What a route says after it inherited from its parents. Time intervals are not inherited and stand in Route.
struct RouteOptions {
  std::string receiver;
  std::vector<std::string> group_by;  // sorted, without doubles
  bool group_by_all = false;          // group_by: ['...']
  Duration group_wait = std::chrono::seconds(30);
  Duration group_interval = std::chrono::minutes(5);
  Duration repeat_interval = std::chrono::hours(4);
  std::map<std::string, std::string> labels;  // values may be templates
};

struct Route {
  SourcePosition position;
  // All of matchers, match and match_re, sorted by name, value, operator as upstream sorts them for the
  // group key. A regular expression's `.` does not match a newline upstream; here it does.
  std::vector<Matcher> matchers;
  bool continue_matching = false;
  std::vector<std::string> mute_time_intervals;
  std::vector<std::string> active_time_intervals;
  RouteOptions options;
  std::vector<Route> routes;
  // The route's index in upstream's numbering: children first.
  int index = 0;
};

// One entry of a receiver's *_configs.
struct Integration {
  SourcePosition position;
  const notifiers::Service* service = nullptr;  // one of notifiers::services(); never null
  std::string kind;                             // "slack", "pagerduty", "webhook"
  int index = 0;                                // within its kind in the receiver: slack[0]
  bool send_resolved = false;
  HttpClientPtr http;            // never null
  notifiers::Settings settings;  // complete: globals applied
};

struct Receiver {
  SourcePosition position;
  std::string name;
  std::map<std::string, std::string> labels;  // "name" is always there
  std::vector<Integration> integrations;      // in upstream's order of kinds, then as written
};

struct InhibitRule {
  SourcePosition position;
  std::string name;
  std::vector<Matcher> source_matchers;
  std::vector<Matcher> target_matchers;
  std::vector<std::string> equal;  // as written
};

// Inclusive; days of the month count from the end when negative.
struct InclusiveRange {
  int begin = 0;
  int end = 0;
  friend bool operator==(const InclusiveRange&, const InclusiveRange&) = default;
};
// Minutes of the day, [begin, end).
struct MinuteRange {
  int begin = 0;
  int end = 0;
  friend bool operator==(const MinuteRange&, const MinuteRange&) = default;
};

// A field that was not given is empty and matches always; an empty list that was given matches never, as
// upstream has it (`times: []`).
struct TimeInterval {
  std::optional<std::vector<MinuteRange>> times;
  std::optional<std::vector<InclusiveRange>> weekdays;  // 0 is Sunday
  std::optional<std::vector<InclusiveRange>> days_of_month;
  std::optional<std::vector<InclusiveRange>> months;  // 1 is January
  std::optional<std::vector<InclusiveRange>> years;
  std::string location;  // an IANA name; "" means UTC
};

struct NamedTimeIntervals {
  SourcePosition position;
  std::string name;
  std::vector<TimeInterval> intervals;  // any of them
};

// The defaults that receivers took what they need from; kept for display and for late consumers.
struct AlertmanagerGlobal {
  Duration resolve_timeout = std::chrono::minutes(5);
  HttpClientPtr http;            // never null
  notifiers::Settings services;  // the global keys of the services, with their defaults
};

struct AlertmanagerConfig {
  std::string file;  // as the user named it
  AlertmanagerGlobal global;
  Route route;
  std::vector<Receiver> receivers;
  std::vector<InhibitRule> inhibit_rules;
  std::vector<NamedTimeIntervals> time_intervals;  // mute_time_intervals first, as upstream keeps one space
  std::vector<std::string> template_patterns;      // joined with the configuration's directory
  std::vector<std::string> template_files;         // what they matched
  std::string effective_yaml;                      // as /api/v2/status shows it, secrets masked

  [[nodiscard]] const Receiver* find_receiver(std::string_view name) const;
};

}  // namespace tocsin::config
