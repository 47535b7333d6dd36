#include "engine/shell/signals.hpp"

#include <csignal>
#include <utility>

#include "engine/shell/asio.hpp"

namespace tocsin::shell {

struct Signals::State : std::enable_shared_from_this<Signals::State> {
  State(asio::io_context& loop, Handlers given)
      : set(loop, SIGHUP, SIGINT, SIGTERM), handlers(std::move(given)) {}

  void await() {
    set.async_wait([weak = weak_from_this()](const boost::system::error_code& error, int number) {
      const auto self = weak.lock();
      if (error || self == nullptr) return;
      self->received(number);
      self->await();
    });
  }

  void received(int number) {
    if (number == SIGHUP) return handlers.reload();
    if (std::exchange(stopping, true)) return handlers.stop_at_once();
    handlers.stop();
  }

  asio::signal_set set;
  Handlers handlers;
  bool stopping = false;
};

void ignore_broken_pipes() {
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::Signals(boost::asio::io_context& loop, Handlers handlers)
    : state_(std::make_shared<State>(loop, std::move(handlers))) {
  state_->await();
}

Signals::~Signals() = default;

void Signals::end_at_once() {
  boost::system::error_code ignored;
  state_->set.clear(ignored);
  std::signal(SIGHUP, SIG_IGN);
}

}  // namespace tocsin::shell
