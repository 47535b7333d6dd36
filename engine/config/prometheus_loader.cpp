#include "engine/config/prometheus_loader.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/config/discovery_reader.hpp"
#include "engine/config/effective.hpp"
#include "engine/config/external_labels.hpp"
#include "engine/config/http_client_reader.hpp"
#include "engine/config/open_document.hpp"
#include "engine/config/references.hpp"
#include "engine/config/relabel_reader.hpp"
#include "engine/config/scrape_reader.hpp"
#include "engine/config/upstream_keys.hpp"
#include "promql/format.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {
namespace {

using yaml::MapReader;

// Upstream's ^[^*]*(\*[^/]*)?$: a "*" only in the last part of a path.
bool is_rule_path(std::string_view path) {
  const std::size_t star = path.find('*');
  return star == std::string_view::npos || path.find('/', star) == std::string_view::npos;
}

class PrometheusLoader {
 public:
  PrometheusLoader(const yaml::Scope& scope, const LoadOptions& options, FileSource& files)
      : scope_(scope), options_(options), files_(files), directory_(directory_of(options.file)) {
    config_.file = options.file;
  }

  PrometheusConfig load(const yaml::Node* root) {
    if (root != nullptr && !yaml::is_null(*root, yaml::Dialect::v2)) read(*root);
    config_.effective_yaml = effective_yaml(config_, root);
    return std::move(config_);
  }

 private:
  void read(const yaml::Node& root) {
    MapReader map(scope_, root, "");
    if (const yaml::Node* node = map.value("global")) read_global(*node);
    if (const yaml::Node* node = map.value("alerting")) read_alerting(*node);
    read_scrape_configs(map);
    read_scrape_config_files(map);
    read_rule_files(map);
    for (const std::string_view key : {"runtime", "tracing"}) {
      read_not_yet(map, key, "prometheus." + std::string(key));
    }
    for (const std::string_view key : {"storage", "remote_write", "remote_read", "otlp"}) {
      read_not_yet(map, key, "prometheus." + std::string(key));
    }
    map.finish();
  }

  void read_global(const yaml::Node& node) {
    MapReader map(scope_, node, "global");
    GlobalConfig& global = config_.global;
    std::optional<NameScheme> names;
    read_name_scheme(map, "metric_name_validation_scheme", names);
    global.name_validation = names.value_or(NameScheme::utf8);
    read_escaping(map, "metric_name_escaping_scheme", global.name_escaping);
    read_intervals(map);
    global.external_labels = read_external_labels(map, global.name_validation == NameScheme::legacy, files_);
    map.string("query_log_file", global.query_log_file);
    map.string("scrape_failure_log_file", global.scrape_failure_log_file);
    global.query_log_file = join_directory(directory_, global.query_log_file);
    global.scrape_failure_log_file = join_directory(directory_, global.scrape_failure_log_file);
    read_limits(map, global.limits);
    global.scrape_protocols = read_protocols(map, "scrape_protocols");
    map.boolean("scrape_native_histograms", global.scrape_native_histograms);
    map.boolean("convert_classic_histograms_to_nhcb", global.convert_classic_histograms);
    map.boolean("always_scrape_classic_histograms", global.always_scrape_classic_histograms);
    map.boolean("extra_scrape_metrics", global.extra_scrape_metrics);
    map.finish();
  }

  // 0 stands for the default, as upstream has it.
  void read_intervals(MapReader& map) {
    const GlobalConfig defaults;
    GlobalConfig& global = config_.global;
    global.scrape_timeout = Duration{};
    map.duration("scrape_interval", global.scrape_interval);
    map.duration("scrape_timeout", global.scrape_timeout);
    map.duration("evaluation_interval", global.evaluation_interval);
    map.duration("rule_query_offset", global.rule_query_offset);
    if (global.scrape_interval == Duration{}) global.scrape_interval = defaults.scrape_interval;
    if (global.evaluation_interval == Duration{}) global.evaluation_interval = defaults.evaluation_interval;
    if (global.scrape_timeout > global.scrape_interval) {
      map.error("scrape_timeout",
                format("global scrape timeout {} is greater than the scrape interval {}",
                       format_duration(global.scrape_timeout), format_duration(global.scrape_interval)));
    }
    if (global.scrape_timeout == Duration{}) {
      global.scrape_timeout = std::min(defaults.scrape_timeout, global.scrape_interval);
    }
  }

  void read_alerting(const yaml::Node& node) {
    MapReader map(scope_, node, "alerting");
    const NameScheme names = config_.global.name_validation;
    config_.alerting.alert_relabel_configs = read_relabel_configs(map, "alert_relabel_configs", names);
    const std::vector<const yaml::Node*> items = map.list("alertmanagers");
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (yaml::is_null(*items[i], yaml::Dialect::v2)) continue;
      read_alertmanager(*items[i], map.subject_of(format("alertmanagers[{}]", i)));
    }
    map.finish();
  }

  void read_alertmanager(const yaml::Node& node, const std::string& subject) {
    MapReader map(scope_, node, subject);
    if (!map.valid()) return;
    AlertmanagerTarget target;
    target.position = node.position;
    map.string("scheme", target.scheme);
    map.string("path_prefix", target.path_prefix);
    map.duration("timeout", target.timeout);
    std::string version = "v2";
    if (map.value("api_version") != nullptr) map.string("api_version", version);
    map.known("api_version");
    if (version != "v2") map.error("api_version", format("expected \"v2\", found \"{}\"", version));
    target.http = read_http_client(map, directory_);
    read_not_yet(map, "sigv4");
    const NameScheme names = config_.global.name_validation;
    target.relabel_configs = read_relabel_configs(map, "relabel_configs", names);
    target.alert_relabel_configs = read_relabel_configs(map, "alert_relabel_configs", names);
    target.discovery = read_discovery(map, directory_);
    const bool authenticated =
        target.http->basic_auth || target.http->authorization || map.value("oauth2") != nullptr;
    if (authenticated && map.value("sigv4") != nullptr) {
      map.error_here("at most one of basic_auth, authorization, oauth2, & sigv4 must be configured");
    }
    map.finish();
    config_.alerting.alertmanagers.push_back(std::move(target));
  }

  void read_scrape_configs(MapReader& map) {
    const std::vector<const yaml::Node*> items = map.list("scrape_configs");
    for (std::size_t i = 0; i < items.size(); ++i) {
      add_scrape_config(scope_, *items[i], format("scrape_configs[{}]", i), directory_);
    }
  }

  void add_scrape_config(const yaml::Scope& scope, const yaml::Node& node, std::string subject,
                         const std::string& directory) {
    auto scrape = read_scrape_config(scope, node, subject, config_.global, directory);
    if (!scrape) return;
    const std::string place = format("{}:{}", scope.document.file(), node.position.line);
    const auto [first, is_new] = jobs_.emplace(scrape->job_name, place);
    if (!is_new && !scrape->job_name.empty()) {
      const yaml::Node* name = node.find("job_name");
      scope.error(name == nullptr ? node : *name, format("{}: job name \"{}\" is already used at {}", subject,
                                                         scrape->job_name, first->second));
    }
    config_.scrape_configs.push_back(*std::move(scrape));
  }

  struct Pattern {
    std::string path;  // joined with the configuration's directory
    const yaml::Node* node;
  };

  // The paths of a list; those upstream refuses are reported.
  std::vector<Pattern> read_patterns(MapReader& map, std::string_view key) {
    std::vector<std::string> written;
    map.strings(key, written);
    const std::vector<const yaml::Node*> nodes =
        written.empty() ? std::vector<const yaml::Node*>() : map.list(key);
    std::vector<Pattern> patterns;
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (!is_rule_path(written[i])) {
        scope_.error(*nodes[i], format("{}: invalid path \"{}\", expected \"*\" in its last part only", key,
                                       written[i]));
      } else {
        patterns.push_back({join_directory(directory_, written[i]), nodes[i]});
      }
    }
    return patterns;
  }

  std::vector<std::string> glob(std::string_view key, const Pattern& pattern) {
    Result<std::vector<std::string>> found = files_.glob(pattern.path);
    if (found) return *std::move(found);
    scope_.error(*pattern.node, format("{}: \"{}\": {}", key, pattern.path, found.error().text));
    return {};
  }

  void read_scrape_config_files(MapReader& map) {
    for (const Pattern& pattern : read_patterns(map, "scrape_config_files")) {
      for (const std::string& path : glob("scrape_config_files", pattern))
        read_scrape_config_file(pattern, path);
    }
  }

  void read_scrape_config_file(const Pattern& pattern, const std::string& path) {
    Result<std::string> text = files_.read(path);
    if (!text)
      return scope_.error(*pattern.node, format("scrape_config_files: \"{}\": {}", path, text.error().text));
    const yaml::Document document = parse_with_secrets(*std::move(text), path, scope_.diagnostics);
    if (document.root() == nullptr || yaml::is_null(*document.root(), yaml::Dialect::v2)) return;
    const LoadOptions options{path, options_.unset_reference, options_.missing_rule_file};
    const yaml::Scope scope{document, scope_.diagnostics,
                            reference_expander(options, files_, document, scope_.diagnostics), false};
    MapReader inner(scope, *document.root(), "");
    const std::vector<const yaml::Node*> items = inner.list("scrape_configs");
    for (std::size_t i = 0; i < items.size(); ++i) {
      add_scrape_config(scope, *items[i], format("scrape_configs[{}]", i), directory_of(path));
    }
    inner.finish();
  }

  void read_rule_files(MapReader& map) {
    for (const Pattern& pattern : read_patterns(map, "rule_files")) {
      config_.rule_file_patterns.push_back(pattern.path);
      const std::vector<std::string> found = glob("rule_files", pattern);
      if (found.empty() && pattern.path.find_first_of("*?[") == std::string::npos) report_missing(pattern);
      for (const std::string& path : found) {
        if (std::ranges::find(config_.rule_files, path) == config_.rule_files.end()) {
          config_.rule_files.push_back(path);
        }
      }
    }
  }

  void report_missing(const Pattern& pattern) {
    Diagnostic diagnostic;
    diagnostic.position = pattern.node->position;
    diagnostic.severity = options_.missing_rule_file;
    diagnostic.text = format("rule_files: \"{}\" does not point to an existing file", pattern.path);
    scope_.add(std::move(diagnostic));
  }

  const yaml::Scope& scope_;
  const LoadOptions& options_;
  FileSource& files_;
  std::string directory_;
  PrometheusConfig config_;
  std::map<std::string, std::string> jobs_;  // name -> where it was first used
};

}  // namespace

std::optional<PrometheusConfig> load_prometheus_config(std::string text, const LoadOptions& options,
                                                       FileSource& files, Diagnostics& diagnostics) {
  return load_document<PrometheusConfig>(
      std::move(text), options, files, diagnostics,
      [&](const yaml::Scope& scope, const yaml::Node* root, std::vector<Diagnostic>&) {
        return PrometheusLoader(scope, options, files).load(root);
      });
}

std::vector<rules::RuleFile> load_rule_files(const PrometheusConfig& config, FileSource& files,
                                             Diagnostics& diagnostics, const promql::ParserOptions& parser) {
  std::vector<rules::RuleFile> loaded;
  for (const std::string& path : config.rule_files) {
    Result<std::string> text = files.read(path);
    if (!text) {
      Diagnostic diagnostic;
      diagnostic.file = path;
      diagnostic.text = text.error().text;
      diagnostics.add(std::move(diagnostic));
      continue;
    }
    rules::RuleFileOptions options;
    options.parser = parser;
    options.file = path;
    options.legacy_names = config.global.name_validation == NameScheme::legacy;
    loaded.push_back(rules::load_rule_file(*std::move(text), options, diagnostics));
  }
  return loaded;
}

}  // namespace tocsin::config
