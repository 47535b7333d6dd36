// URLs as Go's net/url takes them, as far as configuration needs: is it one, and what are its parts.
#pragma once

#include <string>
#include <string_view>

#include "promql/result.hpp"

namespace tocsin::config {

struct Url {
  std::string scheme;    // lower case
  std::string userinfo;  // "user:password", as written
  std::string host;      // with port
  std::string path;
  std::string rest;  // "?query#fragment", as written
};

// Go's url.Parse. The error has Go's reason but not the text, which may be a secret:
// first path segment in URL cannot contain colon.
[[nodiscard]] Result<Url> parse_url(std::string_view text);
// The same, and Alertmanager's rule: http or https, with a host. unsupported scheme "" for URL.
[[nodiscard]] Result<Url> parse_http_url(std::string_view text);

}  // namespace tocsin::config
