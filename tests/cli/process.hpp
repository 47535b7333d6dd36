// A child process whose output the test reads as it comes.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace tocsin::test {

class Process {
 public:
  // The first word is the program's file.
  explicit Process(std::vector<std::string> command);
  ~Process();  // ends it if it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Reads until `done` holds for what has come; false when the process has closed its output, or after 20 s,
  // before that.
  bool read_until(const std::function<bool()>& done);
  // Reads what there is. A process whose output nobody reads stops at some point.
  void drain();
  void signal(int number) const;
  // Reads the rest and gives the exit code, -1 for a signal.
  int wait();
  [[nodiscard]] const std::string& out() const { return text_[0]; }
  [[nodiscard]] const std::string& err() const { return text_[1]; }

 private:
  bool read_some(int timeout_ms);
  pid_t child_ = -1;
  int pipes_[2] = {-1, -1};
  std::string text_[2];
};

struct Ended {
  int code = 0;
  std::string out;
  std::string err;
};
// Runs a command to its end.
[[nodiscard]] Ended run_command(std::vector<std::string> command);

}  // namespace tocsin::test
