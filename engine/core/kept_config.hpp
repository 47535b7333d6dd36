// The configuration that was last accepted, kept as text: if the files on disk are rejected at a start, the
// kept one runs; and if they were changed while nobody ran, what was told under the kept one is known to be
// so.
//
// No secret is written a second time. In the kept text `${kept:N}` stands in its place, beside its length and
// a salted hash: when the text is needed, the secret is looked for in the files on disk, where it still
// stands, whatever else is wrong with them. One that is no longer there becomes a text that no service takes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/file_source.hpp"
#include "engine/core/kept_rows.hpp"

namespace tocsin::core {

// Passes everything on and notes what was read: the text of a configuration, without values of references.
class RecordingFiles final : public config::FileSource {
 public:
  explicit RecordingFiles(config::FileSource& files) : files_(files) {}

  [[nodiscard]] Result<std::string> read(const std::string& path) override;
  [[nodiscard]] Result<std::string> read_value(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> glob(const std::string& pattern) override;
  [[nodiscard]] std::optional<std::string> env(const std::string& name) override;

  [[nodiscard]] const std::map<std::string, std::string>& texts() const { return texts_; }
  [[nodiscard]] const std::map<std::string, std::vector<std::string>>& patterns() const { return patterns_; }

 private:
  config::FileSource& files_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::vector<std::string>> patterns_;
};

// What was read, with its secrets taken out. `salt` is hashed with each of them.
[[nodiscard]] KeptConfig keep_config(const RecordingFiles& files, std::string salt);

// Whether two kept configurations say the same, secrets included.
[[nodiscard]] bool same_text(const KeptConfig& a, const KeptConfig& b);

// The kept text as files, secrets put back from what `disk` holds under the same paths now. What is no part
// of it (values of references) comes from `disk`.
class KeptFiles final : public config::FileSource {
 public:
  KeptFiles(const KeptConfig& config, config::FileSource& disk);

  [[nodiscard]] Result<std::string> read(const std::string& path) override;
  [[nodiscard]] Result<std::string> read_value(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> glob(const std::string& pattern) override;
  [[nodiscard]] std::optional<std::string> env(const std::string& name) override;

  // How many secrets were not found again.
  [[nodiscard]] std::size_t missing() const { return missing_; }

 private:
  config::FileSource& disk_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::vector<std::string>> patterns_;
  std::size_t missing_ = 0;
};

}  // namespace tocsin::core
