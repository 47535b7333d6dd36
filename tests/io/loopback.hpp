// What the tests of sockets share: a loop that runs until something holds, a peer that follows a script, and
// a client that says exactly the bytes it is given. All on one thread and one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/shell/asio.hpp"
#include "promql/time.hpp"

namespace tocsin::test {

// Runs the loop until `done` holds; false when it did not within `limit`, which only a failing test reaches.
bool run_until(asio::io_context& loop, const std::function<bool()>& done,
               std::chrono::seconds limit = std::chrono::seconds(20));

// One accepted connection of a ScriptedServer.
class Peer : public std::enable_shared_from_this<Peer> {
 public:
  explicit Peer(asio::ip::tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {}

  // Calls `then` with the first request head, and what of the body came with it.
  void read_head(std::function<void(std::string)> then);
  void send(
      std::string bytes, std::function<void()> then = [] {});
  // The same bytes again and again, with a pause, until the other side has gone.
  void send_forever(std::string bytes, Duration pause);
  void close();
  void reset();  // closes so that the other side gets a reset
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }

 private:
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  std::string received_;
  std::string outgoing_;
};

// Listens on a free port of 127.0.0.1 and runs the script for each connection.
class ScriptedServer {
 public:
  using Script = std::function<void(std::shared_ptr<Peer>)>;

  ScriptedServer(asio::io_context& loop, Script script);
  ~ScriptedServer();
  [[nodiscard]] unsigned short port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& path = "/metrics") const;
  [[nodiscard]] std::size_t accepted() const { return *accepted_; }

 private:
  void accept();
  asio::ip::tcp::acceptor acceptor_;
  Script script_;
  std::shared_ptr<std::size_t> accepted_ = std::make_shared<std::size_t>(0);
  std::vector<std::shared_ptr<Peer>> peers_;
  unsigned short port_ = 0;
};

// Answers each request of a connection with the given bytes and closes.
[[nodiscard]] ScriptedServer::Script answer_with(std::string bytes);

// A client that sends bytes as they are and keeps what comes back.
class RawClient {
 public:
  RawClient(asio::io_context& loop, const std::string& address);
  ~RawClient();
  void send(const std::string& bytes);
  // Byte by byte with a pause between them.
  void send_slowly(const std::string& bytes, Duration pause);
  void finish_writing();
  [[nodiscard]] const std::string& received() const { return shared_->received; }
  [[nodiscard]] bool closed() const { return shared_->closed; }

 private:
  struct Shared {
    explicit Shared(asio::io_context& loop) : socket(loop), timer(loop) {}
    asio::ip::tcp::socket socket;
    asio::steady_timer timer;
    std::string received;
    std::string outgoing;
    std::vector<char> buffer = std::vector<char>(65536);
    bool closed = false;
  };
  static void read(const std::shared_ptr<Shared>& shared);
  static void drip(const std::shared_ptr<Shared>& shared, Duration pause);
  std::shared_ptr<Shared> shared_;
};

}  // namespace tocsin::test
