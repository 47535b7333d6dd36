// The zone of the machine, for as long as a test needs another. Abseil looks at $TZ whenever it is asked.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace tocsin::testing {

class LocalZone {
 public:
  // Without a name there is no $TZ: the zone is that of /etc/localtime.
  explicit LocalZone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    set(name);
  }
  ~LocalZone() { set(before_ ? before_->c_str() : nullptr); }
  LocalZone(const LocalZone&) = delete;
  LocalZone& operator=(const LocalZone&) = delete;

 private:
  static void set(const char* name) {
    if (name == nullptr) {
      unsetenv("TZ");
    } else {
      setenv("TZ", name, 1);
    }
  }
  std::optional<std::string> before_;
};

}  // namespace tocsin::testing
