#include "engine/shell/tls_stream.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <boost/asio/ssl.hpp>
#include <utility>

#include "engine/shell/url.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace ssl = asio::ssl;

struct TlsServer {
  ssl::context context{ssl::context::tls_server};
  std::vector<std::string> allowed_sans;
};

namespace {

int openssl_version(config::TlsVersion version) {
  switch (version) {
    case config::TlsVersion::tls10:
      return TLS1_VERSION;
    case config::TlsVersion::tls11:
      return TLS1_1_VERSION;
    case config::TlsVersion::tls13:
      return TLS1_3_VERSION;
    case config::TlsVersion::unset:
    case config::TlsVersion::tls12:
      break;
  }
  return TLS1_2_VERSION;
}

// Inline text, or the file's. `what` names the key for the error.
Result<std::string> pem(const std::string& text, const std::string& file, std::string_view what,
                        config::FileSource& files) {
  if (file.empty()) return text;
  Result<std::string> content = files.read_value(file);
  if (!content) return Error(format("failed to read {} ({}): {}", what, file, content.error().text));
  return content;
}

// Names of the standards (TLS_ECDHE_RSA_...) as the list that OpenSSL takes; it has names of its own.
Result<std::string> cipher_list(SSL_CTX* context, const std::vector<std::string>& wanted) {
  std::string list;
  const STACK_OF(SSL_CIPHER)* known = SSL_CTX_get_ciphers(context);
  for (const std::string& name : wanted) {
    bool found = false;
    for (int i = 0; i < sk_SSL_CIPHER_num(known); ++i) {
      const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(known, i);
      const char* standard = SSL_CIPHER_standard_name(cipher);
      if (standard == nullptr || name != standard) continue;
      found = true;
      // Those of TLS 1.3 are chosen apart and always on, as in Go.
      if (SSL_CIPHER_get_id(cipher) >> 8 != 0x030013)
        list += (list.empty() ? "" : ":") + std::string(SSL_CIPHER_get_name(cipher));
    }
    if (!found) return Error(format("cipher_suites: unknown cipher: {}", name));
  }
  return list;
}

std::string curve_list(const std::vector<std::string>& wanted) {
  std::string list;
  for (const std::string& name : wanted) {
    const std::string_view openssl = name == "CurveP256"   ? "P-256"
                                     : name == "CurveP384" ? "P-384"
                                     : name == "CurveP521" ? "P-521"
                                                           : "X25519";
    list += (list.empty() ? "" : ":") + std::string(openssl);
  }
  return list;
}

std::string name_text(const GENERAL_NAME* name) {
  const ASN1_STRING* text = name->type == GEN_DNS     ? name->d.dNSName
                            : name->type == GEN_EMAIL ? name->d.rfc822Name
                            : name->type == GEN_URI   ? name->d.uniformResourceIdentifier
                            : name->type == GEN_IPADD ? name->d.iPAddress
                                                      : nullptr;
  if (text == nullptr) return {};
  std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                    static_cast<std::size_t>(ASN1_STRING_length(text)));
  if (name->type != GEN_IPADD) return bytes;
  boost::system::error_code error;
  if (bytes.size() == 4) {
    asio::ip::address_v4::bytes_type address{};
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(address.data()));
    return asio::ip::address_v4(address).to_string();
  }
  if (bytes.size() != 16) return {};
  asio::ip::address_v6::bytes_type address{};
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(address.data()));
  return asio::ip::address_v6(address).to_string();
}

bool has_allowed_san(X509* certificate, const std::vector<std::string>& allowed) {
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  bool found = false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const std::string text = name_text(sk_GENERAL_NAME_value(names, i));
    found = found || (!text.empty() && std::find(allowed.begin(), allowed.end(), text) != allowed.end());
  }
  GENERAL_NAMES_free(names);
  return found;
}

ssl::verify_mode verify_mode(config::ClientAuth policy) {
  switch (policy) {
    case config::ClientAuth::none:
      return ssl::verify_none;
    case config::ClientAuth::request:
    case config::ClientAuth::verify_if_given:
      return ssl::verify_peer;
    case config::ClientAuth::require_any:
    case config::ClientAuth::require_and_verify:
      break;
  }
  return ssl::verify_peer | ssl::verify_fail_if_no_peer_cert;
}

// Names what a session was agreed under: it is resumed under the same alone, since a resumed one is not asked
// for its certificate again. Without a name OpenSSL ends every resumption once clients are verified.
bool name_sessions(SSL_CTX* context, const config::WebTls& config, const std::string& certificate,
                   const std::string& authorities) {
  std::string agreed = format("{} {} {} {}{}", static_cast<int>(config.client_auth), certificate.size(),
                              authorities.size(), certificate, authorities);
  for (const std::string& name : config.client_allowed_sans) agreed += format(" {} {}", name.size(), name);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> name{};
  static_assert(SHA256_DIGEST_LENGTH <= SSL_MAX_SID_CTX_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(agreed.data()), agreed.size(), name.data());
  return SSL_CTX_set_session_id_context(context, name.data(), name.size()) == 1;
}

Result<void> set_client_policy(TlsServer& server, const config::WebTls& config,
                               const std::string& certificate, config::FileSource& files) {
  const Result<std::string> authorities =
      pem(config.client_ca, config.client_ca_file, "client_ca_file", files);
  if (!authorities) return authorities.error();
  boost::system::error_code error;
  if (!authorities->empty()) server.context.add_certificate_authority(asio::buffer(*authorities), error);
  if (error) return Error(format("client_ca: {}", error.message()));
  if (!name_sessions(server.context.native_handle(), config, certificate, *authorities)) {
    return Error("client_auth_type: TLS sessions cannot be named");
  }
  server.allowed_sans = config.client_allowed_sans;
  server.context.set_verify_mode(verify_mode(config.client_auth));
  const bool any = config.client_auth == config::ClientAuth::request ||
                   config.client_auth == config::ClientAuth::require_any;
  // The context belongs to the server and calls this only while it lives.
  server.context.set_verify_callback([any, &server](bool trusted, ssl::verify_context& checked) {
    if (!trusted && !any) return false;
    if (server.allowed_sans.empty() || X509_STORE_CTX_get_error_depth(checked.native_handle()) != 0)
      return true;
    return has_allowed_san(X509_STORE_CTX_get_current_cert(checked.native_handle()), server.allowed_sans);
  });
  return {};
}

// TLS over TCP. Writes head and body as one buffer: a record each would double the overhead.
class TlsStream final : public Stream {
 public:
  TlsStream(asio::ip::tcp::socket socket, std::shared_ptr<TlsServer> tls)
      : tls_(std::move(tls)), stream_(std::move(socket), tls_->context) {
    boost::system::error_code error;
    const auto endpoint = stream_.lowest_layer().remote_endpoint(error);
    if (!error) remote_ = join_host_port(endpoint.address().to_string(), std::to_string(endpoint.port()));
  }

  void handshake(std::function<void(const boost::system::error_code&)> done) override {
    stream_.async_handshake(ssl::stream_base::server, std::move(done));
  }
  void read_some(char* data, std::size_t size, Done done) override {
    stream_.async_read_some(asio::buffer(data, size), std::move(done));
  }
  void write(std::string_view head, std::string_view body, Done done) override {
    outgoing_.assign(head);
    outgoing_ += body;
    asio::async_write(stream_, asio::buffer(outgoing_), std::move(done));
  }
  void finish_writing() override {
    boost::system::error_code ignored;
    stream_.lowest_layer().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    boost::system::error_code ignored;
    stream_.lowest_layer().close(ignored);
  }
  [[nodiscard]] std::string remote() const override { return remote_; }

 private:
  std::shared_ptr<TlsServer> tls_;
  ssl::stream<asio::ip::tcp::socket> stream_;
  std::string outgoing_;
  std::string remote_;
};

}  // namespace

std::vector<std::string> tls_files(const config::WebTls& config) {
  std::vector<std::string> files{config.cert_file, config.key_file, config.client_ca_file};
  std::erase(files, "");
  return files;
}

Result<std::shared_ptr<TlsServer>> make_tls_server(const config::WebTls& config, config::FileSource& files) {
  const Result<std::string> certificate = pem(config.cert, config.cert_file, "cert_file", files);
  if (!certificate) return certificate.error();
  const Result<std::string> key = pem(config.key.reveal(), config.key_file, "key_file", files);
  if (!key) return key.error();
  auto server = std::make_shared<TlsServer>();
  SSL_CTX* context = server->context.native_handle();
  boost::system::error_code error;
  server->context.use_certificate_chain(asio::buffer(*certificate), error);
  if (error) return Error(format("failed to load the certificate: {}", error.message()));
  server->context.use_private_key(asio::buffer(*key), ssl::context::pem, error);
  if (error) return Error(format("failed to load the key: {}", error.message()));
  SSL_CTX_set_min_proto_version(context, openssl_version(config.min_version));
  SSL_CTX_set_max_proto_version(context, openssl_version(config.max_version));
  if (config.prefer_server_cipher_suites) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (!config.cipher_suites.empty()) {
    const Result<std::string> ciphers = cipher_list(context, config.cipher_suites);
    if (!ciphers) return ciphers.error();
    if (!ciphers->empty() && SSL_CTX_set_cipher_list(context, ciphers->c_str()) != 1) {
      return Error("cipher_suites: none of them can be used");
    }
  }
  if (!config.curves.empty() && SSL_CTX_set1_groups_list(context, curve_list(config.curves).c_str()) != 1) {
    return Error("curve_preferences: none of them can be used");
  }
  if (Result<void> policy = set_client_policy(*server, config, *certificate, files); !policy)
    return policy.error();
  return server;
}

std::unique_ptr<Stream> make_tls_stream(asio::ip::tcp::socket socket, std::shared_ptr<TlsServer> tls) {
  return std::make_unique<TlsStream>(std::move(socket), std::move(tls));
}

}  // namespace tocsin::shell
