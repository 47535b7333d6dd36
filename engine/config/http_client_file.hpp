// A file that holds the keys of an HTTP client and nothing else: --http.config.file of the commands that ask
// a server.
#pragma once

#include <string>

#include "engine/config/http_client.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::config {

// Reads and checks the text of `file`; relative paths in it start from its folder. Null if a finding is an
// error.
[[nodiscard]] HttpClientPtr load_http_client_file(std::string text, const std::string& file,
                                                  Diagnostics& diagnostics);

}  // namespace tocsin::config
