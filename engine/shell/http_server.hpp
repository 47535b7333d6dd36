// The HTTP server: listeners and connections on the Asio loop, requests to a handler, answers from any
// thread.
//
// No client can hurt the others: every phase of a connection has a deadline, sizes and the number of
// connections are bounded, and when all places are taken the connection that has kept us waiting longest is
// closed for the new one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/http.hpp"
#include "engine/shell/limits.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace boost::asio {
class io_context;
}

namespace tocsin::shell {

struct TlsServer;  // engine/shell/tls_stream.hpp

struct HttpServerOptions {
  std::string route_prefix;  // "" or "/prefix"; requests outside it get 404
  std::size_t max_connections = 512;
  std::size_t max_request_head = kMaxRequestHead;
  std::size_t max_request_body = kMaxRequestBody;
  std::size_t max_request_bytes_total = kMaxRequestBytesTotal;
  Duration idle_timeout = std::chrono::minutes(5);    // between requests
  Duration head_timeout = std::chrono::seconds(10);   // from the first byte of a request to its last header
  Duration body_timeout = std::chrono::minutes(1);    // from there to its last byte
  Duration write_timeout = std::chrono::seconds(30);  // for each piece of 64 KiB of an answer
  // Runs a job on a worker; false if it did not take it. Compresses big answers; without it the loop does.
  std::function<bool(std::function<void()>)> run_job;
  // Asked for each new connection; null, or no function at all, means plain HTTP.
  std::function<std::shared_ptr<TlsServer>()> tls;
};

// Thread: the loop's, but for the answers. The loop must outlive the server and all answers.
class HttpServer {
 public:
  // Gives the answer, once, from any thread; further calls do nothing. If all copies are gone without a call,
  // the client gets a 503.
  using Answer = std::function<void(api::HttpResponse)>;
  // Called on the loop for each request. Must not block.
  using Handler = std::function<void(api::HttpRequest, Answer)>;

  HttpServer(boost::asio::io_context& loop, HttpServerOptions options, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds "host:port", ":port" (all addresses) or "[::1]:port"; port 0 picks one. Gives the bound address.
  // The error names the address: listen tcp 0.0.0.0:9090: bind: address already in use.
  [[nodiscard]] Result<std::string> listen(const std::string& address);

  // Closes the listeners and idle connections, lets requests at work finish, and calls `done` when the last
  // connection is gone or the grace is over, from the loop.
  void shutdown(Duration grace, std::function<void()> done);

  [[nodiscard]] std::size_t connections() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::shell
