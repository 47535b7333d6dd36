// The default templates under upstream's names, which user templates may call: slack.default.title,
// pagerduty.default.description, __alertmanagerURL ... They give upstream's text byte for byte.
#pragma once

#include <string>

namespace tocsin::notifiers {

[[nodiscard]] std::string default_templates();

}  // namespace tocsin::notifiers
