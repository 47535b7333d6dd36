// An HTTP request as the server received it and the answer to give: plain data, shared by shell and api.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::api {

struct Header {
  std::string name;
  std::string value;
};

// `path` is percent-decoded and has no query and no route prefix. `query` and, for a POST with a form body,
// `form` hold decoded pairs in order of appearance.
struct HttpRequest {
  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  std::vector<std::pair<std::string, std::string>> form;
  std::vector<Header> headers;
  std::string body;
  std::string remote;  // "10.0.0.7:51234"
  std::string user;    // of basic auth, once checked; else ""

  // The header's value, found without regard to case, or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
  // First value of a parameter: form before query, as Go's FormValue; "" if missing.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> parameters(std::string_view name) const;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<Header> headers;
};

}  // namespace tocsin::api
