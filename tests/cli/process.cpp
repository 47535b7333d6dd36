#include "tests/cli/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "engine/shell/clock.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::test {

Process::Process(std::vector<std::string> command) {
  int ends[2][2];
  for (auto& pair : ends) REQUIRE(pipe2(pair, O_CLOEXEC) == 0);
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  child_ = fork();
  REQUIRE(child_ >= 0);
  if (child_ == 0) {
    dup2(ends[0][1], STDOUT_FILENO);
    dup2(ends[1][1], STDERR_FILENO);
    execv(words[0], words.data());
    _exit(127);
  }
  for (int i = 0; i < 2; ++i) {
    close(ends[i][1]);
    pipes_[i] = ends[i][0];
  }
}

Process::~Process() {
  if (child_ > 0) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  for (const int end : pipes_) {
    if (end >= 0) close(end);
  }
}

bool Process::read_some(int timeout_ms) {
  std::array<pollfd, 2> polled{{{pipes_[0], POLLIN, 0}, {pipes_[1], POLLIN, 0}}};
  if (poll(polled.data(), polled.size(), timeout_ms) < 0) return true;
  bool open = false;
  for (std::size_t i = 0; i < 2; ++i) {
    if (pipes_[i] < 0) continue;
    open = true;
    if (polled[i].revents == 0) continue;
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(pipes_[i], buffer.data(), buffer.size());
    if (count > 0) {
      text_[i].append(buffer.data(), static_cast<std::size_t>(count));
    } else {
      close(pipes_[i]);
      pipes_[i] = -1;
    }
  }
  return open;
}

bool Process::read_until(const std::function<bool()>& done) {
  const MonoTime deadline = shell::read_mono_clock() + std::chrono::seconds(20);
  while (!done()) {
    if (shell::read_mono_clock() > deadline || !read_some(100)) return done();
  }
  return true;
}

void Process::signal(int number) const {
  REQUIRE(kill(child_, number) == 0);
}

void Process::drain() {
  std::size_t before = 0;
  do {
    before = out().size() + err().size();
    read_some(0);
  } while (out().size() + err().size() > before);
}

int Process::wait() {
  read_until([this] { return pipes_[0] < 0 && pipes_[1] < 0; });
  int status = 0;
  REQUIRE(waitpid(child_, &status, 0) == child_);
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Ended run_command(std::vector<std::string> command) {
  Process process(std::move(command));
  const int code = process.wait();
  return {code, process.out(), process.err()};
}

}  // namespace tocsin::test
