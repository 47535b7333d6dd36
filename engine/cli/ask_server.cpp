#include "engine/cli/ask_server.hpp"

#include <optional>

#include "engine/cli/commands.hpp"
#include "engine/shell/asio.hpp"
#include "engine/shell/files.hpp"
#include "engine/shell/http_client.hpp"
#include "promql/format.hpp"
#include "rules/template/escape.hpp"

namespace tocsin::cli {

std::string encoded(const Parameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) {
    text += format("{}{}={}", text.empty() ? "" : "&", templates::query_escape(name),
                   templates::query_escape(value));
  }
  return text;
}

std::string url_at(std::string server, std::string_view path) {
  while (server.ends_with('/')) server.pop_back();
  return format("{}{}{}", server.find("://") == std::string::npos ? "http://" : "", server, path);
}

Result<core::HttpReply> ask_server(core::HttpCall call) {
  boost::asio::io_context loop;
  shell::Files files;
  shell::HttpClient client(loop, files, {"tocsin/" + std::string(kVersion), ""});
  const std::string url = call.url;
  std::optional<core::HttpReply> reply;
  client.start(std::move(call), [&reply](core::HttpReply given) { reply = std::move(given); });
  while (!reply && loop.run_one() > 0) {
  }
  if (!reply) return Error(format("{}: no answer", url));
  if (reply->error != core::CallError::none) return Error(reply->error_text);
  return std::move(*reply);
}

}  // namespace tocsin::cli
