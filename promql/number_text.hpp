// Numbers as text, read as Go's strconv reads them: decimal, hexadecimal (0x1f, 0x1p-2), with underscores
// between digits, and Inf, Infinity and NaN in any case. Printing is declared in value.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "promql/result.hpp"

namespace tocsin::promql {

// strconv.ParseFloat(text, 64). The error is Go's: strconv.ParseFloat: parsing "1x": invalid syntax.
[[nodiscard]] Result<double> parse_float(std::string_view text);
// A number of a PromQL expression: an integer of any Go base first (010 is 8, as upstream has it), else a
// float. The error is parse_float's.
[[nodiscard]] Result<double> parse_number(std::string_view text);
// strconv.ParseUint(text, 0, 64): 12, 0x1f, 017, 0o17, 0b11, 1_000. Nothing: not such a number, or too large.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned_literal(std::string_view text);
// strconv.ParseUint(text, 10, 64), with Go's error text.
[[nodiscard]] Result<std::uint64_t> parse_uint64(std::string_view text);

}  // namespace tocsin::promql
