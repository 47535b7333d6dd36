#include "notifiers/classification.hpp"

#include <algorithm>

#include "promql/format.hpp"
#include "promql/number_text.hpp"

namespace tocsin::notifiers {
namespace {

FailureReason reason_of(unsigned status) {
  if (status == 401 || status == 403) return FailureReason::auth_error;
  if (status == 429) return FailureReason::rate_limited;
  if (status / 100 == 4) return FailureReason::client_error;
  if (status / 100 == 5) return FailureReason::server_error;
  return FailureReason::other;
}

// The form in seconds; a date says nothing without the service's clock.
std::optional<Duration> parse_retry_after(std::string_view text) {
  constexpr std::uint64_t kLongest = 24 * 3600;
  const auto seconds = promql::parse_uint64(text);
  if (!seconds) return std::nullopt;
  return std::chrono::seconds(std::min(*seconds, kLongest));
}

}  // namespace

std::string body_as_details(const Reply& reply) {
  return reply.body;
}

Outcome classify_status(const Reply& reply, std::initializer_list<unsigned> also_retried,
                        const ErrorDetails& details) {
  Outcome outcome;
  if (!reply.arrived) {
    outcome.verdict = Verdict::retry;
    outcome.reason = reply.timed_out ? FailureReason::context_deadline_exceeded : FailureReason::other;
    outcome.text = reply.error_text;
    return outcome;
  }
  if (reply.status / 100 == 2) return outcome;
  const bool retried = reply.status / 100 == 5 || std::find(also_retried.begin(), also_retried.end(),
                                                            reply.status) != also_retried.end();
  outcome.verdict = retried ? Verdict::retry : Verdict::failed;
  outcome.reason = reason_of(reply.status);
  outcome.retry_after = parse_retry_after(reply.retry_after);
  outcome.text = format("unexpected status code {}", reply.status);
  const std::string more = details(reply);
  if (!more.empty()) outcome.text += ": " + more;
  return outcome;
}

}  // namespace tocsin::notifiers
