#include "engine/shell/state_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <set>
#include <vector>

#include "engine/shell/files.hpp"
#include "engine/shell/limits.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

constexpr std::array<std::string_view, 3> kBeside = {"", "-wal", "-shm"};
constexpr std::string_view kDamaged = ".damaged-";

Error system_error(const std::string& path) {
  return Error(format("{}: {}", path, system_error_text(errno)));
}

bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

// 20261122T025810Z: sorts by time and needs no quoting anywhere.
std::string compact(WallTime time) {
  std::string text = format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// The process that a lock file names, or 0.
pid_t holder_of(int file) {
  std::array<char, 32> text{};
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  pid_t holder = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, holder);
  return holder;
}

void write_holder(int file) {
  const std::string text = format("{}\n", getpid());
  // What stands in it is for people only; that it is locked is what counts.
  if (ftruncate(file, 0) == 0) (void)!pwrite(file, text.data(), text.size(), 0);
}

bool is_file_at(int file, const std::string& path) {
  struct stat held {
  }, found{};
  return fstat(file, &held) == 0 && stat(path.c_str(), &found) == 0 && held.st_ino == found.st_ino &&
         held.st_dev == found.st_dev;
}

void forget_old_ones(const std::string& directory, const std::string& prefix) {
  DIR* open = opendir(directory.empty() ? "." : directory.c_str());
  if (open == nullptr) return;
  std::set<std::string, std::greater<>> newest_first;
  while (const dirent* entry = readdir(open)) {
    std::string_view name = entry->d_name;
    if (!name.starts_with(prefix)) continue;
    for (const std::string_view suffix : {kBeside[1], kBeside[2]}) {
      if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
    }
    newest_first.emplace(name);
  }
  closedir(open);
  std::size_t kept = 0;
  for (const std::string& name : newest_first) {
    if (++kept <= kMaxDamagedFiles) continue;
    // Something else that is left there, such as a folder with files, stays.
    for (const std::string_view suffix : kBeside) {
      (void)std::remove((path_in(directory, name) + std::string(suffix)).c_str());
    }
  }
}

}  // namespace

std::string path_in(const std::string& directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return directory + (directory.back() == '/' ? "" : "/") + std::string(name);
}

Result<void> make_directory(const std::string& path) {
  // Each beginning of the path that ends before a slash, then all of it.
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (!part.empty() && mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      const Error error = system_error(part);
      if (!exists(part)) return error;
    }
    if (end == std::string::npos) break;
  }
  struct stat status {};
  if (!path.empty() && stat(path.c_str(), &status) != 0) return system_error(path);
  if (!path.empty() && !S_ISDIR(status.st_mode)) return Error(format("{}: not a directory", path));
  return {};
}

Result<void> make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return system_error(path);
  close(file);
  return {};
}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  if (this != &other) {
    release();
    file_ = std::exchange(other.file_, -1);
  }
  return *this;
}

void DirectoryLock::release() {
  // The file stays: removing it would take it from under whoever opened it meanwhile.
  if (file_ >= 0) close(std::exchange(file_, -1));
}

std::optional<DirectoryLock::Refused> DirectoryLock::take(const std::string& directory) {
  const std::string path = path_in(directory, "lock");
  if (file_ >= 0 && is_file_at(file_, path)) return std::nullopt;
  release();
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const bool writable = file >= 0;
  // On a disk that became read-only a lock that is there already still guards.
  if (!writable && (errno == EROFS || errno == EACCES)) file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Refused{false, system_error(path)};
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    Error error = system_error(path);
    if (held) {
      const pid_t holder = holder_of(file);
      error = Error(format("{}: held by {}, expected to be the only one that keeps its state in {}", path,
                           holder > 0 ? format("process {}", holder) : "another process",
                           directory.empty() ? "." : directory));
    }
    close(file);
    return Refused{held, std::move(error)};
  }
  file_ = file;
  if (writable) write_holder(file_);
  return std::nullopt;
}

Result<std::string> set_aside(const std::string& directory, std::string_view name, WallTime now) {
  const std::string prefix = std::string(name) + std::string(kDamaged);
  const std::string from = path_in(directory, name);
  const std::string wanted = path_in(directory, prefix + compact(now));
  std::string to = wanted;
  for (int i = 2; exists(to); ++i) to = format("{}-{}", wanted, i);
  if (rename(from.c_str(), to.c_str()) != 0) return system_error(from);
  for (const std::string_view suffix : {kBeside[1], kBeside[2]}) {
    const std::string beside = from + std::string(suffix);
    // A log that stayed would be taken for the new file's.
    if (rename(beside.c_str(), (to + std::string(suffix)).c_str()) != 0 && errno != ENOENT) {
      return system_error(beside);
    }
  }
  forget_old_ones(directory, prefix);
  return to;
}

}  // namespace tocsin::shell
