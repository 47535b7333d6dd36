// What the handlers of Alertmanager's API v2 share.
#pragma once

#include <string_view>
#include <vector>

#include "engine/api/http.hpp"
#include "promql/matcher.hpp"
#include "promql/result.hpp"

namespace tocsin::api {

// 400 with the text as a JSON string.
[[nodiscard]] HttpResponse answer_bad(std::string_view text);
// 405, and which methods there are: "GET,POST".
[[nodiscard]] HttpResponse answer_method(std::string_view method, std::string_view allowed);
// The parameters `filter`, each a matcher.
[[nodiscard]] Result<std::vector<Matcher>> parse_filter(const std::vector<std::string_view>& texts);
// True if the parameter is not given; else as upstream's framework takes it: false, but for many forms of
// yes.
[[nodiscard]] bool read_flag(const HttpRequest& request, std::string_view name);

}  // namespace tocsin::api
