// A connection of the HTTP server: bytes in, bytes out. The one session type runs on this, so that plain and
// encrypted connections do not instantiate everything twice.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/shell/asio.hpp"

namespace tocsin::shell {

// Thread: the loop's. Handlers are called from the loop, never from within the call, and not after close()
// returned but with an error. One read and one write may be pending. Handlers must keep the stream alive.
class Stream {
 public:
  using Done = std::function<void(const boost::system::error_code&, std::size_t)>;

  virtual ~Stream() = default;
  virtual void handshake(std::function<void(const boost::system::error_code&)> done) = 0;
  virtual void read_some(char* data, std::size_t size, Done done) = 0;
  // Writes all of it. The bytes must stay until `done`.
  virtual void write(std::string_view head, std::string_view body, Done done) = 0;
  // Says that nothing more will be written; reading goes on.
  virtual void finish_writing() = 0;
  virtual void close() = 0;
  [[nodiscard]] virtual std::string remote() const = 0;  // "10.0.0.7:51234"
};

[[nodiscard]] std::unique_ptr<Stream> make_plain_stream(asio::ip::tcp::socket socket);

}  // namespace tocsin::shell
