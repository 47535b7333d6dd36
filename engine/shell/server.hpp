// `tocsin serve`: builds the parts of the shell and the core, connects them, runs them until they are told to
// stop.
//
//   io       this thread: Asio, curl, HTTP. Stamps, sends, receives; never runs core code.
//   owner    steps the core.
//   db       writes the state file.
//   workers  parse, load configuration, compress; as many others run queries.
//
// Inputs reach the owner through the inbox; actions reach io as one post for each step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/config_snapshot.hpp"
#include "engine/core/options.hpp"
#include "engine/shell/http_server.hpp"
#include "engine/shell/limits.hpp"
#include "engine/shell/logger.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

// --storage.*
struct StorageOptions {
  std::string path;  // "": everything is kept in memory alone
  std::uint64_t history_bytes = kHistoryBytes;
  Duration history_age = kHistoryAge;
};

struct ServerOptions {
  core::ConfigPaths config;
  StorageOptions storage;
  std::vector<std::string> listen;  // empty: by what configuration there is
  HttpServerOptions http;
  std::string web_config;  // --web.config.file, or ""
  LogOptions log;
  std::string notify_sink;  // a URL to which every notification goes instead of its service; "" for none
  // Options::external_url and ::route_prefix are worked out from these.
  std::string external_url;                 // "" : http://HOSTNAME:PORT
  std::optional<std::string> route_prefix;  // unset: the path of the external URL
  core::Options engine;
  std::size_t workers = 2;
  MonoTime process_started{};
  std::vector<std::string> warnings;  // of the command line; logged first
};

// Runs until SIGTERM, SIGINT or the core's own Stop. The error is for the terminal: a rejected configuration
// (all findings, one line each), a taken port, a state directory that another process has. Any other trouble
// with the state is the core's to tell, and does not keep it from running. Blocks the calling thread, which
// becomes io.
[[nodiscard]] Result<void> run_server(ServerOptions options);

}  // namespace tocsin::shell
