// A disk for SQLite that does what disks do: fails, is full, takes its time, and loses power.
//
// Files are real ones; this stands between SQLite and them (a "VFS shim"), passes on, counts, and fails when
// it is told to. For power cuts it keeps beside each file what is on the medium: what was synced, and in
// order what was written since. When the power goes, the medium keeps everything synced and of the rest any
// part of any sector, in any order; a sector that was being written may be garbage as a whole, the bytes
// beside the write included. A name that was made or removed is on the medium when its directory was synced,
// which SQLite does with the first sync of a new log; of later ones a first part survives, as journaling file
// systems have it.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "promql/result.hpp"

namespace tocsin::test {

// Small and the same everywhere, unlike the standard library's distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

// Thread: operations on any; the rest while nothing is open, but for what is said otherwise.
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // SQLite's name for it.
  [[nodiscard]] const std::string& name() const { return name_; }

  // The n-th operation from now on fails with an I/O error, and with `stays` all after it; 0: none. Any
  // thread.
  void fail_operation(int n, bool stays = false);
  // Whether it has come to that.
  [[nodiscard]] bool has_failed() const { return has_failed_; }
  // Nothing can be appended, though what is there can be written over. Any thread.
  void set_full(bool full) { full_ = full; }
  // The same for the files with this ending of their path. Set while nothing is open.
  void refuse_growth_of(std::string ending) { frozen_ = std::move(ending); }
  // Called before each sync, on the thread that syncs. Set while nothing is open.
  void on_sync(std::function<void()> hook) { sync_hook_ = std::move(hook); }
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }

  // From now on the medium is kept. What is there is on it, or, copied just now, in the system's memory
  // alone.
  void begin_recording(bool on_medium = true);
  // Everything ends within the n-th change from now on: a write, a sync, a new size, a new or removed name.
  // It was begun, and nobody learns what became of it.
  void cut_power_at(int n) { changes_left_ = n; }
  [[nodiscard]] bool is_off() const { return off_; }
  // Power again, and the files are what the medium kept. `sector` is how much one write may spoil.
  void power_on(Random& random, std::size_t sector);
  // Or it was only the process that ended, as by kill -9: what it wrote stays in the system's memory.
  void begin_process() { off_ = false; }

 private:
  struct Methods;
  struct OpenFile;
  // A file as the medium knows it, whatever its name.
  struct Kept {
    std::string synced;
    struct Change {
      std::uint64_t offset = 0;
      std::string bytes;
      bool is_size = false;  // the file ends at `offset`
    };
    std::vector<Change> changes;
    bool is_log = false;  // SQLite syncs the directory with its first sync
    bool name_synced = false;
    std::uint64_t inode = 0;
  };
  struct Name {
    std::string path;
    std::shared_ptr<Kept> file;  // none: removed
  };

  [[nodiscard]] bool fails();
  [[nodiscard]] bool goes_off();
  [[nodiscard]] std::shared_ptr<Kept> kept(const std::string& path, int flags);
  void names_are_synced();
  [[nodiscard]] static std::string after_the_cut(const Kept& file, Random& random, std::size_t sector);

  const std::string name_;
  sqlite3_vfs* const real_;
  sqlite3_vfs vfs_{};

  std::atomic<int> operations_left_{0};
  std::atomic<bool> failure_stays_{false};
  std::atomic<bool> has_failed_{false};
  std::atomic<bool> full_{false};
  std::string frozen_;
  std::function<void()> sync_hook_;
  std::atomic<std::uint64_t> bytes_written_{0};
  std::atomic<std::uint64_t> syncs_{0};

  bool recording_ = false;
  bool copied_ = false;  // files that were there before are not on the medium
  bool off_ = false;
  int changes_left_ = 0;
  std::map<std::string, std::shared_ptr<Kept>> names_;       // as the program sees them
  std::map<std::string, std::shared_ptr<Kept>> kept_names_;  // as the medium has them
  std::vector<Name> name_changes_;                           // since
};

}  // namespace tocsin::test
