// Go's package regexp as templates use it: unanchored matching and replacing with $1 in the replacement.
#pragma once

#include <string>
#include <string_view>

#include "promql/result.hpp"

namespace tocsin::templates {

// regexp.MatchString. The error is Go's: error parsing regexp: missing closing ]: `[a`.
[[nodiscard]] Result<bool> regex_match(const std::string& pattern, std::string_view text);
// regexp.MustCompile(pattern).ReplaceAllString(text, replacement): $1, ${1}, $name and $$ in the replacement;
// $1x means the group named 1x. The error is what Go's panic says: regexp: Compile(`[a`): error parsing ...
[[nodiscard]] Result<std::string> regex_replace_all(const std::string& pattern, std::string_view replacement,
                                                    std::string_view text);
// regexp.QuoteMeta.
[[nodiscard]] std::string regex_quote(std::string_view text);

}  // namespace tocsin::templates
