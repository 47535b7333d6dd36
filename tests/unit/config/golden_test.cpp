// Each tests/golden/config/NAME.KIND.yml is loaded, and what the loader says must be NAME.KIND.txt beside it.
// With TOCSIN_UPDATE_GOLDEN set the texts are written instead; the diff is then the review.
#include <cstdlib>
#include <fstream>

#include "engine/config/alertmanager_loader.hpp"
#include "engine/config/prometheus_loader.hpp"
#include "rules/rule_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/config/memory_world.hpp"

using namespace tocsin;

namespace {

std::string said_about(const std::string& name, config::MemoryFiles& files,
                       std::string* effective = nullptr) {
  Diagnostics diagnostics;
  config::LoadOptions options;
  options.file = name;
  options.missing_rule_file = Severity::error;
  const std::string text = files.files.at(name);
  if (name.ends_with(".rules.yml")) {
    rules::RuleFileOptions loading;
    loading.file = name;
    (void)rules::load_rule_file(text, loading, diagnostics);
  } else if (name.ends_with(".prometheus.yml")) {
    const auto loaded = config::load_prometheus_config(text, options, files, diagnostics);
    if (loaded && effective != nullptr) *effective = loaded->effective_yaml;
  } else {
    const auto loaded = config::load_alertmanager_config(text, options, files, diagnostics);
    if (loaded && effective != nullptr) *effective = loaded->effective_yaml;
  }
  std::string said = format_diagnostics(diagnostics.all());
  said += diagnostics.has_errors() ? failed_line(diagnostics.all(), 1) : "valid";
  return said + "\n";
}

}  // namespace

TEST_CASE("ValidIsWhatUpstreamTakes") {
  const std::filesystem::path folder = std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/config";
  config::MemoryFiles files = test::memory_of(folder);
  std::ifstream table(folder / "verdicts.txt");
  std::string name;
  std::string verdict;
  int cases = 0;
  while (table >> name >> verdict) {
    ++cases;
    const std::string said = said_about(name, files);
    INFO(name << "\n" << said);
    CHECK(said.ends_with("valid\n") == (verdict == "accept"));
  }
  CHECK(cases > 10);
}

TEST_CASE("WhatLoadersSayIsGolden") {
  const std::filesystem::path folder = std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/config";
  config::MemoryFiles files = test::memory_of(folder);
  const auto cases = test::sorted_files(folder, ".yml");
  CHECK(cases.size() > 10);
  for (const std::filesystem::path& path : cases) {
    const std::string name = path.filename().string();
    INFO(name);
    const std::string said = said_about(name, files);
    std::filesystem::path golden = path;
    golden.replace_extension(".txt");
    if (std::getenv("TOCSIN_UPDATE_GOLDEN") != nullptr) std::ofstream(golden) << said;
    CHECK(said == test::slurp(golden));
  }
}

// NAME.KIND.effective is what /api/v1/status/config and /api/v2/status show for a valid file.
TEST_CASE("EffectiveConfigurationIsGolden") {
  const std::filesystem::path folder = std::string(TOCSIN_SOURCE_DIR) + "/tests/golden/config";
  config::MemoryFiles files = test::memory_of(folder);
  int cases = 0;
  for (const std::filesystem::path& path : test::sorted_files(folder, ".yml")) {
    const std::string name = path.filename().string();
    INFO(name);
    std::string effective;
    (void)said_about(name, files, &effective);
    if (effective.empty()) continue;
    ++cases;
    std::filesystem::path golden = path;
    golden.replace_extension(".effective");
    if (std::getenv("TOCSIN_UPDATE_GOLDEN") != nullptr) std::ofstream(golden) << effective;
    CHECK(effective == test::slurp(golden));
  }
  CHECK(cases >= 4);
}
