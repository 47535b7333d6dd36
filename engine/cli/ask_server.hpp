// One request to a running server, for commands that ask one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/core/http_call.hpp"
#include "promql/result.hpp"

namespace tocsin::cli {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// name=value, joined with &, as a query or a form takes it.
[[nodiscard]] std::string encoded(const Parameters& parameters);

// The URL of `path` at a server that a person named, with or without a scheme, with or without a slash at the
// end.
[[nodiscard]] std::string url_at(std::string server, std::string_view path);

// Waits for the answer, of whatever status. The error is what kept it from coming.
[[nodiscard]] Result<core::HttpReply> ask_server(core::HttpCall call);

}  // namespace tocsin::cli
