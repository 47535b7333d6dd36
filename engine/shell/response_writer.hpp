// A response as the bytes of HTTP/1.1. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/api/http.hpp"
#include "engine/shell/request_parser.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

// What the connection adds to a response.
struct ResponseManner {
  bool close = false;
  bool version_1_0 = false;
  WallTime date{};
};

// The status line and headers, blank line included. Content-Length is the body's size, also for HEAD.
[[nodiscard]] std::string response_head(const api::HttpResponse& response, const ResponseManner& manner);

// True for a body that is worth compressing and a type that compresses.
[[nodiscard]] bool worth_compressing(const api::HttpResponse& response);
// Replaces the body by its gzip form and sets the headers; leaves the response alone when zlib fails.
void compress(api::HttpResponse& response);
// gzip bytes of a text; empty optional if zlib fails.
[[nodiscard]] std::optional<std::string> gzip(std::string_view text);

// "Bad Request"; "" for a status that no RFC names.
[[nodiscard]] std::string_view reason_phrase(unsigned status);
// A plain one-line answer, as Go's http.Error.
[[nodiscard]] api::HttpResponse plain_response(unsigned status, std::string_view text);

}  // namespace tocsin::shell
