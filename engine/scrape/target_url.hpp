// The URL of a target, spelled as Go's net/url spells it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "promql/labels.hpp"

namespace tocsin::scrape {

// From __scheme__, __address__, __metrics_path__ and the parameters of the job, of which each first value is
// replaced by the label __param_<name>.
[[nodiscard]] std::string target_url(const Labels& all,
                                     const std::map<std::string, std::vector<std::string>>& params);

// Where a page of the API can link to: the target's URL with a local host name replaced by one that can be
// reached from outside (upstream's globalUrl).
struct OwnAddress {
  std::string listen_port;      // "9090"
  std::string external_scheme;  // "http"
  std::string external_host;    // "prometheus.example.org" or "host:9090"
};
[[nodiscard]] std::string global_url(std::string_view url, const OwnAddress& own);

}  // namespace tocsin::scrape
