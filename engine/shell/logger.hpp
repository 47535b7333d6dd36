// Structured log records as lines: logfmt for people, JSON with the fields that log pipelines expect.
//
//   time=2026-11-22T03:12:07.123Z level=info msg="ready" after=9ms
//   {"timestamp":"2026-11-22T03:12:07.123Z","level":"info","service":"tocsin","environment":"production",
//    "version":"1.0.0","msg":"ready","after":"9ms"}
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/core/io.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

enum class LogFormat { logfmt, json };

struct LogOptions {
  core::LogLevel level = core::LogLevel::info;
  LogFormat format = LogFormat::logfmt;
  std::string service = "tocsin";
  std::string environment = "production";
  std::string version;
};

// "debug", "info", "warn", "error"; "logfmt", "json". The error lists them.
[[nodiscard]] Result<core::LogLevel> parse_log_level(std::string_view text);
[[nodiscard]] Result<LogFormat> parse_log_format(std::string_view text);

// One line without its end. Pure. Fields keep their order; whoever puts one in answers for its not being
// secret.
[[nodiscard]] std::string format_record(const core::LogRecord& record, const LogOptions& options,
                                        WallTime time);

// Writes records below no level to one stream, each line whole. Thread: any.
class Logger {
 public:
  enum class Stream { standard_output, standard_error };

  Logger(LogOptions options, Stream stream);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void write(const core::LogRecord& record);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::shell
