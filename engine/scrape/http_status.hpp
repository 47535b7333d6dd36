// The words that go with an HTTP status.
#pragma once

#include <string>

namespace tocsin::scrape {

// "404 Not Found" as Go spells it; the number alone where there is no name.
[[nodiscard]] std::string status_line(unsigned status);

}  // namespace tocsin::scrape
