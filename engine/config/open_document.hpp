// What the loaders of prometheus.yml and alertmanager.yml do alike: parse, read, put the findings in the
// order of the file. Internal to engine/config.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/config/references.hpp"
#include "engine/config/secrets.hpp"

namespace tocsin::config {

// load(scope, root, lint) makes the configuration; root is null for an empty document, and what it adds to
// lint is told after everything else. Empty if anything that was found is an error.
template <class Config, class Load>
[[nodiscard]] std::optional<Config> load_document(std::string text, const LoadOptions& options,
                                                  FileSource& files, Diagnostics& diagnostics, Load load) {
  const std::size_t errors_before = diagnostics.errors();
  const std::size_t findings_before = diagnostics.all().size();
  const yaml::Document document = parse_with_secrets(std::move(text), options.file, diagnostics);
  if (diagnostics.errors() > errors_before && document.root() == nullptr) return std::nullopt;
  const yaml::Scope scope{document, diagnostics, reference_expander(options, files, document, diagnostics),
                          false};
  std::vector<Diagnostic> lint;
  Config config = load(scope, document.root(), lint);
  diagnostics.sort(findings_before);
  diagnostics.add(std::move(lint));
  if (diagnostics.errors() > errors_before) return std::nullopt;
  return config;
}

}  // namespace tocsin::config
