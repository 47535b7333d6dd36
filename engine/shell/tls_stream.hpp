// TLS for the server's connections: OpenSSL under the same Stream that plain connections have.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/config/file_source.hpp"
#include "engine/config/web_config.hpp"
#include "engine/shell/stream.hpp"
#include "promql/result.hpp"

namespace tocsin::shell {

// Certificate, key and policy as OpenSSL holds them. Immutable, shared by connections.
struct TlsServer;

// The files that make_tls_server reads.
[[nodiscard]] std::vector<std::string> tls_files(const config::WebTls& config);

// Reads the files that the configuration names. The error says which and why, never what is in a key.
[[nodiscard]] Result<std::shared_ptr<TlsServer>> make_tls_server(const config::WebTls& config,
                                                                 config::FileSource& files);

[[nodiscard]] std::unique_ptr<Stream> make_tls_stream(asio::ip::tcp::socket socket,
                                                      std::shared_ptr<TlsServer> tls);

}  // namespace tocsin::shell
