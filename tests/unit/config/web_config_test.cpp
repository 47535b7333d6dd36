#include "engine/config/web_config.hpp"

#include "tests/support/catch.hpp"

using namespace tocsin;

namespace {

const std::string kHash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

std::string findings(const std::string& text) {
  Diagnostics diagnostics;
  (void)config::load_web_config(text, "dir/web.yml", diagnostics);
  std::string all;
  for (const Diagnostic& finding : diagnostics.take()) {
    all += format_diagnostic(finding, SeverityWord::never_for_errors) + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("A whole web config file is read") {
  Diagnostics diagnostics;
  const auto web = config::load_web_config(
      "tls_server_config:\n  cert_file: server.crt\n  key_file: /etc/server.key\n"
      "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  min_version: TLS13\n"
      "  client_allowed_sans: [edge-1]\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  curve_preferences: "
      "[X25519]\n"
      "http_server_config:\n  http2: false\n  headers: {X-Frame-Options: deny}\n"
      "basic_auth_users:\n  maria: " +
          kHash + "\n",
      "dir/web.yml", diagnostics);
  REQUIRE(web);
  REQUIRE(web->tls);
  CHECK(web->tls->cert_file == "dir/server.crt");
  CHECK(web->tls->key_file == "/etc/server.key");
  CHECK(web->tls->client_ca_file == "dir/ca.crt");
  CHECK(web->tls->client_auth == config::ClientAuth::require_and_verify);
  CHECK(web->tls->min_version == config::TlsVersion::tls13);
  CHECK(web->tls->client_allowed_sans == std::vector<std::string>{"edge-1"});
  CHECK(web->headers.at("X-Frame-Options") == "deny");
  CHECK(web->users.at("maria").reveal() == kHash);
}

TEST_CASE("An empty file protects nothing and is valid") {
  Diagnostics diagnostics;
  const auto web = config::load_web_config("", "web.yml", diagnostics);
  REQUIRE(web);
  CHECK_FALSE(web->tls);
  CHECK(web->users.empty());
  CHECK(findings("tls_server_config: {}\n").empty());
  CHECK(findings("tls_server_config:\n").empty());
}

// Else a slip of the pen would serve plain HTTP.
TEST_CASE("TLS that is no mapping is refused") {
  CHECK(findings("tls_server_config: server.pem\n") ==
        "dir/web.yml:1:20: tls_server_config: expected a mapping, found a string\n");
  CHECK(findings("tls_server_config:\n- cert_file: a\n") ==
        "dir/web.yml:2:1: tls_server_config: expected a mapping, found a list\n");
  CHECK(findings("tls_server_config: ''\n") ==
        "dir/web.yml:1:20: tls_server_config: expected a mapping, found a string\n");
}

TEST_CASE("No line of a web config file is shown") {
  for (const std::string text :
       {"basic_auth_users:\n  maria: @hunter2\n", "basic_auth_users: maria: hunter2\n"}) {
    const std::string found = findings(text);
    INFO(found);
    CHECK(found.find("not valid YAML") != std::string::npos);
    CHECK(found.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("What is wrong with a web config file is said with its place") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"tls_server_config:\n  cert_file: a\n",
       "dir/web.yml:2:3: tls_server_config: missing one of key or key_file\n"},
      {"tls_server_config:\n  cert_file: a\n  key_file: b\n  client_auth_type: Maybe\n",
       "dir/web.yml:4:21: tls_server_config: client_auth_type: unknown value \"Maybe\", expected one of "
       "NoClientCert, "
       "RequestClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven, "
       "RequireAndVerifyClientCert\n"},
      {"tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}\n",
       "dir/web.yml:1:20: tls_server_config: client CA's have been configured without a Client Auth "
       "Policy\n"},
      {"http_server_config:\n  headers:\n    Server: x\n",
       "dir/web.yml:3:5: http_server_config: headers: HTTP header \"Server\" can not be configured\n"},
      {"basic_auth_users:\n  maria: hunter2\n",
       "dir/web.yml:2:3: basic_auth_users: user \"maria\": the password is not a bcrypt hash, expected the "
       "output of "
       "htpasswd -nBC 10 \"\"\n"},
      {"basic_auth_user: {}\n",
       "dir/web.yml:1:1: unknown key \"basic_auth_user\", did you mean \"basic_auth_users\"?\n"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const std::string found = findings(text);
    CHECK(found == expected);
    CHECK(found.find("hunter2") == std::string::npos);
  }
}
