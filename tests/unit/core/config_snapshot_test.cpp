// What loading says, wherever it is said.
#include "engine/core/config_snapshot.hpp"

#include "engine/core/kept_config.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::core {
namespace {

TEST_CASE("NoLineOfAFileIsSaidAtAStartOrAReload") {
  config::MemoryFiles files;
  files.files["prometheus.yml"] = "rule_files: [rules.yml]\n";
  files.files["rules.yml"] = "groups: [{name: g, rules: [{record: a, expr: 'sum('}]}]\n";
  files.files["alertmanager.yml"] = "route: @nobody\n";
  ConfigPaths paths;
  paths.prometheus = "prometheus.yml";
  paths.alertmanager = "alertmanager.yml";
  for (const LoadedConfig& loaded : {load_config(paths, files), load_at_start(paths, files, {})}) {
    CHECK(loaded.snapshot == nullptr);
    CHECK(loaded.diagnostics.size() >= 2);
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
      INFO(diagnostic.text);
      CHECK(diagnostic.position.line == 1);
      CHECK(diagnostic.source_line.empty());
    }
  }
}

}  // namespace
}  // namespace tocsin::core
