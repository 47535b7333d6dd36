// The web config file (--web.config.file): how the server's own listeners are protected. Same file as
// exporter-toolkit's, which prometheus and alertmanager read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/http_client.hpp"
#include "rules/yaml/diagnostic.hpp"
#include "rules/yaml/secret.hpp"

namespace tocsin::config {

enum class ClientAuth { none, request, require_any, verify_if_given, require_and_verify };

struct WebTls {
  std::string cert;  // PEM text; cert_file is its file form
  Secret key;
  std::string client_ca;
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;
  ClientAuth client_auth = ClientAuth::none;
  std::vector<std::string> client_allowed_sans;
  TlsVersion min_version = TlsVersion::tls12;
  TlsVersion max_version = TlsVersion::tls13;
  std::vector<std::string> cipher_suites;  // standard names: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
  std::vector<std::string> curves;         // CurveP256, CurveP384, CurveP521, X25519
  bool prefer_server_cipher_suites = true;
};

struct WebConfig {
  std::optional<WebTls> tls;
  std::map<std::string, std::string> headers;  // added to each answer
  std::map<std::string, Secret> users;         // name, bcrypt hash
};

// Reads and checks the text of `file`; relative paths in it start from its folder. Files that it names are
// not read. Empty if a finding is an error.
[[nodiscard]] std::optional<WebConfig> load_web_config(std::string text, const std::string& file,
                                                       Diagnostics& diagnostics);

}  // namespace tocsin::config
