// A running server, for tests that talk to it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/shell/files.hpp"
#include "engine/shell/http_client.hpp"
#include "tests/cli/process.hpp"
#include "tests/io/loopback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/folder.hpp"

namespace tocsin::test {

inline const std::string kGateway =
    "route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s}\n"
    "receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:1/in'}]}]\n";

// A running server with a folder of its own, on a port that the kernel picked.
struct Server {
  explicit Server(const std::vector<std::string>& more = {}, std::optional<std::string> storage_path = {},
                  const std::string& config = kGateway) {
    storage = storage_path.value_or(data());
    write(config);
    start(more);
  }
  void start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = command_line();
    command.insert(command.end(), more.begin(), more.end());
    process = std::make_unique<Process>(command);
    REQUIRE(process->read_until([this] { return process->err().find("msg=ready") != std::string::npos; }));
    const std::size_t at = process->err().find("listen=") + 7;
    address = process->err().substr(at, process->err().find_first_of(" \n", at) - at);
  }
  [[nodiscard]] std::string data() const { return folder.path("data"); }
  [[nodiscard]] std::vector<std::string> command_line() const {
    return {TOCSIN_BINARY, "serve", "--alertmanager.config.file=" + folder.path("am.yml"),
            "--web.listen-address=127.0.0.1:0", "--storage.path=" + storage};
  }
  void write(const std::string& text) const {
    REQUIRE(shell::write_file_atomically(folder.path("am.yml"), text));
  }

  core::HttpReply call(const std::string& method, const std::string& path, const std::string& body = "") {
    std::optional<core::HttpReply> reply;
    core::HttpCall request;
    request.id = {++calls};
    request.method = method;
    request.url = "http://" + address + path;
    request.body = body;
    request.headers = {{"Content-Type", "application/json"}};
    request.timeout = std::chrono::seconds(20);
    client.start(std::move(request), [&](core::HttpReply given) { reply = std::move(given); });
    REQUIRE(run_until(loop, [&] { return reply.has_value(); }));
    return *reply;
  }

  Folder folder;
  std::string storage;
  std::string address;
  std::unique_ptr<Process> process;
  asio::io_context loop;
  shell::Files files;
  shell::HttpClient client{loop, files, {}};
  std::uint64_t calls = 0;
};

}  // namespace tocsin::test
