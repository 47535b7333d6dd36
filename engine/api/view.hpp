// What the API shows: plain structs, and the interface through which a handler asks the core for them.
// The core implements View over its parts, so that api knows neither scraping nor dispatch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "promql/labels.hpp"
#include "promql/matcher.hpp"
#include "promql/time.hpp"

namespace tocsin::api {

struct TargetView {
  Labels discovered_labels;
  Labels labels;
  std::string scrape_pool;
  std::string scrape_url;
  std::string global_url;
  std::string last_error;
  WallTime last_scrape = kNoTime;
  Duration last_scrape_duration{};
  std::string health;  // up, down, unknown
  std::string scrape_interval;
  std::string scrape_timeout;
};

struct DroppedTargetView {
  Labels discovered_labels;
  std::string scrape_pool;
};

struct MetadataView {
  std::string metric;
  std::string type;
  std::string help;
  std::string unit;
  Labels target;
};

// Not Labels: what stands in a rule or an annotation may be empty, and is shown all the same.
using TextMap = std::map<std::string, std::string>;

// An alert of a rule: pending or firing.
struct RuleAlertView {
  Labels labels;
  TextMap annotations;
  std::string state;
  WallTime active_at = kNoTime;
  WallTime keep_firing_since = kNoTime;
  double value = 0;
};

struct RuleView {
  bool alerting = false;
  std::string name;
  std::string query;
  Duration hold_duration{};
  Duration keep_firing_for{};
  TextMap labels;
  TextMap annotations;
  std::vector<RuleAlertView> alerts;
  std::string state;   // inactive, pending, firing; unknown before the first evaluation
  std::string health;  // ok, err, unknown
  std::string last_error;
  Duration evaluation_time{};
  WallTime last_evaluation = kNoTime;
};

struct RuleGroupView {
  std::string name;
  std::string file;
  Duration interval{};
  std::int64_t limit = 0;
  Duration evaluation_time{};
  WallTime last_evaluation = kNoTime;
  std::vector<RuleView> rules;
};

// An alert as the dispatcher holds it.
struct AlertView {
  Labels labels;
  TextMap annotations;
  std::string generator_url;
  WallTime starts_at = kNoTime;
  WallTime updated_at = kNoTime;
  WallTime ends_at = kNoTime;
  Fingerprint fingerprint;
  std::vector<std::string> receivers;
  std::string state;  // active, suppressed, unprocessed
  std::vector<std::string> silenced_by;
  std::vector<std::string> inhibited_by;
  std::vector<std::string> muted_by;
};

struct AlertGroupView {
  std::string receiver;
  Labels labels;
  Labels route_labels;
  std::vector<AlertView> alerts;
  bool muted = false;
};

// `sets`: any of them, all of whose matchers match. The v2 API knows silences of one set only.
struct SilenceView {
  struct MatcherText {
    MatchType type = MatchType::equal;
    std::string name;
    std::string value;
    friend bool operator==(const MatcherText&, const MatcherText&) = default;
  };
  std::string id;
  std::vector<std::vector<MatcherText>> sets;
  WallTime starts_at = kNoTime;
  WallTime ends_at = kNoTime;
  WallTime updated_at = kNoTime;
  std::string created_by;
  std::string comment;
  TextMap annotations;
};

struct ReceiverView {
  std::string name;
  Labels labels;
};

struct StatusView {
  std::string version;
  WallTime started = kNoTime;
  WallTime now = kNoTime;
  bool reload_successful = true;
  WallTime last_reload = kNoTime;
  std::string prometheus_config;    // as YAML, secrets hidden; "" if there is none
  std::string alertmanager_config;  // likewise
  std::vector<std::pair<std::string, std::string>> flags;
  Duration storage_window{};
  Duration resolve_timeout = std::chrono::minutes(5);  // how long a posted alert lives that names no end
};

// One part of the program and how it is, for the health pages: "ok" or what is wrong.
struct HealthCheck {
  std::string part;
  std::string state;
  std::vector<std::pair<std::string, std::string>> facts;
};

class View {
 public:
  virtual ~View() = default;
  [[nodiscard]] virtual std::vector<TargetView> targets() const = 0;  // ordered by pool
  [[nodiscard]] virtual std::vector<DroppedTargetView> dropped_targets() const = 0;
  [[nodiscard]] virtual std::vector<MetadataView> metadata() const = 0;
  [[nodiscard]] virtual std::vector<RuleGroupView> rule_groups() const = 0;

  [[nodiscard]] virtual std::vector<AlertView> alerts() const = 0;  // ordered by fingerprint
  [[nodiscard]] virtual std::vector<AlertGroupView> alert_groups() const = 0;
  [[nodiscard]] virtual std::vector<ReceiverView> receivers() const = 0;
  [[nodiscard]] virtual std::vector<SilenceView> silences() const = 0;  // ordered by id
  // URLs of the Alertmanagers that alerts are sent to.
  [[nodiscard]] virtual std::vector<std::string> alertmanagers() const = 0;

  struct SeriesFilter {
    std::span<const std::vector<Matcher>> selectors;  // alternatives; none: all series
    Timestamp from = Timestamp::min();
    Timestamp to = Timestamp::max();
  };
  [[nodiscard]] virtual std::vector<Labels> series(const SeriesFilter& filter) const = 0;
  [[nodiscard]] virtual std::vector<std::string> label_names(const SeriesFilter& filter) const = 0;
  [[nodiscard]] virtual std::vector<std::string> label_values(std::string_view name,
                                                              const SeriesFilter& filter) const = 0;

  // Of the oldest and of the newest sample; the first is later than the second when there is none.
  [[nodiscard]] virtual std::pair<Timestamp, Timestamp> sample_times() const = 0;

  [[nodiscard]] virtual StatusView status() const = 0;
  [[nodiscard]] virtual bool ready() const = 0;
  [[nodiscard]] virtual std::vector<HealthCheck> health() const = 0;
  // The program's own metrics in the text format.
  [[nodiscard]] virtual std::string metrics() const = 0;
};

}  // namespace tocsin::api
