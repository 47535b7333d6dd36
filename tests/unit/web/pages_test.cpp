#include "engine/web/pages.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "tests/support/catch.hpp"

using namespace tocsin;

namespace {

std::optional<api::HttpResponse> get(const std::string& path, const std::string& method = "GET") {
  api::HttpRequest request;
  request.method = method;
  request.path = path;
  return web::page(request);
}

// All first groups of a pattern's matches.
std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const re2::RE2 regex(pattern);
  REQUIRE(regex.ok());
  re2::StringPiece rest(text);
  std::set<std::string> found;
  for (std::string group; re2::RE2::FindAndConsume(&rest, regex, &group);) found.insert(group);
  return found;
}

}  // namespace

TEST_CASE("Every page that links point at is served, to GET and HEAD only") {
  for (const std::string path : {"/", "/graph", "/query", "/alerts", "/rules", "/targets", "/status"}) {
    INFO(path);
    REQUIRE(get(path));
    CHECK(get(path)->content_type == "text/html; charset=utf-8");
    CHECK(get(path)->body == get("/")->body);
    CHECK(get(path, "HEAD"));
    CHECK_FALSE(get(path, "POST"));
  }
  for (const std::string path :
       {"/api/v1/query", "/static/", "/static/none.js", "/static/../pages.cpp", "/graphs"}) {
    INFO(path);
    CHECK_FALSE(get(path));
  }
}

TEST_CASE("What the pages load is built in, and nothing is loaded from elsewhere") {
  std::set<std::string> wanted = matches(get("/")->body, "(?:src|href)=\"(static/[^\"]+)\"");
  CHECK(wanted.size() == 3);
  for (const web::EmbeddedFile& file : web::embedded_files()) {
    const std::string text(file.content);
    INFO(file.name);
    for (const std::string& name : matches(text, "from '\\./([^']+)'")) wanted.insert("static/" + name);
    CHECK(matches(text, "(?:src|href)=\"(https?:[^\"]*)\"").empty());
    CHECK(matches(text, "(url\\()").empty());
    // Labels and annotations come from outside: they are text, never HTML.
    CHECK(matches(text, "(innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\()").empty());
    // The content security policy forbids scripts and styles in the page itself.
    CHECK(matches(text, "(<script>|<style|\\sstyle=\")").empty());
  }
  for (const std::string& name : wanted) {
    INFO(name);
    CHECK(get("/" + name));
  }
}

TEST_CASE("The policy lets nothing in but the pages' own files") {
  const auto page = get("/static/app.js");
  REQUIRE(page);
  CHECK(page->content_type == "text/javascript; charset=utf-8");
  const auto policy = std::find_if(page->headers.begin(), page->headers.end(), [](const api::Header& header) {
    return header.name == "Content-Security-Policy";
  });
  REQUIRE(policy != page->headers.end());
  CHECK(policy->value == "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'");
}
