#include "engine/web/pages.hpp"

#include <algorithm>
#include <array>

namespace tocsin::web {

namespace {

// All are the one index.html, whose script looks at the address. /query is what upstream 3.x calls /graph.
constexpr std::array<std::string_view, 7> kPages{"/",      "/graph",   "/query", "/alerts",
                                                 "/rules", "/targets", "/status"};
constexpr std::string_view kStatic = "/static/";

std::string_view content_type(std::string_view name) {
  const std::string_view extension = name.substr(name.rfind('.') + 1);
  if (extension == "html") return "text/html; charset=utf-8";
  if (extension == "css") return "text/css; charset=utf-8";
  if (extension == "js") return "text/javascript; charset=utf-8";
  if (extension == "svg") return "image/svg+xml";
  return "application/octet-stream";
}

}  // namespace

std::optional<api::HttpResponse> page(const api::HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  std::string_view name;
  if (std::find(kPages.begin(), kPages.end(), request.path) != kPages.end()) {
    name = "index.html";
  } else if (request.path.compare(0, kStatic.size(), kStatic) == 0) {
    name = std::string_view(request.path).substr(kStatic.size());
  } else if (request.path == "/favicon.ico") {
    name = "icon.svg";
  } else {
    return std::nullopt;
  }
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name != name) continue;
    api::HttpResponse response;
    response.content_type = content_type(name);
    response.body = file.content;
    // Labels and annotations come from outside. The script never makes HTML of them; should it ever fail to,
    // nothing of theirs may run, load or frame.
    response.headers = {{"Content-Security-Policy",
                         "default-src 'self'; frame-ancestors 'none'; "
                         "base-uri 'none'; form-action 'self'"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cache-Control", "no-cache"}};
    return response;
  }
  return std::nullopt;
}

}  // namespace tocsin::web
