#include "engine/shell/state_connection.hpp"

#include "engine/shell/limits.hpp"
#include "engine/shell/state_schema.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

// What an entry takes in the file beside its texts, about: its row's head, its place in the index, its share
// of what pages leave free.
constexpr std::int64_t kEntryOverhead = 64;

}  // namespace

Result<void> StateConnection::set_up(WallTime now, const std::string& path) {
  if (Result<void> disk = set_up_disk(path); !disk) return disk.error();
  const Result<Migrated> migrated = migrate(*database);
  if (!migrated) return migrated.error();
  if (migrated->too_new) {
    too_new = true;
    return Error(format("{}: of version {}, this release reads up to {}", path, migrated->version,
                        migrations().back().version + 1));
  }
  if (Result<void> begun = begin_keeping(now); !begun) return begun.error();
  if (Result<void> measured = measure_history(); !measured) return measured.error();
  return database->run("PRAGMA synchronous=NORMAL");
}

Result<void> StateConnection::set_up_disk(const std::string& path) {
  sqlite3* const handle = database->handle();
  if (sqlite3_db_readonly(handle, "main") == 1) return Error(format("{}: cannot be written", path));
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_wal_hook(
      handle,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<StateConnection*>(self)->log_pages = pages;
        static_cast<StateConnection*>(self)->wrote = true;
        return SQLITE_OK;
      },
      this);
  if (Result<void> common = database->set_up(); !common) return common.error();
  // A new file has nothing to lose yet, so making it waits for no disk and needs no journal; it is synced
  // before the first batch. Freed pages need not be overwritten: there are no secrets in them.
  Result<void> set = database->run(
      format("PRAGMA synchronous={}; PRAGMA secure_delete=OFF; PRAGMA journal_size_limit={}; {}",
             fresh ? "OFF" : "NORMAL", kLogKept, fresh ? "PRAGMA journal_mode=MEMORY" : ""));
  if (!set) return set.error();
  const Result<std::string> mode = database->text("PRAGMA journal_mode=WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") return Error(format("{}: its file system cannot hold a write-ahead log", path));
  return {};
}

// The event log is complete from the file's first moment on, until something is dropped.
Result<void> StateConnection::begin_keeping(WallTime now) {
  const Result<std::int64_t> known =
      database->number("SELECT count(*) FROM keeper WHERE name='history_complete_since'");
  if (!known) return known.error();
  if (*known != 0) return {};
  return database->run(
      format("INSERT INTO keeper(name, value) VALUES('history_complete_since', {})", nanoseconds(now)));
}

Result<void> StateConnection::measure_history() {
  const Result<std::int64_t> first = database->number("SELECT position FROM history ORDER BY id LIMIT 1");
  if (!first) return first.error();
  const Result<std::int64_t> next = database->number(
      format("SELECT position + {} + length(CAST(alerts AS BLOB)) + length(CAST(labels AS BLOB)) + "
             "length(CAST(receiver AS BLOB)) + length(CAST(who AS BLOB)) + length(CAST(detail AS BLOB)) "
             "FROM history ORDER BY id DESC LIMIT 1",
             kEntryOverhead));
  if (!next) return next.error();
  first_position = *first;
  next_position = *next;
  return {};
}

Result<void> StateConnection::set_syncing(bool on) {
  if (syncing == on) return {};
  Result<void> set = database->run(on ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  if (set) syncing = on;
  return set;
}

Result<Statement*> StateConnection::row_statement(core::Table table, bool put) {
  Statement& statement = (put ? put_ : drop_)[static_cast<std::size_t>(table) - 1];
  if (statement) return &statement;
  const std::string_view name = table_name(table);
  if (!put) return prepared(statement, format("DELETE FROM {} WHERE id=?1", name));
  return prepared(statement, format("INSERT INTO {}(id, body) VALUES(?1, ?2) "
                                    "ON CONFLICT(id) DO UPDATE SET body=excluded.body",
                                    name));
}

Result<Statement*> StateConnection::history_statement() {
  if (add_history_) return &add_history_;
  return prepared(
      add_history_,
      "INSERT INTO history(time, kind, resolved, alerts, labels, receiver, who, detail, position) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
}

Result<Statement*> StateConnection::prepared(Statement& statement, const std::string& sql) {
  Result<Statement> made = database->prepare(sql);
  if (!made) return made.error();
  statement = std::move(*made);
  return &statement;
}

std::int64_t StateConnection::size_of(const api::HistoryEntry& entry) {
  return kEntryOverhead +
         static_cast<std::int64_t>(entry.alerts.size() + entry.labels.size() + entry.receiver.size() +
                                   entry.who.size() + entry.detail.size());
}

}  // namespace tocsin::shell
