// One HTTP exchange of an outgoing call: sets up an easy handle from the call and its client configuration,
// gathers the reply, and says in upstream's words what went wrong. A call with redirects is several of these.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "engine/config/file_source.hpp"
#include "engine/core/http_call.hpp"
#include "engine/shell/curl_library.hpp"
#include "engine/shell/url.hpp"

namespace tocsin::shell {

struct Failure {
  core::CallError error = core::CallError::none;
  std::string text;
};

// What one exchange asks for; differs from the call after a redirect.
struct Exchange {
  std::string method;
  std::string url;
  std::string body;
  bool left_host = false;  // a redirect led to another host: credentials stay behind
  int hops = 0;
};

// Thread: the loop's. Not movable: libcurl holds pointers into it.
class HttpTransfer {
 public:
  // `call` and `curl` must outlive the transfer.
  HttpTransfer(const CurlLibrary& curl, const core::HttpCall& call, Exchange exchange);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Makes the easy handle ready. `remaining` is what is left of the call's timeout. Reads files of
  // credentials.
  [[nodiscard]] Failure prepare(config::FileSource& files, std::string_view user_agent, Duration remaining);
  [[nodiscard]] CURL* handle() const { return easy_; }
  [[nodiscard]] const Exchange& exchange() const { return exchange_; }

  // After the transfer ended: the reply, without id, start and duration.
  [[nodiscard]] core::HttpReply finish(CURLcode code);
  // The exchange that a redirect asks for, if this reply is one that is to be followed.
  [[nodiscard]] bool follow(const core::HttpReply& reply, Exchange& next) const;
  // `Get "http://...": text`, as Go's url.Error prints.
  [[nodiscard]] std::string wrap(std::string_view text) const;

 private:
  template <class Value>
  void set(CURLoption option, Value value);
  Failure set_credentials(config::FileSource& files);
  Failure set_headers(config::FileSource& files, std::string_view user_agent);
  Failure set_tls(config::FileSource& files);
  void set_proxy(config::FileSource& files);
  void set_callbacks();
  bool add_header(std::string_view name, std::string_view value);
  Failure explain(CURLcode code) const;
  Failure explain_tls(CURLcode code) const;
  std::string system_error() const;

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);

  const CurlLibrary& curl_;
  const core::HttpCall& call_;
  Exchange exchange_;
  Url url_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* proxy_headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  CURLcode setup_ = CURLE_OK;
  bool has_authorization_ = false;
  bool body_too_large_ = false;
  bool head_too_large_ = false;
  bool head_complete_ = false;
  std::size_t head_bytes_ = 0;
  std::string first_address_;  // "127.0.0.1:9090"
  core::HttpReply reply_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
};

}  // namespace tocsin::shell
