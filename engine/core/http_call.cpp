#include "engine/core/http_call.hpp"

#include <algorithm>

namespace tocsin::core {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

std::string_view header_of(const HttpReply& reply, std::string_view name) {
  for (const auto& [candidate, value] : reply.headers) {
    if (std::equal(candidate.begin(), candidate.end(), name.begin(), name.end(),
                   [](char a, char b) { return lower(a) == lower(b); })) {
      return value;
    }
  }
  return {};
}

}  // namespace tocsin::core
