// TCP without encryption.
#include <array>
#include <utility>

#include "engine/shell/stream.hpp"
#include "engine/shell/url.hpp"

namespace tocsin::shell {

namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
    boost::system::error_code error;
    const auto endpoint = socket_.remote_endpoint(error);
    if (!error) remote_ = join_host_port(endpoint.address().to_string(), std::to_string(endpoint.port()));
  }

  void handshake(std::function<void(const boost::system::error_code&)> done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}); });
  }
  void read_some(char* data, std::size_t size, Done done) override {
    socket_.async_read_some(asio::buffer(data, size), std::move(done));
  }
  void write(std::string_view head, std::string_view body, Done done) override {
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(head.data(), head.size()),
                                                    asio::buffer(body.data(), body.size())};
    asio::async_write(socket_, buffers, std::move(done));
  }
  void finish_writing() override {
    boost::system::error_code ignored;  // the peer may be gone already
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  [[nodiscard]] std::string remote() const override { return remote_; }

 private:
  asio::ip::tcp::socket socket_;
  std::string remote_;
};

}  // namespace

std::unique_ptr<Stream> make_plain_stream(asio::ip::tcp::socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace tocsin::shell
