// The file system and the environment, as the loaders see them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/file_source.hpp"
#include "promql/result.hpp"

struct stat;

namespace tocsin::shell {

// The calls into the system that reading makes; tests put failing ones in their place. Each behaves as the
// POSIX function of its name and sets errno.
struct FileCalls {
  int (*open)(const char* path, int flags) = nullptr;
  long (*read)(int file, void* buffer, std::size_t size) = nullptr;
  int (*close)(int file) = nullptr;
  int (*fstat)(int file, struct ::stat* status) = nullptr;
  [[nodiscard]] static FileCalls system();
};

// Thread: any; keeps nothing.
class Files final : public config::FileSource {
 public:
  explicit Files(FileCalls calls = FileCalls::system()) : calls_(calls) {}

  // A pipe or a device is read too (process substitution: --config.file=<(...)), up to kMaxFileSize. Waits
  // for the pipe's writer: not for threads that serve.
  [[nodiscard]] Result<std::string> read(const std::string& path) override;
  // Of a regular file alone, so that it never waits: for what is read while the program runs (secrets,
  // certificates) and for what a pattern happened to match. "is a named pipe, expected a file".
  [[nodiscard]] Result<std::string> read_value(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> glob(const std::string& pattern) override;
  [[nodiscard]] std::optional<std::string> env(const std::string& name) override;

 private:
  FileCalls calls_;
};

// Replaces a file so that a reader, or the next start after a power cut, sees the old content or the new one
// and nothing between: a new file beside it, fsync, rename, fsync of the folder.
[[nodiscard]] Result<void> write_file_atomically(const std::string& path, std::string_view content);

// The system's words for an error number with a small first letter: "no such file or directory".
[[nodiscard]] std::string system_error_text(int number);

}  // namespace tocsin::shell
