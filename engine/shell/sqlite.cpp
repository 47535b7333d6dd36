#include "engine/shell/sqlite.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/shell/files.hpp"
#include "engine/shell/limits.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

bool names_the_system(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY;
}

// With one set of fixed statements, an unknown table or column, a foreign trigger's constraint and the like
// can only come from the file.
bool is_the_files_fault(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return true;
    default:
      return false;
  }
}

// Where SQLite's readers hold their lock in a file (its file format, "lock-byte page").
constexpr off_t kReadersFirstByte = 0x40000002;
constexpr off_t kReadersBytes = 510;

// Asks, and locks nothing: another process is not disturbed for an instant. A question by this process's own
// locks would be a trap: closing the descriptor gives them up.
bool is_open_elsewhere(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kReadersFirstByte;
  lock.l_len = kReadersBytes;
  const bool open = fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  close(file);
  return open;
}

bool has_log(const std::string& path) {
  struct stat status {};
  return stat((path + "-wal").c_str(), &status) == 0 && status.st_size > 0;
}

// A path as a URI, in which other characters need escapes: "file:data/state.db?psow=0". One that begins with
// two slashes would name a host.
std::string uri_of(const std::string& path, const std::string& parameters) {
  std::string uri = path.starts_with("//") ? "file:///" : "file:";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_';
    uri +=
        plain ? std::string(1, c) : format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return uri + "?" + parameters;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const Place& place) {
  std::unique_ptr<Database> database(new Database(place.path));
  const int flags = place.flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(uri_of(place.path, place.parameters).c_str(), &database->handle_, flags,
                                   place.vfs.empty() ? nullptr : place.vfs.c_str());
  if (code != SQLITE_OK) return database->error(code);
  sqlite3_busy_timeout(database->handle_, kStateBusyTimeoutMs);
  return database;
}

Result<void> Database::set_up() {
  return run(format(
      "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA cache_size=-{}",
      kStateCacheKiB));
}

// A file that no process has open is read without SQLite's own locking, for that would need a wal-index
// beside it: immutable when its write-ahead log is empty; else with the index in memory, where recovery puts
// what it finds in the log. A server that starts in the midst of it does not notice, and the reader goes on
// to see the file as it was, unless the server writes kCheckpointPages meanwhile.
Result<std::unique_ptr<Database>> Database::open_untouched(const std::string& path) {
  Place place{path, SQLITE_OPEN_READONLY, "", ""};
  const bool in_use = is_open_elsewhere(path);
  const bool log = has_log(path);
  if (!in_use && log) {
    place.vfs = "unix-none";
  } else if (!in_use) {
    place.parameters = "immutable=1";
  }
  Result<std::unique_ptr<Database>> database = open(place);
  if (!database) return database.error();
  // The last one to close a file would write the log back into it and remove it.
  (*database)->leave_log();
  Result<void> done;
  // Before the first look into the file.
  if (!in_use && log) done = (*database)->run("PRAGMA locking_mode=EXCLUSIVE");
  if (done) done = (*database)->set_up();
  if (!done) return done.error();
  return database;
}

void Database::leave_log() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

Error Database::error(int code) {
  damaged_ = damaged_ || is_the_files_fault(code);
  disk_failed_ = disk_failed_ || (code & 0xff) == SQLITE_IOERR;
  // What the connection remembers may be of another call.
  const bool remembered = handle_ != nullptr && sqlite3_extended_errcode(handle_) == code;
  std::string text = remembered ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  const int number = remembered ? sqlite3_system_errno(handle_) : 0;
  if (number != 0 && names_the_system(code)) text += ": " + system_error_text(number);
  return Error(format("{}: {}", path_, text));
}

Result<void> Database::run(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  if (code != SQLITE_OK) return error(code);
  return Statement(*this, handle);
}

Result<std::int64_t> Database::number(const std::string& sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.error();
  const Result<bool> row = statement->step();
  if (!row) return row.error();
  return *row ? statement->number(0) : 0;
}

Result<std::string> Database::text(const std::string& sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.error();
  const Result<bool> row = statement->step();
  if (!row) return row.error();
  return *row ? std::string(statement->text(0)) : std::string();
}

Statement& Statement::note(int code) {
  if (refused_ == SQLITE_OK) refused_ = code;
  return *this;
}

void Statement::reset() {
  sqlite3_reset(handle_.get());
  refused_ = SQLITE_OK;
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  return note(sqlite3_bind_int64(handle_.get(), parameter, value));
}

// An absent text or body is an empty one, and not the null that SQLite would make of it.
Statement& Statement::bind(int parameter, std::string_view text) {
  return note(sqlite3_bind_text64(handle_.get(), parameter, text.data() == nullptr ? "" : text.data(),
                                  text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

Statement& Statement::bind_body(int parameter, std::string_view bytes) {
  return note(sqlite3_bind_blob64(handle_.get(), parameter, bytes.data() == nullptr ? "" : bytes.data(),
                                  bytes.size(), SQLITE_STATIC));
}

Result<bool> Statement::step() {
  const int code = refused_ == SQLITE_OK ? sqlite3_step(handle_.get()) : refused_;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error = database_->error(code);
  reset();
  return error;
}

Result<void> Statement::run() {
  while (true) {
    const Result<bool> row = step();
    if (!row) return row.error();
    if (*row) continue;
    reset();
    return {};
  }
}

std::string_view Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, static_cast<std::size_t>(size));
}

}  // namespace tocsin::shell
