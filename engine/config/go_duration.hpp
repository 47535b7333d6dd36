// Go's time.Duration as text: "1h30m", "1.5s", "-300ms". Internal to engine/config.
#pragma once

#include <string_view>

#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::config {

// Go's time.ParseDuration. The error has its words: time: invalid duration "x".
[[nodiscard]] Result<Duration> parse_go_duration(std::string_view text);

}  // namespace tocsin::config
