// Who may talk to the server: the web config file in force, its users, its headers, its TLS. That file and
// those that its TLS names are looked at again when they changed, as upstream reads them at each request:
// users and certificates change without a restart.
//
// A web config file that became wrong lets nobody in until it is right. Certificate files that became wrong
// leave the old ones in force: a renewal replaces one after the other, and is looked at again until they fit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/http.hpp"
#include "engine/config/file_source.hpp"
#include "engine/config/web_config.hpp"
#include "engine/core/io.hpp"
#include "promql/result.hpp"

namespace tocsin::shell {

struct TlsServer;  // engine/shell/tls_stream.hpp

struct WebAccessOptions {
  std::string file;  // --web.config.file; "" lets everybody in
  // Runs a job on a worker, false if it did not take it; bcrypt takes tens of milliseconds by design. Without
  // it the caller's thread does.
  std::function<bool(std::function<void()>)> run_job;
  // Brings a function back to the loop's thread.
  std::function<void(std::function<void()>)> post;
  // Told when files became wrong and when they are right again, once each. May be empty.
  std::function<void(const core::LogRecord&)> log = {};
};

// Thread: the loop's.
class WebAccess {
 public:
  // What became of a request. A refused one has the answer to give.
  struct Verdict {
    std::optional<api::HttpResponse> refusal;
    std::string user;  // who it is, "" without basic authentication
  };
  using Decided = std::function<void(Verdict)>;

  WebAccess(config::FileSource& files, WebAccessOptions options);
  ~WebAccess();
  WebAccess(const WebAccess&) = delete;
  WebAccess& operator=(const WebAccess&) = delete;

  // Reads the file for the first time, also from a pipe, which is not looked at again. The error has all
  // findings, one line each.
  [[nodiscard]] Result<void> load();

  // Calls `decided` at once when no password has to be checked, else later from the loop.
  void admit(const api::HttpRequest& request, Decided decided);
  // The headers that each answer gets.
  void add_headers(api::HttpResponse& response) const;
  // What new connections do: null means plain HTTP. Kept alive by the connections that use it.
  [[nodiscard]] std::shared_ptr<TlsServer> tls();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// "Basic dXNlcjpwYXNz" as name and password; nothing if it is not that.
struct BasicCredentials {
  std::string name;
  std::string password;
};
[[nodiscard]] std::optional<BasicCredentials> parse_basic_credentials(std::string_view authorization);

}  // namespace tocsin::shell
