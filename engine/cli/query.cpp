// tocsin query instant|range|series|labels: asks a running server, as promtool does, and prints the answer.
#include <cmath>
#include <optional>

#include "engine/cli/ask_server.hpp"
#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/output.hpp"
#include "engine/cli/query_text.hpp"
#include "engine/config/go_duration.hpp"
#include "engine/config/http_client_file.hpp"
#include "engine/shell/clock.hpp"
#include "engine/shell/files.hpp"
#include "promql/format.hpp"
#include "rules/template/escape.hpp"

namespace tocsin::cli {

namespace {

// What the four commands have in common.
struct Asking {
  std::vector<std::string> arguments;  // the server first
  std::vector<std::string> headers;
  std::vector<std::string> features;
  std::vector<std::string> ignored;
  std::string format = "promql";
  std::string http_config;
  QueryFormat output = QueryFormat::promql;
  config::HttpClientPtr client;
};

// In promtool's words, without the command.
int fail_in_its_words(std::string_view text) {
  put_error(format("{}\n", text));
  return 1;
}

int fail_query(const Error& error) {
  return fail_in_its_words("query error: " + error.text);
}

void declare_common(CommandLine& line, Asking& asking) {
  line.text("format,o", asking.format, "promql or json.");
  line.text("http.config.file", asking.http_config, "How to connect: TLS, authentication, proxy.");
  line.texts("enable-feature", asking.features, "Feature names of upstream, separated by commas.");
  line.ignored("experimental", false, asking.ignored);
}

// Checks what parse() cannot; false when it said what is wrong.
bool prepare(const Invocation& invocation, Asking& asking) {
  bool good = true;
  const auto wrong = [&](const std::string& what) {
    complain(invocation, what);
    good = false;
  };
  if (asking.format != "promql" && asking.format != "json") {
    wrong(format("--format: expected promql or json, found {}", go_quote(asking.format)));
  }
  asking.output = asking.format == "json" ? QueryFormat::json : QueryFormat::promql;
  for (const std::string& header : asking.headers) {
    if (header.find('=') == std::string::npos) {
      wrong(format("--header: expected KEY=VALUE, found {}", go_quote(header)));
    }
  }
  if (asking.http_config.empty()) return good;
  shell::Files files;
  const Result<std::string> text = files.read(asking.http_config);
  if (!text) {
    wrong(format("{}: {}", asking.http_config, text.error().text));
    return good;
  }
  Diagnostics diagnostics;
  asking.client = config::load_http_client_file(*text, asking.http_config, diagnostics);
  put_error(format_diagnostics(diagnostics.all()));
  return good && asking.client != nullptr;
}

std::string url_of(const Asking& asking, std::string_view path) {
  return url_at(asking.arguments.front(), format("/api/v1/{}", path));
}

Result<core::HttpReply> perform(const Asking& asking, core::HttpCall call) {
  for (const std::string& header : asking.headers) {
    const std::size_t sign = header.find('=');
    call.headers.emplace_back(header.substr(0, sign), header.substr(sign + 1));
  }
  call.client = asking.client;
  call.timeout = std::chrono::minutes(2);
  return ask_server(std::move(call));
}

Result<core::HttpReply> get(const Asking& asking, std::string_view path, const Parameters& parameters) {
  core::HttpCall call;
  call.url = format("{}?{}", url_of(asking, path), encoded(parameters));
  return perform(asking, std::move(call));
}

// Posts, since an expression can be long; asks with GET where a post is not let through.
Result<core::HttpReply> ask(const Asking& asking, std::string_view path, const Parameters& parameters) {
  core::HttpCall call;
  call.method = "POST";
  call.url = url_of(asking, path);
  call.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  call.body = encoded(parameters);
  auto reply = perform(asking, std::move(call));
  if (!reply || (reply->status != 403 && reply->status != 405 && reply->status != 501)) return reply;
  return get(asking, path, parameters);
}

// ---- times

// Seconds with a fraction, or RFC 3339.
Result<WallTime> read_time(const std::string& text, std::string_view what) {
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (!text.empty() && *end == '\0' && std::fabs(seconds) < 9.2e9) {
    return WallTime(Duration(std::llround(seconds * 1e6) * 1000));
  }
  if (const auto time = parse_rfc3339(text)) return *time;
  return Error(format("error parsing {} time: cannot parse {} to a valid timestamp", what, go_quote(text)));
}

std::string seconds_text(WallTime time) {
  return promql::format_float(seconds_of(time.time_since_epoch()));
}

struct Bounds {
  std::string start_text, end_text;
  WallTime start{}, end{};

  // `margin` around now for what was not given.
  [[nodiscard]] Result<void> read(WallTime now, Duration margin) {
    start = now - margin;
    end = now + margin;
    for (const auto& [text, what, time] :
         {std::tuple(&start_text, "start", &start), std::tuple(&end_text, "end", &end)}) {
      if (text->empty()) continue;
      const auto parsed = read_time(*text, what);
      if (!parsed) return parsed.error();
      *time = *parsed;
    }
    return {};
  }
};

// The step of a range query: as asked for, or such that there are at most 250 points or one a second.
Result<Duration> step_of(const std::string& text, Duration range) {
  if (!text.empty()) {
    if (const auto step = config::parse_go_duration(text); step && *step != Duration::zero()) return *step;
    const auto step = parse_duration(text);
    if (!step) return Error(format("--step: {}", step.error().text));
    if (*step != Duration::zero()) return *step;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(range).count();
  return Duration(std::chrono::seconds(std::max<std::int64_t>(seconds / 250, 1)));
}

int print_value(const Asking& asking, const Result<core::HttpReply>& reply) {
  if (!reply) return fail_query(reply.error());
  const auto answer = api::read_value_answer(reply->status, reply->body);
  if (!answer) return fail_query(answer.error());
  put(value_text(answer->data, asking.output));
  return 0;
}

}  // namespace

int query_instant(const Invocation& invocation) {
  Asking asking;
  std::string time_text;
  CommandLine line(invocation.command, "Asks a server for the value of an expression at one time.");
  declare_common(line, asking);
  line.text("time", time_text, "When: RFC 3339, or seconds since 1970. Default: now.");
  line.texts("header", asking.headers, "A header to send: KEY=VALUE.");
  line.arguments("SERVER EXPRESSION", asking.arguments, "http://localhost:9090 'up == 0'", 2, 2);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  if (!prepare(invocation, asking)) return 1;
  WallTime time = shell::read_wall_clock();
  if (!time_text.empty()) {
    const auto parsed = read_time(time_text, "evaluation");
    if (!parsed) return fail_in_its_words(parsed.error().text);
    time = *parsed;
  }
  return print_value(asking,
                     ask(asking, "query", {{"query", asking.arguments[1]}, {"time", seconds_text(time)}}));
}

int query_range(const Invocation& invocation) {
  Asking asking;
  Bounds bounds;
  std::string step_text;
  CommandLine line(invocation.command, "Asks a server for the values of an expression over a range of time.");
  declare_common(line, asking);
  line.text("start", bounds.start_text, "From when. Default: five minutes before the end.");
  line.text("end", bounds.end_text, "Until when. Default: now.");
  line.text("step", step_text, "Time between two values. Default: such that there are at most 250.");
  line.texts("header", asking.headers, "A header to send: KEY=VALUE.");
  line.arguments("SERVER EXPRESSION", asking.arguments, "http://localhost:9090 'rate(errors_total[5m])'", 2,
                 2);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  if (!prepare(invocation, asking)) return 1;
  if (const auto read = bounds.read(shell::read_wall_clock(), {}); !read)
    return fail_in_its_words(read.error().text);
  if (bounds.start_text.empty()) bounds.start = bounds.end - std::chrono::minutes(5);
  if (bounds.start >= bounds.end) return fail_in_its_words("start time is not before end time");
  const auto step = step_of(step_text, bounds.end - bounds.start);
  if (!step) return fail(invocation, step.error().text);
  return print_value(asking, ask(asking, "query_range",
                                 {{"query", asking.arguments[1]},
                                  {"start", seconds_text(bounds.start)},
                                  {"end", seconds_text(bounds.end)},
                                  {"step", promql::format_float(seconds_of(*step))}}));
}

namespace {

// What series and labels have in common; a margin that is longer than anybody keeps samples.
constexpr Duration kAlways = std::chrono::hours(9999);

void declare_selection(CommandLine& line, std::vector<std::string>& selectors, Bounds& bounds) {
  line.texts("match", selectors, "A selector, repeatable.");
  line.text("start", bounds.start_text, "From when. Default: always.");
  line.text("end", bounds.end_text, "Until when. Default: always.");
}

Parameters selection_of(const std::vector<std::string>& selectors, const Bounds& bounds) {
  Parameters parameters;
  for (const std::string& selector : selectors) parameters.emplace_back("match[]", selector);
  parameters.emplace_back("start", seconds_text(bounds.start));
  parameters.emplace_back("end", seconds_text(bounds.end));
  return parameters;
}

}  // namespace

int query_series(const Invocation& invocation) {
  Asking asking;
  Bounds bounds;
  std::vector<std::string> selectors;
  CommandLine line(invocation.command, "Asks a server which series there are.");
  declare_common(line, asking);
  declare_selection(line, selectors, bounds);
  line.arguments("SERVER", asking.arguments, "http://localhost:9090", 1, 1);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  if (!prepare(invocation, asking)) return 1;
  if (selectors.empty()) {
    return fail(invocation, "no --match, expected a selector such as --match='up{job=\"node\"}'");
  }
  if (const auto read = bounds.read(shell::read_wall_clock(), kAlways); !read)
    return fail_in_its_words(read.error().text);
  const auto reply = ask(asking, "series", selection_of(selectors, bounds));
  if (!reply) return fail_query(reply.error());
  const auto answer = api::read_series_answer(reply->status, reply->body);
  if (!answer) return fail_query(answer.error());
  put(series_text(answer->data, asking.output));
  return 0;
}

int query_labels(const Invocation& invocation) {
  Asking asking;
  Bounds bounds;
  std::vector<std::string> selectors;
  CommandLine line(invocation.command, "Asks a server for the values of a label.");
  declare_common(line, asking);
  declare_selection(line, selectors, bounds);
  line.arguments("SERVER NAME", asking.arguments, "http://localhost:9090 job", 2, 2);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  if (!prepare(invocation, asking)) return 1;
  if (const auto read = bounds.read(shell::read_wall_clock(), kAlways); !read)
    return fail_in_its_words(read.error().text);
  const auto reply =
      get(asking, format("label/{}/values", templates::percent_escape(asking.arguments[1], "/")),
          selection_of(selectors, bounds));
  if (!reply) return fail_query(reply.error());
  const auto answer = api::read_names_answer(reply->status, reply->body);
  if (!answer) return fail_query(answer.error());
  for (const std::string& warning : answer->warnings) put_error(format("query warning: {}\n", warning));
  put(names_text(answer->data, asking.output));
  return 0;
}

}  // namespace tocsin::cli
