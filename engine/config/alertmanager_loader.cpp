#include "engine/config/alertmanager_loader.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/config/effective.hpp"
#include "engine/config/http_client_reader.hpp"
#include "engine/config/open_document.hpp"
#include "engine/config/receiver_reader.hpp"
#include "engine/config/route_reader.hpp"
#include "engine/config/time_interval_reader.hpp"
#include "engine/config/upstream_keys.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

using yaml::MapReader;

class AlertmanagerLoader {
 public:
  AlertmanagerLoader(const yaml::Scope& scope, const LoadOptions& options, FileSource& files)
      : scope_(scope), files_(files), directory_(directory_of(options.file)) {
    config_.file = options.file;
  }

  // What lint found; told after everything else.
  [[nodiscard]] std::vector<Diagnostic> take_lint() { return std::move(lint_); }

  AlertmanagerConfig load(const yaml::Node* root) {
    if (root == nullptr || yaml::is_null(*root, yaml::Dialect::v2)) {
      scope_.error(SourcePosition{1, 1}, "no route provided in config");
      return std::move(config_);
    }
    MapReader map(scope_, *root, "");
    if (!map.valid()) return std::move(config_);
    read_global(map);
    read_receivers(map);
    read_time_interval_lists(map);
    read_route(map);
    read_inhibit_rules(map);
    read_templates(map);
    read_not_yet(map, "tracing", "alertmanager.tracing");
    read_not_yet(map, "event_recorder");
    map.finish();
    config_.effective_yaml = effective_yaml(config_, root);
    return std::move(config_);
  }

 private:
  void read_global(MapReader& top) {
    const yaml::Node* node = top.value("global");
    config_.global.http = std::make_shared<const HttpClientConfig>();
    if (node == nullptr) {
      config_.global.services = default_service_globals();
      return;
    }
    MapReader map(scope_, *node, "global");
    map.duration("resolve_timeout", config_.global.resolve_timeout);
    if (HttpClientPtr http = read_http_config(map, "http_config", directory_))
      config_.global.http = std::move(http);
    map.known("http_config");
    config_.global.services = read_service_globals(map, directory_, lint_);
    map.finish();
  }

  // Upstream takes an entry without anything in it for one without a name, which nothing can refer to.
  bool skip_empty(const yaml::Node& node, const std::string& subject) {
    const bool empty = yaml::is_null(node, yaml::Dialect::v2);
    if (empty) scope_.warning(node, subject + ": empty entry");
    return empty;
  }

  void read_receivers(MapReader& map) {
    const std::vector<const yaml::Node*> items = map.list("receivers");
    std::map<std::string, SourcePosition> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (skip_empty(*items[i], format("receivers[{}]", i))) continue;
      Receiver receiver = read_receiver(scope_, *items[i], i, config_.global, directory_, lint_);
      const yaml::Node* name = items[i]->find("name");
      const SourcePosition at = name == nullptr ? items[i]->position : name->position;
      const auto [first, is_new] = seen.emplace(receiver.name, at);
      if (!is_new && !receiver.name.empty()) {
        scope_.error(at, format("receiver name \"{}\" is already used at {}:{}:{}", receiver.name,
                                scope_.document.file(), first->second.line, first->second.column));
      }
      config_.receivers.push_back(std::move(receiver));
    }
  }

  void read_time_interval_lists(MapReader& map) {
    for (const std::string_view key : {"mute_time_intervals", "time_intervals"}) {
      const std::vector<const yaml::Node*> items = map.list(key);
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (skip_empty(*items[i], format("{}[{}]", key, i))) continue;
        NamedTimeIntervals named = read_time_intervals(scope_, *items[i], format("{}[{}]", key, i));
        const bool taken = std::ranges::find(config_.time_intervals, named.name, &NamedTimeIntervals::name) !=
                           config_.time_intervals.end();
        if (taken && !named.name.empty()) {
          scope_.error(*items[i],
                       format("{}[{}]: time interval name \"{}\" is already used", key, i, named.name));
        }
        config_.time_intervals.push_back(std::move(named));
      }
    }
  }

  void read_route(MapReader& map) {
    const yaml::Node* node = map.value("route");
    if (node == nullptr) {
      scope_.error(map.position_of_value("route"), "no route provided in config");
      return;
    }
    RouteNames names;
    for (const Receiver& receiver : config_.receivers) names.receivers.push_back(receiver.name);
    for (const NamedTimeIntervals& named : config_.time_intervals) names.time_intervals.push_back(named.name);
    config_.route = read_root_route(scope_, *node, names);
  }

  void read_inhibit_rules(MapReader& map) {
    const std::vector<const yaml::Node*> items = map.list("inhibit_rules");
    for (std::size_t i = 0; i < items.size(); ++i) {
      config_.inhibit_rules.push_back(read_inhibit_rule(scope_, *items[i], format("inhibit_rules[{}]", i)));
    }
  }

  void read_templates(MapReader& map) {
    map.strings("templates", config_.template_patterns);
    for (std::string& pattern : config_.template_patterns) {
      pattern = join_directory(directory_, pattern);
      const Result<std::vector<std::string>> found = files_.glob(pattern);
      if (!found) {
        map.error("templates", format("\"{}\": {}", pattern, found.error().text));
        continue;
      }
      for (const std::string& path : *found) {
        if (std::ranges::find(config_.template_files, path) == config_.template_files.end()) {
          config_.template_files.push_back(path);
        }
      }
    }
  }

  const yaml::Scope& scope_;
  FileSource& files_;
  std::string directory_;
  AlertmanagerConfig config_;
  std::vector<Diagnostic> lint_;
};

}  // namespace

const Receiver* AlertmanagerConfig::find_receiver(std::string_view name) const {
  const auto found = std::ranges::find(receivers, name, &Receiver::name);
  return found == receivers.end() ? nullptr : &*found;
}

std::optional<AlertmanagerConfig> load_alertmanager_config(std::string text, const LoadOptions& options,
                                                           FileSource& files, Diagnostics& diagnostics) {
  return load_document<AlertmanagerConfig>(
      std::move(text), options, files, diagnostics,
      [&](const yaml::Scope& scope, const yaml::Node* root, std::vector<Diagnostic>& lint) {
        AlertmanagerLoader loader(scope, options, files);
        AlertmanagerConfig config = loader.load(root);
        lint = loader.take_lint();
        return config;
      });
}

}  // namespace tocsin::config
