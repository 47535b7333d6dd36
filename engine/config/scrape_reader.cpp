#include "engine/config/scrape_reader.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "engine/config/byte_size.hpp"
#include "engine/config/discovery_reader.hpp"
#include "engine/config/file_source.hpp"
#include "engine/config/http_client_reader.hpp"
#include "engine/config/relabel_reader.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

using yaml::MapReader;

struct ProtocolRow {
  ScrapeProtocol protocol;
  std::string_view name;
  std::string_view header;
};

constexpr std::array<ProtocolRow, 5> kProtocols = {{
    {ScrapeProtocol::open_metrics_0_0_1, "OpenMetricsText0.0.1",
     "application/openmetrics-text;version=0.0.1"},
    {ScrapeProtocol::open_metrics_1_0_0, "OpenMetricsText1.0.0",
     "application/openmetrics-text;version=1.0.0"},
    {ScrapeProtocol::prometheus_proto, "PrometheusProto",
     "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"},
    {ScrapeProtocol::prometheus_text_0_0_4, "PrometheusText0.0.4", "text/plain;version=0.0.4"},
    {ScrapeProtocol::prometheus_text_1_0_0, "PrometheusText1.0.0", "text/plain;version=1.0.0"},
}};

std::optional<ScrapeProtocol> find_protocol(std::string_view name) {
  const auto row = std::ranges::find(kProtocols, name, &ProtocolRow::name);
  return row == kProtocols.end() ? std::nullopt : std::optional(row->protocol);
}

std::string unknown_protocol(std::string_view name) {
  std::vector<std::string_view> names;
  std::string list;
  for (const ProtocolRow& row : kProtocols) {
    names.push_back(row.name);
    if (!list.empty()) list += ", ";
    list += row.name;
  }
  return format("unknown scrape protocol \"{}\", supported: {}{}", name, list, did_you_mean(name, names));
}

void read_size(MapReader& map, std::string_view key, std::uint64_t& out) {
  const yaml::Node* node = map.value(key);
  if (node == nullptr) return;
  std::string text;
  if (!map.string(key, text)) return;
  const Result<std::uint64_t> size = parse_bytes(text);
  if (!size) {
    map.error(key, size.error().text);
  } else {
    out = *size;
  }
}

const std::vector<ScrapeProtocol>& default_protocols(bool native_histograms) {
  static const std::vector<ScrapeProtocol> kText = {
      ScrapeProtocol::open_metrics_1_0_0, ScrapeProtocol::open_metrics_0_0_1,
      ScrapeProtocol::prometheus_text_1_0_0, ScrapeProtocol::prometheus_text_0_0_4};
  static const std::vector<ScrapeProtocol> kProtoFirst = [] {
    std::vector<ScrapeProtocol> protocols = {ScrapeProtocol::prometheus_proto};
    protocols.insert(protocols.end(), kText.begin(), kText.end());
    return protocols;
  }();
  return native_histograms ? kProtoFirst : kText;
}

class ScrapeReader {
 public:
  ScrapeReader(MapReader& map, const GlobalConfig& global, const std::string& directory)
      : map_(map), global_(global), directory_(directory) {}

  ScrapeConfig read() {
    config_.position = map_.node().position;
    map_.string("job_name", config_.job_name);
    if (!config_.job_name.empty()) map_.set_subject(format("{} \"{}\"", map_.subject(), config_.job_name));
    if (map_.valid() && config_.job_name.empty()) map_.error_here("job_name is empty");
    read_simple_keys();
    read_intervals();
    inherit_limits();
    read_histogram_keys();
    read_protocol_keys();
    read_names();
    config_.http = read_http_client(map_, directory_);
    config_.relabel_configs = read_relabel_configs(map_, "relabel_configs", config_.name_validation);
    config_.metric_relabel_configs =
        read_relabel_configs(map_, "metric_relabel_configs", config_.name_validation);
    config_.discovery = read_discovery(map_, directory_);
    map_.finish();
    return std::move(config_);
  }

 private:
  void read_simple_keys() {
    map_.boolean("honor_labels", config_.honor_labels);
    map_.boolean("honor_timestamps", config_.honor_timestamps);
    map_.boolean("track_timestamps_staleness", config_.track_timestamps_staleness);
    map_.string_lists("params", config_.params);
    map_.string("metrics_path", config_.metrics_path);
    map_.string("scheme", config_.scheme);
    map_.boolean("enable_compression", config_.enable_compression);
    map_.string("scrape_failure_log_file", config_.scrape_failure_log_file);
    config_.scrape_failure_log_file = config_.scrape_failure_log_file.empty()
                                          ? global_.scrape_failure_log_file
                                          : join_directory(directory_, config_.scrape_failure_log_file);
  }

  void read_intervals() {
    map_.duration("scrape_interval", config_.scrape_interval);
    map_.duration("scrape_timeout", config_.scrape_timeout);
    if (config_.scrape_interval == Duration{}) config_.scrape_interval = global_.scrape_interval;
    if (config_.scrape_timeout > config_.scrape_interval) {
      map_.error("scrape_timeout",
                 format("scrape timeout {} is greater than the scrape interval {}",
                        format_duration(config_.scrape_timeout), format_duration(config_.scrape_interval)));
    }
    if (config_.scrape_timeout == Duration{}) {
      config_.scrape_timeout = std::min(global_.scrape_timeout, config_.scrape_interval);
    }
  }

  // Upstream takes the global limit where the job's own is 0, written or not.
  void inherit_limits() {
    ScrapeLimits& own = config_.limits;
    read_limits(map_, own);
    const ScrapeLimits& from = global_.limits;
    for (const auto limit : {&ScrapeLimits::body_size, &ScrapeLimits::samples, &ScrapeLimits::targets,
                             &ScrapeLimits::labels, &ScrapeLimits::label_name_length,
                             &ScrapeLimits::label_value_length, &ScrapeLimits::keep_dropped_targets}) {
      if (own.*limit == 0) own.*limit = from.*limit;
    }
  }

  void inherit_flag(std::string_view key, bool global, bool& out) {
    out = global;
    if (map_.value(key) != nullptr) map_.boolean(key, out);
    map_.known(key);
  }

  void read_histogram_keys() {
    map_.unsigned_integer("native_histogram_bucket_limit", config_.native_histogram_bucket_limit);
    map_.floating("native_histogram_min_bucket_factor", config_.native_histogram_min_bucket_factor);
    inherit_flag("scrape_native_histograms", global_.scrape_native_histograms,
                 config_.scrape_native_histograms);
    inherit_flag("convert_classic_histograms_to_nhcb", global_.convert_classic_histograms,
                 config_.convert_classic_histograms);
    inherit_flag("always_scrape_classic_histograms", global_.always_scrape_classic_histograms,
                 config_.always_scrape_classic_histograms);
    inherit_flag("extra_scrape_metrics", global_.extra_scrape_metrics, config_.extra_scrape_metrics);
  }

  void read_protocol_keys() {
    if (auto own = read_protocols(map_, "scrape_protocols")) {
      config_.scrape_protocols = *std::move(own);
    } else if (global_.scrape_protocols) {
      config_.scrape_protocols = *global_.scrape_protocols;
    }
    if (config_.scrape_protocols.empty()) {
      config_.scrape_protocols = default_protocols(config_.scrape_native_histograms);
    }
    std::string fallback;
    map_.string("fallback_scrape_protocol", fallback);
    if (fallback.empty()) return;
    config_.fallback_scrape_protocol = find_protocol(fallback);
    if (!config_.fallback_scrape_protocol) map_.error("fallback_scrape_protocol", unknown_protocol(fallback));
  }

  void read_names() {
    std::optional<NameScheme> validation;
    std::optional<EscapingScheme> escaping;
    read_name_scheme(map_, "metric_name_validation_scheme", validation);
    read_escaping(map_, "metric_name_escaping_scheme", escaping);
    config_.name_validation = validation.value_or(global_.name_validation);
    const auto natural = [](NameScheme scheme) {
      return scheme == NameScheme::legacy ? EscapingScheme::underscores : EscapingScheme::allow_utf8;
    };
    const EscapingScheme inherited = global_.name_escaping.value_or(natural(global_.name_validation));
    config_.name_escaping = escaping.value_or(validation ? natural(*validation) : inherited);
    if (config_.name_escaping == EscapingScheme::allow_utf8 &&
        config_.name_validation == NameScheme::legacy) {
      map_.error("metric_name_escaping_scheme",
                 "utf8 metric names requested but metric_name_validation_scheme is not utf8");
    }
  }

  MapReader& map_;
  const GlobalConfig& global_;
  const std::string& directory_;
  ScrapeConfig config_;
};

}  // namespace

std::string_view to_string(ScrapeProtocol protocol) {
  return std::ranges::find(kProtocols, protocol, &ProtocolRow::protocol)->name;
}

std::string_view accept_header(ScrapeProtocol protocol) {
  return std::ranges::find(kProtocols, protocol, &ProtocolRow::protocol)->header;
}

void read_limits(MapReader& map, ScrapeLimits& limits) {
  read_size(map, "body_size_limit", limits.body_size);
  map.unsigned_integer("sample_limit", limits.samples);
  map.unsigned_integer("target_limit", limits.targets);
  map.unsigned_integer("label_limit", limits.labels);
  map.unsigned_integer("label_name_length_limit", limits.label_name_length);
  map.unsigned_integer("label_value_length_limit", limits.label_value_length);
  map.unsigned_integer("keep_dropped_targets", limits.keep_dropped_targets);
}

void read_name_scheme(MapReader& map, std::string_view key, std::optional<NameScheme>& out) {
  std::string text;
  if (!map.string(key, text) || text.empty()) return;
  if (text == "utf8") {
    out = NameScheme::utf8;
  } else if (text == "legacy") {
    out = NameScheme::legacy;
  } else {
    map.error(key, format("unknown name validation scheme \"{}\", expected \"utf8\" or \"legacy\"", text));
  }
}

void read_escaping(MapReader& map, std::string_view key, std::optional<EscapingScheme>& out) {
  static constexpr std::array<std::pair<std::string_view, EscapingScheme>, 4> kSchemes = {{
      {"allow-utf-8", EscapingScheme::allow_utf8},
      {"underscores", EscapingScheme::underscores},
      {"dots", EscapingScheme::dots},
      {"values", EscapingScheme::values},
  }};
  std::string text;
  if (!map.string(key, text) || text.empty()) return;
  const auto found = std::ranges::find(kSchemes, text, &std::pair<std::string_view, EscapingScheme>::first);
  if (found != kSchemes.end()) {
    out = found->second;
  } else {
    map.error(key, format("unknown name escaping scheme \"{}\", expected \"allow-utf-8\", \"underscores\", "
                          "\"dots\" or \"values\"",
                          text));
  }
}

std::optional<std::vector<ScrapeProtocol>> read_protocols(MapReader& map, std::string_view key) {
  std::vector<std::string> names;
  if (map.value(key) == nullptr || !map.strings(key, names)) return std::nullopt;
  if (names.empty()) map.error(key, "scrape_protocols cannot be empty");
  std::vector<ScrapeProtocol> protocols;
  for (const std::string& name : names) {
    const std::optional<ScrapeProtocol> protocol = find_protocol(name);
    if (!protocol) {
      map.error(key, unknown_protocol(name));
    } else if (std::ranges::find(protocols, *protocol) != protocols.end()) {
      map.error(key, format("scrape protocol \"{}\" is given twice", name));
    } else {
      protocols.push_back(*protocol);
    }
  }
  return protocols;
}

std::optional<ScrapeConfig> read_scrape_config(const yaml::Scope& scope, const yaml::Node& node,
                                               std::string subject, const GlobalConfig& global,
                                               const std::string& directory) {
  if (yaml::is_null(node, scope.document.dialect())) {
    scope.error(node, subject + ": expected a scrape config, found nothing");
    return std::nullopt;
  }
  MapReader map(scope, node, std::move(subject));
  if (!map.valid()) return std::nullopt;
  return ScrapeReader(map, global, directory).read();
}

}  // namespace tocsin::config
