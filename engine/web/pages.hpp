// The page: static files that are built into the binary. They fetch what they show from the API, so nothing
// here knows the engine.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/api/http.hpp"

namespace tocsin::web {

struct EmbeddedFile {
  std::string_view name;  // "style.css"
  std::string_view content;
};

// All of them. The views stay valid for the life of the process. Generated (embed.cmake).
[[nodiscard]] std::vector<EmbeddedFile> embedded_files();

// The answer to a GET or HEAD of one of the pages (/, /graph, /alerts ...) or of /static/NAME; nothing for
// all other requests. Thread: any.
[[nodiscard]] std::optional<api::HttpResponse> page(const api::HttpRequest& request);

}  // namespace tocsin::web
