#include "engine/shell/state_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/shell/sqlite.hpp"
#include "engine/shell/state_connection.hpp"
#include "engine/shell/state_schema.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

constexpr std::string_view kFileName = "state.db";

Result<std::vector<core::Row>> load_rows(Database& database) {
  std::vector<core::Row> rows;
  for (int number = 1; number <= core::kTables; ++number) {
    const auto table = static_cast<core::Table>(number);
    Result<Statement> row =
        database.prepare(format("SELECT id, body FROM {} ORDER BY id", table_name(table)));
    if (!row) return row.error();
    while (true) {
      const Result<bool> more = row->step();
      if (!more) return more.error();
      if (!*more) break;
      rows.push_back({{table, row->number(0)}, std::string(row->text(1))});
    }
  }
  return rows;
}

}  // namespace

// ---- opening

StateFile::StateFile(StateFileOptions options)
    : options_(std::move(options)), path_(path_in(options_.directory, kFileName)) {}

StateFile::~StateFile() = default;

StateFile::Opened StateFile::open(WallTime now) {
  Opened opened;
  core::StateLoaded& loaded = opened.loaded;
  if (std::optional<DirectoryLock::Refused> refused = open_directory()) {
    opened.held = refused->held;
    trouble_ = refused->error.text;
  } else if (Result<Connected> connected = connect(now, true); !connected) {
    trouble_ = connected.error().text;
  } else {
    loaded.rows = std::move(connected->rows);
    if (!connected->note.empty()) loaded.notes.push_back(std::move(connected->note));
  }
  loaded.error = trouble_;
  if (!trouble_.empty() && !opened.held) loaded.rows = read_only_rows();
  loaded.found = !loaded.rows.empty();
  return opened;
}

// Of a disk that became read-only, as Linux makes one that fails: what it holds is still true.
std::vector<core::Row> StateFile::read_only_rows() const {
  if (!options_.vfs.empty()) return {};
  const Result<std::unique_ptr<Database>> database = Database::open_untouched(path_);
  if (!database) return {};
  Result<std::vector<core::Row>> rows = load_rows(**database);
  return rows ? std::move(*rows) : std::vector<core::Row>();
}

std::optional<DirectoryLock::Refused> StateFile::open_directory() {
  if (Result<void> made = make_directory(options_.directory); !made) {
    return DirectoryLock::Refused{false, made.error()};
  }
  return lock_.take(options_.directory);
}

// What stands in the file's place and is no state file is set aside.
Result<StateFile::Connected> StateFile::connect(WallTime now, bool load) {
  Connected connected;
  Attempt attempt = try_to_connect(now, load);
  if (attempt.damaged) {
    const Result<std::string> aside = set_aside(options_.directory, kFileName, now);
    if (!aside)
      return Error(format("{}; it cannot be set aside: {}", attempt.error.text, aside.error().text));
    ++counters_.set_aside;
    connected.note = format("{}; set aside as {}, a new one begins", attempt.error.text, *aside);
    attempt = try_to_connect(now, load);
  }
  if (!attempt.rows) return attempt.error;
  connected.rows = std::move(*attempt.rows);
  return connected;
}

StateFile::Attempt StateFile::try_to_connect(WallTime now, bool load) {
  struct stat status {};
  const bool there = stat(path_.c_str(), &status) == 0;
  if (there && !S_ISREG(status.st_mode)) {
    const std::string_view what = S_ISDIR(status.st_mode) ? "is a directory" : "is not a file";
    return {std::nullopt, Error(format("{}: {}", path_, what)), true};
  }
  const bool fresh = !there || status.st_size == 0;
  if (fresh) {
    if (Result<void> made = make_private_file(path_); !made) return {std::nullopt, made.error(), false};
  }
  // No power-safe overwriting: a write that a power cut tears may damage what lies in the same sector, as on
  // flash cards, so what was synced shares none with what comes later.
  Result<std::unique_ptr<Database>> database =
      Database::open({path_, SQLITE_OPEN_READWRITE, options_.vfs, "psow=0"});
  if (!database) return {std::nullopt, database.error(), false};
  auto connection = std::make_unique<StateConnection>();
  connection->database = std::move(*database);
  connection->fresh = fresh;
  const Result<void> done = connection->set_up(now, path_);
  Result<std::vector<core::Row>> rows = std::vector<core::Row>();
  if (done && load) rows = load_rows(*connection->database);
  if (!done || !rows) {
    connection->database->leave_log();
    return {std::nullopt, done ? rows.error() : done.error(),
            connection->too_new || connection->database->damaged()};
  }
  connection_ = std::move(connection);
  note_history_bytes();
  return {std::move(*rows), Error(), false};
}

void StateFile::disconnect() {
  if (connection_ == nullptr) return;
  connection_->database->leave_log();
  connection_.reset();
}

Result<void> StateFile::connect_again(WallTime now) {
  if (std::optional<DirectoryLock::Refused> refused = open_directory()) return std::move(refused->error);
  const Result<Connected> connected = connect(now, false);
  if (!connected) return connected.error();
  // To be told once; the next batch finds the new file.
  if (!connected->note.empty()) return Error(connected->note);
  return {};
}

// ---- writing

Result<void> StateFile::commit(const core::Persist& batch, WallTime now) {
  if (!trouble_.empty() && !batch.replace_all) return Error(trouble_);
  Result<void> done;
  if (connection_ == nullptr) done = connect_again(now);
  if (done) done = check_place();
  if (done) done = settle();
  if (done) done = connection_->set_syncing(batch.durable);
  if (done) done = write(batch);
  if (!done) return failed(done.error(), now);
  trouble_.clear();
  if (connection_->log_pages >= kMostLogPages) {
    // The batch is written, whatever becomes of this.
    if (Result<void> back = checkpoint(SQLITE_CHECKPOINT_PASSIVE); !back) take_note(back.error(), now);
  }
  return {};
}

// Takes note that something could not be written, and of what that means for the file. A full disk and
// somebody else's lock leave it as it is.
Error StateFile::failed(Error error, WallTime now) {
  if (connection_ != nullptr && connection_->database->damaged()) {
    disconnect();
    const Result<std::string> aside = set_aside(options_.directory, kFileName, now);
    if (aside) {
      ++counters_.set_aside;
      error.text += format("; set aside as {}, a new one begins", *aside);
    } else {
      error.text += format("; it cannot be set aside: {}", aside.error().text);
    }
  } else if (connection_ != nullptr && connection_->database->disk_failed()) {
    disconnect();
  }
  trouble_ = error.text;
  return error;
}

// A person may have removed the directory, or put another file in the place of this one: writing on would go
// nowhere.
Result<void> StateFile::check_place() {
  int moved = 0;
  sqlite3_file_control(connection_->database->handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved == 0) return {};
  disconnect();
  return Error(format("{}: was removed or replaced while it was in use", path_));
}

// Before the first batch the file, whoever made it and whatever became of that process, goes to the medium
// with all that its log has, and the log begins anew. For SQLite syncs the log only, and
//   - takes it for granted that the file beside it is there: a log whose file is empty is thrown away;
//   - goes on in the middle of a sector where it found the log's end, and a torn write would spoil what was
//     synced in it;
//   - after a sync that failed, what the disk took before may be gone without another word.
Result<void> StateFile::settle() {
  if (connection_->settled) return {};
  Database& database = *connection_->database;
  if (Result<void> back = checkpoint(SQLITE_CHECKPOINT_TRUNCATE); !back) return back;
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  const int code = file->pMethods->xSync(file, SQLITE_SYNC_FULL);
  if (code != SQLITE_OK) return database.error(code);
  connection_->settled = true;
  return {};
}

Result<void> StateFile::write(const core::Persist& batch) {
  Database& database = *connection_->database;
  if (Result<void> begun = database.run("BEGIN IMMEDIATE"); !begun) return begun.error();
  const std::int64_t position = connection_->next_position;
  connection_->wrote = false;
  Result<void> done = write_rows(batch);
  if (done) done = write_history(batch.history);
  if (done && lost_until_) {
    done = database.run(format("UPDATE keeper SET value=max(value, {}) WHERE name='history_complete_since'",
                               nanoseconds(*lost_until_)));
  }
  if (done) done = database.run("COMMIT");
  // Where nothing changed SQLite syncs nothing, and what came before would not be on the medium.
  if (done && batch.durable && !connection_->wrote) {
    done = database.run(
        "INSERT INTO keeper(name, value) VALUES('syncs', 1) ON CONFLICT(name) DO UPDATE SET value=value+1");
  }
  if (!done) {
    if (database.in_transaction()) (void)database.run("ROLLBACK");
    connection_->next_position = position;
    return done;
  }
  lost_until_.reset();
  note_history_bytes();
  return {};
}

Result<void> StateFile::write_rows(const core::Persist& batch) {
  StateConnection& connection = *connection_;
  if (batch.replace_all) {
    for (int number = 1; number <= core::kTables; ++number) {
      const std::string_view table = table_name(static_cast<core::Table>(number));
      if (Result<void> gone = connection.database->run(format("DELETE FROM {}", table)); !gone) return gone;
    }
  }
  for (const core::RowWrite& row : batch.rows) {
    const Result<Statement*> statement = connection.row_statement(row.key.table, row.body.has_value());
    if (!statement) return statement.error();
    (*statement)->bind(1, row.key.id);
    if (row.body) (*statement)->bind_body(2, *row.body);
    if (Result<void> done = (*statement)->run(); !done) return done;
  }
  return {};
}

Result<void> StateFile::write_history(const std::vector<api::HistoryEntry>& entries) {
  for (const api::HistoryEntry& entry : entries) {
    const Result<Statement*> add = connection_->history_statement();
    if (!add) return add.error();
    (*add)->bind(1, nanoseconds(entry.at)).bind(2, static_cast<std::int64_t>(entry.kind));
    (*add)->bind(3, std::int64_t{entry.resolved}).bind(4, entry.alerts).bind(5, entry.labels);
    (*add)->bind(6, entry.receiver).bind(7, entry.who).bind(8, entry.detail);
    (*add)->bind(9, connection_->next_position);
    if (Result<void> done = (*add)->run(); !done) return done;
    connection_->next_position += StateConnection::size_of(entry);
  }
  return {};
}

void StateFile::history_was_lost(WallTime until) {
  if (until == WallTime::max()) return;
  lost_until_ = std::max(lost_until_.value_or(until), until + Duration(1));
}

// ---- what has to be done at some time

bool StateFile::maintain(WallTime now) {
  if (connection_ == nullptr || !trouble_.empty()) return false;
  Result<bool> more = false;
  if (!connection_->settled) {
    const Result<void> settled = settle();
    more = settled ? Result<bool>(true) : Result<bool>(settled.error());
  } else if (connection_->log_pages >= kCheckpointPages) {
    const Result<void> back = checkpoint(SQLITE_CHECKPOINT_PASSIVE);
    more = back ? Result<bool>(true) : Result<bool>(back.error());
  } else {
    more = prune(now);
  }
  if (!more) take_note(more.error(), now);
  return more && *more;
}

// Of trouble beside a batch. A disk that is full, or a file that somebody else has locked, is no reason to
// doubt what is written.
void StateFile::take_note(const Error& error, WallTime now) {
  if (connection_->database->damaged() || connection_->database->disk_failed()) (void)failed(error, now);
}

// What a reader still needs stays in the log; the next commit tells how much that is.
Result<void> StateFile::checkpoint(int mode) {
  connection_->log_pages = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_->database->handle(), "main", mode, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return connection_->database->error(code);
  return {};
}

// Which entries go next: the first ones up to an id.
struct StateFile::OldEntries {
  std::int64_t last_id = 0;
  std::int64_t newest = 0;  // time among them, in nanoseconds
  std::size_t by_age = 0;
  std::size_t by_size = 0;
};

// Entries go in the order in which they came. That is not always the order of their times: a box without a
// clock chip writes some that seem to be of long ago, or of a time to come. Those of long ago go when their
// turn comes, and those of a time to come when what came after them goes.
Result<StateFile::OldEntries> StateFile::find_old(WallTime now, bool by_age) {
  const auto used = static_cast<std::uint64_t>(connection_->next_position - connection_->first_position);
  // Some more than what is beyond goes, so that not every entry that comes drops one.
  const std::uint64_t excess =
      used > options_.history_bytes ? used - options_.history_bytes + options_.history_bytes / 64 : 0;
  OldEntries old;
  if (excess == 0 && !by_age) return old;
  Result<Statement> row = connection_->database->prepare(
      format("SELECT id, time, position FROM history ORDER BY id LIMIT {}", kPrunePortion));
  if (!row) return row.error();
  const std::int64_t present = nanoseconds(now), cutoff = nanoseconds(now - options_.history_age);
  std::int64_t newest = nanoseconds(kNoTime);
  std::size_t undecided = 0;
  while (true) {
    const Result<bool> more = row->step();
    if (!more) return more.error();
    if (!*more) return old;
    const std::int64_t time = row->number(1);
    const bool beyond_size =
        static_cast<std::uint64_t>(row->number(2) - connection_->first_position) < excess;
    if (!beyond_size && (!by_age || (time >= cutoff && time <= present))) return old;
    newest = std::max(newest, std::min(time, present));
    ++undecided;
    if (!beyond_size && time > present) continue;
    old.last_id = row->number(0);
    old.newest = newest;
    (beyond_size ? old.by_size : old.by_age) += std::exchange(undecided, 0);
  }
}

// A clock that was just set, or that nobody has watched for long, ages nothing: it may be wrong by years.
bool StateFile::trusts_clock(WallTime now) {
  if (next_age_check_ && now < *next_age_check_ && now >= *next_age_check_ - kPruneInterval) return false;
  const bool steady = next_age_check_ && now >= *next_age_check_ && now < *next_age_check_ + kPruneInterval;
  next_age_check_ = now + kPruneInterval;
  return steady;
}

Result<bool> StateFile::prune(WallTime now) {
  aging_ = trusts_clock(now) || aging_;
  const Result<OldEntries> old = find_old(now, aging_);
  if (!old) return old.error();
  const std::size_t dropped = old->by_age + old->by_size;
  aging_ = aging_ && dropped == kPrunePortion;
  if (dropped == 0) return false;
  Database& database = *connection_->database;
  if (Result<void> set = connection_->set_syncing(false); !set) return set.error();
  Result<void> done = database.run(format(
      "BEGIN IMMEDIATE; DELETE FROM history WHERE id<={}; UPDATE keeper SET value=max(value, {}) WHERE "
      "name='history_complete_since'; COMMIT",
      old->last_id, old->newest + 1));
  if (done) done = connection_->measure_history();
  if (!done) {
    if (database.in_transaction()) (void)database.run("ROLLBACK");
    return done.error();
  }
  counters_.dropped_by_size += old->by_size;
  counters_.dropped_by_age += old->by_age;
  note_history_bytes();
  return dropped == kPrunePortion;
}

void StateFile::note_history_bytes() {
  counters_.history_bytes =
      static_cast<std::uint64_t>(connection_->next_position - connection_->first_position);
}

}  // namespace tocsin::shell
