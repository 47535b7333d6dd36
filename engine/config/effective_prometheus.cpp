#include "engine/config/byte_size.hpp"
#include "engine/config/effective.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

std::string_view name_of(NameScheme scheme) {
  return scheme == NameScheme::legacy ? "legacy" : "utf8";
}

std::string_view name_of(EscapingScheme scheme) {
  switch (scheme) {
    case EscapingScheme::allow_utf8:
      return "allow-utf-8";
    case EscapingScheme::underscores:
      return "underscores";
    case EscapingScheme::dots:
      return "dots";
    case EscapingScheme::values:
      break;
  }
  return "values";
}

YamlValue labels_value(const Labels& labels) {
  YamlValue out = YamlValue::map();
  for (const LabelView label : labels) out.set(label.name, label.value);
  return out;
}

void add_limits(YamlValue& map, const ScrapeLimits& limits) {
  map.set_some("body_size_limit", format_bytes(limits.body_size));
  map.set_some("sample_limit", limits.samples);
  map.set_some("target_limit", limits.targets);
  map.set_some("label_limit", limits.labels);
  map.set_some("label_name_length_limit", limits.label_name_length);
  map.set_some("label_value_length_limit", limits.label_value_length);
}

YamlValue protocols_value(const std::vector<ScrapeProtocol>& protocols) {
  YamlValue out = YamlValue::list();
  for (const ScrapeProtocol protocol : protocols) out.add(YamlValue::text(to_string(protocol)));
  return out;
}

YamlValue relabel_value(const RelabelConfig& config) {
  YamlValue out = YamlValue::map();
  YamlValue sources = YamlValue::flow_list();
  for (const std::string& label : config.source_labels) sources.add(YamlValue::text(label));
  out.set_some("source_labels", std::move(sources));
  out.set("separator", config.separator);
  if (config.regex != RelabelConfig().regex) out.set("regex", config.regex);
  out.set_some("modulus", config.modulus);
  out.set_some("target_label", config.target_label);
  out.set("replacement", config.replacement);
  out.set("action", to_string(config.action));
  return out;
}

YamlValue relabels_value(const std::vector<RelabelConfig>& configs) {
  YamlValue out = YamlValue::list();
  for (const RelabelConfig& config : configs) out.add(relabel_value(config));
  return out;
}

void add_discovery(YamlValue& map, const Discovery& discovery) {
  YamlValue files = YamlValue::list();
  for (const FileDiscovery& file : discovery.file_configs) {
    YamlValue one = YamlValue::map();
    one.set("files", YamlValue::texts(file.files));
    one.set("refresh_interval", format_duration(file.refresh_interval));
    files.add(std::move(one));
  }
  map.set_some("file_sd_configs", std::move(files));
  YamlValue statics = YamlValue::list();
  for (const TargetGroup& group : discovery.static_configs) {
    YamlValue one = YamlValue::map();
    one.set("targets", YamlValue::texts(group.targets));
    one.set_some("labels", labels_value(group.labels));
    statics.add(std::move(one));
  }
  map.set_some("static_configs", std::move(statics));
}

YamlValue global_value(const GlobalConfig& global) {
  YamlValue out = YamlValue::map();
  out.set("scrape_interval", format_duration(global.scrape_interval));
  out.set("scrape_timeout", format_duration(global.scrape_timeout));
  if (global.scrape_protocols) out.set_some("scrape_protocols", protocols_value(*global.scrape_protocols));
  out.set("evaluation_interval", format_duration(global.evaluation_interval));
  if (global.rule_query_offset != Duration{}) {
    out.set("rule_query_offset", format_duration(global.rule_query_offset));
  }
  out.set_some("query_log_file", global.query_log_file);
  out.set_some("scrape_failure_log_file", global.scrape_failure_log_file);
  out.set_some("external_labels", labels_value(global.external_labels));
  add_limits(out, global.limits);
  out.set_some("keep_dropped_targets", global.limits.keep_dropped_targets);
  out.set("metric_name_validation_scheme", name_of(global.name_validation));
  if (global.name_escaping) out.set("metric_name_escaping_scheme", name_of(*global.name_escaping));
  out.set_flag("scrape_native_histograms", global.scrape_native_histograms);
  out.set_some_flag("convert_classic_histograms_to_nhcb", global.convert_classic_histograms);
  out.set_some_flag("always_scrape_classic_histograms", global.always_scrape_classic_histograms);
  out.set_flag("extra_scrape_metrics", global.extra_scrape_metrics);
  return out;
}

YamlValue alerting_value(const AlertingConfig& alerting) {
  YamlValue out = YamlValue::map();
  out.set_some("alert_relabel_configs", relabels_value(alerting.alert_relabel_configs));
  YamlValue targets = YamlValue::list();
  for (const AlertmanagerTarget& target : alerting.alertmanagers) {
    YamlValue one = YamlValue::map();
    add_http_client(one, *target.http);
    one.set_some("scheme", target.scheme);
    one.set_some("path_prefix", target.path_prefix);
    one.set("timeout", format_duration(target.timeout));
    one.set("api_version", "v2");
    one.set_some("relabel_configs", relabels_value(target.relabel_configs));
    one.set_some("alert_relabel_configs", relabels_value(target.alert_relabel_configs));
    add_discovery(one, target.discovery);
    targets.add(std::move(one));
  }
  out.set_some("alertmanagers", std::move(targets));
  return out;
}

void add_scrape_histograms(YamlValue& out, const ScrapeConfig& scrape) {
  out.set_flag("scrape_native_histograms", scrape.scrape_native_histograms);
  out.set_flag("always_scrape_classic_histograms", scrape.always_scrape_classic_histograms);
  out.set_flag("convert_classic_histograms_to_nhcb", scrape.convert_classic_histograms);
}

YamlValue scrape_value(const ScrapeConfig& scrape) {
  YamlValue out = YamlValue::map();
  out.set("job_name", scrape.job_name);
  out.set_some_flag("honor_labels", scrape.honor_labels);
  out.set_flag("honor_timestamps", scrape.honor_timestamps);
  out.set_flag("track_timestamps_staleness", scrape.track_timestamps_staleness);
  YamlValue params = YamlValue::map();
  for (const auto& [name, values] : scrape.params) params.set(name, YamlValue::texts(values));
  out.set_some("params", std::move(params));
  out.set("scrape_interval", format_duration(scrape.scrape_interval));
  out.set("scrape_timeout", format_duration(scrape.scrape_timeout));
  out.set("scrape_protocols", protocols_value(scrape.scrape_protocols));
  if (scrape.fallback_scrape_protocol) {
    out.set("fallback_scrape_protocol", to_string(*scrape.fallback_scrape_protocol));
  }
  add_scrape_histograms(out, scrape);
  out.set_some("scrape_failure_log_file", scrape.scrape_failure_log_file);
  out.set_some("metrics_path", scrape.metrics_path);
  out.set_some("scheme", scrape.scheme);
  out.set_flag("enable_compression", scrape.enable_compression);
  add_limits(out, scrape.limits);
  out.set_some("native_histogram_bucket_limit", scrape.native_histogram_bucket_limit);
  if (scrape.native_histogram_min_bucket_factor != 0) {
    out.set("native_histogram_min_bucket_factor",
            YamlValue::bare(format("{}", scrape.native_histogram_min_bucket_factor)));
  }
  out.set_some("keep_dropped_targets", scrape.limits.keep_dropped_targets);
  out.set("metric_name_validation_scheme", name_of(scrape.name_validation));
  out.set("metric_name_escaping_scheme", name_of(scrape.name_escaping));
  out.set_flag("extra_scrape_metrics", scrape.extra_scrape_metrics);
  add_http_client(out, *scrape.http);
  out.set_some("relabel_configs", relabels_value(scrape.relabel_configs));
  out.set_some("metric_relabel_configs", relabels_value(scrape.metric_relabel_configs));
  add_discovery(out, scrape.discovery);
  return out;
}

}  // namespace

std::string effective_yaml(const PrometheusConfig& config, const yaml::Node* root) {
  const auto as_written = [&](YamlValue& out, std::string_view key) {
    const yaml::Node* node = root == nullptr ? nullptr : root->find(key);
    if (node != nullptr && !yaml::is_null(*node, yaml::Dialect::v2)) out.set(key, YamlValue::of(*node, key));
  };
  YamlValue out = YamlValue::map();
  out.set("global", global_value(config.global));
  as_written(out, "runtime");
  out.set_some("alerting", alerting_value(config.alerting));
  out.set_some("rule_files", YamlValue::texts(config.rule_file_patterns));
  as_written(out, "scrape_config_files");
  YamlValue scrapes = YamlValue::list();
  for (const ScrapeConfig& scrape : config.scrape_configs) scrapes.add(scrape_value(scrape));
  out.set_some("scrape_configs", std::move(scrapes));
  for (const std::string_view key : {"storage", "tracing", "remote_write", "remote_read", "otlp"}) {
    as_written(out, key);
  }
  return out.print();
}

}  // namespace tocsin::config
