// Go's quoting of strings and characters, and the way back from PromQL's three kinds of string literal.
// go_quote and is_valid_utf8 themselves are declared in labels.hpp.
#pragma once

#include <string>
#include <string_view>

#include "promql/result.hpp"

namespace tocsin {

// Go's %q of a rune: 'a', '\n', 'ö', '\x00'.
[[nodiscard]] std::string go_quote_rune(char32_t code_point);
// The text of a literal "...", '...' or `...`, its escapes resolved (Prometheus' strutil.Unquote).
// The error is "invalid syntax", as upstream's.
[[nodiscard]] Result<std::string> unquote(std::string_view literal);

}  // namespace tocsin
