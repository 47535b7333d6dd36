// Reads the keys of an HTTP client. Internal to engine/config.
#pragma once

#include <string>

#include "engine/config/http_client.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

// Takes the client's keys out of a mapping that may hold other keys too; `directory` is what relative file
// names start from. Never null: what is wrong is reported and left at its default.
[[nodiscard]] HttpClientPtr read_http_client(yaml::MapReader& map, const std::string& directory);
// A mapping that holds the client's keys alone (http_config); null when the key is absent or null.
[[nodiscard]] HttpClientPtr read_http_config(yaml::MapReader& map, std::string_view key,
                                             const std::string& directory);
// A tls_config.
void read_tls(yaml::MapReader& map, std::string_view key, const std::string& directory, TlsConfig& out);

[[nodiscard]] std::string_view to_string(TlsVersion version);  // "TLS12", "" of unset

}  // namespace tocsin::config
