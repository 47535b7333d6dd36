#include "engine/shell/history_reader.hpp"

#include <algorithm>
#include <limits>

#include "engine/shell/limits.hpp"
#include "engine/shell/sqlite.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

constexpr std::string_view kColumns =
    "SELECT id, time, kind, resolved, alerts, labels, receiver, who, detail FROM history";

api::HistoryEntry entry_of(const Statement& row) {
  api::HistoryEntry entry;
  entry.at = wall_from_ns(row.number(1));
  entry.kind = static_cast<api::HistoryKind>(row.number(2));
  entry.resolved = row.number(3) != 0;
  entry.alerts = row.text(4);
  entry.labels = row.text(5);
  entry.receiver = row.text(6);
  entry.who = row.text(7);
  entry.detail = row.text(8);
  return entry;
}

// In the integers of the file, both ends inclusive.
struct Span {
  std::int64_t first = std::numeric_limits<std::int64_t>::min();
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
};

std::optional<Span> span_of(const api::HistoryQuery& query) {
  Span span;
  if (query.from) span.first = query.from->time_since_epoch().count();
  if (query.to) {
    const std::int64_t end = query.to->time_since_epoch().count();
    if (end == span.first || end == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
    span.last = end - 1;
  }
  return span;
}

}  // namespace

HistoryReader::HistoryReader(std::unique_ptr<Database> database) : database_(std::move(database)) {}
HistoryReader::HistoryReader(HistoryReader&&) noexcept = default;
HistoryReader& HistoryReader::operator=(HistoryReader&&) noexcept = default;
HistoryReader::~HistoryReader() = default;

Result<api::HistoryPage> HistoryReader::page_beside_writer(const std::string& path, const std::string& vfs,
                                                           const api::HistoryQuery& query) {
  Result<HistoryReader> reader = beside_writer(path, vfs);
  if (!reader) return reader.error();
  return reader->newest(query, kMaxHistoryAnswer);
}

Result<HistoryReader> HistoryReader::beside_writer(const std::string& path, const std::string& vfs) {
  Result<std::unique_ptr<Database>> database = Database::open({path, SQLITE_OPEN_READONLY, vfs, ""});
  if (!database) return database.error();
  if (Result<void> set = (*database)->set_up(); !set) return set.error();
  return HistoryReader(std::move(*database));
}

Result<HistoryReader> HistoryReader::open(const std::string& path) {
  Result<std::unique_ptr<Database>> database = Database::open_untouched(path);
  if (!database) return database.error();
  return HistoryReader(std::move(*database));
}

Result<api::HistoryPage> HistoryReader::newest(const api::HistoryQuery& query, std::size_t most) {
  api::HistoryPage page;
  Result<std::optional<WallTime>> since = complete_since();
  if (!since) return since.error();
  page.complete_since = *since;
  const std::optional<Span> span = span_of(query);
  if (!span) return page;
  const std::size_t limit = query.limit == 0 ? most : std::min(query.limit, most);
  Result<Statement> row =
      database_->prepare(format("{} WHERE time BETWEEN ?1 AND ?2 ORDER BY time DESC, id DESC", kColumns));
  if (!row) return row.error();
  row->bind(1, span->first).bind(2, span->last);
  while (true) {
    const Result<bool> more = row->step();
    if (!more) return more.error();
    if (!*more) break;
    if (!api::concerns(query, row->text(4), row->text(6))) continue;
    if (page.entries.size() == limit) {
      page.truncated = true;
      break;
    }
    page.entries.push_back(entry_of(*row));
  }
  std::reverse(page.entries.begin(), page.entries.end());
  return page;
}

Result<void> HistoryReader::each(const api::HistoryQuery& query,
                                 const std::function<void(const api::HistoryEntry&)>& take) {
  const std::optional<Span> span = span_of(query);
  if (!span) return {};
  Result<Statement> row = database_->prepare(
      format("{} WHERE time BETWEEN ?1 AND ?2 AND (time > ?1 OR id > ?3) ORDER BY time, id LIMIT {}",
             kColumns, kHistoryPortion));
  if (!row) return row.error();
  std::int64_t time = span->first, id = std::numeric_limits<std::int64_t>::min();
  while (true) {
    std::vector<api::HistoryEntry> portion;
    std::size_t rows = 0;
    row->bind(1, time).bind(2, span->last).bind(3, id);
    while (true) {
      const Result<bool> more = row->step();
      if (!more) return more.error();
      if (!*more) break;
      ++rows;
      id = row->number(0);
      time = row->number(1);
      if (api::concerns(query, row->text(4), row->text(6))) portion.push_back(entry_of(*row));
    }
    row->reset();
    for (const api::HistoryEntry& entry : portion) take(entry);
    if (rows < kHistoryPortion) return {};
  }
}

Result<std::optional<WallTime>> HistoryReader::complete_since() {
  Result<Statement> row = database_->prepare("SELECT value FROM keeper WHERE name='history_complete_since'");
  if (!row) return row.error();
  const Result<bool> found = row->step();
  if (!found) return found.error();
  if (!*found) return std::optional<WallTime>();
  return std::optional<WallTime>(wall_from_ns(row->number(0)));
}

}  // namespace tocsin::shell
