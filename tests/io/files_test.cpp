// Files, watched files and signals on the real system, and with the n-th operation failing.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "engine/shell/file_watcher.hpp"
#include "engine/shell/files.hpp"
#include "engine/shell/signals.hpp"
#include "promql/format.hpp"
#include "tests/io/loopback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/folder.hpp"

using namespace tocsin;
using shell::Files;
using test::Folder;
using test::run_until;
namespace fs = std::filesystem;

namespace {

// The n-th call of any kind fails with this number; the rest go to the system.
int calls_until_failure = 0;
int failure_number = 0;

bool fails_now() {
  if (--calls_until_failure != 0) return false;
  errno = failure_number;
  return true;
}

shell::FileCalls failing_calls() {
  shell::FileCalls calls;
  calls.open = [](const char* path, int flags) { return fails_now() ? -1 : ::open(path, flags | O_CLOEXEC); };
  calls.read = [](int file, void* buffer, std::size_t size) -> long {
    return fails_now() ? -1 : ::read(file, buffer, size);
  };
  calls.close = [](int file) { return ::close(file); };
  calls.fstat = [](int file, struct stat* status) { return fails_now() ? -1 : ::fstat(file, status); };
  return calls;
}

}  // namespace

TEST_CASE("A file is read whole, and what cannot be read says why") {
  const Folder folder;
  Files files;
  folder.write("a", std::string(200'000, 'x'));
  CHECK(files.read(folder.path("a")).value().size() == 200'000);
  CHECK(files.read(folder.path("missing")).error().text == "no such file or directory");
  CHECK(files.read(folder.path("")).error().text == "is a directory");
}

TEST_CASE("Reading survives an interruption and reports any other failure, at whichever call it happens") {
  const Folder folder;
  folder.write("a", "content");
  // open, read, read (end): three calls. Only a read that was interrupted is tried again.
  const std::vector<std::tuple<int, int, std::string>> cases = {
      {1, EMFILE, "too many open files"},
      {1, EACCES, "permission denied"},
      {2, EIO, "input/output error"},
      {3, EIO, "input/output error"},
      {2, EINTR, ""},
      {3, EINTR, ""},
  };
  for (const auto& [call, number, expected] : cases) {
    INFO(call << " " << number);
    calls_until_failure = call;
    failure_number = number;
    Files files(failing_calls());
    const Result<std::string> content = files.read(folder.path("a"));
    if (expected.empty()) {
      REQUIRE(content);
      CHECK(*content == "content");
    } else {
      REQUIRE(content.has_error());
      CHECK(content.error().text == expected);
    }
  }
}

TEST_CASE("What is read while the program runs is a file, or an error that says what it is") {
  const Folder folder;
  folder.write("a", "content");
  fs::create_directory(folder.path("folder"));
  REQUIRE(mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  fs::create_symlink(folder.path("pipe"), folder.path("link"));
  Files files;
  CHECK(files.read_value(folder.path("a")).value() == "content");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {folder.path("missing"), "no such file or directory"},
      {folder.path("folder"), "is a directory, expected a file"},
      {folder.path("pipe"), "is a named pipe, expected a file"},
      {folder.path("link"), "is a named pipe, expected a file"},
      {"/dev/null", "is a device, expected a file"},
  };
  for (const auto& [path, expected] : cases) {
    INFO(path);
    const Result<std::string> content = files.read_value(path);
    REQUIRE(content.has_error());
    CHECK(content.error().text == expected);
  }
  // open, fstat, read, read (end): whichever fails is reported.
  for (int call = 1; call <= 4; ++call) {
    INFO(call);
    calls_until_failure = call;
    failure_number = EIO;
    Files failing(failing_calls());
    const Result<std::string> content = failing.read_value(folder.path("a"));
    REQUIRE(content.has_error());
    CHECK(content.error().text == "input/output error");
  }
}

TEST_CASE("A pipe that the command line names is read to its end") {
  int ends[2] = {-1, -1};
  REQUIRE(pipe(ends) == 0);
  REQUIRE(::write(ends[1], "groups: []\n", 11) == 11);
  ::close(ends[1]);
  Files files;
  // What <(...) of a shell hands over.
  CHECK(files.read(format("/dev/fd/{}", ends[0])).value() == "groups: []\n");
  ::close(ends[0]);
}

TEST_CASE("A pattern gives its files sorted, also through folders") {
  const Folder folder;
  for (const std::string name : {"b.yml", "a.yml", "c.json", "sub1/x.yml", "sub2/x.yml", "sub2/y.yml"}) {
    folder.write(name, "");
  }
  Files files;
  using List = std::vector<std::string>;
  CHECK(files.glob(folder.path("*.yml")).value() == List{folder.path("a.yml"), folder.path("b.yml")});
  CHECK(files.glob(folder.path("sub?/x.yml")).value() ==
        List{folder.path("sub1/x.yml"), folder.path("sub2/x.yml")});
  CHECK(files.glob(folder.path("sub*/*.yml")).value() ==
        List{folder.path("sub1/x.yml"), folder.path("sub2/x.yml"), folder.path("sub2/y.yml")});
  CHECK(files.glob(folder.path("a.yml")).value() == List{folder.path("a.yml")});
  CHECK(files.glob(folder.path("none/*.yml")).value().empty());
  CHECK(files.glob(folder.path("missing.yml")).value().empty());
  CHECK(files.glob(folder.path("[")).error().text == "syntax error in pattern");
}

TEST_CASE("A file is replaced as a whole or not at all") {
  const Folder folder;
  folder.write("state", "old");
  REQUIRE(shell::write_file_atomically(folder.path("state"), "new"));
  Files files;
  CHECK(files.read(folder.path("state")).value() == "new");
  CHECK(files.glob(folder.path("*")).value().size() == 1);
  CHECK(shell::write_file_atomically(folder.path("no/such"), "x").has_error());
  // A folder stands where the file should go: the rename fails, and nothing is left behind.
  folder.write("taken/x", "");
  CHECK(shell::write_file_atomically(folder.path("taken"), "x").has_error());
  CHECK_FALSE(fs::exists(folder.path("taken.new")));
}

TEST_CASE("Watched files are told at once and when they change, by inotify and by the poll alone") {
  for (const bool use_inotify : {true, false}) {
    INFO(use_inotify);
    const Folder folder;
    folder.write("a.json", "one");
    asio::io_context loop;
    Files files;
    std::vector<core::WatchedFiles> told;
    shell::FileWatcherOptions options;
    options.use_inotify = use_inotify;
    options.settle = std::chrono::milliseconds(1);
    // With inotify the poll is out of reach: what is seen is seen by it.
    options.poll_interval =
        use_inotify ? Duration(std::chrono::hours(1)) : Duration(std::chrono::milliseconds(5));
    shell::FileWatcher watcher(loop, files, options,
                               [&](core::WatchedFiles found) { told.push_back(std::move(found)); });
    watcher.watch({folder.path("*.json")});
    using List = std::vector<std::pair<std::string, std::string>>;
    REQUIRE(run_until(loop, [&] { return told.size() == 1; }));
    CHECK(told[0].pattern == folder.path("*.json"));
    CHECK(told[0].files == List{{folder.path("a.json"), "one"}});

    REQUIRE(shell::write_file_atomically(folder.path("a.json"), "two"));
    REQUIRE(run_until(loop, [&] { return told.back().files == List{{folder.path("a.json"), "two"}}; }));
    folder.write("b.json", "three");
    REQUIRE(run_until(
        loop, [&] { return told.back().files.size() == 2 && told.back().files[1].second == "three"; }));
    folder.remove("a.json");
    REQUIRE(run_until(loop, [&] { return told.back().files == List{{folder.path("b.json"), "three"}}; }));
    const std::size_t before = told.size();
    folder.write("other.txt", "x");
    folder.write("c.json", "y");
    REQUIRE(
        run_until(loop, [&] { return told.back().files.size() == 2 && told.back().files[1].second == "y"; }));
    // The file that matches no pattern was not told of on its own.
    CHECK(told.size() <= before + 2);
  }
}

TEST_CASE("A watched file that cannot be read is named and left out") {
  const Folder folder;
  folder.write("a.json", "one");
  fs::create_directory(folder.path("b.json"));
  REQUIRE(mkfifo(folder.path("c.json").c_str(), 0600) == 0);
  asio::io_context loop;
  Files files;
  std::vector<core::WatchedFiles> told;
  shell::FileWatcher watcher(loop, files, {},
                             [&](core::WatchedFiles found) { told.push_back(std::move(found)); });
  watcher.watch({folder.path("*.json")});
  REQUIRE(told.size() == 1);
  CHECK(told[0].files.size() == 1);
  CHECK(told[0].errors ==
        std::vector<std::string>{folder.path("b.json") + ": is a directory, expected a file",
                                 folder.path("c.json") + ": is a named pipe, expected a file"});
  CHECK(told[0].unread == std::vector<std::string>{folder.path("b.json"), folder.path("c.json")});
}

TEST_CASE("Signals become events; the second one asks to stop at once") {
  asio::io_context loop;
  std::vector<std::string> seen;
  shell::Signals signals(loop, {[&] { seen.emplace_back("reload"); }, [&] { seen.emplace_back("stop"); },
                                [&] { seen.emplace_back("at once"); }});
  for (const int number : {SIGHUP, SIGHUP, SIGTERM, SIGINT}) {
    const std::size_t before = seen.size();
    REQUIRE(raise(number) == 0);
    REQUIRE(run_until(loop, [&] { return seen.size() == before + 1; }));
  }
  CHECK(seen == std::vector<std::string>{"reload", "reload", "stop", "at once"});
}
