#include "engine/shell/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/shell/limits.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

int system_open(const char* path, int flags) {
  return ::open(path, flags | O_CLOEXEC);
}
long system_read(int file, void* buffer, std::size_t size) {
  return ::read(file, buffer, size);
}
int system_close(int file) {
  return ::close(file);
}
int system_fstat(int file, struct stat* status) {
  return ::fstat(file, status);
}

// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(int number, int (*close)(int)) : number_(number), close_(close) {}
  ~Descriptor() {
    if (number_ >= 0) close_(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
  int (*close_)(int);
};

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Result<std::string> read_all(const FileCalls& calls, int file) {
  std::string content;
  std::string chunk(std::size_t{64} << 10, '\0');
  while (true) {
    const long count = calls.read(file, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error(system_error_text(errno));
    if (count == 0) return content;
    content.append(chunk, 0, static_cast<std::size_t>(count));
    if (content.size() > kMaxFileSize) return Error(format("file is larger than {} bytes", kMaxFileSize));
  }
}

bool has_meta(std::string_view text) {
  return text.find_first_of("*?[\\") != std::string_view::npos;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  DIR* open = opendir(directory.empty() ? "." : directory.c_str());
  if (open == nullptr) return names;  // as Go's Glob: a folder that cannot be read matches nothing
  while (const dirent* entry = readdir(open)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(open);
  std::sort(names.begin(), names.end());
  return names;
}

std::string joined(const std::string& directory, const std::string& name) {
  if (directory.empty()) return name;
  return directory.back() == '/' ? directory + name : directory + "/" + name;
}

bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

Result<void> write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Error(system_error_text(errno));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

FileCalls FileCalls::system() {
  return FileCalls{system_open, system_read, system_close, system_fstat};
}

std::string system_error_text(int number) {
  std::string text = std::strerror(number);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

Result<std::string> Files::read(const std::string& path) {
  const Descriptor file(calls_.open(path.c_str(), O_RDONLY), calls_.close);
  if (file.get() < 0) return Error(system_error_text(errno));
  return read_all(calls_, file.get());
}

Result<std::string> Files::read_value(const std::string& path) {
  // Without O_NONBLOCK to open a pipe is to wait until somebody writes to it.
  const Descriptor file(calls_.open(path.c_str(), O_RDONLY | O_NONBLOCK), calls_.close);
  if (file.get() < 0) return Error(system_error_text(errno));
  struct stat status {};
  if (calls_.fstat(file.get(), &status) != 0) return Error(system_error_text(errno));
  if (!S_ISREG(status.st_mode)) return Error(format("is {}, expected a file", kind_of(status.st_mode)));
  return read_all(calls_, file.get());
}

Result<std::vector<std::string>> Files::glob(const std::string& pattern) {
  // A broken pattern is an error even where no file would be compared with it.
  if (const Result<bool> valid = config::glob_match(pattern, ""); !valid) return valid.error();
  if (!has_meta(pattern)) {
    return exists(pattern) ? std::vector<std::string>{pattern} : std::vector<std::string>{};
  }
  const std::size_t slash = pattern.rfind('/');
  const std::string name_pattern = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
  std::vector<std::string> directories{""};
  if (slash != std::string::npos) {
    const std::string parent = slash == 0 ? "/" : pattern.substr(0, slash);
    Result<std::vector<std::string>> parents =
        has_meta(parent) ? glob(parent) : std::vector<std::string>{parent};
    if (!parents) return parents.error();
    directories = std::move(*parents);
  }
  std::vector<std::string> matches;
  for (const std::string& directory : directories) {
    for (const std::string& name : names_in(directory)) {
      const Result<bool> match = config::glob_match(name_pattern, name);
      if (!match) return match.error();
      if (!*match) continue;
      if (matches.size() == kMaxGlobMatches)
        return Error(format("matches more than {} files", kMaxGlobMatches));
      matches.push_back(joined(directory, name));
    }
  }
  return matches;
}

std::optional<std::string> Files::env(const std::string& name) {
  // Nothing in this process changes the environment, so reading it is safe from any thread.
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<void> write_file_atomically(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640),
                          system_close);
    if (file.get() < 0) return Error(format("{}: {}", temporary, system_error_text(errno)));
    Result<void> written = write_all(file.get(), content);
    if (written && fsync(file.get()) != 0) written = Error(system_error_text(errno));
    if (!written) {
      unlink(temporary.c_str());
      return written.error().wrap(temporary);
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    unlink(temporary.c_str());
    return Error(format("{}: {}", path, system_error_text(number)));
  }
  const Descriptor folder(::open(config::directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                          system_close);
  // Without this the rename itself may be lost; a file system that cannot sync a folder has nothing better.
  if (folder.get() >= 0) (void)fsync(folder.get());
  return {};
}

}  // namespace tocsin::shell
