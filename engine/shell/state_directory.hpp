// The directory of the state file: made, locked to one process, and where a damaged file is put aside.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

// "data/" + "state.db". An empty directory is the present one.
[[nodiscard]] std::string path_in(const std::string& directory, std::string_view name);

// With the folders above it; what is made belongs to this user alone (0700).
[[nodiscard]] Result<void> make_directory(const std::string& path);
// An empty file that only this user may read (0600), for SQLite to fill; its other files take that over.
[[nodiscard]] Result<void> make_private_file(const std::string& path);

// Holds `lock` in a directory, with this process's id in it, until it is destroyed or the process ends. The
// lock is flock's, which is also how Prometheus guards its data directory: two that share one notice.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  ~DirectoryLock() { release(); }
  DirectoryLock(DirectoryLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;

  struct Refused {
    bool held = false;  // by another process
    Error error;
  };
  // Nothing if it is held now. Taking what this object holds already does nothing; a lock file that was
  // removed meanwhile is made anew.
  [[nodiscard]] std::optional<Refused> take(const std::string& directory);
  void release();

 private:
  int file_ = -1;
};

// Renames `name` in `directory`, with what SQLite has beside it, to NAME.damaged-20261122T025810Z, keeps the
// newest kMaxDamagedFiles of these and removes the others. Gives the new path.
[[nodiscard]] Result<std::string> set_aside(const std::string& directory, std::string_view name,
                                            WallTime now);

}  // namespace tocsin::shell
