#include "engine/lint/target_check.hpp"

#include <string>
#include <utility>

#include "engine/config/target_file.hpp"
#include "promql/format.hpp"

namespace tocsin::lint {
namespace {

class FileCheck {
 public:
  FileCheck(const config::PrometheusConfig& config, config::FileSource& files, Diagnostics& diagnostics)
      : config_(config), files_(files), diagnostics_(diagnostics) {}

  void check() {
    for (const config::ScrapeConfig& scrape : config_.scrape_configs) {
      const std::string subject = format("scrape job \"{}\"", scrape.job_name);
      check_client(*scrape.http, scrape.position, subject);
      check_discovery(scrape.discovery, scrape.position, subject);
    }
    for (std::size_t i = 0; i < config_.alerting.alertmanagers.size(); ++i) {
      const config::AlertmanagerTarget& target = config_.alerting.alertmanagers[i];
      check_discovery(target.discovery, target.position, format("alertmanagers[{}]", i));
    }
  }

 private:
  void report(SourcePosition at, Severity severity, std::string text) {
    Diagnostic diagnostic;
    diagnostic.file = config_.file;
    diagnostic.position = at;
    diagnostic.severity = severity;
    diagnostic.text = std::move(text);
    diagnostics_.add(std::move(diagnostic));
  }

  void check_client(const config::HttpClientConfig& client, SourcePosition at, const std::string& subject) {
    const auto readable = [&](std::string_view key, const std::string& path) {
      if (path.empty()) return;
      const Result<std::string> content = files_.read_value(path);
      if (!content)
        report(at, Severity::error, format("{}: {}: \"{}\": {}", subject, key, path, content.error().text));
    };
    if (client.authorization) readable("credentials_file", client.authorization->credentials_file);
    readable("ca_file", client.tls.ca_file);
    readable("cert_file", client.tls.cert_file);
    readable("key_file", client.tls.key_file);
  }

  void check_discovery(const config::Discovery& discovery, SourcePosition at, const std::string& subject) {
    for (const config::FileDiscovery& entry : discovery.file_configs) {
      for (const std::string& pattern : entry.files) {
        const Result<std::vector<std::string>> found = files_.glob(pattern);
        if (!found) {
          report(at, Severity::error,
                 format("{}: file_sd_configs: \"{}\": {}", subject, pattern, found.error().text));
          continue;
        }
        if (found->empty()) {
          report(at, Severity::warning,
                 format("{}: file_sd_configs: \"{}\" does not exist", subject, pattern));
        }
        for (const std::string& path : *found) check_target_file(path);
      }
    }
  }

  void check_target_file(const std::string& path) {
    const Result<std::string> text = files_.read_value(path);
    if (!text) {
      Diagnostic diagnostic;
      diagnostic.file = path;
      diagnostic.text = text.error().text;
      return diagnostics_.add(std::move(diagnostic));
    }
    (void)config::read_target_file(path, *text, diagnostics_);
  }

  const config::PrometheusConfig& config_;
  config::FileSource& files_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_referenced_files(const config::PrometheusConfig& config, config::FileSource& files,
                            Diagnostics& diagnostics) {
  FileCheck(config, files, diagnostics).check();
}

}  // namespace tocsin::lint
