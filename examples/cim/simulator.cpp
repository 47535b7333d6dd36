// CIM for a demonstration: answers /metrics as CIM would while an incident goes through it, and receives the
// notifications that would go to Slack and PagerDuty, to print what a person would see.
//
//   cim-simulator METRICS_ADDRESS SINK_ADDRESS
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "engine/shell/asio.hpp"
#include "engine/shell/clock.hpp"
#include "engine/shell/http_server.hpp"
#include "examples/cim/model.hpp"
#include "examples/cim/stand_in.hpp"
#include "promql/format.hpp"

#include <boost/asio/signal_set.hpp>

namespace {

using namespace tocsin;

class Stage {
 public:
  explicit Stage(asio::io_context& loop) : loop_(loop), start_(shell::read_mono_clock()) {}

  void say(std::string_view text) const {
    const auto seconds = (shell::read_mono_clock() - start_) / std::chrono::seconds(1);
    std::fputs(format("[{:02}:{:02}] {}", seconds / 60, seconds % 60, text).c_str(), stdout);
    std::fflush(stdout);
  }

  void narrate() {
    for (const examples::Phase& phase : examples::incident()) {
      at(phase.from, format("CIM: {}\n", phase.what));
      at(phase.to, format("CIM: over: {}\n", phase.what));
    }
  }

  api::HttpResponse metrics(const api::HttpRequest& request) const {
    api::HttpResponse response;
    if (request.path != "/metrics") {
      response.status = 404;
      response.body = "not found\n";
      return response;
    }
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = examples::cim_metrics(shell::read_mono_clock() - start_);
    return response;
  }

  api::HttpResponse notification(const api::HttpRequest& request) const {
    const std::string_view url = request.header("X-Tocsin-Original-URL");
    say(examples::shown_to_person(url, request.body));
    examples::ServiceAnswer answer = examples::service_answer(url);
    api::HttpResponse response;
    response.status = answer.status;
    response.content_type = std::move(answer.content_type);
    response.body = std::move(answer.body);
    return response;
  }

 private:
  void at(Duration after, std::string text) {
    auto timer = std::make_shared<asio::steady_timer>(
        loop_, std::chrono::duration_cast<std::chrono::milliseconds>(after));
    timer->async_wait([this, timer, text = std::move(text)](const boost::system::error_code& error) {
      if (!error) say(text);
    });
  }

  asio::io_context& loop_;
  MonoTime start_;
};

int fail(const Error& error) {
  std::fputs(format("cim-simulator: {}\n", error.text).c_str(), stderr);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fail(Error("usage: cim-simulator METRICS_ADDRESS SINK_ADDRESS"));
  asio::io_context loop;
  Stage stage(loop);
  shell::HttpServer metrics(
      loop, {}, [&stage](const api::HttpRequest& request, const shell::HttpServer::Answer& answer) {
        answer(stage.metrics(request));
      });
  shell::HttpServer sink(loop, {},
                         [&stage](const api::HttpRequest& request, const shell::HttpServer::Answer& answer) {
                           answer(stage.notification(request));
                         });
  if (auto bound = metrics.listen(argv[1]); !bound) return fail(bound.error());
  if (auto bound = sink.listen(argv[2]); !bound) return fail(bound.error());
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](const boost::system::error_code&, int) { loop.stop(); });
  stage.narrate();
  loop.run();
  return 0;
}
