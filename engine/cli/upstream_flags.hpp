// The flags of prometheus and alertmanager that tocsin accepts and does not use, so that a service's command
// line starts it unchanged. One warning names each that was given.
#pragma once

#include <span>
#include <string_view>

namespace tocsin::cli {

struct UpstreamFlag {
  std::string_view name;
  bool takes_value = true;
};

// Source: cmd/prometheus/main.go of Prometheus 2.42 and 3.14, cmd/alertmanager/main.go of Alertmanager 0.25
// and 0.34, kingpinflag of exporter-toolkit.
[[nodiscard]] std::span<const UpstreamFlag> ignored_upstream_flags();

}  // namespace tocsin::cli
