// TLS, basic authentication and headers of the server, against the client of this program.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/config/http_client.hpp"
#include "engine/shell/files.hpp"
#include "engine/shell/http_client.hpp"
#include "engine/shell/http_server.hpp"
#include "engine/shell/response_writer.hpp"
#include "engine/shell/web_access.hpp"
#include "promql/format.hpp"
#include "tests/io/loopback.hpp"
#include "tests/support/catch.hpp"

// After asio.hpp, which says how Asio is compiled.
#include <boost/asio/ssl.hpp>

using namespace tocsin;
using test::run_until;

namespace {

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

struct Certificate {
  std::string certificate;
  std::string key;
};

// A self-signed certificate for 127.0.0.1 and the name edge-1, valid for a day.
Certificate make_certificate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("edge-1"), -1,
                             -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:edge-1,IP:127.0.0.1");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  BIO* certificate_text = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_text, certificate);
  BIO* key_text = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {bio_text(certificate_text), bio_text(key_text)};
}

struct Bench {
  explicit Bench(const std::string& web_yml, bool with_worker = false) {
    std::string pattern = (std::filesystem::temp_directory_path() / "tocsin-web-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
    own = make_certificate();
    write("server.crt", own.certificate);
    write("server.key", own.key);
    write("web.yml", web_yml);
    shell::WebAccessOptions options;
    options.file = folder + "/web.yml";
    if (with_worker) {
      options.run_job = [this](std::function<void()> job) {
        workers.emplace_back(std::move(job));
        return true;
      };
    }
    options.post = [this](std::function<void()> task) { asio::post(loop, std::move(task)); };
    options.log = [this](core::LogRecord record) { logged.push_back(std::move(record)); };
    access = std::make_unique<shell::WebAccess>(files, std::move(options));
    const Result<void> loaded = access->load();
    INFO((loaded ? std::string() : loaded.error().text));
    REQUIRE(loaded);
    shell::HttpServerOptions server_options;
    server_options.tls = [this] { return access->tls(); };
    server = std::make_unique<shell::HttpServer>(
        loop, server_options, [this](api::HttpRequest request, shell::HttpServer::Answer answer) {
          access->admit(request, [this, answer](shell::WebAccess::Verdict verdict) {
            api::HttpResponse response =
                verdict.refusal ? *verdict.refusal : shell::plain_response(200, "hello " + verdict.user);
            access->add_headers(response);
            answer(std::move(response));
          });
        });
    address = server->listen("127.0.0.1:0").value();
  }
  ~Bench() {
    for (std::thread& worker : workers) worker.join();
    std::filesystem::remove_all(folder);
  }
  void write(const std::string& name, const std::string& content) const {
    REQUIRE(shell::write_file_atomically(folder + "/" + name, content));
  }

  core::HttpReply get(const std::string& scheme, config::HttpClientConfig config) {
    return get(client, scheme, std::move(config));
  }
  // On a connection of its own: what new connections get.
  core::HttpReply get_anew(const std::string& scheme, config::HttpClientConfig config) {
    shell::HttpClient fresh(loop, files, {});
    return get(fresh, scheme, std::move(config));
  }
  core::HttpReply get(shell::HttpClient& with, const std::string& scheme, config::HttpClientConfig config) {
    std::optional<core::HttpReply> reply;
    core::HttpCall call;
    call.id = {++calls};
    call.url = format("{}://{}/", scheme, address);
    call.timeout = std::chrono::seconds(15);
    call.client = std::make_shared<config::HttpClientConfig>(std::move(config));
    with.start(std::move(call), [&](core::HttpReply given) { reply = std::move(given); });
    REQUIRE(run_until(loop, [&] { return reply.has_value(); }));
    return *reply;
  }

  std::string folder;
  Certificate own;
  asio::io_context loop;
  shell::Files files;
  std::vector<std::thread> workers;
  std::unique_ptr<shell::WebAccess> access;
  std::unique_ptr<shell::HttpServer> server;
  shell::HttpClient client{loop, files, {}};
  std::string address;
  std::uint64_t calls = 0;
  std::vector<core::LogRecord> logged;
};

// One request on a TLS connection of its own, with a session of an earlier one if there is one.
struct TlsVisit {
  TlsVisit(asio::io_context& loop, asio::ssl::context& context, const std::string& address,
           SSL_SESSION* session)
      : stream(loop, context) {
    const auto port = static_cast<unsigned short>(std::stoi(address.substr(address.rfind(':') + 1)));
    stream.lowest_layer().connect({asio::ip::make_address("127.0.0.1"), port});
    if (session != nullptr) SSL_set_session(stream.native_handle(), session);
    stream.async_handshake(asio::ssl::stream_base::client, [this](const boost::system::error_code& error) {
      if (error) return end();
      asio::async_write(stream, asio::buffer(request),
                        [this](const boost::system::error_code& failure, std::size_t) {
                          if (failure) return end();
                          read();
                        });
    });
  }
  void read() {
    // TLS 1.3 hands out its sessions after the handshake: what brings the answer brings one before it.
    stream.async_read_some(asio::buffer(buffer),
                           [this](const boost::system::error_code& error, std::size_t count) {
                             received.append(buffer.data(), count);
                             if (error || received.find("hello") != std::string::npos) return end();
                             read();
                           });
  }
  void end() {
    ended = true;
    // OpenSSL would not resume the session of a connection that was dropped.
    SSL_set_shutdown(stream.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }

  asio::ssl::stream<asio::ip::tcp::socket> stream;
  std::string request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  std::array<char, 4096> buffer{};
  std::string received;
  bool ended = false;
};

const std::string kTls = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

config::HttpClientConfig trusting(const Bench& bench) {
  config::HttpClientConfig config;
  config.tls.ca = bench.own.certificate;
  return config;
}

config::HttpClientConfig with_password(const std::string& name, const std::string& password) {
  config::HttpClientConfig config;
  config.basic_auth = config::BasicAuth{name, "", Secret(password), ""};
  return config;
}

}  // namespace

TEST_CASE("The server speaks TLS, and the client checks whom it speaks to") {
  Bench bench(kTls);
  CHECK(bench.get("https", trusting(bench)).body == "hello \n");

  config::HttpClientConfig unknown_authority;
  const core::HttpReply refused = bench.get("https", unknown_authority);
  CHECK(refused.error == core::CallError::tls);
  CHECK(refused.error_text ==
        format("Get \"https://{}/\": tls: failed to verify certificate: x509: certificate signed by "
               "unknown authority",
               bench.address));

  config::HttpClientConfig insecure;
  insecure.tls.insecure_skip_verify = true;
  CHECK(bench.get("https", insecure).status == 200);

  config::HttpClientConfig named = trusting(bench);
  named.tls.server_name = "edge-1";
  CHECK(bench.get("https", named).status == 200);
  named.tls.server_name = "edge-2";
  CHECK(bench.get("https", named).error_text ==
        format("Get \"https://{}/\": tls: failed to verify certificate: x509: certificate is not valid for "
               "any names, but "
               "wanted to match edge-2",
               bench.address));
}

TEST_CASE("A client certificate is asked for and its name is checked") {
  Bench bench(kTls +
              "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: server.crt\n"
              "  client_allowed_sans: [edge-1]\n");
  CHECK(bench.get("https", trusting(bench)).error != core::CallError::none);
  config::HttpClientConfig with_certificate = trusting(bench);
  with_certificate.tls.cert = bench.own.certificate;
  with_certificate.tls.key = Secret(bench.own.key);
  CHECK(bench.get("https", with_certificate).status == 200);
  // Looked at again when it changed: now another name is wanted.
  bench.write("web.yml", kTls +
                             "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: server.crt\n"
                             "  client_allowed_sans: [edge-9]\n");
  CHECK(bench.get_anew("https", with_certificate).error != core::CallError::none);
}

TEST_CASE("A client with a certificate resumes its session") {
  Bench bench(kTls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: server.crt\n");
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.use_certificate_chain(asio::buffer(bench.own.certificate));
  context.use_private_key(asio::buffer(bench.own.key), asio::ssl::context::pem);
  SSL_SESSION* session = nullptr;
  for (const bool resumed : {false, true}) {
    INFO(resumed);
    TlsVisit visit(bench.loop, context, bench.address, session);
    REQUIRE(run_until(bench.loop, [&] { return visit.ended; }));
    CHECK(visit.received.find("hello") != std::string::npos);
    CHECK((SSL_session_reused(visit.stream.native_handle()) == 1) == resumed);
    SSL_SESSION_free(session);
    session = SSL_get1_session(visit.stream.native_handle());
  }
  // Another list of names: the session was agreed under the old one and does not count any more.
  bench.write("web.yml", kTls +
                             "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: server.crt\n"
                             "  client_allowed_sans: [edge-9]\n");
  TlsVisit visit(bench.loop, context, bench.address, session);
  REQUIRE(run_until(bench.loop, [&] { return visit.ended; }));
  CHECK(visit.received.empty());
  SSL_SESSION_free(session);
}

TEST_CASE("Renewed certificates are served, and the old ones as long as the new ones do not fit") {
  Bench bench(kTls);
  const config::HttpClientConfig old_authority = trusting(bench);
  const Certificate renewed = make_certificate();
  config::HttpClientConfig new_authority;
  new_authority.tls.ca = renewed.certificate;
  CHECK(bench.get_anew("https", old_authority).status == 200);

  // The renewal caught half way.
  bench.write("server.crt", renewed.certificate);
  CHECK(bench.get_anew("https", old_authority).status == 200);
  CHECK(bench.get_anew("https", old_authority).status == 200);
  CHECK(bench.get_anew("https", new_authority).error == core::CallError::tls);
  REQUIRE(bench.logged.size() == 1);
  CHECK(bench.logged[0].level == core::LogLevel::error);
  CHECK(bench.logged[0].message == "renewed TLS files rejected, the ones read before stay in force");
  CHECK(bench.logged[0].fields.at(1).second.find("web.yml: tls_server_config: failed to load the key: ") !=
        std::string::npos);

  bench.write("server.key", renewed.key);
  CHECK(bench.get_anew("https", new_authority).status == 200);
  CHECK(bench.get_anew("https", old_authority).error == core::CallError::tls);
  REQUIRE(bench.logged.size() == 2);
  CHECK(bench.logged[1].level == core::LogLevel::info);
  CHECK(bench.logged[1].message == "renewed TLS files accepted");
}

TEST_CASE("A certificate file that became a pipe is not waited for") {
  Bench bench(kTls);
  std::filesystem::remove(bench.folder + "/server.key");
  REQUIRE(mkfifo((bench.folder + "/server.key").c_str(), 0600) == 0);
  CHECK(bench.get_anew("https", trusting(bench)).status == 200);
  REQUIRE(bench.logged.size() == 1);
  CHECK(bench.logged[0].fields.at(1).second.find("server.key): is a named pipe, expected a file") !=
        std::string::npos);
}

TEST_CASE("HTTP to a TLS port fails without hurting it") {
  Bench bench(kTls);
  CHECK(bench.get("http", {}).error != core::CallError::none);
  CHECK(bench.get("https", trusting(bench)).status == 200);
}

TEST_CASE("Users are let in with their password and nobody else") {
  // Cost 5 keeps the test quick; the password is "myPassword".
  const std::string hash = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";
  for (const bool with_worker : {false, true}) {
    INFO(with_worker);
    Bench bench("basic_auth_users:\n  maria: " + hash +
                    "\nhttp_server_config:\n  headers:\n    X-Frame-Options: deny\n",
                with_worker);
    const core::HttpReply without = bench.get("http", {});
    CHECK(without.status == 401);
    CHECK(std::find(without.headers.begin(), without.headers.end(),
                    std::pair<std::string, std::string>("WWW-Authenticate", "Basic")) !=
          without.headers.end());
    CHECK(std::find(without.headers.begin(), without.headers.end(),
                    std::pair<std::string, std::string>("X-Frame-Options", "deny")) != without.headers.end());
    CHECK(bench.get("http", with_password("maria", "wrong")).status == 401);
    CHECK(bench.get("http", with_password("nobody", "fakepassword")).status == 401);
    CHECK(bench.get("http", with_password("maria", "myPassword")).body == "hello maria\n");
    CHECK(bench.get("http", with_password("maria", "myPassword")).body == "hello maria\n");
  }
}

TEST_CASE("A file that became wrong lets nobody in, and does again when it is right") {
  Bench bench("");
  CHECK(bench.get("http", {}).status == 200);
  bench.write("web.yml", "basic_auth_users: [\n");
  CHECK(bench.get("http", {}).status == 500);
  CHECK(bench.get("http", {}).status == 500);
  bench.write("web.yml", "{}\n");
  CHECK(bench.get("http", {}).status == 200);
  // Each was said once.
  REQUIRE(bench.logged.size() == 2);
  CHECK(bench.logged[0].message == "web config file rejected, nobody is let in");
  CHECK(bench.logged[1].message == "web config file accepted");
}

TEST_CASE("Credentials are read as RFC 7617 writes them") {
  struct Case {
    std::string header;
    std::string name, password;
    bool valid;
  };
  const std::vector<Case> cases = {
      {"Basic dXNlcjpwYXNz", "user", "pass", true},
      {"basic dTpwOnE=", "u", "p:q", true},
      {"Basic Og==", "", "", true},
      {"Basic", "", "", false},
      {"Basic !!!!", "", "", false},
      {"Bearer dXNlcjpwYXNz", "", "", false},
      {"Basic dXNlcg==", "", "", false},
  };
  for (const Case& c : cases) {
    INFO(c.header);
    const auto parsed = shell::parse_basic_credentials(c.header);
    REQUIRE(parsed.has_value() == c.valid);
    if (!parsed) continue;
    CHECK(parsed->name == c.name);
    CHECK(parsed->password == c.password);
  }
}
