#include "rules/host_port.hpp"

#include <arpa/inet.h>

#include <array>

namespace tocsin::rules {

std::optional<HostPort> split_host_port(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == address.npos) return std::nullopt;
  std::string_view host = address.substr(0, colon);
  std::string_view before_check = address;  // where no bracket may stand
  if (address.starts_with('[')) {
    const std::size_t close = address.find(']');
    if (close == address.npos || close + 1 != colon) return std::nullopt;
    host = address.substr(1, close - 1);
    before_check = address.substr(1);
    if (address.substr(close + 1).find(']') != address.npos) return std::nullopt;
  } else if (host.find(':') != host.npos || address.find(']') != address.npos) {
    return std::nullopt;
  }
  if (before_check.find('[') != before_check.npos) return std::nullopt;
  return HostPort{host, address.substr(colon + 1)};
}

std::string join_host_port(std::string_view host, std::string_view port) {
  std::string out(host);
  if (host.find(':') != host.npos) out = "[" + out + "]";
  out += ':';
  return out.append(port);
}

bool is_ip_address(std::string_view host) {
  const std::string text(host);
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

std::string strip_port(std::string_view address) {
  const auto split = split_host_port(address);
  return std::string(split ? split->host : address);
}

std::string strip_domain(std::string_view address) {
  const auto split = split_host_port(address);
  const std::string_view host = split ? split->host : address;
  if (is_ip_address(host)) return std::string(address);
  const std::string_view name = host.substr(0, host.find('.'));
  if (split && !split->port.empty()) return join_host_port(name, split->port);
  return std::string(name);
}

}  // namespace tocsin::rules
