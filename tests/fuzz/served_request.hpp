// What must hold for any bytes a client may send: they are taken or refused, reading always moves on, and how
// they were cut into pieces changes nothing. Shared by the fuzz target and by the unit tests, which run it on
// seeded random requests.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "engine/shell/request_parser.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

// The requests that were read as one text, or what is wrong with the reading.
inline std::string read_requests(std::string_view bytes, std::size_t piece) {
  constexpr RequestLimits kLimits{2048, 4096};
  std::string seen, waiting;
  auto parser = std::make_unique<RequestParser>(kLimits);
  while (true) {
    const std::size_t used = parser->feed(waiting);
    if (used > waiting.size()) return "more was taken than there is";
    waiting.erase(0, used);
    if (parser->state() == RequestParser::State::failed) {
      if (parser->failure_status() < 400 || parser->failure_text().empty())
        return "a refusal without a reason";
      // Not told apart from a request that never ends: Beast may find out early or at the end of the head.
      return seen;
    }
    if (parser->state() == RequestParser::State::complete) {
      const api::HttpRequest request = parser->take();
      if (request.body.size() > kLimits.body) return "a body beyond the limit";
      seen += format("{} {} {} {}\n", request.method, request.path, request.query.size(), request.body);
      parser = std::make_unique<RequestParser>(kLimits);
      if (!waiting.empty()) continue;
    }
    if (bytes.empty()) return seen;
    if (waiting.size() > kLimits.head + kLimits.body + piece) return "bytes are neither taken nor refused";
    waiting += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
}

// "" when all holds, else what does not.
inline std::string check_any_request(std::string_view bytes) {
  const std::string whole = read_requests(bytes, bytes.size() + 1);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{17}}) {
    const std::string cut = read_requests(bytes, piece);
    if (cut != whole) return format("in pieces of {}: {}\nat once: {}", piece, cut, whole);
  }
  return {};
}

}  // namespace tocsin::shell
