#include "engine/shell/addresses.hpp"

#include "engine/shell/url.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

std::string without_slashes(std::string_view path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path.empty() ? std::string() : "/" + std::string(path);
}

}  // namespace

std::vector<std::string> default_listen(bool prometheus, bool alertmanager) {
  std::vector<std::string> addresses;
  if (prometheus) addresses.emplace_back("0.0.0.0:9090");
  if (alertmanager) addresses.emplace_back("0.0.0.0:9093");
  return addresses;
}

Result<ExternalPlace> external_place(std::string_view external_url,
                                     const std::optional<std::string>& route_prefix,
                                     std::string_view hostname, std::string_view port) {
  ExternalPlace place;
  std::string path;
  if (external_url.empty()) {
    place.url = format("http://{}", join_host_port(hostname, port));
  } else {
    const Result<Url> url = parse_url(external_url);
    if (!url) return Error(format("--web.external-url: {}", url.error().text));
    if (url->rest.find_first_of("?#") != std::string::npos) {
      return Error(
          format("--web.external-url: \"{}\" has a query or a fragment, expected scheme, host and path",
                 external_url));
    }
    path = without_slashes(url->rest);
    place.url = format("{}://{}{}", url->scheme, url->authority(), path);
  }
  place.route_prefix = route_prefix ? without_slashes(*route_prefix) : path;
  return place;
}

}  // namespace tocsin::shell
