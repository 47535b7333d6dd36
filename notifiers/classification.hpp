// How answers are judged (upstream's notify.Retrier and GetFailureReasonFromStatusCode).
#pragma once

#include <functional>
#include <initializer_list>
#include <string>

#include "notifiers/request.hpp"

namespace tocsin::notifiers {

// What the body of a failed answer says; "" if nothing.
using ErrorDetails = std::function<std::string(const Reply&)>;

// 2xx is success; 5xx, `also_retried` and no answer at all are retried; everything else is final. The text is
// upstream's: unexpected status code 404: DETAILS.
[[nodiscard]] Outcome classify_status(const Reply& reply, std::initializer_list<unsigned> also_retried,
                                      const ErrorDetails& details);
// The body as it is.
[[nodiscard]] std::string body_as_details(const Reply& reply);

}  // namespace tocsin::notifiers
