// How an HTTP client connects: the keys that scrape_configs, alertmanagers and notifiers have in common
// (upstream's common/config.HTTPClientConfig), after validation. Paths are absolute or relative to the
// working directory. Files of credentials are read when a request is made, as upstream does.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/yaml/secret.hpp"

namespace tocsin::config {

struct BasicAuth {
  std::string username;
  std::string username_file;
  Secret password;
  std::string password_file;
};

struct Authorization {
  std::string type = "Bearer";
  Secret credentials;
  std::string credentials_file;
};

enum class TlsVersion { unset, tls10, tls11, tls12, tls13 };

struct TlsConfig {
  std::string ca;  // PEM text; ca_file is its file form
  std::string cert;
  Secret key;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string server_name;
  bool insecure_skip_verify = false;
  TlsVersion min_version = TlsVersion::unset;
  TlsVersion max_version = TlsVersion::unset;
};

// One header that is added to each request: all values, then secrets, then the contents of files.
struct HttpHeader {
  std::string name;
  std::vector<std::string> values;
  std::vector<Secret> secrets;
  std::vector<std::string> files;
};

struct ProxyConfig {
  std::string url;       // may hold a password
  std::string no_proxy;  // comma-separated hosts that are reached directly
  bool from_environment = false;
  std::map<std::string, std::vector<Secret>> connect_header;
};

struct HttpClientConfig {
  std::optional<BasicAuth> basic_auth;
  std::optional<Authorization> authorization;  // bearer_token and bearer_token_file end up here
  TlsConfig tls;
  bool follow_redirects = true;
  bool enable_http2 = true;
  ProxyConfig proxy;
  std::vector<HttpHeader> headers;  // sorted by name
};

// Shared between the configuration snapshot and the calls under way.
using HttpClientPtr = std::shared_ptr<const HttpClientConfig>;

}  // namespace tocsin::config
