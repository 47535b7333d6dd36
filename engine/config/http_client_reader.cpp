// The rules are those of common/config/http_config.go, HTTPClientConfig.Validate and its kin.
#include "engine/config/http_client_reader.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "engine/config/file_source.hpp"
#include "engine/config/secrets.hpp"
#include "engine/config/upstream_keys.hpp"
#include "engine/config/url.hpp"
#include "promql/ascii.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

using yaml::MapReader;

bool read_secret(MapReader& map, std::string_view key, Secret& out) {
  std::string text;
  if (!map.string(key, text)) return false;
  out = Secret(std::move(text));
  return true;
}

void read_path(MapReader& map, std::string_view key, const std::string& directory, std::string& out) {
  if (map.string(key, out)) out = join_directory(directory, out);
}

// At most one of a few keys may have a value; the second one that has is pointed at.
void allow_one(MapReader& map, const std::vector<std::string_view>& keys, std::string_view text) {
  int given = 0;
  for (const std::string_view key : keys) {
    const yaml::Node* node = map.value(key);
    const bool empty = node == nullptr || (node->kind == yaml::NodeKind::scalar && node->value.empty());
    if (!empty && ++given == 2)
      map.scope().error(map.position_of_key(key), yaml::join_subject(map.subject(), text));
  }
}

std::optional<BasicAuth> read_basic_auth(MapReader& outer, const std::string& directory) {
  const yaml::Node* node = outer.value("basic_auth");
  if (node == nullptr) return std::nullopt;
  MapReader map(outer.scope(), *node, outer.subject_of("basic_auth"));
  BasicAuth auth;
  map.string("username", auth.username);
  read_path(map, "username_file", directory, auth.username_file);
  read_secret(map, "password", auth.password);
  read_path(map, "password_file", directory, auth.password_file);
  map.not_yet("username_ref");
  map.not_yet("password_ref");
  allow_one(map, {"username", "username_file", "username_ref"},
            "at most one of username, username_file & username_ref must be configured");
  allow_one(map, {"password", "password_file", "password_ref"},
            "at most one of password, password_file & password_ref must be configured");
  map.finish();
  return auth;
}

std::optional<Authorization> read_authorization(MapReader& outer, const std::string& directory) {
  const yaml::Node* node = outer.value("authorization");
  if (node == nullptr) return std::nullopt;
  MapReader map(outer.scope(), *node, outer.subject_of("authorization"));
  Authorization authorization;
  map.string("type", authorization.type);
  authorization.type = std::string(trimmed(authorization.type));
  if (authorization.type.empty()) authorization.type = "Bearer";
  if (equal_ignoring_case(authorization.type, "basic"))
    map.error("type", "cannot be \"basic\", use basic_auth instead");
  read_secret(map, "credentials", authorization.credentials);
  read_path(map, "credentials_file", directory, authorization.credentials_file);
  map.not_yet("credentials_ref");
  allow_one(map, {"credentials", "credentials_file", "credentials_ref"},
            "at most one of credentials & credentials_file must be configured");
  map.finish();
  return authorization;
}

// The older spelling of `authorization`.
void read_bearer_token(MapReader& map, const std::string& directory, HttpClientConfig& client) {
  Secret token;
  std::string file;
  read_secret(map, "bearer_token", token);
  read_path(map, "bearer_token_file", directory, file);
  if (token.empty() && file.empty()) return;
  allow_one(map, {"bearer_token", "bearer_token_file"},
            "at most one of bearer_token & bearer_token_file must be configured");
  if (client.authorization) {
    map.error_here("authorization is not compatible with bearer_token & bearer_token_file");
  } else if (client.basic_auth || map.value("oauth2") != nullptr) {
    map.error_here("at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured");
  } else {
    client.authorization = Authorization{"Bearer", std::move(token), std::move(file)};
  }
}

constexpr std::array<std::pair<std::string_view, TlsVersion>, 4> kTlsVersions = {{
    {"TLS10", TlsVersion::tls10},
    {"TLS11", TlsVersion::tls11},
    {"TLS12", TlsVersion::tls12},
    {"TLS13", TlsVersion::tls13},
}};

void read_tls_version(MapReader& map, std::string_view key, TlsVersion& out) {
  std::string text;
  if (map.value(key) == nullptr || !map.string(key, text)) return;
  const auto found = std::ranges::find(kTlsVersions, text, &std::pair<std::string_view, TlsVersion>::first);
  if (found == kTlsVersions.end()) {
    map.error(key, format("unknown TLS version \"{}\", expected TLS10, TLS11, TLS12 or TLS13", text));
  } else {
    out = found->second;
  }
}

void check_client_certificate(MapReader& map, const TlsConfig& tls) {
  const bool certificate = !tls.cert.empty() || !tls.cert_file.empty() || map.value("cert_ref") != nullptr;
  const bool key = !tls.key.empty() || !tls.key_file.empty() || map.value("key_ref") != nullptr;
  if (certificate && !key) {
    map.error_here(
        "exactly one of key or key_file must be configured when a client certificate is configured");
  } else if (key && !certificate) {
    map.error_here("exactly one of cert or cert_file must be configured when a client key is configured");
  }
}

void read_proxy(MapReader& map, ProxyConfig& proxy) {
  map.string("proxy_url", proxy.url);
  if (!proxy.url.empty()) {
    const Result<Url> url = parse_url(proxy.url);
    // The reason may cite a part of the password: `invalid port ":hunter" after host`.
    const bool tells_password = redacted(proxy.url) != proxy.url;
    if (!url) map.error("proxy_url", tells_password ? "not a URL (value hidden)" : url.error().text);
  }
  map.string("no_proxy", proxy.no_proxy);
  map.boolean("proxy_from_environment", proxy.from_environment);
  std::map<std::string, std::vector<std::string>> headers;
  map.string_lists("proxy_connect_header", headers);
  for (auto& [name, values] : headers) {
    for (std::string& value : values) proxy.connect_header[name].emplace_back(std::move(value));
  }
  const bool url_given = !proxy.url.empty();
  if (!proxy.connect_header.empty() && !url_given && !proxy.from_environment) {
    map.error("proxy_connect_header", "proxy_url or proxy_from_environment must also be configured");
  }
  if (proxy.from_environment && url_given) {
    map.error("proxy_url", "must not be configured together with proxy_from_environment");
  }
  if (proxy.from_environment && !proxy.no_proxy.empty()) {
    map.error("no_proxy", "must not be configured together with proxy_from_environment");
  } else if (map.value("proxy_url") == nullptr && !proxy.no_proxy.empty()) {
    map.error("no_proxy", "proxy_url must also be configured");
  }
}

// "x-my-header" as Go's http.CanonicalHeaderKey writes it.
std::string canonical_header(std::string_view name) {
  std::string out(name);
  bool start = true;
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    c = static_cast<char>(start ? std::toupper(byte) : std::tolower(byte));
    start = c == '-';
  }
  return out;
}

bool is_reserved_header(std::string_view canonical) {
  static constexpr std::array<std::string_view, 18> kReserved = {"Authorization",
                                                                 "Host",
                                                                 "Content-Encoding",
                                                                 "Content-Length",
                                                                 "Content-Type",
                                                                 "User-Agent",
                                                                 "Connection",
                                                                 "Keep-Alive",
                                                                 "Proxy-Authenticate",
                                                                 "Proxy-Authorization",
                                                                 "Www-Authenticate",
                                                                 "Accept-Encoding",
                                                                 "X-Prometheus-Remote-Write-Version",
                                                                 "X-Prometheus-Remote-Read-Version",
                                                                 "X-Prometheus-Scrape-Timeout-Seconds",
                                                                 "X-Amz-Date",
                                                                 "X-Amz-Security-Token",
                                                                 "X-Amz-Content-Sha256"};
  return std::ranges::find(kReserved, canonical) != kReserved.end();
}

std::vector<HttpHeader> read_headers(MapReader& outer, const std::string& directory) {
  std::vector<HttpHeader> headers;
  const yaml::Node* node = outer.value("http_headers");
  if (node == nullptr) return headers;
  MapReader map(outer.scope(), *node, outer.subject_of("http_headers"));
  for (const yaml::Entry& entry : node->entries) {
    const std::string& name = entry.key->value;
    const yaml::Node* value = map.value(name);
    if (is_reserved_header(canonical_header(name))) {
      outer.scope().error(*entry.key,
                          format("{}: header \"{}\" cannot be set", map.subject(), canonical_header(name)));
    }
    if (value == nullptr) continue;
    MapReader inner(outer.scope(), *value, map.subject_of(name));
    HttpHeader header;
    header.name = name;
    std::vector<std::string> secrets;
    inner.strings("values", header.values);
    inner.strings("secrets", secrets);
    inner.strings("files", header.files);
    for (std::string& secret : secrets) header.secrets.emplace_back(std::move(secret));
    for (std::string& file : header.files) file = join_directory(directory, file);
    inner.finish();
    headers.push_back(std::move(header));
  }
  std::ranges::sort(headers, {}, &HttpHeader::name);
  return headers;
}

}  // namespace

std::string_view to_string(TlsVersion version) {
  const auto found =
      std::ranges::find(kTlsVersions, version, &std::pair<std::string_view, TlsVersion>::second);
  return found == kTlsVersions.end() ? std::string_view() : found->first;
}

void read_tls(MapReader& outer, std::string_view key, const std::string& directory, TlsConfig& tls) {
  const yaml::Node* node = outer.value(key);
  if (node == nullptr) return;
  MapReader map(outer.scope(), *node, outer.subject_of(key));
  map.string("ca", tls.ca);
  map.string("cert", tls.cert);
  read_secret(map, "key", tls.key);
  read_path(map, "ca_file", directory, tls.ca_file);
  read_path(map, "cert_file", directory, tls.cert_file);
  read_path(map, "key_file", directory, tls.key_file);
  for (const std::string_view reference : {"ca_ref", "cert_ref", "key_ref"}) map.not_yet(reference);
  map.string("server_name", tls.server_name);
  map.boolean("insecure_skip_verify", tls.insecure_skip_verify);
  read_tls_version(map, "min_version", tls.min_version);
  read_tls_version(map, "max_version", tls.max_version);
  allow_one(map, {"ca", "ca_file", "ca_ref"}, "at most one of ca, ca_file & ca_ref must be configured");
  allow_one(map, {"cert", "cert_file", "cert_ref"},
            "at most one of cert, cert_file & cert_ref must be configured");
  allow_one(map, {"key", "key_file", "key_ref"}, "at most one of key and key_file must be configured");
  check_client_certificate(map, tls);
  map.finish();
}

HttpClientPtr read_http_client(MapReader& map, const std::string& directory) {
  auto client = std::make_shared<HttpClientConfig>();
  client->basic_auth = read_basic_auth(map, directory);
  client->authorization = read_authorization(map, directory);
  const bool oauth = map.value("oauth2") != nullptr;
  const int ways = (client->authorization ? 1 : 0) + (client->basic_auth ? 1 : 0) + (oauth ? 1 : 0);
  if (ways > 1) {
    map.error_here("at most one of basic_auth, oauth2 & authorization must be configured");
  }
  read_bearer_token(map, directory, *client);
  read_not_yet(map, "oauth2");
  read_tls(map, "tls_config", directory, client->tls);
  map.boolean("follow_redirects", client->follow_redirects);
  map.boolean("enable_http2", client->enable_http2);
  read_proxy(map, client->proxy);
  client->headers = read_headers(map, directory);
  return client;
}

HttpClientPtr read_http_config(MapReader& outer, std::string_view key, const std::string& directory) {
  const yaml::Node* node = outer.value(key);
  if (node == nullptr) return nullptr;
  MapReader map(outer.scope(), *node, outer.subject_of(key));
  HttpClientPtr client = read_http_client(map, directory);
  map.finish();
  return client;
}

}  // namespace tocsin::config
