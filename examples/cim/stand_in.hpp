// What a person would see in Slack or on a PagerDuty phone, as a few lines of text: the end of the line for a
// run that must not page anybody.
#pragma once

#include <string>
#include <string_view>

namespace tocsin::examples {

// `url` is where the notification was meant to go, `body` what was sent. The URL's secret part is not shown.
[[nodiscard]] std::string shown_to_person(std::string_view url, std::string_view body);

// The answer that the service would have given, so that the sender sees a success.
struct ServiceAnswer {
  unsigned status = 200;
  std::string content_type;
  std::string body;
};
[[nodiscard]] ServiceAnswer service_answer(std::string_view url);

}  // namespace tocsin::examples
