// A string that must never be printed. There is no stream operator and no conversion: who needs the text
// calls reveal() and answers for it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace tocsin {

inline constexpr std::string_view kSecretToken = "<secret>";

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  // What may be shown: "<secret>", or "" when there is none.
  [[nodiscard]] std::string_view shown() const { return text_.empty() ? std::string_view() : kSecretToken; }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

// True for values that a person forgot to replace: YOUR_SLACK_WEBHOOK_URL, <token>, changeme, xxxxx.
[[nodiscard]] bool looks_like_placeholder(std::string_view text);

}  // namespace tocsin
