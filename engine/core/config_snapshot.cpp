#include "engine/core/config_snapshot.hpp"

#include <utility>

#include "engine/config/alertmanager_loader.hpp"
#include "engine/config/prometheus_loader.hpp"
#include "engine/core/kept_config.hpp"
#include "notifiers/notification_template.hpp"
#include "promql/format.hpp"

namespace tocsin::core {
namespace {

struct Loader {
  const promql::ParserOptions& parser;
  config::FileSource& files;
  Severity unset_reference;
  Diagnostics diagnostics;
  std::size_t count = 0;

  void report(std::string file, std::string text) {
    Diagnostic diagnostic;
    diagnostic.file = std::move(file);
    diagnostic.text = std::move(text);
    diagnostics.add(std::move(diagnostic));
  }

  std::optional<std::string> read(const std::string& path) {
    ++count;
    auto text = files.read(path);
    if (text) return std::move(*text);
    report(path, text.error().text);
    return std::nullopt;
  }

  [[nodiscard]] config::LoadOptions options(const std::string& path) const {
    config::LoadOptions options;
    options.file = path;
    options.unset_reference = unset_reference;
    return options;
  }

  void load_prometheus(ConfigSnapshot& snapshot, std::string text, const std::string& path) {
    auto loaded = config::load_prometheus_config(std::move(text), options(path), files, diagnostics);
    if (!loaded) return;
    snapshot.rule_files = config::load_rule_files(*loaded, files, diagnostics, parser);
    count += static_cast<int>(loaded->rule_files.size());
    snapshot.prometheus = std::make_shared<const config::PrometheusConfig>(std::move(*loaded));
  }

  void load_alertmanager(ConfigSnapshot& snapshot, std::string text, const std::string& path) {
    auto loaded = config::load_alertmanager_config(std::move(text), options(path), files, diagnostics);
    if (!loaded) return;
    for (const std::string& file : loaded->template_files) load_templates(snapshot, file);
    snapshot.alertmanager = std::make_shared<const config::AlertmanagerConfig>(std::move(*loaded));
  }

  // A user's file of templates goes into the set under its base name, as upstream's ParseGlob does it.
  void load_templates(ConfigSnapshot& snapshot, const std::string& path) {
    const auto text = read(path);
    if (!text) return;
    const auto slash = path.rfind('/');
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    const auto added = snapshot.notification_templates.add(name, *text);
    if (!added) report(path, added.error().text);
  }
};

// Alertmanager's files have a route and receivers, Prometheus' have neither.
bool is_alertmanager_file(const std::string& text, const std::string& path) {
  Diagnostics ignored;
  const yaml::Document document = yaml::parse(text, {path, yaml::Dialect::v2}, ignored);
  const yaml::Node* root = document.root();
  return root != nullptr && (root->find("route") != nullptr || root->find("receivers") != nullptr);
}

}  // namespace

LoadedConfig load_config(const ConfigPaths& paths, config::FileSource& files, Severity unset_reference) {
  Loader loader{paths.parser, files, unset_reference, {}, 0};
  auto snapshot = std::make_shared<ConfigSnapshot>(
      ConfigSnapshot{nullptr, nullptr, {}, notifiers::notification_templates()});
  if (!paths.prometheus.empty()) {
    if (auto text = loader.read(paths.prometheus)) {
      if (paths.alertmanager.empty() && is_alertmanager_file(*text, paths.prometheus)) {
        loader.load_alertmanager(*snapshot, std::move(*text), paths.prometheus);
      } else {
        loader.load_prometheus(*snapshot, std::move(*text), paths.prometheus);
      }
    }
  }
  if (!paths.alertmanager.empty()) {
    if (auto text = loader.read(paths.alertmanager)) {
      loader.load_alertmanager(*snapshot, std::move(*text), paths.alertmanager);
    }
  }
  LoadedConfig loaded;
  loaded.files = loader.count;
  if (!loader.diagnostics.has_errors()) loaded.snapshot = std::move(snapshot);
  loaded.diagnostics = loader.diagnostics.take();
  // These go to logs and answers, one line an error: the source line and the caret are for terminals, and may
  // hold what must not be seen.
  for (Diagnostic& diagnostic : loaded.diagnostics) diagnostic.source_line.clear();
  return loaded;
}

LoadedConfig load_again(const ConfigPaths& paths, config::FileSource& files, const KeptConfig& kept) {
  RecordingFiles recording(files);
  LoadedConfig loaded = load_config(paths, recording);
  if (loaded.snapshot != nullptr) {
    loaded.text = std::make_shared<const KeptConfig>(keep_config(recording, kept.salt));
  }
  return loaded;
}

LoadedConfig load_at_start(const ConfigPaths& paths, config::FileSource& files, const KeptConfig& kept) {
  LoadedConfig loaded = load_again(paths, files, kept);
  if (kept.files.empty()) return loaded;
  if (loaded.snapshot != nullptr && same_text(*loaded.text, kept)) return loaded;
  KeptFiles before(kept, files);
  ConfigPtr snapshot = load_config(paths, before).snapshot;
  if (loaded.snapshot != nullptr) {
    loaded.previous = std::move(snapshot);
  } else if (snapshot != nullptr) {
    loaded.snapshot = std::move(snapshot);
    loaded.text = std::make_shared<const KeptConfig>(kept);
  }
  return loaded;
}

LoadedConfig carry_out(const LoadConfig& load, const ConfigPaths& paths, config::FileSource& files) {
  static const KeptConfig kNone;
  const KeptConfig& kept = load.kept == nullptr ? kNone : *load.kept;
  return load.at_start ? load_at_start(paths, files, kept) : load_again(paths, files, kept);
}

ConfigLoaded answer_load(LoadedConfig loaded) {
  ConfigLoaded answer;
  answer.snapshot = std::move(loaded.snapshot);
  answer.previous = std::move(loaded.previous);
  answer.text = std::move(loaded.text);
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    std::string text = format_diagnostic(diagnostic, SeverityWord::never_for_errors);
    if (diagnostic.severity == Severity::warning) {
      answer.warnings.push_back(std::move(text));
    } else {
      answer.errors.push_back(std::move(text));
    }
  }
  return answer;
}

}  // namespace tocsin::core
