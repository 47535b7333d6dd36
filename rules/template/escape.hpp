// Escapes of text for HTML, JavaScript and URL queries, as Go's templates and net/url write them.
#pragma once

#include <string>
#include <string_view>

#include "promql/result.hpp"

namespace tocsin::templates {

[[nodiscard]] std::string html_escape(std::string_view text);
[[nodiscard]] std::string js_escape(std::string_view text);
// All but letters, digits and -_.~ as %XX, and those of `also_kept`, which other parts of a URL may hold.
[[nodiscard]] std::string percent_escape(std::string_view text, std::string_view also_kept);
// url.QueryEscape: a space becomes a plus sign.
[[nodiscard]] std::string query_escape(std::string_view text);
// url.QueryUnescape; the error is Go's: invalid URL escape "%zz".
[[nodiscard]] Result<std::string> query_unescape(std::string_view text);

}  // namespace tocsin::templates
