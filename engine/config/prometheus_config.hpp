// prometheus.yml as plain structs, after defaults, inheritance from `global` and all of upstream's
// validation: whoever holds a PrometheusConfig need not check anything again. Made by load_prometheus_config
// (prometheus_loader.hpp); immutable afterwards and shared as a snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/http_client.hpp"
#include "promql/labels.hpp"
#include "promql/matcher.hpp"
#include "promql/time.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::config {

enum class NameScheme { utf8, legacy };
enum class EscapingScheme { allow_utf8, underscores, dots, values };

enum class RelabelAction {
  replace,
  keep,
  drop,
  keep_equal,
  drop_equal,
  hash_mod,
  label_map,
  label_drop,
  label_keep,
  lowercase,
  uppercase
};
[[nodiscard]] std::string_view to_string(RelabelAction action);  // "replace", "keepequal" ...

struct RelabelConfig {
  std::vector<std::string> source_labels;
  std::string separator = ";";
  std::string regex = "(.*)";                    // as written
  std::shared_ptr<const AnchoredRegex> program;  // its compiled form; never null after loading
  std::uint64_t modulus = 0;
  std::string target_label;
  std::string replacement = "$1";
  RelabelAction action = RelabelAction::replace;
  NameScheme names = NameScheme::utf8;  // which label names a result may have
};

// One entry of static_configs: each target is an address ("host:port").
struct TargetGroup {
  std::vector<std::string> targets;
  Labels labels;
};

struct FileDiscovery {
  std::vector<std::string> files;  // patterns, joined with the configuration's directory
  Duration refresh_interval = std::chrono::minutes(5);
};

// Where targets come from. Other mechanisms of upstream are not in this version.
struct Discovery {
  std::vector<TargetGroup> static_configs;
  std::vector<FileDiscovery> file_configs;
};

enum class ScrapeProtocol {
  prometheus_proto,
  prometheus_text_0_0_4,
  prometheus_text_1_0_0,
  open_metrics_0_0_1,
  open_metrics_1_0_0
};
[[nodiscard]] std::string_view to_string(ScrapeProtocol protocol);  // "PrometheusText0.0.4"
// The media type that asks for it: "text/plain;version=0.0.4".
[[nodiscard]] std::string_view accept_header(ScrapeProtocol protocol);

// Bounds on one scrape; 0 means none.
struct ScrapeLimits {
  std::uint64_t body_size = 0;  // bytes
  std::uint64_t samples = 0;
  std::uint64_t targets = 0;
  std::uint64_t labels = 0;
  std::uint64_t label_name_length = 0;
  std::uint64_t label_value_length = 0;
  std::uint64_t keep_dropped_targets = 0;
};

struct GlobalConfig {
  Duration scrape_interval = std::chrono::minutes(1);
  Duration scrape_timeout = std::chrono::seconds(10);
  Duration evaluation_interval = std::chrono::minutes(1);
  Duration rule_query_offset{};
  Labels external_labels;  // after $NAME and ${NAME} were replaced
  std::string query_log_file;
  std::string scrape_failure_log_file;
  ScrapeLimits limits;
  NameScheme name_validation = NameScheme::utf8;
  std::optional<EscapingScheme> name_escaping;
  std::optional<std::vector<ScrapeProtocol>> scrape_protocols;
  bool scrape_native_histograms = false;
  bool convert_classic_histograms = false;
  bool always_scrape_classic_histograms = false;
  bool extra_scrape_metrics = false;
};

struct ScrapeConfig {
  SourcePosition position;  // of the entry in its file
  std::string job_name;
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  std::map<std::string, std::vector<std::string>> params;
  Duration scrape_interval{};
  Duration scrape_timeout{};
  std::vector<ScrapeProtocol> scrape_protocols;  // most wanted first, never empty
  std::optional<ScrapeProtocol> fallback_scrape_protocol;
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  bool enable_compression = true;
  ScrapeLimits limits;
  std::uint64_t native_histogram_bucket_limit = 0;
  double native_histogram_min_bucket_factor = 0;
  NameScheme name_validation = NameScheme::utf8;
  EscapingScheme name_escaping = EscapingScheme::allow_utf8;
  bool scrape_native_histograms = false;
  bool convert_classic_histograms = false;
  bool always_scrape_classic_histograms = false;
  bool extra_scrape_metrics = false;
  std::string scrape_failure_log_file;
  Discovery discovery;
  HttpClientPtr http;  // never null
  std::vector<RelabelConfig> relabel_configs;
  std::vector<RelabelConfig> metric_relabel_configs;
};

// Another Alertmanager to send alerts to.
struct AlertmanagerTarget {
  SourcePosition position;
  std::string scheme = "http";
  std::string path_prefix;
  Duration timeout = std::chrono::seconds(10);
  Discovery discovery;
  HttpClientPtr http;  // never null
  std::vector<RelabelConfig> relabel_configs;
  std::vector<RelabelConfig> alert_relabel_configs;
};

struct AlertingConfig {
  std::vector<RelabelConfig> alert_relabel_configs;
  std::vector<AlertmanagerTarget> alertmanagers;
};

struct PrometheusConfig {
  std::string file;  // as the user named it
  GlobalConfig global;
  AlertingConfig alerting;
  std::vector<std::string> rule_file_patterns;  // joined with the configuration's directory
  // What the patterns matched: sorted within a pattern, in the order of the patterns, each file once.
  std::vector<std::string> rule_files;
  std::vector<ScrapeConfig> scrape_configs;  // those of scrape_config_files included
  std::string effective_yaml;                // as /api/v1/status/config shows it, secrets masked
};

}  // namespace tocsin::config
