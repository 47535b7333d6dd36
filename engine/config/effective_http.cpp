#include "engine/config/effective.hpp"
#include "engine/config/http_client_reader.hpp"
#include "engine/config/secrets.hpp"

namespace tocsin::config {
namespace {

YamlValue tls_value(const TlsConfig& tls) {
  YamlValue out = YamlValue::map();
  out.set_some("ca", tls.ca).set_some("cert", tls.cert).set_some("key", tls.key);
  out.set_some("ca_file", tls.ca_file)
      .set_some("cert_file", tls.cert_file)
      .set_some("key_file", tls.key_file);
  out.set_some("server_name", tls.server_name);
  out.set_flag("insecure_skip_verify", tls.insecure_skip_verify);
  out.set_some("min_version", to_string(tls.min_version)).set_some("max_version", to_string(tls.max_version));
  return out;
}

bool is_default(const TlsConfig& tls) {
  return tls.ca.empty() && tls.cert.empty() && tls.key.empty() && tls.ca_file.empty() &&
         tls.cert_file.empty() && tls.key_file.empty() && tls.server_name.empty() &&
         !tls.insecure_skip_verify && tls.min_version == TlsVersion::unset &&
         tls.max_version == TlsVersion::unset;
}

YamlValue secrets_value(const std::vector<Secret>& secrets) {
  YamlValue out = YamlValue::list();
  for (const Secret& secret : secrets) out.add(YamlValue::text(secret.shown()));
  return out;
}

YamlValue headers_value(const std::vector<HttpHeader>& headers) {
  YamlValue out = YamlValue::map();
  for (const HttpHeader& header : headers) {
    YamlValue one = YamlValue::map();
    one.set_some("values", YamlValue::texts(header.values));
    one.set_some("secrets", secrets_value(header.secrets));
    one.set_some("files", YamlValue::texts(header.files));
    out.set(header.name, std::move(one));
  }
  return out;
}

}  // namespace

void add_http_client(YamlValue& map, const HttpClientConfig& client) {
  if (client.basic_auth) {
    YamlValue auth = YamlValue::map();
    auth.set_some("username", client.basic_auth->username);
    auth.set_some("username_file", client.basic_auth->username_file);
    auth.set_some("password", client.basic_auth->password);
    auth.set_some("password_file", client.basic_auth->password_file);
    map.set("basic_auth", std::move(auth));
  }
  if (client.authorization) {
    YamlValue authorization = YamlValue::map();
    authorization.set_some("type", client.authorization->type);
    authorization.set_some("credentials", client.authorization->credentials);
    authorization.set_some("credentials_file", client.authorization->credentials_file);
    map.set("authorization", std::move(authorization));
  }
  if (!is_default(client.tls)) map.set("tls_config", tls_value(client.tls));
  map.set_flag("follow_redirects", client.follow_redirects);
  map.set_flag("enable_http2", client.enable_http2);
  map.set_some("proxy_url", redacted(client.proxy.url));
  map.set_some("no_proxy", client.proxy.no_proxy);
  map.set_some_flag("proxy_from_environment", client.proxy.from_environment);
  YamlValue connect = YamlValue::map();
  for (const auto& [name, secrets] : client.proxy.connect_header) connect.set(name, secrets_value(secrets));
  map.set_some("proxy_connect_header", std::move(connect));
  map.set_some("http_headers", headers_value(client.headers));
}

}  // namespace tocsin::config
