#include "engine/shell/http_transfer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "engine/config/http_client.hpp"
#include "engine/shell/limits.hpp"
#include "promql/ascii.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

using core::CallError;

namespace {

// A secret is written in the configuration or stands in a file, which is read at each use: it may rotate.
Result<std::string> secret_text(config::FileSource& files, const std::string& text, const std::string& path) {
  if (path.empty()) return text;
  Result<std::string> content = files.read_value(path);
  if (!content) return Error(format("unable to read file {}: {}", path, content.error().text));
  return std::string(trimmed(*content));
}

std::string printed_address(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return join_host_port(text.data(), std::to_string(ntohs(v4.sin_port)));
  }
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return join_host_port(text.data(), std::to_string(ntohs(v6.sin6_port)));
  }
  return {};
}

// What CURLOPT_SSLVERSION wants: the least version, and the greatest in the upper half.
long least_version(config::TlsVersion version) {
  switch (version) {
    case config::TlsVersion::tls10:
      return CURL_SSLVERSION_TLSv1_0;
    case config::TlsVersion::tls11:
      return CURL_SSLVERSION_TLSv1_1;
    case config::TlsVersion::tls13:
      return CURL_SSLVERSION_TLSv1_3;
    case config::TlsVersion::unset:
    case config::TlsVersion::tls12:
      break;
  }
  return CURL_SSLVERSION_TLSv1_2;
}

long greatest_version(config::TlsVersion version) {
  switch (version) {
    case config::TlsVersion::tls10:
      return CURL_SSLVERSION_MAX_TLSv1_0;
    case config::TlsVersion::tls11:
      return CURL_SSLVERSION_MAX_TLSv1_1;
    case config::TlsVersion::tls12:
      return CURL_SSLVERSION_MAX_TLSv1_2;
    case config::TlsVersion::tls13:
      return CURL_SSLVERSION_MAX_TLSv1_3;
    case config::TlsVersion::unset:
      break;
  }
  return CURL_SSLVERSION_MAX_DEFAULT;
}

curl_blob blob_of(const std::string& text) {
  // COPY makes libcurl own its bytes; the pointer is not const only because curl_blob serves both ways.
  return curl_blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
}

}  // namespace

HttpTransfer::HttpTransfer(const CurlLibrary& curl, const core::HttpCall& call, Exchange exchange)
    : curl_(curl), call_(call), exchange_(std::move(exchange)) {}

HttpTransfer::~HttpTransfer() {
  if (easy_ != nullptr) curl_.easy_cleanup(easy_);
  curl_.slist_free_all(headers_);
  curl_.slist_free_all(proxy_headers_);
  curl_.slist_free_all(connect_to_);
}

template <class Value>
void HttpTransfer::set(CURLoption option, Value value) {
  const CURLcode code = curl_.easy_setopt(easy_, option, value);
  if (setup_ == CURLE_OK) setup_ = code;
}

Failure HttpTransfer::prepare(config::FileSource& files, std::string_view user_agent, Duration remaining) {
  Result<Url> url = parse_url(exchange_.url);
  if (!url) return {CallError::protocol, wrap(url.error().text)};
  url_ = std::move(*url);
  easy_ = curl_.easy_init();
  if (easy_ == nullptr) return {CallError::protocol, wrap("out of memory")};

  set_callbacks();
  set(CURLOPT_NOSIGNAL, 1L);
  // A host name that takes long to resolve must not hold the loop when the call is given up.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_TCP_NODELAY, 1L);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(remaining).count();
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(milliseconds, 1)));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(milliseconds, 1)));
  if (call_.accept_gzip) set(CURLOPT_ACCEPT_ENCODING, "gzip");

  const bool has_body = !exchange_.body.empty() || exchange_.method == "POST" || exchange_.method == "PUT";
  if (has_body) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange_.body.size()));
    set(CURLOPT_POSTFIELDS, exchange_.body.c_str());
  } else if (exchange_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  }
  set(CURLOPT_CUSTOMREQUEST, exchange_.method.c_str());

  // The order matters: an Authorization header of the call itself wins over the configuration's.
  if (Failure failure = set_headers(files, user_agent); failure.error != CallError::none) return failure;
  if (Failure failure = set_tls(files); failure.error != CallError::none) return failure;
  set_proxy(files);
  set(CURLOPT_HTTPHEADER, headers_);
  if (setup_ != CURLE_OK) return {CallError::protocol, wrap(curl_.easy_strerror(setup_))};
  return {};
}

void HttpTransfer::set_callbacks() {
  set(CURLOPT_ERRORBUFFER, detail_.data());
  set(CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::on_open);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
}

bool HttpTransfer::add_header(std::string_view name, std::string_view value) {
  // A line break in a value, from a template for instance, would start a header of its own.
  if (name.find_first_of("\r\n:") != std::string_view::npos ||
      value.find_first_of("\r\n") != std::string_view::npos) {
    return false;
  }
  // A header without a value is written "Name;" to libcurl.
  const std::string line = value.empty() ? format("{};", name) : format("{}: {}", name, value);
  if (curl_slist* longer = curl_.slist_append(headers_, line.c_str())) {
    headers_ = longer;
  } else {
    setup_ = CURLE_OUT_OF_MEMORY;
  }
  return true;
}

namespace {

// The headers that net/http leaves behind when a redirect leads to another host.
bool stays_behind(std::string_view lower_name) {
  return lower_name == "authorization" || lower_name == "www-authenticate" || lower_name == "cookie" ||
         lower_name == "cookie2" || lower_name == "proxy-authorization" || lower_name == "proxy-authenticate";
}

}  // namespace

Failure HttpTransfer::set_headers(config::FileSource& files, std::string_view user_agent) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& [name, value] : call_.headers) headers.emplace_back(name, value);
  if (call_.client != nullptr) {
    for (const config::HttpHeader& header : call_.client->headers) {
      for (const std::string& value : header.values) headers.emplace_back(header.name, value);
      for (const Secret& value : header.secrets) headers.emplace_back(header.name, value.reveal());
      for (const std::string& path : header.files) {
        Result<std::string> value = secret_text(files, "", path);
        if (!value) return {CallError::protocol, wrap(value.error().text)};
        headers.emplace_back(header.name, std::move(*value));
      }
    }
  }
  bool has_agent = false, has_accept = false, has_type = false;
  for (const auto& [name, value] : headers) {
    const std::string lower = to_lower(name);
    if (exchange_.left_host && stays_behind(lower)) continue;
    has_agent = has_agent || lower == "user-agent";
    has_accept = has_accept || lower == "accept";
    has_type = has_type || lower == "content-type";
    has_authorization_ = has_authorization_ || lower == "authorization";
    if (!add_header(name, value)) {
      return {CallError::protocol, wrap(format("net/http: invalid header field value for \"{}\"", name))};
    }
  }
  if (!has_agent) add_header("User-Agent", user_agent);
  // libcurl adds these of its own accord; "Name:" without a value takes them away.
  const auto remove = [&](const char* line) {
    if (curl_slist* longer = curl_.slist_append(headers_, line)) headers_ = longer;
  };
  if (!has_accept) remove("Accept:");
  if (!has_type) remove("Content-Type:");
  remove("Expect:");
  return set_credentials(files);
}

Failure HttpTransfer::set_credentials(config::FileSource& files) {
  if (has_authorization_ || exchange_.left_host) return {};
  if (!url_.userinfo.empty()) return {};  // libcurl sends what stands in the URL
  if (call_.client == nullptr) return {};
  if (const auto& basic = call_.client->basic_auth) {
    Result<std::string> name = secret_text(files, basic->username, basic->username_file);
    if (!name) return {CallError::protocol, wrap("unable to read basic auth username: " + name.error().text)};
    Result<std::string> password = secret_text(files, basic->password.reveal(), basic->password_file);
    if (!password) {
      return {CallError::protocol, wrap("unable to read basic auth password: " + password.error().text)};
    }
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, name->c_str());
    set(CURLOPT_PASSWORD, password->c_str());
  } else if (const auto& authorization = call_.client->authorization) {
    Result<std::string> text =
        secret_text(files, authorization->credentials.reveal(), authorization->credentials_file);
    if (!text) {
      return {CallError::protocol, wrap("unable to read authorization credentials: " + text.error().text)};
    }
    if (!add_header("Authorization", authorization->type + " " + *text)) {
      return {CallError::protocol, wrap("net/http: invalid header field value for \"Authorization\"")};
    }
  }
  return {};
}

Failure HttpTransfer::set_tls(config::FileSource& files) {
  std::string url = exchange_.url;
  const config::TlsConfig* tls = call_.client == nullptr ? nullptr : &call_.client->tls;
  if (url_.scheme == "https" && tls != nullptr) {
    const auto text = [&](const std::string& inline_text, const std::string& path) {
      if (path.empty()) return Result<std::string>(inline_text);
      Result<std::string> content = files.read_value(path);
      if (!content)
        return Result<std::string>(Error(format("unable to read file {}: {}", path, content.error().text)));
      return content;
    };
    const Result<std::string> ca = text(tls->ca, tls->ca_file);
    if (!ca) return {CallError::tls, wrap("unable to read CA cert: " + ca.error().text)};
    const Result<std::string> certificate = text(tls->cert, tls->cert_file);
    if (!certificate)
      return {CallError::tls, wrap("unable to read certificate: " + certificate.error().text)};
    const Result<std::string> key = text(tls->key.reveal(), tls->key_file);
    if (!key) return {CallError::tls, wrap("unable to read key: " + key.error().text)};
    const auto put = [&](CURLoption option, const std::string& content) {
      curl_blob blob = blob_of(content);
      if (!content.empty()) set(option, &blob);
    };
    put(CURLOPT_CAINFO_BLOB, *ca);
    put(CURLOPT_SSLCERT_BLOB, *certificate);
    put(CURLOPT_SSLKEY_BLOB, *key);
    if (tls->insecure_skip_verify) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    set(CURLOPT_SSLVERSION, least_version(tls->min_version) | greatest_version(tls->max_version));
    if (!tls->server_name.empty() && tls->server_name != url_.host) {
      // libcurl checks the certificate against the URL's host. So the URL names the server's name, the
      // connection still goes where the original URL says, and the Host header stays what it was.
      const std::string target = format("::{}", join_host_port(url_.host, url_.effective_port()));
      connect_to_ = curl_.slist_append(nullptr, target.c_str());
      if (connect_to_ == nullptr) setup_ = CURLE_OUT_OF_MEMORY;
      set(CURLOPT_CONNECT_TO, connect_to_);
      add_header("Host", url_.authority());
      const std::string userinfo = url_.userinfo.empty() ? "" : url_.userinfo + "@";
      url = format("https://{}{}{}", userinfo, join_host_port(tls->server_name, url_.effective_port()),
                   url_.rest);
    }
  } else {
    set(CURLOPT_SSLVERSION, least_version(config::TlsVersion::unset));
  }
  set(CURLOPT_URL, url.c_str());
  return {};
}

void HttpTransfer::set_proxy(config::FileSource& files) {
  const config::ProxyConfig* proxy = call_.client == nullptr ? nullptr : &call_.client->proxy;
  std::string url, direct;
  if (proxy != nullptr && proxy->from_environment) {
    const auto variable = [&](const std::string& name) {
      std::optional<std::string> value = files.env(name);
      if (!value || value->empty()) value = files.env(to_lower(name));
      return value.value_or("");
    };
    url = variable(url_.scheme == "https" ? "HTTPS_PROXY" : "HTTP_PROXY");
    // As Go does, the environment's proxy never stands between this machine and itself.
    direct = variable("NO_PROXY") + ",localhost,127.0.0.1,::1";
  } else if (proxy != nullptr) {
    url = proxy->url;
    direct = proxy->no_proxy;
  }
  // An empty proxy also keeps libcurl from looking into the environment by itself.
  set(CURLOPT_PROXY, url.c_str());
  set(CURLOPT_NOPROXY, direct.c_str());
  if (url.empty() || proxy == nullptr) return;
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  for (const auto& [name, values] : proxy->connect_header) {
    for (const Secret& value : values) {
      if (value.reveal().find_first_of("\r\n") != std::string::npos) continue;
      const std::string line = name + ": " + value.reveal();
      if (curl_slist* longer = curl_.slist_append(proxy_headers_, line.c_str())) proxy_headers_ = longer;
    }
  }
  set(CURLOPT_PROXYHEADER, proxy_headers_);
  // The proxy's answer to CONNECT is not the service's, and must not pass for it.
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

std::size_t HttpTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t bytes = size * count;
  const std::size_t limit = transfer.call_.max_body != 0 ? transfer.call_.max_body : kMaxReplyBody;
  const std::size_t room = limit - std::min(limit, transfer.reply_.body.size());
  transfer.reply_.body.append(data, std::min(bytes, room));
  if (bytes <= room) return bytes;
  transfer.body_too_large_ = true;
  return CURL_WRITEFUNC_ERROR;
}

std::size_t HttpTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t bytes = size * count;
  transfer.head_bytes_ += bytes;
  if (transfer.head_bytes_ > kMaxReplyHead) {
    transfer.head_too_large_ = true;
    return 0;
  }
  const std::string_view line = trimmed(std::string_view(data, bytes));
  if (line.substr(0, 5) == "HTTP/") {
    // A new head: that of "100 Continue", or the real one.
    transfer.reply_.headers.clear();
    transfer.head_complete_ = false;
  } else if (line.empty()) {
    transfer.head_complete_ = true;
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    transfer.reply_.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return bytes;
}

curl_socket_t HttpTransfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  if (transfer.first_address_.empty()) transfer.first_address_ = printed_address(address->addr);
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool HttpTransfer::follow(const core::HttpReply& reply, Exchange& next) const {
  const bool wanted = call_.client == nullptr || call_.client->follow_redirects;
  const bool keeps_method = reply.status == 307 || reply.status == 308;
  const bool is_redirect = reply.status == 301 || reply.status == 302 || reply.status == 303 || keeps_method;
  if (!wanted || !is_redirect || reply.error != CallError::none) return false;
  const auto location = std::find_if(reply.headers.begin(), reply.headers.end(),
                                     [](const auto& header) { return to_lower(header.first) == "location"; });
  if (location == reply.headers.end() || location->second.empty()) return false;
  const std::string& target = location->second;
  const std::string origin = format("{}://{}", url_.scheme, url_.authority());
  const std::string_view path = std::string_view(url_.rest).substr(0, url_.rest.find_first_of("?#"));
  if (target.find("://") != std::string::npos && target.find("://") < target.find_first_of("/?#")) {
    next.url = target;
  } else if (target.substr(0, 2) == "//") {
    next.url = url_.scheme + ":" + target;
  } else if (target.front() == '/') {
    next.url = origin + target;
  } else if (target.front() == '?') {
    next.url = origin + std::string(path) + target;
  } else {
    const std::size_t slash = path.rfind('/');
    next.url =
        origin + std::string(slash == std::string_view::npos ? "/" : path.substr(0, slash + 1)) + target;
  }
  next.hops = exchange_.hops + 1;
  const bool get = !keeps_method && exchange_.method != "HEAD";
  next.method = get ? "GET" : exchange_.method;
  next.body = keeps_method ? exchange_.body : "";
  const Result<Url> original = parse_url(call_.url);
  const Result<Url> parsed = parse_url(next.url);
  next.left_host = exchange_.left_host || !original || !parsed ||
                   !is_same_or_below(to_lower(parsed->host), to_lower(original->host));
  return true;
}

core::HttpReply HttpTransfer::finish(CURLcode code) {
  long status = 0;
  if (easy_ != nullptr) curl_.easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  reply_.status = static_cast<unsigned>(status);
  const bool answered = head_complete_ && status >= 200;
  // libcurl takes a head that breaks off for the whole of an answer.
  if (code == CURLE_OK && !answered) code = CURLE_PARTIAL_FILE;
  if (code == CURLE_OK) return std::move(reply_);
  Failure failure = explain(code);
  if (answered && call_.status_decides) {
    reply_.body_error = std::move(failure.text);
    return std::move(reply_);
  }
  reply_.error = failure.error;
  // Once the head has come, Go reports the plain error of reading the body.
  reply_.error_text = answered ? std::move(failure.text) : wrap(failure.text);
  reply_.body.clear();
  reply_.body.shrink_to_fit();
  return std::move(reply_);
}

}  // namespace tocsin::shell
