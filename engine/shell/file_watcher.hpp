// Tells when files that match patterns come, go or change: inotify for speed, a poll for what inotify does
// not see (network file systems, folders that do not exist yet, a kernel out of watches).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/io.hpp"
#include "engine/shell/files.hpp"
#include "promql/time.hpp"

namespace boost::asio {
class io_context;
}

namespace tocsin::shell {

struct FileWatcherOptions {
  Duration poll_interval = std::chrono::seconds(30);
  // Writers often make several changes in a row; the files are read this long after the last one.
  Duration settle = std::chrono::milliseconds(50);
  bool use_inotify = true;  // tests show that the poll alone suffices
};

// Thread: the loop's. The loop and the files must outlive the watcher.
class FileWatcher {
 public:
  using Changed = std::function<void(core::WatchedFiles)>;

  FileWatcher(boost::asio::io_context& loop, Files& files, FileWatcherOptions options, Changed changed);
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  // Replaces all patterns. Each new one is reported soon, with what it matches now, and then whenever the
  // content of one of its files changed or a file came or went.
  void watch(std::vector<std::string> patterns);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::shell
