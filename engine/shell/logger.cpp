#include "engine/shell/logger.hpp"

// Before spdlog, so that fmt stays the one that promql/format.cpp compiles.
#include "promql/format.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "engine/shell/clock.hpp"

namespace tocsin::shell {

namespace {

std::string_view level_name(core::LogLevel level) {
  switch (level) {
    case core::LogLevel::debug:
      return "debug";
    case core::LogLevel::info:
      return "info";
    case core::LogLevel::warn:
      return "warn";
    case core::LogLevel::error:
      break;
  }
  return "error";
}

spdlog::level::level_enum spdlog_level(core::LogLevel level) {
  switch (level) {
    case core::LogLevel::debug:
      return spdlog::level::debug;
    case core::LogLevel::info:
      return spdlog::level::info;
    case core::LogLevel::warn:
      return spdlog::level::warn;
    case core::LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char letter : value) {
    if (static_cast<unsigned char>(letter) <= ' ' || letter == '"' || letter == '=' || letter == '\\' ||
        letter == '\x7f') {
      return true;
    }
  }
  return false;
}

// Go's slog quotes as strconv.Quote does; a line break must never end the line.
void append_logfmt_value(std::string& line, std::string_view value) {
  if (!needs_quotes(value)) {
    line += value;
    return;
  }
  line += '"';
  for (const char letter : value) {
    switch (letter) {
      case '"':
        line += "\\\"";
        break;
      case '\\':
        line += "\\\\";
        break;
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      case '\t':
        line += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(letter) < ' ' || letter == '\x7f') {
          line += format("\\x{:02x}", static_cast<unsigned char>(letter));
        } else {
          line += letter;
        }
    }
  }
  line += '"';
}

void append_json(std::string& line, std::string_view name, std::string_view value) {
  if (line.size() > 1) line += ',';
  line += boost::json::serialize(boost::json::string_view(name.data(), name.size()));
  line += ':';
  line += boost::json::serialize(boost::json::string_view(value.data(), value.size()));
}

std::string json_line(const core::LogRecord& record, const LogOptions& options, WallTime time) {
  std::string line = "{";
  append_json(line, "timestamp", format_rfc3339_milli(time));
  append_json(line, "level", level_name(record.level));
  append_json(line, "service", options.service);
  append_json(line, "environment", options.environment);
  append_json(line, "version", options.version);
  append_json(line, "msg", record.message);
  for (const auto& [name, value] : record.fields) append_json(line, name, value);
  line += '}';
  return line;
}

std::string logfmt_line(const core::LogRecord& record, WallTime time) {
  std::string line = format("time={} level={} msg=", format_rfc3339_milli(time), level_name(record.level));
  append_logfmt_value(line, record.message);
  for (const auto& [name, value] : record.fields) {
    line += format(" {}=", name);
    append_logfmt_value(line, value);
  }
  return line;
}

}  // namespace

Result<core::LogLevel> parse_log_level(std::string_view text) {
  for (const auto level :
       {core::LogLevel::debug, core::LogLevel::info, core::LogLevel::warn, core::LogLevel::error}) {
    if (text == level_name(level)) return level;
  }
  return Error(format("unknown log level \"{}\", expected one of debug, info, warn, error", text));
}

Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "logfmt") return LogFormat::logfmt;
  if (text == "json") return LogFormat::json;
  return Error(format("unknown log format \"{}\", expected logfmt or json", text));
}

std::string format_record(const core::LogRecord& record, const LogOptions& options, WallTime time) {
  return options.format == LogFormat::json ? json_line(record, options, time) : logfmt_line(record, time);
}

// spdlog does what is fiddly about streams: whole lines from many threads, flushing, levels. The lines are
// ours.
struct Logger::State {
  State(LogOptions given, spdlog::sink_ptr sink)
      : options(std::move(given)), logger("tocsin", std::move(sink)) {
    logger.set_pattern("%v");
    logger.set_level(spdlog_level(options.level));
    logger.flush_on(spdlog::level::trace);
    // A full disk or a closed pipe must not stop the engine, nor make spdlog talk to stderr about it.
    logger.set_error_handler([](const std::string&) {});
  }
  LogOptions options;
  spdlog::logger logger;
};

Logger::Logger(LogOptions options, Stream stream) {
  spdlog::sink_ptr sink;
  if (stream == Stream::standard_output) {
    sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  state_ = std::make_unique<State>(std::move(options), std::move(sink));
}

Logger::~Logger() = default;

void Logger::write(const core::LogRecord& record) {
  const spdlog::level::level_enum level = spdlog_level(record.level);
  if (!state_->logger.should_log(level)) return;
  const std::string line = format_record(record, state_->options, read_wall_clock());
  state_->logger.log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace tocsin::shell
