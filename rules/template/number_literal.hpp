// Numbers and characters as a template writes them.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "promql/result.hpp"
#include "rules/template/ast.hpp"

namespace tocsin::templates {

// 1, 0x1f, 017, 0b1, 1_000, 1.5e3, 0x1p-2: all that the number may be given to (an int, a float ...).
// The errors are Go's. Imaginary and complex numbers, which no template needs, are refused as bad syntax.
[[nodiscard]] Result<std::unique_ptr<NumberNode>> parse_number_literal(std::size_t position,
                                                                       std::string_view text);
// 'a', '\n', '\u00e9': the number of a character.
[[nodiscard]] Result<std::unique_ptr<NumberNode>> parse_char_literal(std::size_t position,
                                                                     std::string_view text);
// Go's strconv.Unquote of "..." and `...`.
[[nodiscard]] Result<std::string> parse_string_literal(std::string_view text);

}  // namespace tocsin::templates
