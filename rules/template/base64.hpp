// Base64 in the alphabet that is safe in URLs, with padding, as Go's base64.URLEncoding.
#pragma once

#include <string>
#include <string_view>

#include "promql/result.hpp"

namespace tocsin::templates {

[[nodiscard]] std::string base64_url_encode(std::string_view bytes);
// Line breaks are passed over. The error is Go's: illegal base64 data at input byte 4.
[[nodiscard]] Result<std::string> base64_url_decode(std::string_view text);

}  // namespace tocsin::templates
