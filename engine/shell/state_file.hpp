// The state file: one SQLite file, state.db, in the directory of --storage.path, and the promise of
// core/persistence.hpp on top of it.
//
// A table is a core::Table with (id, body); the event log is a table with columns for people
// (state_schema.cpp). SQLite's write-ahead log gives the order: a transaction is in it whole or not at all,
// after a crash of the process all of them are, and after a power loss those up to the last sync and a first
// part of the rest. A batch is synced if it is durable, and all batches before it with it.
//
// A file that is damaged, or newer than this release can read, is set aside as state.db.damaged-TIME and a
// new one begins. A disk that fails is no damage: the file stays, and nothing is written until a batch brings
// everything again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/history.hpp"
#include "engine/core/persistence.hpp"
#include "engine/shell/limits.hpp"
#include "engine/shell/state_directory.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

struct StateConnection;  // engine/shell/state_connection.hpp

struct StateFileOptions {
  std::string directory;  // made if it is missing
  std::uint64_t history_bytes = kHistoryBytes;
  Duration history_age = kHistoryAge;
  std::string vfs;  // the disk by SQLite's name, "": the system's; tests put another one in its place
};

// Thread: one at a time. Times that are handed in name files and age the event log.
class StateFile {
 public:
  explicit StateFile(StateFileOptions options);
  ~StateFile();
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  // Called once, first. Never waits for a sync. With an error the file goes on without a place to write to
  // until commit() finds one; rows of a file that can be read and not written are loaded all the same.
  struct Opened {
    core::StateLoaded loaded;
    bool held = false;  // the error is that another process keeps its state there
  };
  [[nodiscard]] Opened open(WallTime now);

  // Carries out the batch whole or not at all. After an error only one with replace_all is taken: it opens
  // the file again if need be, and makes a new one if it is gone or damaged. Every other fails with the first
  // error. (A batch whose sync failed may be in the file after a crash all the same.)
  [[nodiscard]] Result<void> commit(const core::Persist& batch, WallTime now);

  // Entries up to this time were lost on their way here; goes with the next batch into what is said of
  // completeness.
  void history_was_lost(WallTime until);

  // Does a piece of what has to be done at some time: puts a new file on the medium, writes the log back,
  // drops old history. True: there is more. Trouble shows at the next commit.
  [[nodiscard]] bool maintain(WallTime now);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& vfs() const { return options_.vfs; }
  // Why nothing is written at present, or "".
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  struct Counters {
    std::uint64_t dropped_by_age = 0;
    std::uint64_t dropped_by_size = 0;
    std::uint64_t set_aside = 0;
    std::uint64_t history_bytes = 0;  // at present
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct OldEntries;

  struct Connected {
    std::vector<core::Row> rows;
    std::string note;  // "": nothing had to be set aside
  };
  struct Attempt {
    std::optional<std::vector<core::Row>> rows;
    Error error;           // if there are no rows
    bool damaged = false;  // what stands there is no state file that this release can read
  };
  [[nodiscard]] std::optional<DirectoryLock::Refused> open_directory();
  [[nodiscard]] Result<Connected> connect(WallTime now, bool load);
  [[nodiscard]] Attempt try_to_connect(WallTime now, bool load);
  [[nodiscard]] std::vector<core::Row> read_only_rows() const;
  [[nodiscard]] Result<void> connect_again(WallTime now);
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] Result<void> check_place();
  [[nodiscard]] Result<void> write(const core::Persist& batch);
  [[nodiscard]] Result<void> write_rows(const core::Persist& batch);
  [[nodiscard]] Result<void> write_history(const std::vector<api::HistoryEntry>& entries);
  [[nodiscard]] Result<void> checkpoint(int mode);
  [[nodiscard]] Result<bool> prune(WallTime now);
  [[nodiscard]] Result<OldEntries> find_old(WallTime now, bool by_age);
  [[nodiscard]] bool trusts_clock(WallTime now);
  void note_history_bytes();
  [[nodiscard]] Error failed(Error error, WallTime now);
  void take_note(const Error& error, WallTime now);
  void disconnect();

  const StateFileOptions options_;
  const std::string path_;
  DirectoryLock lock_;
  std::unique_ptr<StateConnection> connection_;
  std::string trouble_;
  std::optional<WallTime> lost_until_;  // what was lost is older
  std::optional<WallTime> next_age_check_;
  bool aging_ = false;  // entries are dropped for their age, portion by portion
  Counters counters_;
};

}  // namespace tocsin::shell
