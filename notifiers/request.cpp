#include "notifiers/request.hpp"

#include "rules/yaml/secret.hpp"

namespace tocsin::notifiers {

std::string_view to_string(FailureReason reason) {
  switch (reason) {
    case FailureReason::other:
      break;
    case FailureReason::client_error:
      return "clientError";
    case FailureReason::server_error:
      return "serverError";
    case FailureReason::context_canceled:
      return "contextCanceled";
    case FailureReason::context_deadline_exceeded:
      return "contextDeadlineExceeded";
    case FailureReason::auth_error:
      return "authError";
    case FailureReason::rate_limited:
      return "rateLimited";
  }
  return "other";
}

std::string shown_body(const Request& request) {
  std::string body = request.body;
  for (const std::string& secret : request.body_secrets) {
    if (secret.empty()) continue;
    for (std::size_t at = body.find(secret); at != body.npos;
         at = body.find(secret, at + kSecretToken.size())) {
      body.replace(at, secret.size(), kSecretToken);
    }
  }
  return body;
}

std::string hide_url_path(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos) return std::string(kSecretToken);
  const std::size_t host = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", host), url.size());
  std::string_view authority = url.substr(host, end - host);
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) authority.remove_prefix(at + 1);
  std::string shown(url.substr(0, host));
  shown += authority;
  if (end < url.size() && url.substr(end) != "/") shown += "/" + std::string(kSecretToken);
  return shown;
}

}  // namespace tocsin::notifiers
