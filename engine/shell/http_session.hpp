// One connection of the HTTP server. Internal to http_server.cpp and http_session.cpp.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/shell/asio.hpp"
#include "engine/shell/http_server.hpp"
#include "engine/shell/request_parser.hpp"
#include "engine/shell/stream.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

class HttpSession;

// A bound address; the timer holds back accepting after a failure.
struct Listener {
  explicit Listener(asio::ip::tcp::acceptor given)
      : acceptor(std::move(given)), retry(acceptor.get_executor()) {}
  asio::ip::tcp::acceptor acceptor;
  asio::steady_timer retry;
};

struct HttpServer::State : std::enable_shared_from_this<HttpServer::State> {
  State(asio::io_context& io, HttpServerOptions given, Handler handle)
      : loop(io), options(std::move(given)), handler(std::move(handle)), grace(io) {}

  void accept(Listener& listener);
  void admit(asio::ip::tcp::socket socket);
  bool make_room();
  void gone(HttpSession& session);
  void stop(Duration grace_time, std::function<void()> when_done);
  void finish_shutdown();

  asio::io_context& loop;
  HttpServerOptions options;
  Handler handler;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::list<std::shared_ptr<HttpSession>> sessions;
  asio::steady_timer grace;
  std::function<void()> shutdown_done;
  std::size_t request_bytes = 0;  // that are held now: bodies and what was read ahead of them
  bool stopping = false;
};

// Thread: the loop's. Owned by the server's list and by its own pending operations.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(std::shared_ptr<HttpServer::State> server, std::unique_ptr<Stream> stream);
  ~HttpSession();

  void start();
  // True while nothing but the client is waited for; since when.
  [[nodiscard]] bool waits_for_client() const {
    return phase_ != Phase::answering && phase_ != Phase::writing;
  }
  [[nodiscard]] MonoTime waiting_since() const { return waiting_since_; }
  // The server stops: idle connections close now, others after their answer.
  void drain();
  void close();
  // On the loop, from the answer's post.
  void answer(std::uint64_t request, api::HttpResponse response);

 private:
  enum class Phase { handshake, idle, head, body, answering, writing, lingering, closed };

  void enter(Phase phase, Duration limit);
  void read();
  void process();
  void advance_phase();
  void dispatch();
  void refuse(unsigned status, const std::string& text);
  void send(api::HttpResponse response, bool compressible);
  void write_out();
  void write_next_piece();
  void written();
  void linger();
  void charge(std::size_t bytes);

  std::shared_ptr<HttpServer::State> server_;
  std::unique_ptr<Stream> stream_;
  asio::steady_timer deadline_;
  std::unique_ptr<RequestParser> parser_;
  std::vector<char> chunk_;
  std::string unread_;
  Phase phase_ = Phase::handshake;
  MonoTime waiting_since_{};
  std::uint64_t deadline_generation_ = 0;
  std::uint64_t request_number_ = 0;
  std::size_t charged_ = 0;
  std::size_t lingered_ = 0;
  bool close_after_ = false;
  bool continued_ = false;
  RequestManner manner_;
  api::HttpResponse response_;
  std::string head_;
  std::size_t body_sent_ = 0;
};

}  // namespace tocsin::shell
