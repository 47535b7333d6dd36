#include "engine/shell/state_schema.hpp"

#include <array>

#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

constexpr std::array<std::string_view, core::kTables> kTableNames = {
    "meta", "rule_alerts", "alerts", "alert_ends", "groups", "told", "outbox", "silences"};

// "IF NOT EXISTS": a file without a version may have been begun by a start that was cut off.
//
// history.position counts the bytes of all entries before this one, so that the size of what is kept is the
// difference of two rows: no scan at start, no counter that every commit would have to write. `keeper` is
// what the keeper itself must remember.
constexpr std::array<Migration, 1> kMigrations = {{
    {1, R"(
CREATE TABLE IF NOT EXISTS meta(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rule_alerts(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS alerts(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS alert_ends(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS groups(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS told(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outbox(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS silences(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS history(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL,
  resolved INTEGER NOT NULL DEFAULT 0, alerts TEXT NOT NULL DEFAULT '', labels TEXT NOT NULL DEFAULT '',
  receiver TEXT NOT NULL DEFAULT '', who TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS history_time ON history(time);
CREATE TABLE IF NOT EXISTS keeper(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
)"},
}};

}  // namespace

std::string_view table_name(core::Table table) {
  return kTableNames[static_cast<std::size_t>(table) - 1];
}

std::span<const Migration> migrations() {
  return kMigrations;
}

Result<Migrated> migrate(Database& database, std::span<const Migration> steps) {
  const Result<std::int64_t> version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  const std::int64_t newest = steps.back().version;
  Migrated migrated{*version < 0 || *version > newest + 1, *version};
  if (migrated.too_new || *version >= newest) return migrated;
  if (Result<void> begun = database.run("BEGIN IMMEDIATE"); !begun) return begun.error();
  Result<void> done;
  for (const Migration& step : steps) {
    if (done && step.version > *version) done = database.run(std::string(step.sql));
  }
  if (done) done = database.run(format("PRAGMA user_version={}; COMMIT", newest));
  if (done) return migrated;
  if (database.in_transaction()) (void)database.run("ROLLBACK");
  return done.error();
}

}  // namespace tocsin::shell
