// SIGHUP, SIGINT and SIGTERM as events of the loop; SIGPIPE as nothing.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace tocsin::shell {

// A write to a closed connection must be an error of that write and not the end of the process. For main,
// before any thread.
void ignore_broken_pipes();

// Thread: the loop's. The loop must outlive it.
class Signals {
 public:
  struct Handlers {
    std::function<void()> reload;        // SIGHUP, each time
    std::function<void()> stop;          // the first SIGINT or SIGTERM
    std::function<void()> stop_at_once;  // the second: the user is out of patience
  };
  Signals(boost::asio::io_context& loop, Handlers handlers);
  ~Signals();

  // When nobody serves the loop any more: from here on SIGINT and SIGTERM end the process, SIGHUP is ignored.
  void end_at_once();

  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::shell
