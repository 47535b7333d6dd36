// tocsin history: the event log of a state file, also a copied one, or of a running server.
#include <sys/stat.h>

#include <functional>
#include <optional>

#include "engine/api/history_json.hpp"
#include "engine/cli/ask_server.hpp"
#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/history_text.hpp"
#include "engine/cli/output.hpp"
#include "engine/shell/clock.hpp"
#include "engine/shell/history_reader.hpp"
#include "engine/shell/state_directory.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

namespace {

using Take = std::function<void(const api::HistoryEntry&)>;

// Where events come from. `each` may be called twice; the page holds what is to be said beside them.
struct Source {
  std::function<Result<void>(const Take&)> each;
  api::HistoryPage page;
};

struct Flags {
  std::string storage = "data/";
  std::vector<std::string> file;
  std::string url;
  std::string from, to;
  std::string output = "simple";
  std::uint64_t limit = 0;
  api::HistoryQuery query;
};

Source source_of(api::HistoryPage page) {
  Source source;
  source.page = std::move(page);
  source.each = [entries = std::move(source.page.entries)](const Take& take) {
    for (const api::HistoryEntry& entry : entries) take(entry);
    return Result<void>();
  };
  return source;
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<Source> read_file(const Flags& flags, const std::string& path) {
  Result<shell::HistoryReader> opened = shell::HistoryReader::open(path);
  if (!opened) return opened.error();
  const auto reader = std::make_shared<shell::HistoryReader>(std::move(*opened));
  if (flags.query.limit != 0) {
    Result<api::HistoryPage> page = reader->newest(flags.query, flags.query.limit);
    if (!page) return page.error();
    return source_of(std::move(*page));
  }
  Source source;
  const Result<std::optional<WallTime>> since = reader->complete_since();
  if (!since) return since.error();
  source.page.complete_since = *since;
  source.each = [reader, query = flags.query](const Take& take) { return reader->each(query, take); };
  return source;
}

Result<Source> find_file(const Flags& flags) {
  std::string path = flags.file.empty() ? flags.storage : flags.file.front();
  if (flags.file.empty() || is_directory(path)) path = shell::path_in(path, "state.db");
  Result<Source> source = read_file(flags, path);
  if (source) return source;
  return Error(format(
      "{}\n    expected a state file: --storage.path=DIR, FILE, or a running server's --url=http://HOST:PORT",
      source.error().text));
}

std::string request_of(const Flags& flags) {
  Parameters parameters = {{"limit", format("{}", flags.query.limit)}};
  if (!flags.query.alert.empty()) parameters.emplace_back("alert", flags.query.alert);
  if (!flags.query.receiver.empty()) parameters.emplace_back("receiver", flags.query.receiver);
  if (flags.query.from) parameters.emplace_back("start", format_rfc3339(*flags.query.from));
  if (flags.query.to) parameters.emplace_back("end", format_rfc3339(*flags.query.to));
  return url_at(flags.url, "/api/v1/history?" + encoded(parameters));
}

Result<Source> read_server(const Flags& flags) {
  core::HttpCall call;
  call.url = request_of(flags);
  call.method = "GET";
  call.timeout = std::chrono::minutes(1);
  const Result<core::HttpReply> reply = ask_server(std::move(call));
  if (!reply) return reply.error();
  Result<api::HistoryPage> page = api::read_history_answer(reply->body);
  if (!page) return Error(format("{}: HTTP {}: {}", flags.url, reply->status, page.error().text));
  return source_of(std::move(*page));
}

Result<void> print(const Flags& flags, const Source& source) {
  if (flags.output == "csv") {
    put(csv_head());
    return source.each([](const api::HistoryEntry& entry) { put(csv_line(entry)); });
  }
  if (flags.output == "json") {
    return source.each([](const api::HistoryEntry& entry) { put(json_line(entry)); });
  }
  HistoryColumns columns(flags.query);
  if (Result<void> read = source.each([&](const auto& entry) { columns.fit(entry); }); !read) return read;
  put(columns.head());
  HistorySummary summary;
  Result<void> read = source.each([&](const api::HistoryEntry& entry) {
    put(columns.line(entry));
    summary.add(entry);
  });
  if (read) put(summary.line(flags.query, source.page));
  return read;
}

Result<void> read_query(Flags& flags, WallTime now) {
  for (const auto& [name, text, bound] : {std::tuple("--from", &flags.from, &flags.query.from),
                                          std::tuple("--to", &flags.to, &flags.query.to)}) {
    if (text->empty()) continue;
    const Result<WallTime> time = parse_history_time(*text, now);
    if (!time) return time.error().wrap(name);
    *bound = *time;
  }
  if (flags.query.from && flags.query.to && *flags.query.to <= *flags.query.from) {
    return Error(format("--to: expected a time after --from, {}, found {}", format_rfc3339(*flags.query.from),
                        format_rfc3339(*flags.query.to)));
  }
  if (flags.output != "simple" && flags.output != "csv" && flags.output != "json") {
    return Error(format("--output: expected simple, csv or json, found \"{}\"", flags.output));
  }
  if (!flags.url.empty() && !flags.file.empty()) {
    return Error("expected a FILE or --url, found both");
  }
  flags.query.limit = flags.limit;
  return {};
}

}  // namespace

int history(const Invocation& invocation) {
  Flags flags;
  CommandLine line(invocation.command,
                   "Prints the event log: what happened, and who was told. Times are UTC.");
  line.text("storage.path", flags.storage, "Directory of the state file.");
  line.text("url", flags.url, "Ask this running server: http://localhost:9093");
  line.text("alert", flags.query.alert, "Only events about alerts of this name.");
  line.text("receiver", flags.query.receiver,
            "Only events about this receiver, or this receiver/integration.");
  line.text("from", flags.from, "From this time on: 2026-11-22T03:00Z, 2026-11-22, or 6h for six hours ago.");
  line.text("to", flags.to, "Before this time.");
  line.number("limit", flags.limit, "Only the newest so many; 0: all that a file has, or a server answers.");
  line.text("output,o", flags.output, "simple, csv, or json: one object a line.");
  line.arguments("FILE", flags.file, "A state file or its directory, instead of --storage.path.", 0, 1);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  Result<void> done = read_query(flags, shell::read_wall_clock());
  if (done) {
    const Result<Source> source = flags.url.empty() ? find_file(flags) : read_server(flags);
    done = source ? print(flags, *source) : Result<void>(source.error());
  }
  return done ? 0 : fail(invocation, done.error().text);
}

}  // namespace tocsin::cli
