#include "rules/yaml/secret.hpp"
#include "promql/ascii.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace tocsin {

bool looks_like_placeholder(std::string_view text) {
  const std::string lower = ascii_lower(text);
  if (lower.empty() || lower == kSecretToken) return false;
  const bool bracketed = lower.size() > 2 && ((lower.front() == '<' && lower.back() == '>') ||
                                              (lower.front() == '[' && lower.back() == ']'));
  if (bracketed) return true;
  static constexpr std::array<std::string_view, 9> kWords = {
      "your_", "your-", "changeme", "change_me", "change-me", "replace_", "replace-", "placeholder", "xxxxx"};
  const bool named = std::ranges::any_of(
      kWords, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
  return named || lower == "todo" || lower == "secret" || lower == "password";
}

}  // namespace tocsin
