// Performs the core's outgoing HTTP calls: libcurl's multi interface on the Asio loop.
//
// Every started call is answered exactly once, from the loop and never from within start() or cancel(),
// unless the client is destroyed first. A call ends at its timeout whatever the other side does, holds at
// most max_body decoded bytes, and never makes another call wait.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "engine/config/file_source.hpp"
#include "engine/core/http_call.hpp"
#include "engine/shell/curl_library.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace boost::asio {
class io_context;
}

namespace tocsin::shell {

struct HttpClientOptions {
  std::string user_agent = "tocsin";
  // --notify.sink: where every call of kind notify goes instead of its service. "" for none.
  std::string notify_sink;
  // Gives the library on the first call; tests put failing functions into the table.
  std::function<Result<CurlLibrary>()> load = load_curl;
};

// Thread: the loop's. The loop and the files must outlive the client; calls under way end silently with it.
class HttpClient {
 public:
  using Done = std::function<void(core::HttpReply)>;

  HttpClient(boost::asio::io_context& loop, config::FileSource& files, HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void start(core::HttpCall call, Done done);
  // The call is answered with CallError::cancelled. Does nothing for a call that has ended.
  void cancel(core::CallId id);
  [[nodiscard]] std::size_t under_way() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::shell
