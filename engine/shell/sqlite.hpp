// SQLite behind values that clean up: a database and its statements. Only for .cpp files of this folder and
// for tests/io, because it shows sqlite3.h.
//
// An error is SQLite's text with the path before it and, where the system refused something, the system's
// words behind it: data/state.db: unable to open database file: permission denied.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "promql/result.hpp"

namespace tocsin::shell {

class Statement;

// Thread: one at a time.
class Database {
 public:
  // What SQLite's sqlite3_open_v2 takes. `vfs` names the disk, "" is the system's; `parameters` are those of
  // SQLite's URIs: "psow=0".
  struct Place {
    std::string path;
    int flags = SQLITE_OPEN_READWRITE;
    std::string vfs;
    std::string parameters;
  };
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const Place& place);
  // For reading, without writing anything, making any file or locking any, and with what lies in the
  // write-ahead log beside it: a copy, a file in a directory that is read-only, the file of a server that
  // runs. Never in a process that has the file open already: the system would take that one's locks away. It
  // is set up.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open_untouched(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // What every connection here is set to; the first look into the file.
  [[nodiscard]] Result<void> set_up();

  // One or more statements; rows that they give are passed over.
  [[nodiscard]] Result<void> run(const std::string& sql);
  // The first column of the first row, 0 if there is none.
  [[nodiscard]] Result<std::int64_t> number(const std::string& sql);
  [[nodiscard]] Result<std::string> text(const std::string& sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);

  // Whether some call found that this is no database, a damaged one, or one of another make than the
  // statements expect. A disk that failed is not that.
  [[nodiscard]] bool damaged() const { return damaged_; }
  // Whether some call found that the disk failed: what was written before may not be on it either.
  [[nodiscard]] bool disk_failed() const { return disk_failed_; }
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  // When this closes, the write-ahead log stays as it is.
  void leave_log();
  [[nodiscard]] sqlite3* handle() { return handle_; }

  // For this folder: makes an error of a result code and takes note of what it means.
  [[nodiscard]] Error error(int code);

 private:
  explicit Database(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  sqlite3* handle_ = nullptr;
  bool damaged_ = false;
  bool disk_failed_ = false;
};

// A prepared statement; it must not outlive its database. Parameters count from 1, columns from 0.
class Statement {
 public:
  Statement() = default;
  Statement(Database& database, sqlite3_stmt* handle) : database_(&database), handle_(handle) {}

  // Bound texts and bodies are borrowed until the next reset. What cannot be bound is the next step's error.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_body(int parameter, std::string_view bytes);
  // True: there is a row, whose columns may be read until the next call.
  [[nodiscard]] Result<bool> step();
  // Steps to the end and makes the statement ready for the next time.
  [[nodiscard]] Result<void> run();
  void reset();

  [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] explicit operator bool() const { return handle_ != nullptr; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  Statement& note(int code);

  Database* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int refused_ = SQLITE_OK;  // what binding gave
};

}  // namespace tocsin::shell
