// A state file that is open: its settings, its statements, and the place of its event log. Private to
// StateFile; shows sqlite3.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/api/history.hpp"
#include "engine/core/persistence.hpp"
#include "engine/shell/sqlite.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

// As the file has times.
[[nodiscard]] inline std::int64_t nanoseconds(WallTime time) {
  return time.time_since_epoch().count();
}

struct StateConnection {
  std::unique_ptr<Database> database;
  bool fresh = false;    // the file was made now
  bool syncing = false;  // commits are synced
  bool settled = false;  // the file itself and its name are on the medium
  bool too_new = false;
  bool wrote = false;  // a transaction changed the file
  int log_pages = 0;   // of the write-ahead log that are not written back
  // What the event log takes is the difference, in bytes.
  std::int64_t first_position = 0;  // of the oldest entry
  std::int64_t next_position = 0;   // of the one to come

  // Settings, migrations, and where the event log stands. Waits for no sync.
  [[nodiscard]] Result<void> set_up(WallTime now, const std::string& path);
  [[nodiscard]] Result<void> measure_history();
  [[nodiscard]] Result<void> set_syncing(bool on);
  // Writes a row, of which it takes id and body, or removes one, of which it takes the id.
  [[nodiscard]] Result<Statement*> row_statement(core::Table table, bool put);
  // Takes an entry's members in order, and its position.
  [[nodiscard]] Result<Statement*> history_statement();
  // What an entry takes, about.
  [[nodiscard]] static std::int64_t size_of(const api::HistoryEntry& entry);

 private:
  [[nodiscard]] Result<void> set_up_disk(const std::string& path);
  [[nodiscard]] Result<void> begin_keeping(WallTime now);
  [[nodiscard]] Result<Statement*> prepared(Statement& statement, const std::string& sql);

  // Prepared when they are first needed. They go before the database does.
  std::array<Statement, core::kTables> put_;
  std::array<Statement, core::kTables> drop_;
  Statement add_history_;
};

}  // namespace tocsin::shell
