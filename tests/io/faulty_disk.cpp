#include "tests/io/faulty_disk.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "promql/format.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::test {

std::uint64_t Random::next() {
  // splitmix64
  std::uint64_t value = state_ += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

// What SQLite holds of an open file; the real one's follows it in the same piece of memory.
struct FaultyDisk::OpenFile {
  sqlite3_file base;
  FaultyDisk* disk;
  Kept* kept;  // none: not recorded
  bool frozen;

  static OpenFile& of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }
  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(OpenFile));
  }
};

// SQLite's tables of functions.
struct FaultyDisk::Methods {
  static FaultyDisk& of(sqlite3_vfs* vfs) { return *static_cast<FaultyDisk*>(vfs->pAppData); }
  static FaultyDisk& of(sqlite3_file* file) { return *OpenFile::of(file).disk; }
  static const sqlite3_io_methods& real(sqlite3_file* file) { return *OpenFile::real(file)->pMethods; }

  // ---- files

  static int close(sqlite3_file* file) { return real(file).xClose(OpenFile::real(file)); }

  static int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
    if (of(file).off_ || of(file).fails()) return SQLITE_IOERR_READ;
    return real(file).xRead(OpenFile::real(file), bytes, size, offset);
  }

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    FaultyDisk& disk = of(file);
    if (disk.off_ || disk.fails()) return SQLITE_IOERR_WRITE;
    if (disk.full_ || OpenFile::of(file).frozen) {
      sqlite3_int64 end = 0;
      real(file).xFileSize(OpenFile::real(file), &end);
      if (offset + size > end) return SQLITE_FULL;
    }
    if (Kept* kept = OpenFile::of(file).kept) {
      kept->changes.push_back({static_cast<std::uint64_t>(offset),
                               std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size)),
                               false});
    }
    disk.bytes_written_ += static_cast<std::uint64_t>(size);
    const int code = real(file).xWrite(OpenFile::real(file), bytes, size, offset);
    return disk.goes_off() ? SQLITE_IOERR_WRITE : code;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    FaultyDisk& disk = of(file);
    if (disk.off_ || disk.fails()) return SQLITE_IOERR_TRUNCATE;
    if (Kept* kept = OpenFile::of(file).kept) {
      kept->changes.push_back({static_cast<std::uint64_t>(size), "", true});
    }
    const int code = real(file).xTruncate(OpenFile::real(file), size);
    return disk.goes_off() ? SQLITE_IOERR_TRUNCATE : code;
  }

  static int sync(sqlite3_file* file, int) {
    FaultyDisk& disk = of(file);
    if (disk.sync_hook_) disk.sync_hook_();
    if (disk.off_ || disk.fails()) return SQLITE_IOERR_FSYNC;
    ++disk.syncs_;
    Kept* kept = OpenFile::of(file).kept;
    if (kept == nullptr) return SQLITE_OK;
    if (disk.goes_off()) return SQLITE_IOERR_FSYNC;
    for (const Kept::Change& change : std::exchange(kept->changes, {})) {
      if (change.is_size) {
        kept->synced.resize(change.offset);
      } else {
        kept->synced.resize(std::max(kept->synced.size(), change.offset + change.bytes.size()));
        kept->synced.replace(change.offset, change.bytes.size(), change.bytes);
      }
    }
    if (kept->is_log && !std::exchange(kept->name_synced, true)) disk.names_are_synced();
    return SQLITE_OK;
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    if (of(file).off_ || of(file).fails()) return SQLITE_IOERR_FSTAT;
    return real(file).xFileSize(OpenFile::real(file), size);
  }
  static int lock(sqlite3_file* file, int level) {
    if (of(file).off_ || of(file).fails()) return SQLITE_IOERR_LOCK;
    return real(file).xLock(OpenFile::real(file), level);
  }
  static int unlock(sqlite3_file* file, int level) { return real(file).xUnlock(OpenFile::real(file), level); }
  static int check_reserved_lock(sqlite3_file* file, int* held) {
    if (of(file).off_ || of(file).fails()) return SQLITE_IOERR_CHECKRESERVEDLOCK;
    return real(file).xCheckReservedLock(OpenFile::real(file), held);
  }
  static int file_control(sqlite3_file* file, int what, void* argument) {
    // What is asked for is the file that SQLite knows, not the one behind it.
    return real(file).xFileControl(OpenFile::real(file), what, argument);
  }
  static int sector_size(sqlite3_file* file) { return real(file).xSectorSize(OpenFile::real(file)); }
  static int device_characteristics(sqlite3_file* file) {
    return real(file).xDeviceCharacteristics(OpenFile::real(file));
  }
  static int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
    if (of(file).off_ || of(file).fails()) return SQLITE_IOERR_SHMMAP;
    return real(file).xShmMap(OpenFile::real(file), page, size, extend, memory);
  }
  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    const bool unlock = (flags & SQLITE_SHM_UNLOCK) != 0;
    if (!unlock && (of(file).off_ || of(file).fails())) return SQLITE_IOERR_SHMLOCK;
    return real(file).xShmLock(OpenFile::real(file), offset, count, flags);
  }
  static void shm_barrier(sqlite3_file* file) { real(file).xShmBarrier(OpenFile::real(file)); }
  static int shm_unmap(sqlite3_file* file, int remove) {
    return real(file).xShmUnmap(OpenFile::real(file), remove);
  }

  static const sqlite3_io_methods* table() {
    static const sqlite3_io_methods kTable = {2,
                                              close,
                                              read,
                                              write,
                                              truncate,
                                              sync,
                                              file_size,
                                              lock,
                                              unlock,
                                              check_reserved_lock,
                                              file_control,
                                              sector_size,
                                              device_characteristics,
                                              shm_map,
                                              shm_lock,
                                              shm_barrier,
                                              shm_unmap,
                                              nullptr,
                                              nullptr};
    return &kTable;
  }

  // ---- names

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    FaultyDisk& disk = of(vfs);
    OpenFile& opened = OpenFile::of(file);
    opened.base.pMethods = nullptr;
    if (disk.off_ || disk.fails()) return SQLITE_CANTOPEN;
    std::shared_ptr<Kept> kept = path == nullptr ? nullptr : disk.kept(path, flags);
    if (disk.off_) return SQLITE_CANTOPEN;
    sqlite3_file* const behind = OpenFile::real(file);
    std::memset(behind, 0, static_cast<std::size_t>(disk.real_->szOsFile));
    const int code = disk.real_->xOpen(disk.real_, path, behind, flags, out_flags);
    if (code != SQLITE_OK) return code;
    struct stat status {};
    if (path != nullptr && kept != nullptr && stat(path, &status) == 0) kept->inode = status.st_ino;
    opened.disk = &disk;
    opened.kept = kept.get();
    opened.frozen =
        path != nullptr && !disk.frozen_.empty() && std::string_view(path).ends_with(disk.frozen_);
    opened.base.pMethods = table();
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    FaultyDisk& disk = of(vfs);
    if (disk.off_ || disk.fails()) return SQLITE_IOERR_DELETE;
    if (disk.recording_ && disk.names_.erase(path) > 0) {
      disk.name_changes_.push_back({path, nullptr});
      if (sync_directory != 0) disk.names_are_synced();
    }
    const int code = disk.real_->xDelete(disk.real_, path, 0);
    return disk.goes_off() ? SQLITE_IOERR_DELETE : code;
  }

  static int access(sqlite3_vfs* vfs, const char* path, int what, int* answer) {
    if (of(vfs).off_ || of(vfs).fails()) return SQLITE_IOERR_ACCESS;
    return of(vfs).real_->xAccess(of(vfs).real_, path, what, answer);
  }
  static int full_path_name(sqlite3_vfs* vfs, const char* path, int size, char* full) {
    return of(vfs).real_->xFullPathname(of(vfs).real_, path, size, full);
  }
  static int randomness(sqlite3_vfs* vfs, int size, char* bytes) {
    return of(vfs).real_->xRandomness(of(vfs).real_, size, bytes);
  }
  // SQLite waits before it tries again; here nothing gets better by waiting.
  static int pause(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int current_time(sqlite3_vfs* vfs, double* days) {
    return of(vfs).real_->xCurrentTime(of(vfs).real_, days);
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

namespace {

std::string new_name() {
  static std::atomic<int> count{0};
  return format("faulty-{}", ++count);
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

FaultyDisk::FaultyDisk() : name_(new_name()), real_(sqlite3_vfs_find("unix")) {
  REQUIRE(real_ != nullptr);
  vfs_.iVersion = 1;
  vfs_.szOsFile = static_cast<int>(sizeof(OpenFile)) + real_->szOsFile;
  vfs_.mxPathname = real_->mxPathname;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = Methods::open;
  vfs_.xDelete = Methods::remove;
  vfs_.xAccess = Methods::access;
  vfs_.xFullPathname = Methods::full_path_name;
  vfs_.xRandomness = Methods::randomness;
  vfs_.xSleep = Methods::pause;
  vfs_.xCurrentTime = Methods::current_time;
  vfs_.xGetLastError = Methods::last_error;
  REQUIRE(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&vfs_);
}

void FaultyDisk::fail_operation(int n, bool stays) {
  failure_stays_ = stays;
  has_failed_ = false;
  operations_left_ = n;
}

bool FaultyDisk::fails() {
  if (has_failed_ && failure_stays_) return true;
  if (operations_left_ == 0 || --operations_left_ != 0) return false;
  has_failed_ = true;
  return true;
}

void FaultyDisk::begin_recording(bool on_medium) {
  recording_ = true;
  copied_ = !on_medium;
  off_ = false;
  changes_left_ = 0;
  names_.clear();
  kept_names_.clear();
  name_changes_.clear();
}

// Within a change: it was begun, and nobody learns any more what became of it.
bool FaultyDisk::goes_off() {
  if (recording_ && changes_left_ > 0 && --changes_left_ == 0) off_ = true;
  return off_;
}

std::shared_ptr<FaultyDisk::Kept> FaultyDisk::kept(const std::string& path, int flags) {
  if (!recording_) return nullptr;
  struct stat status {};
  const bool there = stat(path.c_str(), &status) == 0;
  if (!there && (flags & SQLITE_OPEN_CREATE) == 0) return nullptr;
  // Somebody may have renamed the one that had this name, and made another.
  if (const auto known = names_.find(path); known != names_.end()) {
    if (there && known->second->inode == status.st_ino) return known->second;
  }
  const bool is_new = !there || status.st_size == 0 || names_.contains(path);
  if (is_new && goes_off()) return nullptr;
  const auto file = std::make_shared<Kept>();
  names_[path] = file;
  file->is_log = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  if (is_new) {
    name_changes_.push_back({path, file});
  } else {
    file->synced = content_of(path);
    if (copied_) file->changes.push_back({0, std::exchange(file->synced, ""), false});
    file->name_synced = true;
    kept_names_[path] = file;
  }
  return file;
}

void FaultyDisk::names_are_synced() {
  for (Name& change : std::exchange(name_changes_, {})) {
    if (change.file != nullptr) {
      kept_names_[change.path] = change.file;
    } else {
      kept_names_.erase(change.path);
    }
  }
}

std::string FaultyDisk::after_the_cut(const Kept& file, Random& random, std::size_t sector) {
  std::string content = file.synced;
  for (const Kept::Change& change : file.changes) {
    if (change.is_size) {
      if (random.one_in(2)) content.resize(change.offset);
      continue;
    }
    const std::size_t end = change.offset + change.bytes.size();
    for (std::size_t at = change.offset; at < end;) {
      const std::size_t first = at / sector * sector;
      const std::size_t size = std::min(first + sector, end) - at;
      const std::string_view bytes = std::string_view(change.bytes).substr(at - change.offset, size);
      const std::uint64_t fate = random.below(8);
      const std::size_t taken = fate < 3 ? 0 : fate < 7 ? size : random.below(size);  // lost, whole, torn
      if (taken > 0) {
        content.resize(std::max(content.size(), at + taken));
        content.replace(at, taken, bytes.substr(0, taken));
      }
      if (fate == 7 && random.one_in(2)) {
        content.resize(std::max(content.size(), std::min(first + sector, end)));
        for (std::size_t i = first; i < std::min(first + sector, content.size()); ++i) {
          content[i] = static_cast<char>(random.next());
        }
      }
      at += size;
    }
  }
  return content;
}

void FaultyDisk::power_on(Random& random, std::size_t sector) {
  const std::size_t lasting = random.below(name_changes_.size() + 1);
  std::vector<std::string> seen;
  for (const Name& change : name_changes_) seen.push_back(change.path);
  for (const auto& [path, file] : names_) seen.push_back(path);
  name_changes_.resize(lasting);
  names_are_synced();
  for (const std::string& path : seen) unlink(path.c_str());
  for (const auto& [path, file] : kept_names_) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << after_the_cut(*file, random, sector);
    unlink((path + "-shm").c_str());
  }
  begin_recording();
}

}  // namespace tocsin::test
