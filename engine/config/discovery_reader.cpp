#include "engine/config/discovery_reader.hpp"

#include <array>
#include <utility>

#include "engine/config/file_source.hpp"
#include "engine/config/upstream_keys.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

using yaml::MapReader;

// The mechanisms that upstream registers (discovery/install).
constexpr std::array<std::string_view, 34> kUnserved = {
    "aws_sd_configs",       "azure_sd_configs",       "consul_sd_configs",      "digitalocean_sd_configs",
    "dns_sd_configs",       "docker_sd_configs",      "dockerswarm_sd_configs", "ec2_sd_configs",
    "ecs_sd_configs",       "elasticache_sd_configs", "eureka_sd_configs",      "gce_sd_configs",
    "hetzner_sd_configs",   "http_sd_configs",        "ionos_sd_configs",       "kubernetes_sd_configs",
    "kuma_sd_configs",      "lightsail_sd_configs",   "linode_sd_configs",      "marathon_sd_configs",
    "msk_sd_configs",       "nerve_sd_configs",       "nomad_sd_configs",       "oci_sd_configs",
    "openstack_sd_configs", "outscale_sd_configs",    "ovhcloud_sd_configs",    "puppetdb_sd_configs",
    "rds_sd_configs",       "scaleway_sd_configs",    "serverset_sd_configs",   "stackit_sd_configs",
    "triton_sd_configs",    "uyuni_sd_configs"};

// Upstream's ^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$
bool is_discovery_path(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return false;
  static constexpr std::array<std::string_view, 6> kEndings = {"json", "yml", "yaml", "JSON", "YML", "YAML"};
  bool known = false;
  for (const std::string_view ending : kEndings) known = known || path.substr(dot + 1) == ending;
  const std::string_view name = path.substr(0, dot);
  const std::size_t star = name.find('*');
  return known && (star == std::string_view::npos || name.find('/', star) == std::string_view::npos);
}

FileDiscovery read_file_discovery(const yaml::Scope& scope, const yaml::Node& node,
                                  const std::string& subject, const std::string& directory) {
  MapReader map(scope, node, subject);
  FileDiscovery discovery;
  map.strings("files", discovery.files);
  map.duration("refresh_interval", discovery.refresh_interval);
  map.finish();
  if (map.valid() && discovery.files.empty()) map.error_here("files must contain at least one path name");
  for (std::string& file : discovery.files) {
    if (!is_discovery_path(file)) {
      map.error("files", format("path name \"{}\" is not valid for file discovery, expected one that ends in "
                                ".json, .yml or .yaml, with \"*\" in its last part only",
                                file));
    }
    file = join_directory(directory, file);
  }
  return discovery;
}

}  // namespace

TargetGroup read_target_group(const yaml::Scope& scope, const yaml::Node& node, const std::string& subject) {
  MapReader map(scope, node, subject);
  TargetGroup group;
  std::map<std::string, std::string> labels;
  map.strings("targets", group.targets);
  map.string_map("labels", labels);
  map.finish();
  std::vector<LabelView> pairs;
  for (const auto& [name, value] : labels) {
    if (name.empty()) {
      map.error("labels", "\"\" is not a valid label name");
    } else {
      pairs.push_back({name, value});
    }
  }
  group.labels = Labels(std::move(pairs));
  return group;
}

Discovery read_discovery(MapReader& map, const std::string& directory) {
  Discovery discovery;
  // Something that is no list was meant to be one, and is reported by who reads it.
  const yaml::Node* relabelling = map.value("relabel_configs");
  const bool check_addresses =
      relabelling == nullptr || (relabelling->kind == yaml::NodeKind::sequence && relabelling->items.empty());
  const auto each = [&](std::string_view key, auto read) {
    const std::vector<const yaml::Node*> items = map.list(key);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string subject = map.subject_of(format("{}[{}]", key, i));
      if (yaml::is_null(*items[i], map.scope().document.dialect())) {
        map.scope().error(*items[i], subject + ": expected a mapping, found nothing");
      } else {
        read(*items[i], subject);
      }
    }
  };
  each("static_configs", [&](const yaml::Node& node, const std::string& subject) {
    TargetGroup group = read_target_group(map.scope(), node, subject);
    for (const std::string& target : group.targets) {
      if (check_addresses && target.find('/') != std::string::npos) {
        const yaml::Node* targets = node.find("targets");
        map.scope().error(
            targets == nullptr ? node : *targets,
            format("{}: targets: \"{}\" is not a valid hostname, expected host:port", subject, target));
      }
    }
    discovery.static_configs.push_back(std::move(group));
  });
  each("file_sd_configs", [&](const yaml::Node& node, const std::string& subject) {
    discovery.file_configs.push_back(read_file_discovery(map.scope(), node, subject, directory));
  });
  for (const std::string_view key : kUnserved) read_not_yet(map, key);
  read_not_yet(map, "vultr_sd_configs");
  return discovery;
}

}  // namespace tocsin::config
