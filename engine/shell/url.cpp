#include "engine/shell/url.hpp"

#include <optional>

#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

std::optional<int> hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return std::nullopt;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return result;
}

std::string Url::effective_port() const {
  if (!port.empty()) return port;
  return scheme == "https" ? "443" : "80";
}

std::string Url::authority() const {
  if (!port.empty()) return join_host_port(host, port);
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

Result<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  Url url;
  url.scheme = colon == std::string_view::npos ? "" : to_lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") {
    return Error(format("unsupported protocol scheme \"{}\"", url.scheme));
  }
  text.remove_prefix(colon + 3);
  const std::size_t end = text.find_first_of("/?#");
  std::string_view authority = text.substr(0, end);
  if (end != std::string_view::npos) url.rest = text.substr(end);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return Error("missing ']' in host");
    url.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
  } else {
    const std::size_t port = authority.find(':');
    url.host = authority.substr(0, port);
    authority.remove_prefix(port == std::string_view::npos ? authority.size() : port);
  }
  if (!authority.empty()) {
    if (authority.front() != ':' || authority.find_first_not_of("0123456789", 1) != std::string_view::npos) {
      return Error(format("invalid port \"{}\" after host", authority));
    }
    url.port = authority.substr(1);
  }
  if (url.host.empty()) return Error("no Host in request URL");
  return url;
}

bool is_same_or_below(std::string_view host, std::string_view parent) {
  if (parent.empty()) return false;
  if (host == parent) return true;
  // An IPv6 address, with a zone even, is no name and can only be equal.
  if (host.find_first_of(":%") != std::string_view::npos) return false;
  return host.size() > parent.size() && host.substr(host.size() - parent.size()) == parent &&
         host[host.size() - parent.size() - 1] == '.';
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      result += ' ';
    } else if (text[i] != '%') {
      result += text[i];
    } else {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) return Error(format("invalid URL escape \"{}\"", text.substr(i, 3)));
      result += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (part.empty() || part.find(';') != std::string_view::npos) continue;
    const std::size_t equal = part.find('=');
    auto name = percent_decode(part.substr(0, equal), true);
    auto value = equal == std::string_view::npos ? Result<std::string>(std::string())
                                                 : percent_decode(part.substr(equal + 1), true);
    if (name && value) pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

Result<HostPort> split_host_port(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return Error(format("address {}: missing port in address", address));
  std::string_view host = address.substr(0, colon);
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']') return Error(format("address {}: missing ']' in address", address));
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Error(format("address {}: too many colons in address", address));
  }
  return HostPort{std::string(host), std::string(address.substr(colon + 1))};
}

std::string join_host_port(std::string_view host, std::string_view port) {
  return host.find(':') == std::string_view::npos ? format("{}:{}", host, port)
                                                  : format("[{}]:{}", host, port);
}

}  // namespace tocsin::shell
