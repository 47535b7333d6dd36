// What a notifier makes of a notification, and what it makes of the answer. The transport, its retries and
// what is logged are the engine's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/time.hpp"

namespace tocsin::notifiers {

struct Header {
  std::string name;
  std::string value;
  bool secret = false;  // never logged
  friend bool operator==(const Header&, const Header&) = default;
};

struct Request {
  std::string method = "POST";
  std::string url;
  // What logs and pages may say instead of the url: "https://hooks.slack.com/<secret>".
  std::string shown_url;
  std::vector<Header> headers;
  std::string body;
  Duration timeout{};  // the integration's own `timeout`; 0: none
  // What the error of an answer names first, as it was rendered: channel "#ops". Empty: nothing.
  std::string subject;
  // What else of the body must not be shown (a routing key); each occurrence becomes "<secret>".
  std::vector<std::string> body_secrets;
};

// The body as it may be logged.
[[nodiscard]] std::string shown_body(const Request& request);
// Scheme and host of a URL, and "/<secret>" for the rest, if there is one.
[[nodiscard]] std::string hide_url_path(std::string_view url);

// The answer of the service, or why there is none.
struct Reply {
  bool arrived = false;    // false: no answer; then only error_text and timed_out are set
  std::string error_text;  // "could not resolve host"; of an answer that arrived: why its body is not whole
  bool timed_out = false;
  bool never_sent = false;  // there was no connection: the service has seen nothing of it
  unsigned status = 0;
  std::string content_type;
  std::string retry_after;  // the header as it came, or ""
  std::string body;
};

enum class Verdict { success, retry, failed };

// Upstream's failure reasons, the label `reason` of alertmanager_notifications_failed_total.
enum class FailureReason {
  other,
  client_error,
  server_error,
  context_canceled,
  context_deadline_exceeded,
  auth_error,
  rate_limited
};
[[nodiscard]] std::string_view to_string(FailureReason reason);  // "clientError", ...

struct Outcome {
  Verdict verdict = Verdict::success;
  FailureReason reason = FailureReason::other;
  unsigned status = 0;                  // of the answer; 0: there was none
  bool in_doubt = false;                // the service may have taken it all the same
  std::string text;                     // "unexpected status code 404: channel_not_found"; empty on success
  std::optional<Duration> retry_after;  // what the service asked for
  // On success: replaces Notification::remembered for the next time, unless empty.
  std::map<std::string, std::string> remember;
};

}  // namespace tocsin::notifiers
