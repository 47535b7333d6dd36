// What libcurl reports, in the words of Go's net/http: operators know them from upstream's target page and
// search for them. Nothing here prints a URL's secret part, a header or a body.
#include <cstring>

#include "engine/config/http_client.hpp"
#include "engine/config/secrets.hpp"
#include "engine/shell/http_transfer.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

using core::CallError;

namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string HttpTransfer::wrap(std::string_view text) const {
  std::string method = to_lower(exchange_.method);
  if (!method.empty()) method.front() = exchange_.method.front();
  const std::string url = call_.shown_url.empty() ? config::redacted(exchange_.url) : call_.shown_url;
  return format("{} \"{}\": {}", method, url, text);
}

std::string HttpTransfer::system_error() const {
  long number = 0;
  curl_.easy_getinfo(easy_, CURLINFO_OS_ERRNO, &number);
  if (number == 0) return {};
  std::string text = std::strerror(static_cast<int>(number));
  text.front() = to_lower(text.substr(0, 1)).front();
  return text;
}

Failure HttpTransfer::explain_tls(CURLcode code) const {
  const std::string_view detail = detail_.data();
  const std::string host = call_.client != nullptr && !call_.client->tls.server_name.empty()
                               ? call_.client->tls.server_name
                               : url_.host;
  const auto verify = [](std::string text) {
    return Failure{CallError::tls, "tls: failed to verify certificate: x509: " + std::move(text)};
  };
  if (contains(detail, "wrong version number")) {
    return {CallError::tls, "http: server gave HTTP response to HTTPS client"};
  }
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    if (contains(detail, "expired") || contains(detail, "not yet valid")) {
      return verify("certificate has expired or is not yet valid");
    }
    if (contains(detail, "subject name")) {
      return verify(format("certificate is not valid for any names, but wanted to match {}", host));
    }
    return verify("certificate signed by unknown authority");
  }
  return {CallError::tls, format("tls: {}", detail.empty() ? curl_.easy_strerror(code) : detail)};
}

Failure HttpTransfer::explain(CURLcode code) const {
  if (body_too_large_) return {CallError::body_limit, "body size limit exceeded"};
  if (head_too_large_)
    return {CallError::protocol, "net/http: server response headers exceeded 1048576 bytes"};
  const std::string cause = system_error();
  const std::string address =
      first_address_.empty() ? join_host_port(url_.host, url_.effective_port()) : first_address_;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {CallError::resolve, format("dial tcp: lookup {}: no such host", url_.host)};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {CallError::resolve, "proxyconnect tcp: dial tcp: lookup of the proxy: no such host"};
    case CURLE_COULDNT_CONNECT:
      return {CallError::connect,
              format("dial tcp {}: connect: {}", address, cause.empty() ? "connection refused" : cause)};
    case CURLE_OPERATION_TIMEDOUT:
      return {CallError::timeout, "context deadline exceeded"};
    case CURLE_GOT_NOTHING:
      return {CallError::protocol, "EOF"};
    case CURLE_PARTIAL_FILE:
      return {CallError::protocol, "unexpected EOF"};
    case CURLE_RECV_ERROR:
      if (contains(detail_.data(), "chunk")) return {CallError::protocol, "unexpected EOF"};
      return {CallError::protocol,
              format("read tcp {}: read: {}", address, cause.empty() ? "connection reset by peer" : cause)};
    case CURLE_SEND_ERROR:
      return {CallError::protocol,
              format("write tcp {}: write: {}", address, cause.empty() ? "broken pipe" : cause)};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return {CallError::protocol, "net/http: HTTP/1.x transport connection broken: malformed HTTP response"};
    case CURLE_BAD_CONTENT_ENCODING:
      return {CallError::protocol, "gzip: invalid header"};
    case CURLE_OUT_OF_MEMORY:
      return {CallError::protocol, "out of memory"};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return explain_tls(code);
    default: {
      const std::string_view detail = detail_.data();
      return {CallError::protocol, std::string(detail.empty() ? curl_.easy_strerror(code) : detail)};
    }
  }
}

}  // namespace tocsin::shell
