#include "engine/config/web_config.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "engine/config/file_source.hpp"
#include "promql/format.hpp"
#include "rules/yaml/decode.hpp"

namespace tocsin::config {

namespace {

constexpr std::array<std::pair<std::string_view, TlsVersion>, 4> kVersions{{
    {"TLS10", TlsVersion::tls10},
    {"TLS11", TlsVersion::tls11},
    {"TLS12", TlsVersion::tls12},
    {"TLS13", TlsVersion::tls13},
}};

constexpr std::array<std::pair<std::string_view, ClientAuth>, 6> kClientAuth{{
    {"NoClientCert", ClientAuth::none},
    {"RequestClientCert", ClientAuth::request},
    {"RequireAnyClientCert", ClientAuth::require_any},
    {"RequireClientCert", ClientAuth::require_any},  // its older name
    {"VerifyClientCertIfGiven", ClientAuth::verify_if_given},
    {"RequireAndVerifyClientCert", ClientAuth::require_and_verify},
}};

constexpr std::array<std::string_view, 4> kCurves{"CurveP256", "CurveP384", "CurveP521", "X25519"};

// The headers that may be set, and the values of those that have only a few.
constexpr std::array<std::string_view, 5> kHeaders{"Strict-Transport-Security", "X-Content-Type-Options",
                                                   "X-Frame-Options", "X-XSS-Protection",
                                                   "Content-Security-Policy"};

// A name out of a table; what is not in it is an error that lists the names.
template <class Table, class Value>
void choice(yaml::MapReader& map, std::string_view key, const Table& table, Value& out) {
  std::string text;
  if (!map.string(key, text) || text.empty()) return;
  std::string names;
  for (const auto& [name, value] : table) {
    if (name == text) {
      out = value;
      return;
    }
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  map.error(key, format("unknown value \"{}\", expected one of {}", text, names));
}

void read_text_or_file(yaml::MapReader& map, std::string_view key, const std::string& directory,
                       std::string& text, std::string& file) {
  map.string(key, text);
  const std::string file_key = format("{}_file", key);
  if (map.string(file_key, file)) file = join_directory(directory, file);
}

WebTls read_tls_server(yaml::MapReader& map, const std::string& directory) {
  WebTls tls;
  std::string key;
  read_text_or_file(map, "cert", directory, tls.cert, tls.cert_file);
  read_text_or_file(map, "key", directory, key, tls.key_file);
  read_text_or_file(map, "client_ca", directory, tls.client_ca, tls.client_ca_file);
  tls.key = Secret(std::move(key));
  choice(map, "client_auth_type", kClientAuth, tls.client_auth);
  choice(map, "min_version", kVersions, tls.min_version);
  choice(map, "max_version", kVersions, tls.max_version);
  map.strings("client_allowed_sans", tls.client_allowed_sans);
  map.strings("cipher_suites", tls.cipher_suites);
  map.strings("curve_preferences", tls.curves);
  map.boolean("prefer_server_cipher_suites", tls.prefer_server_cipher_suites);
  map.finish();
  for (const std::string& curve : tls.curves) {
    if (std::find(kCurves.begin(), kCurves.end(), curve) == kCurves.end()) {
      map.error(
          "curve_preferences",
          format("unknown curve \"{}\", expected one of CurveP256, CurveP384, CurveP521, X25519", curve));
    }
  }
  if (tls.cert.empty() && tls.cert_file.empty()) map.error_here("missing one of cert or cert_file");
  if (tls.key.empty() && tls.key_file.empty()) map.error_here("missing one of key or key_file");
  if (!(tls.client_ca.empty() && tls.client_ca_file.empty()) && tls.client_auth == ClientAuth::none) {
    map.error_here("client CA's have been configured without a Client Auth Policy");
  }
  if (tls.max_version < tls.min_version) map.error("max_version", "is lower than min_version");
  return tls;
}

void read_headers(yaml::MapReader& map, WebConfig& config) {
  map.known("http2");  // this server speaks HTTP/1.1, which every client of HTTP/2 does too
  if (map.string_map("headers", config.headers)) {
    for (const auto& [name, value] : config.headers) {
      if (std::find(kHeaders.begin(), kHeaders.end(), name) == kHeaders.end()) {
        map.error("headers", format("HTTP header \"{}\" can not be configured", name));
      } else if (name == "X-Content-Type-Options" && value != "nosniff") {
        map.error("headers", format("{}: unexpected \"{}\", expected \"nosniff\"", name, value));
      } else if (name == "X-Frame-Options" && value != "deny" && value != "sameorigin") {
        map.error("headers",
                  format("{}: unexpected \"{}\", expected \"deny\" or \"sameorigin\"", name, value));
      }
    }
  }
  map.finish();
}

// $2a$10$ and 53 characters. The hash itself is never shown.
bool looks_like_bcrypt(std::string_view hash) {
  return hash.size() == 60 && hash.substr(0, 2) == "$2" && hash[3] == '$' && hash[6] == '$' &&
         std::string_view("abxy").find(hash[2]) != std::string_view::npos;
}

void read_users(yaml::MapReader& map, WebConfig& config) {
  std::map<std::string, std::string> users;
  map.string_map("basic_auth_users", users);
  for (auto& [name, hash] : users) {
    if (!looks_like_bcrypt(hash)) {
      map.error("basic_auth_users",
                format("user \"{}\": the password is not a bcrypt hash, expected the output of "
                       "htpasswd -nBC 10 \"\"",
                       name));
    }
    config.users.emplace(name, Secret(std::move(hash)));
  }
}

}  // namespace

std::optional<WebConfig> load_web_config(std::string text, const std::string& file,
                                         Diagnostics& diagnostics) {
  Diagnostics mine;
  const yaml::Document document = yaml::parse(std::move(text), {file, yaml::Dialect::v2}, mine);
  WebConfig config;
  if (document.root() != nullptr) {
    const yaml::Scope scope{document, mine, {}, false};
    yaml::MapReader map(scope, *document.root(), "");
    // An empty mapping asks for nothing. Anything else was meant to protect, and must not end as plain HTTP.
    const yaml::Node* node = map.value("tls_server_config");
    if (node != nullptr && !(node->kind == yaml::NodeKind::mapping && node->entries.empty())) {
      yaml::MapReader tls(scope, *node, "tls_server_config");
      if (tls.valid()) config.tls = read_tls_server(tls, directory_of(file));
    }
    if (const yaml::Node* headers_node = map.value("http_server_config")) {
      yaml::MapReader headers(scope, *headers_node, "http_server_config");
      read_headers(headers, config);
    }
    map.not_yet("rate_limit");
    read_users(map, config);
    map.finish();
  }
  mine.sort();
  const bool valid = !mine.has_errors();
  std::vector<Diagnostic> findings = mine.take();
  // Most lines of this file hold a key or the hash of a password, under names that people chose.
  for (Diagnostic& finding : findings) finding.source_line.clear();
  diagnostics.add(std::move(findings));
  if (!valid) return std::nullopt;
  return config;
}

}  // namespace tocsin::config
