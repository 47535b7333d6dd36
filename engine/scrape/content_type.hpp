// What a scrape asks for, and in which format a target answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/prometheus_config.hpp"
#include "engine/scrape/exposition.hpp"
#include "promql/result.hpp"

namespace tocsin::scrape {

// The value of the Accept header, most wanted first, weighted as upstream weights it. Protocols that no
// parser here reads (protobuf) are not asked for.
[[nodiscard]] std::string accept_header(const std::vector<config::ScrapeProtocol>& protocols,
                                        config::EscapingScheme escaping);

struct FormatChoice {
  Format format = Format::text;
  // Why the fallback protocol had to be used; "" when the target said it right.
  std::string warning;
};

// The format that a Content-Type names. One that is missing, malformed or of no format is an error in
// upstream's words, unless the configuration names a protocol to fall back on.
[[nodiscard]] Result<FormatChoice> choose_format(std::string_view content_type,
                                                 std::optional<config::ScrapeProtocol> fallback);

}  // namespace tocsin::scrape
