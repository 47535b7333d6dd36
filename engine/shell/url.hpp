// Taking URLs apart, as far as a client and a server need it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promql/result.hpp"

namespace tocsin::shell {

// scheme "://" [userinfo "@"] host [":" port] rest; the host of an IPv6 address has no brackets.
struct Url {
  std::string scheme;  // lower case
  std::string userinfo;
  std::string host;
  std::string port;  // "" when not written
  std::string rest;  // path, query and fragment: "/metrics?x=1", may be empty

  [[nodiscard]] std::string effective_port() const;
  // host:port with brackets where an address needs them; without the port if none was written.
  [[nodiscard]] std::string authority() const;
};

// Only http and https. The error is Go's: unsupported protocol scheme "ftp".
[[nodiscard]] Result<Url> parse_url(std::string_view text);

// True when `host` is `parent` or a name below it: where credentials may follow a redirect. Both in lower
// case. The rule of Go's net/http and of upstream's isCrossHostRedirect.
[[nodiscard]] bool is_same_or_below(std::string_view host, std::string_view parent);

// Percent-decoding. In a query a plus sign is a space. Nothing if an escape is broken.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

// a=1&b=2 as decoded pairs in order. A pair with a broken escape or a semicolon is left out, as Go does.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text);

// "host:port" and "[host]:port"; ":9090" has an empty host. Go's words on a missing port.
struct HostPort {
  std::string host;
  std::string port;
};
[[nodiscard]] Result<HostPort> split_host_port(std::string_view address);
[[nodiscard]] std::string join_host_port(std::string_view host, std::string_view port);

[[nodiscard]] std::string to_lower(std::string_view text);

}  // namespace tocsin::shell
