// inotify watches folders, not files: editors and config managers replace files by rename, which a watch on
// the file would lose. An event only says "look again"; what changed is found by comparing what was read with
// what was reported, so a missed or doubled event does no harm and the poll is the same code.
#include "engine/shell/file_watcher.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "engine/shell/asio.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

bool same(const core::WatchedFiles& left, const core::WatchedFiles& right) {
  return left.files == right.files && left.errors == right.errors;
}

}  // namespace

struct FileWatcher::State : std::enable_shared_from_this<FileWatcher::State> {
  State(asio::io_context& loop, Files& source, FileWatcherOptions given, Changed tell)
      : files(source), options(given), changed(std::move(tell)), notify(loop), poll(loop), settle(loop) {}

  void replace(std::vector<std::string> patterns);
  void open_inotify();
  void watch_folders();
  void await_events();
  void await_poll();
  void look();
  core::WatchedFiles read(const std::string& pattern);

  Files& files;
  FileWatcherOptions options;
  Changed changed;
  asio::posix::stream_descriptor notify;
  asio::steady_timer poll;
  asio::steady_timer settle;
  // What was told last; nothing for a pattern that was not reported yet.
  std::map<std::string, std::unique_ptr<core::WatchedFiles>> told;
  std::map<std::string, int> folders;
  std::array<char, 4096> events{};
};

void FileWatcher::State::replace(std::vector<std::string> patterns) {
  const std::set<std::string> wanted(patterns.begin(), patterns.end());
  std::erase_if(told, [&](const auto& entry) { return wanted.count(entry.first) == 0; });
  for (const std::string& pattern : wanted) told.try_emplace(pattern);
  poll.cancel();
  settle.cancel();
  if (told.empty()) return;
  if (options.use_inotify && !notify.is_open()) open_inotify();
  look();
}

void FileWatcher::State::open_inotify() {
  const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) return;  // the poll serves
  boost::system::error_code error;
  notify.assign(descriptor, error);
  if (error) {
    ::close(descriptor);
    return;
  }
  await_events();
}

void FileWatcher::State::watch_folders() {
  if (!notify.is_open()) return;
  std::set<std::string> wanted;
  for (const auto& [pattern, files_told] : told) {
    const std::string folder = config::directory_of(pattern);
    const Result<std::vector<std::string>> found = files.glob(folder);
    if (found) wanted.insert(found->begin(), found->end());
  }
  for (auto entry = folders.begin(); entry != folders.end();) {
    if (wanted.count(entry->first) != 0) {
      ++entry;
      continue;
    }
    inotify_rm_watch(notify.native_handle(), entry->second);
    entry = folders.erase(entry);
  }
  for (const std::string& folder : wanted) {
    // Asked again for a known folder: it may have been deleted and made anew.
    const int watch = inotify_add_watch(
        notify.native_handle(), folder.c_str(),
        IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF);
    if (watch >= 0) folders[folder] = watch;
  }
}

void FileWatcher::State::await_events() {
  notify.async_read_some(asio::buffer(events),
                         [weak = weak_from_this()](const boost::system::error_code& error, std::size_t) {
                           const auto self = weak.lock();
                           if (error || self == nullptr) return;
                           self->settle.expires_after(self->options.settle);
                           self->settle.async_wait([weak](const boost::system::error_code& cancelled) {
                             const auto again = weak.lock();
                             if (!cancelled && again != nullptr) again->look();
                           });
                           self->await_events();
                         });
}

void FileWatcher::State::await_poll() {
  poll.expires_after(options.poll_interval);
  poll.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (!cancelled && self != nullptr) self->look();
  });
}

core::WatchedFiles FileWatcher::State::read(const std::string& pattern) {
  core::WatchedFiles found;
  found.pattern = pattern;
  const Result<std::vector<std::string>> paths = files.glob(pattern);
  if (!paths) {
    found.errors.push_back(paths.error().wrap(pattern).text);
    found.glob_failed = true;
    return found;
  }
  for (const std::string& path : *paths) {
    Result<std::string> content = files.read_value(path);
    if (content) {
      found.files.emplace_back(path, std::move(*content));
    } else {
      found.errors.push_back(content.error().wrap(path).text);
      found.unread.push_back(path);
    }
  }
  return found;
}

void FileWatcher::State::look() {
  // Watches first: a change between reading and watching would be seen only by the next poll.
  watch_folders();
  std::vector<core::WatchedFiles> news;
  for (auto& [pattern, last] : told) {
    core::WatchedFiles found = read(pattern);
    if (last != nullptr && same(*last, found)) continue;
    last = std::make_unique<core::WatchedFiles>(found);
    news.push_back(std::move(found));
  }
  await_poll();
  for (core::WatchedFiles& item : news) changed(std::move(item));
}

FileWatcher::FileWatcher(boost::asio::io_context& loop, Files& files, FileWatcherOptions options,
                         Changed changed)
    : state_(std::make_shared<State>(loop, files, options, std::move(changed))) {}

FileWatcher::~FileWatcher() {
  state_->replace({});
}

void FileWatcher::watch(std::vector<std::string> patterns) {
  state_->replace(std::move(patterns));
}

}  // namespace tocsin::shell
