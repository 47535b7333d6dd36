#include "engine/core/http_call.hpp"

#include "promql/ascii.hpp"

namespace tocsin::core {
std::string_view header_of(const HttpReply& reply, std::string_view name) {
  for (const auto& [candidate, value] : reply.headers) {
    if (equal_ignoring_case(candidate, name)) {
      return value;
    }
  }
  return {};
}

}  // namespace tocsin::core
