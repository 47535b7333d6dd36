// Bytes of a connection into served requests: Beast's HTTP parser behind a header that does not include it,
// because Beast costs each file that does a dozen seconds.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "engine/api/http.hpp"

namespace tocsin::shell {

struct RequestLimits {
  std::size_t head = 0;  // bytes of request line and headers; also of what frames one chunk of the body
  std::size_t body = 0;  // bytes of decoded body
};

// How the exchange goes on after the request.
struct RequestManner {
  bool keep_alive = false;
  bool head_only = false;  // HEAD: the answer has no body
  bool accepts_gzip = false;
  bool version_1_0 = false;
  bool expects_continue = false;
};

// One request at a time; make a new one for the next request of a connection. Thread: one at a time.
class RequestParser {
 public:
  enum class State { head, body, complete, failed };

  explicit RequestParser(RequestLimits limits);
  ~RequestParser();

  // Takes what it can use from the front of `bytes` and says how much that was. What it leaves must be shown
  // again with more behind it. After `complete` the rest belongs to the next request.
  std::size_t feed(std::string_view bytes);

  [[nodiscard]] State state() const;
  [[nodiscard]] bool started() const;  // has seen a byte of the request
  [[nodiscard]] std::size_t body_bytes() const;
  // REQUIRES: the head is read.
  [[nodiscard]] const RequestManner& manner() const;
  // REQUIRES: failed. The status to answer: 400, 413, 414, 431, 505, and one line that says why.
  [[nodiscard]] unsigned failure_status() const;
  [[nodiscard]] const std::string& failure_text() const;
  // REQUIRES: complete. Once. `remote` and `user` are left empty. Trailers are dropped.
  [[nodiscard]] api::HttpRequest take();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tocsin::shell
