#include "engine/scrape/target_url.hpp"

#include <algorithm>
#include <optional>

#include "rules/template/escape.hpp"

namespace tocsin::scrape {
namespace {

constexpr std::string_view kParamPrefix = "__param_";

struct HostPort {
  std::string host;
  std::string port;  // "" when there is none
};

// Splits "host:port", "[v6]:port" and "host". Empty when it is none of these.
std::optional<HostPort> split_host_port(std::string_view text) {
  HostPort split;
  if (!text.empty() && text[0] == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    split.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (text.empty()) return split;
    if (text[0] != ':') return std::nullopt;
    split.port = text.substr(1);
    return split;
  }
  const std::size_t colon = text.find(':');
  if (colon != text.rfind(':')) return std::nullopt;
  split.host = text.substr(0, colon);
  if (colon != std::string_view::npos) split.port = text.substr(colon + 1);
  return split;
}

bool is_local(std::string_view host) {
  return host == "127.0.0.1" || host == "localhost" || host == "::1";
}

}  // namespace

std::string target_url(const Labels& all, const std::map<std::string, std::vector<std::string>>& params) {
  auto query = params;
  for (const LabelView label : all) {
    if (!label.name.starts_with(kParamPrefix)) continue;
    std::vector<std::string>& values = query[std::string(label.name.substr(kParamPrefix.size()))];
    if (values.empty()) values.emplace_back();
    values[0] = label.value;
  }
  const std::string_view scheme = all.get("__scheme__");
  std::string url(scheme);
  if (!scheme.empty()) url += ':';
  url += "//" + templates::percent_escape(all.get("__address__"), "!$&'()*+,;=:[]<>\"");
  const std::string path = templates::percent_escape(all.get("__metrics_path__"), "$&+,/:;=@");
  if (!path.empty() && path[0] != '/') url += '/';
  url += path;
  char separator = '?';
  for (const auto& [name, values] : query) {
    for (const std::string& value : values) {
      url += separator + templates::query_escape(name) + '=' + templates::query_escape(value);
      separator = '&';
    }
  }
  return url;
}

std::string global_url(std::string_view url, const OwnAddress& own) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::string(url);
  const std::string_view scheme = url.substr(0, scheme_end);
  const std::string_view rest = url.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const std::string_view tail = rest.substr(authority.size());
  const std::optional<HostPort> target = split_host_port(authority);
  if (!target || !is_local(target->host) || own.external_host.empty()) return std::string(url);
  // A target on our own port is this very process; of any other only the host name can be bettered.
  if (target->port == own.listen_port)
    return own.external_scheme + "://" + own.external_host + std::string(tail);
  const std::optional<HostPort> external = split_host_port(own.external_host);
  std::string host = external ? external->host : own.external_host;
  if (!target->port.empty()) {
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    host += ":" + target->port;
  }
  return std::string(scheme) + "://" + host + std::string(tail);
}

}  // namespace tocsin::scrape
