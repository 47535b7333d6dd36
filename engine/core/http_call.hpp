// An outgoing HTTP call as data: the core asks for it, the shell performs it, and the reply comes back as an
// input with the call's id. Scrapes, notifications and posts to other Alertmanagers are all of this form.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promql/time.hpp"

namespace tocsin::config {
struct HttpClientConfig;  // engine/config/http_client.hpp
}

namespace tocsin::core {

// Names a call within one engine; never used again. Also the order in which calls were decided.
struct CallId {
  std::uint64_t value = 0;
  friend auto operator<=>(const CallId&, const CallId&) = default;
};

enum class CallKind { scrape, notify, forward };

struct HttpCall {
  CallId id;
  CallKind kind = CallKind::scrape;
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // TLS, authentication, proxy, redirects. Shared with the configuration snapshot it came from; may be null.
  std::shared_ptr<const config::HttpClientConfig> client;
  Duration timeout{};        // of the whole call, connect included
  std::size_t max_body = 0;  // bytes of decoded body after which the call fails; 0: no limit
  // The caller judges by the status: once the head of the answer has come, no failure of the body takes it
  // away. HttpReply::body_error then says what happened, and a body beyond max_body is cut.
  bool status_decides = false;
  bool accept_gzip = false;
  // What a log line or an error may say instead of the url, which can hold a secret.
  std::string shown_url;
};

enum class CallError {
  none,
  resolve,  // could not resolve host
  connect,  // refused, unreachable
  tls,
  timeout,     // the call's timeout passed
  body_limit,  // more than max_body bytes
  protocol,    // closed early, malformed reply
  cancelled
};

struct HttpReply {
  CallId id;
  CallError error = CallError::none;
  std::string error_text;  // in upstream's words where they exist, without secrets
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  WallTime started{};  // when the shell sent it: a scrape's timestamp
  Duration took{};
  // Why `body` is not the whole of it, "" if it is. Only of a call whose status decides; `error` is none
  // then.
  std::string body_error;
};

// The first header of that name, without regard to case, or "".
[[nodiscard]] std::string_view header_of(const HttpReply& reply, std::string_view name);

}  // namespace tocsin::core
