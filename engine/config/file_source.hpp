// How configuration reaches files and the environment: the loaders do no I/O of their own. The shell
// implements this on the file system; tests on a map.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/result.hpp"

namespace tocsin::config {

class FileSource {
 public:
  virtual ~FileSource() = default;
  // The whole file. The error says what is wrong without the path: "no such file or directory".
  [[nodiscard]] virtual Result<std::string> read(const std::string& path) = 0;
  // The content of a file that a ${file:PATH} names: a value, often a secret, and no part of the
  // configuration's text.
  [[nodiscard]] virtual Result<std::string> read_value(const std::string& path) { return read(path); }
  // The paths that match a pattern of Go's filepath.Glob (* ? [a-z] \x, no **), sorted. A pattern without
  // meta characters gives the path if the file is there. The error is about the pattern itself.
  [[nodiscard]] virtual Result<std::vector<std::string>> glob(const std::string& pattern) = 0;
  // Empty when the variable is not set.
  [[nodiscard]] virtual std::optional<std::string> env(const std::string& name) = 0;
};

// Files and variables held in memory: what tests use. Paths are compared as they are given.
class MemoryFiles final : public FileSource {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  [[nodiscard]] Result<std::string> read(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> glob(const std::string& pattern) override;
  [[nodiscard]] std::optional<std::string> env(const std::string& name) override;
};

// Go's filepath.Match: * and ? do not cross "/". The error is "syntax error in pattern".
[[nodiscard]] Result<bool> glob_match(std::string_view pattern, std::string_view path);
// path as seen from directory: unchanged when empty or absolute, else joined and cleaned as Go's
// filepath.Join does.
[[nodiscard]] std::string join_directory(std::string_view directory, std::string_view path);
// Everything before the last "/", "." when there is none (filepath.Dir).
[[nodiscard]] std::string directory_of(std::string_view path);

}  // namespace tocsin::config
