// Files of file_sd_configs. JSON is read with the YAML reader: it is a part of YAML.
#include "engine/scrape/target.hpp"
#include "promql/format.hpp"
#include "rules/yaml/decode.hpp"
#include "rules/yaml/diagnostic.hpp"
#include "rules/yaml/node.hpp"

namespace tocsin::scrape {
namespace {

DiscoveredGroup read_group(const yaml::Scope& scope, const yaml::Node& node, const std::string& path,
                           std::size_t index) {
  DiscoveredGroup group;
  group.source = format("{}:{}", path, index);
  yaml::MapReader map(scope, node, format("target group {}", index));
  std::vector<std::string> targets;
  map.strings("targets", targets);
  for (const std::string& target : targets) group.targets.push_back(Labels{{"__address__", target}});
  std::map<std::string, std::string> values;
  map.string_map("labels", values);
  LabelsBuilder labels;
  for (const auto& [name, value] : values) {
    if (name.empty() || !is_valid_utf8(name)) {
      map.error("labels", format("{} is not a valid label name", go_quote(name)));
    } else {
      labels.set(name, value);
    }
  }
  labels.set("__meta_filepath", path);
  group.labels = labels.build();
  map.finish();
  return group;
}

}  // namespace

Result<std::vector<DiscoveredGroup>> parse_target_file(const std::string& path, std::string_view content) {
  Diagnostics diagnostics;
  const yaml::Document document =
      yaml::parse(std::string(content),
                  {.file = path, .json = path.ends_with("json") || path.ends_with("JSON")}, diagnostics);
  const yaml::Scope scope{.document = document, .diagnostics = diagnostics};
  std::vector<DiscoveredGroup> groups;
  if (const yaml::Node* root = document.root(); root && !yaml::is_null(*root, yaml::Dialect::v2)) {
    if (root->kind != yaml::NodeKind::sequence)
      scope.error(*root, format("expected a list of target groups, found {}", yaml::describe(*root)));
    for (const yaml::Node* item : root->items) {
      if (yaml::is_null(*item, yaml::Dialect::v2)) {
        scope.error(*item, "nil target group item found");
      } else {
        groups.push_back(read_group(scope, *item, path, groups.size()));
      }
    }
  }
  if (!diagnostics.has_errors()) return groups;
  std::string text = format_diagnostics(diagnostics.all());
  while (text.ends_with('\n')) text.pop_back();
  return Error(std::move(text));
}

}  // namespace tocsin::scrape
