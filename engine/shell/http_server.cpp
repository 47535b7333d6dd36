#include "engine/shell/http_server.hpp"

#include <algorithm>
#include <utility>

#include "engine/shell/asio.hpp"
#include "engine/shell/clock.hpp"
#include "engine/shell/http_session.hpp"
#include "engine/shell/tls_stream.hpp"
#include "engine/shell/url.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

using asio::ip::tcp;

namespace {

constexpr std::chrono::milliseconds kAcceptRetry{100};

// The system's text in Go's case: "address already in use".
std::string reason(const boost::system::error_code& error) {
  std::string text = error.message();
  if (!text.empty()) text.front() = to_lower(text.substr(0, 1)).front();
  return text;
}

// ":9090" means all addresses, of both families where the machine has them.
Result<tcp::endpoint> resolve(asio::io_context& loop, const std::string& address) {
  Result<HostPort> parts = split_host_port(address);
  if (!parts) return Error("listen tcp: " + parts.error().text);
  boost::system::error_code error;
  tcp::resolver resolver(loop);
  if (parts->host.empty()) {
    const auto found = resolver.resolve("0.0.0.0", parts->port, error);
    if (error || found.empty()) return Error(format("listen tcp: address {}: unknown port", address));
    return tcp::endpoint(tcp::v6(), found.begin()->endpoint().port());
  }
  const auto found = resolver.resolve(parts->host, parts->port, error);
  if (error || found.empty()) return Error(format("listen tcp: lookup {}: {}", parts->host, reason(error)));
  return found.begin()->endpoint();
}

Result<tcp::acceptor> open_listener(asio::io_context& loop, tcp::endpoint endpoint,
                                    const std::string& address) {
  tcp::acceptor acceptor(loop);
  boost::system::error_code error;
  const bool any = endpoint.address() == asio::ip::address_v6::any();
  acceptor.open(endpoint.protocol(), error);
  if (error && any) {  // a kernel without IPv6
    endpoint = tcp::endpoint(tcp::v4(), endpoint.port());
    acceptor.open(endpoint.protocol(), error);
  }
  if (error) return Error(format("listen tcp {}: socket: {}", address, reason(error)));
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(!any), error);
  acceptor.bind(endpoint, error);
  if (error) return Error(format("listen tcp {}: bind: {}", address, reason(error)));
  acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return Error(format("listen tcp {}: listen: {}", address, reason(error)));
  return acceptor;
}

}  // namespace

void HttpServer::State::accept(Listener& listener) {
  // Listeners live as long as the state does, and are only closed before.
  listener.acceptor.async_accept(
      [weak = weak_from_this(), &listener](const boost::system::error_code& error, tcp::socket socket) {
        const auto self = weak.lock();
        if (self == nullptr || self->stopping || error == asio::error::operation_aborted) return;
        if (!error) {
          self->admit(std::move(socket));
          return self->accept(listener);
        }
        // Out of descriptors, most likely. Free one if we hold it, and do not spin.
        self->make_room();
        listener.retry.expires_after(kAcceptRetry);
        listener.retry.async_wait([weak, &listener](const boost::system::error_code& cancelled) {
          const auto again = weak.lock();
          if (again != nullptr && !cancelled && !again->stopping) again->accept(listener);
        });
      });
}

bool HttpServer::State::make_room() {
  std::shared_ptr<HttpSession> longest;
  for (const auto& session : sessions) {
    if (!session->waits_for_client()) continue;
    if (longest == nullptr || session->waiting_since() < longest->waiting_since()) longest = session;
  }
  if (longest == nullptr) return false;
  longest->close();
  return true;
}

void HttpServer::State::admit(tcp::socket socket) {
  if (sessions.size() >= options.max_connections && !make_room()) return;
  boost::system::error_code ignored;  // slower, not wrong, without it
  socket.set_option(tcp::no_delay(true), ignored);
  std::shared_ptr<TlsServer> tls = options.tls ? options.tls() : nullptr;
  auto stream = tls == nullptr ? make_plain_stream(std::move(socket))
                               : make_tls_stream(std::move(socket), std::move(tls));
  auto session = std::make_shared<HttpSession>(shared_from_this(), std::move(stream));
  sessions.push_back(session);
  session->start();
}

void HttpServer::State::gone(HttpSession& session) {
  const auto found = std::find_if(sessions.begin(), sessions.end(),
                                  [&](const auto& entry) { return entry.get() == &session; });
  if (found != sessions.end()) sessions.erase(found);
  if (stopping && sessions.empty()) finish_shutdown();
}

void HttpServer::State::stop(Duration grace_time, std::function<void()> when_done) {
  if (stopping) return;
  stopping = true;
  shutdown_done = std::move(when_done);
  boost::system::error_code ignored;
  for (const auto& listener : listeners) {
    listener->acceptor.close(ignored);
    listener->retry.cancel();
  }
  const auto now = sessions;  // drain() and close() take entries out of the list
  for (const auto& session : now) session->drain();
  if (sessions.empty()) return finish_shutdown();
  grace.expires_after(grace_time);
  grace.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || self == nullptr) return;
    const auto left = self->sessions;
    for (const auto& session : left) session->close();
  });
}

void HttpServer::State::finish_shutdown() {
  grace.cancel();
  if (!shutdown_done) return;
  asio::post(loop, std::exchange(shutdown_done, nullptr));
}

HttpServer::HttpServer(boost::asio::io_context& loop, HttpServerOptions options, Handler handler)
    : state_(std::make_shared<State>(loop, std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() {
  state_->stopping = true;
  state_->shutdown_done = nullptr;
  boost::system::error_code ignored;
  for (const auto& listener : state_->listeners) listener->acceptor.close(ignored);
  const auto left = state_->sessions;
  for (const auto& session : left) session->close();
}

Result<std::string> HttpServer::listen(const std::string& address) {
  const Result<tcp::endpoint> endpoint = resolve(state_->loop, address);
  if (!endpoint) return endpoint.error();
  Result<tcp::acceptor> acceptor = open_listener(state_->loop, *endpoint, address);
  if (!acceptor) return acceptor.error();
  boost::system::error_code error;
  const tcp::endpoint bound = acceptor->local_endpoint(error);
  if (error) return Error(format("listen tcp {}: {}", address, reason(error)));
  state_->listeners.push_back(std::make_unique<Listener>(std::move(*acceptor)));
  state_->accept(*state_->listeners.back());
  return join_host_port(bound.address().to_string(), std::to_string(bound.port()));
}

void HttpServer::shutdown(Duration grace, std::function<void()> done) {
  state_->stop(grace, std::move(done));
}

std::size_t HttpServer::connections() const {
  return state_->sessions.size();
}

}  // namespace tocsin::shell
