// Host and port of an address, split and joined as Go's package net does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::rules {

struct HostPort {
  std::string_view host;
  std::string_view port;
};
// "host:port", "[::1]:port"; nothing for every other form. Borrows the text.
[[nodiscard]] std::optional<HostPort> split_host_port(std::string_view address);
[[nodiscard]] std::string join_host_port(std::string_view host, std::string_view port);
// An IPv4 or IPv6 address.
[[nodiscard]] bool is_ip_address(std::string_view host);

// The templates' stripPort and stripDomain.
[[nodiscard]] std::string strip_port(std::string_view address);
[[nodiscard]] std::string strip_domain(std::string_view address);

}  // namespace tocsin::rules
