// Sizes in bytes as upstream reads and prints them (alecthomas/units, Base2Bytes).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "promql/result.hpp"

namespace tocsin::config {

// "10MB", "1GiB512KB", "+1KB"; K is 1024 with and without i. A negative size is 0, which sets no limit
// either.
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);
// "10MiB", "1KiB512B"; "" for 0.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

}  // namespace tocsin::config
