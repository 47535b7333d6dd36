#include "tests/io/loopback.hpp"

#include <boost/asio/connect.hpp>
#include <utility>

#include "engine/shell/url.hpp"

namespace tocsin::test {

using asio::ip::tcp;

bool run_until(asio::io_context& loop, const std::function<bool()>& done, std::chrono::seconds limit) {
  bool expired = false;
  asio::steady_timer timer(loop);
  timer.expires_after(limit);
  timer.async_wait([&](const boost::system::error_code& error) { expired = !error; });
  loop.restart();
  while (!done() && !expired) loop.run_one();
  timer.cancel();
  // Lets the cancelled wait finish while its variables still live.
  loop.restart();
  loop.poll();
  return done();
}

void Peer::read_head(std::function<void(std::string)> then) {
  auto buffer = std::make_shared<std::vector<char>>(65536);
  socket_.async_read_some(
      asio::buffer(*buffer),
      [self = shared_from_this(), buffer, then](const boost::system::error_code& error, std::size_t count) {
        if (error) return self->close();
        self->received_.append(buffer->data(), count);
        if (self->received_.find("\r\n\r\n") == std::string::npos) return self->read_head(then);
        then(std::exchange(self->received_, {}));
      });
}

void Peer::send(std::string bytes, std::function<void()> then) {
  outgoing_ = std::move(bytes);
  asio::async_write(socket_, asio::buffer(outgoing_),
                    [self = shared_from_this(), then](const boost::system::error_code& error, std::size_t) {
                      if (error) return self->close();
                      then();
                    });
}

void Peer::send_forever(std::string bytes, Duration pause) {
  send(bytes, [self = shared_from_this(), bytes, pause] {
    self->timer_.expires_after(pause);
    self->timer_.async_wait([self, bytes, pause](const boost::system::error_code& error) {
      if (!error && self->is_open()) self->send_forever(bytes, pause);
    });
  });
}

void Peer::close() {
  boost::system::error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
}

void Peer::reset() {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

ScriptedServer::ScriptedServer(asio::io_context& loop, Script script)
    : acceptor_(loop, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)), script_(std::move(script)) {
  port_ = acceptor_.local_endpoint().port();
  accept();
}

ScriptedServer::~ScriptedServer() {
  for (const auto& peer : peers_) peer->close();
}

void ScriptedServer::accept() {
  acceptor_.async_accept(
      [this, count = accepted_](const boost::system::error_code& error, tcp::socket socket) {
        if (error) return;  // the server is gone
        ++*count;
        peers_.push_back(std::make_shared<Peer>(std::move(socket)));
        script_(peers_.back());
        accept();
      });
}

std::string ScriptedServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

ScriptedServer::Script answer_with(std::string bytes) {
  return [bytes](std::shared_ptr<Peer> peer) {
    peer->read_head([peer, bytes](std::string) { peer->send(bytes, [peer] { peer->close(); }); });
  };
}

RawClient::RawClient(asio::io_context& loop, const std::string& address)
    : shared_(std::make_shared<Shared>(loop)) {
  const auto parts = shell::split_host_port(address).value();
  const std::string host = parts.host == "::" || parts.host == "0.0.0.0" ? "127.0.0.1" : parts.host;
  shared_->socket.connect(
      tcp::endpoint(asio::ip::make_address(host), static_cast<unsigned short>(std::stoi(parts.port))));
  read(shared_);
}

RawClient::~RawClient() {
  boost::system::error_code ignored;
  shared_->timer.cancel();
  shared_->socket.close(ignored);
}

void RawClient::send(const std::string& bytes) {
  auto kept = std::make_shared<std::string>(bytes);
  asio::async_write(shared_->socket, asio::buffer(*kept),
                    [kept, shared = shared_](const boost::system::error_code&, std::size_t) {});
}

void RawClient::drip(const std::shared_ptr<Shared>& shared, Duration pause) {
  if (shared->outgoing.empty() || shared->closed) return;
  boost::system::error_code error;
  asio::write(shared->socket, asio::buffer(shared->outgoing.data(), 1), error);
  if (error) return;
  shared->outgoing.erase(0, 1);
  shared->timer.expires_after(pause);
  shared->timer.async_wait([shared, pause](const boost::system::error_code& cancelled) {
    if (!cancelled) drip(shared, pause);
  });
}

void RawClient::send_slowly(const std::string& bytes, Duration pause) {
  shared_->outgoing = bytes;
  drip(shared_, pause);
}

void RawClient::finish_writing() {
  boost::system::error_code ignored;
  shared_->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void RawClient::read(const std::shared_ptr<Shared>& shared) {
  shared->socket.async_read_some(asio::buffer(shared->buffer),
                                 [shared](const boost::system::error_code& error, std::size_t count) {
                                   shared->received.append(shared->buffer.data(), count);
                                   if (error) {
                                     shared->closed = true;
                                     return;
                                   }
                                   read(shared);
                                 });
}

}  // namespace tocsin::test
