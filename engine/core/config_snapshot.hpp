// Everything the files say, read and validated as a whole: either all of it comes into force, or nothing
// does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/config/alertmanager_config.hpp"
#include "engine/config/file_source.hpp"
#include "engine/config/prometheus_config.hpp"
#include "engine/core/io.hpp"
#include "engine/core/kept_rows.hpp"
#include "rules/rule_file.hpp"
#include "rules/template/template.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::core {

// Immutable and shared: by the engine, and by calls and jobs under way.
struct ConfigSnapshot {
  std::shared_ptr<const config::PrometheusConfig> prometheus;      // null: none was given
  std::shared_ptr<const config::AlertmanagerConfig> alertmanager;  // null: none was given
  std::vector<rules::RuleFile> rule_files;
  templates::TemplateSet notification_templates;
};
using ConfigPtr = std::shared_ptr<const ConfigSnapshot>;

// Where to read from. `prometheus` may name an Alertmanager file: it is recognised by its keys.
struct ConfigPaths {
  std::string prometheus;          // --config.file, or ""
  std::string alertmanager;        // --alertmanager.config.file, or ""
  promql::ParserOptions parser{};  // what rules may use: --enable-feature
};

struct LoadedConfig {
  ConfigPtr snapshot;  // null if there is any error
  std::vector<Diagnostic> diagnostics;
  std::size_t files = 0;  // that were read
  // Of load_at_start and load_again, as ConfigLoaded has them.
  ConfigPtr previous;
  std::shared_ptr<const KeptConfig> text;
};

// `unset_reference`: what a ${env:NAME} that is not set is. A rule file with an error is an error of the
// whole.
[[nodiscard]] LoadedConfig load_config(const ConfigPaths& paths, config::FileSource& files,
                                       Severity unset_reference = Severity::error);
// The same, and what was read as it may be kept.
[[nodiscard]] LoadedConfig load_again(const ConfigPaths& paths, config::FileSource& files,
                                      const KeptConfig& kept);
// The same for a start: where the files are rejected and the kept ones can be read, these are the snapshot,
// beside the errors of the others.
[[nodiscard]] LoadedConfig load_at_start(const ConfigPaths& paths, config::FileSource& files,
                                         const KeptConfig& kept);
// What LoadConfig asks for.
[[nodiscard]] LoadedConfig carry_out(const LoadConfig& load, const ConfigPaths& paths,
                                     config::FileSource& files);
// As the answer to LoadConfig, findings as text.
[[nodiscard]] ConfigLoaded answer_load(LoadedConfig loaded);

}  // namespace tocsin::core
