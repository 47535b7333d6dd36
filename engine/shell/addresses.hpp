// Where the server listens, and how the world reaches it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/result.hpp"

namespace tocsin::shell {

// 0.0.0.0:9090 with a Prometheus configuration, 0.0.0.0:9093 with an Alertmanager configuration, both when
// both.
[[nodiscard]] std::vector<std::string> default_listen(bool prometheus, bool alertmanager);

struct ExternalPlace {
  std::string url;           // without a trailing slash
  std::string route_prefix;  // "" or "/prefix"
};

// As upstream: without a URL it is http://HOSTNAME:PORT, the prefix is the URL's path unless given.
[[nodiscard]] Result<ExternalPlace> external_place(std::string_view external_url,
                                                   const std::optional<std::string>& route_prefix,
                                                   std::string_view hostname, std::string_view port);

}  // namespace tocsin::shell
