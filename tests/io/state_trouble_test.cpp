// The state file in trouble: damaged, failing, full, removed, not writable. It always opens, nothing that was
// acknowledged is lost to a fault that passes, and what happened is said with the path.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/shell/history_reader.hpp"
#include "engine/shell/sqlite.hpp"
#include "engine/shell/state_file.hpp"
#include "promql/format.hpp"
#include "tests/io/faulty_disk.hpp"
#include "tests/io/state_world.hpp"
#include "tests/support/folder.hpp"

using namespace tocsin;
using core::Table;
using test::Batch;
using test::Folder;
using test::history_of;
using test::kStart;
using test::Random;
using test::Rows;
namespace fs = std::filesystem;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Rows that fill a good number of pages.
Batch many_rows() {
  Batch batch;
  for (int id = 1; id <= 300; ++id) {
    batch.put(id % 3 == 0 ? Table::told : Table::alerts, id,
              std::string(300, static_cast<char>('a' + id % 26)));
    batch.happened(test::entry_at(kStart + Duration(id), std::string(100, 'h')));
  }
  return batch;
}

Rows rows_of(const core::Persist& batch) {
  Rows rows;
  test::apply(batch, rows);
  return rows;
}

// A state file as a clean stop leaves it.
void write_state(const shell::StateFileOptions& options, const core::Persist& batch) {
  shell::StateFile file(options);
  REQUIRE(file.open(kStart).loaded.error.empty());
  REQUIRE(file.commit(batch, kStart));
}

// The core's way out of trouble: everything again, until it is taken.
bool replace_all(shell::StateFile& file, const core::Persist& batch, int most_tries = 3) {
  Batch all;
  all.rows = batch.rows;
  all.replace_all = true;
  for (int i = 0; i < most_tries; ++i) {
    if (file.commit(all, kStart)) return true;
  }
  return false;
}

std::string set_aside_name(const Folder& folder) {
  return folder.path("state.db") + ".damaged-20261122T025810Z";
}

}  // namespace

// ---- damaged

TEST_CASE(
    "Whatever stands in the file's place is set aside under a name with the time, and a new file begins") {
  struct Case {
    std::string content;
    std::string finding;
  };
  const Folder good;
  write_state({good.path()}, many_rows());
  const std::string whole = good.read("state.db");
  std::string other_format = whole;
  other_format.replace(18, 2, "\x07\x07");
  const std::vector<Case> cases = {
      {"a text that somebody put here, long enough to be looked at as if it were a database, which it is not",
       "file is not a database"},
      {std::string(10'000, '\0'), "file is not a database"},
      {std::string("SQLite format 3\0", 16) + std::string(9000, 'x'), "file is not a database"},
      {whole.substr(0, 4096), "database disk image is malformed"},
      {whole.substr(0, whole.size() / 2), "database disk image is malformed"},
      {"x" + whole.substr(1), "file is not a database"},
      {whole.substr(0, 4096) + std::string(whole.size() - 4096, 'x'), "database disk image is malformed"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.finding, one.content.size());
    const Folder folder;
    folder.write("state.db", one.content);
    {
      shell::StateFile file({folder.path()});
      const auto opened = file.open(kStart);
      CHECK(opened.loaded.error.empty());
      CHECK_FALSE(opened.loaded.found);
      CHECK(opened.loaded.rows.empty());
      CHECK(test::only_note(opened.loaded) == format("{}: {}; set aside as {}, a new one begins", file.path(),
                                                     one.finding, set_aside_name(folder)));
      CHECK(file.counters().set_aside == 1);
      CHECK(file.commit(many_rows(), kStart));
    }
    CHECK(folder.read("state.db.damaged-20261122T025810Z") == one.content);
    shell::StateFile file({folder.path()});
    const auto opened = file.open(kStart);
    CHECK(opened.loaded.notes.empty());
    CHECK(test::as_map(opened.loaded.rows) == rows_of(many_rows()));
  }
}

TEST_CASE("A file of another program's making is set aside") {
  const Folder folder;
  {
    auto database =
        shell::Database::open({folder.path("state.db"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", ""});
    REQUIRE((*database)->run("CREATE TABLE alerts(name TEXT)"));
  }
  shell::StateFile file({folder.path()});
  const auto opened = file.open(kStart);
  CHECK(opened.loaded.error.empty());
  CHECK(has(test::only_note(opened.loaded), "state.db: no such column: id; set aside as "));
  CHECK(file.commit(many_rows(), kStart));
}

TEST_CASE("A directory or a pipe in the file's place is set aside") {
  for (const bool pipe : {false, true}) {
    const Folder folder;
    if (pipe) {
      REQUIRE(mkfifo(folder.path("state.db").c_str(), 0600) == 0);
    } else {
      folder.write("state.db/x", "x");
    }
    shell::StateFile file({folder.path()});
    const auto opened = file.open(kStart);
    CHECK(opened.loaded.error.empty());
    CHECK(test::only_note(opened.loaded) == format("{}: {}; set aside as {}, a new one begins", file.path(),
                                                   pipe ? "is not a file" : "is a directory",
                                                   set_aside_name(folder)));
    CHECK(file.commit(many_rows(), kStart));
    CHECK(fs::exists(set_aside_name(folder)));
  }
}

TEST_CASE("An empty file is a new one") {
  const Folder folder;
  folder.write("state.db", "");
  shell::StateFile file({folder.path()});
  const auto opened = file.open(kStart);
  CHECK(opened.loaded.error.empty());
  CHECK(opened.loaded.notes.empty());
  CHECK(file.commit(many_rows(), kStart));
}

TEST_CASE("The log goes with the damaged file, and the newest three are kept") {
  const Folder folder;
  for (int i = 0; i < 5; ++i) {
    folder.write("state.db", format("damaged {}", i));
    folder.write("state.db-wal", format("log {}", i));
    folder.write("state.db-shm", "index");
    shell::StateFile file({folder.path()});
    CHECK(file.open(kStart + std::chrono::seconds(i)).loaded.error.empty());
  }
  // Two in the same second do not take each other's place.
  folder.write("state.db", "damaged 5");
  shell::StateFile file({folder.path()});
  CHECK(file.open(kStart + std::chrono::seconds(4)).loaded.error.empty());
  const std::string name = "state.db.damaged-20261122T0258";
  CHECK(folder.names() == std::vector<std::string>{"lock", "state.db", "state.db-shm", "state.db-wal",
                                                   name + "13Z", name + "13Z-shm", name + "13Z-wal",
                                                   name + "14Z", name + "14Z-2", name + "14Z-shm",
                                                   name + "14Z-wal"});
  CHECK(folder.read(name + "13Z") == "damaged 3");
  CHECK(folder.read(name + "14Z-wal") == "log 4");
}

TEST_CASE("Any damage to any byte: the file opens, and takes everything again") {
  const Folder good;
  const Batch batch = many_rows();
  write_state({good.path()}, batch);
  const std::string whole = good.read("state.db");
  test::FaultyDisk disk;
  int set_aside = 0, unnoticed = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    std::string damaged = whole;
    const std::uint64_t kind = random.below(4);
    if (kind == 0) damaged.resize(random.below(damaged.size()));
    for (std::uint64_t i = kind == 0 ? 0 : 1 + random.below(kind == 1 ? 1 : 50); i > 0 && !damaged.empty();
         --i) {
      // The first pages hold what the rest is understood by.
      const std::uint64_t at = random.below(kind == 3 ? 8192 : damaged.size());
      damaged[at] = static_cast<char>(damaged[at] ^ (1U << random.below(8)));
    }
    const Folder folder(Folder::Where::memory);
    folder.write("state.db", damaged);
    {
      shell::StateFile file(test::on(disk, folder.path()));
      const auto opened = file.open(kStart);
      REQUIRE(opened.loaded.error.empty());
      if (opened.loaded.notes.empty()) ++unnoticed;
      // Damage that the first look did not find is found by a write, which says so.
      Batch more;
      for (int id = 1; id <= 300; id += 7)
        more.put(Table::alerts, id, "changed").put(Table::silences, id, "new");
      more.happened(test::entry_at(kStart));
      (void)file.commit(more, kStart);
      REQUIRE(replace_all(file, batch));
      if (file.counters().set_aside > 0) ++set_aside;
      REQUIRE(file.commit(Batch().put(Table::meta, 1, "m").happened(test::entry_at(kStart)), kStart));
    }
    shell::StateFile file(test::on(disk, folder.path()));
    Rows expected = rows_of(batch);
    expected[{Table::meta, 1}] = "m";
    CHECK(test::as_map(file.open(kStart).loaded.rows) == expected);
  }
  // Else the test would not show what it is about.
  CHECK(set_aside > 10);
  CHECK(unnoticed > 5);
}

TEST_CASE(
    "Damage that shows in the midst of work: set aside, said once, and everything is taken by a new file") {
  const Folder folder;
  const Batch batch = many_rows();
  write_state({folder.path()}, batch);
  shell::StateFile file({folder.path()});
  REQUIRE(file.open(kStart).loaded.rows.size() == batch.rows.size());
  // Pages that nobody has read yet, those of the event log among them.
  const std::string whole = folder.read("state.db");
  {
    const int handle = open(folder.path("state.db").c_str(), O_WRONLY);
    const std::string garbage(whole.size() - 4096, 'x');
    REQUIRE(pwrite(handle, garbage.data(), garbage.size(), 4096) == static_cast<ssize_t>(garbage.size()));
    close(handle);
  }
  Batch more;
  for (int id = 1; id <= 300; ++id) more.put(Table::alerts, id, "changed");
  more.happened(test::entry_at(kStart));
  const Result<void> done = file.commit(more, kStart);
  REQUIRE_FALSE(done);
  CHECK(done.error().text == format("{}: database disk image is malformed; set aside as {}, a new one begins",
                                    file.path(), set_aside_name(folder)));
  CHECK(file.commit(Batch().put(Table::meta, 1, "m"), kStart).error().text == done.error().text);
  CHECK(file.trouble() == done.error().text);
  REQUIRE(replace_all(file, batch, 1));
  CHECK(file.trouble().empty());
  REQUIRE(file.commit(Batch().put(Table::meta, 1, "m"), kStart));
  CHECK(file.counters().set_aside == 1);
}

// ---- a disk that fails

namespace {

// A life of the file: what was acknowledged, and what may be there beyond it.
struct Life {
  std::vector<Rows> states{{}};
  std::size_t acknowledged = 0;
  std::size_t set_aside = 0;
};

Life live(const shell::StateFileOptions& options, const std::vector<Batch>& batches) {
  Life life;
  shell::StateFile file(options);
  const auto opened = file.open(kStart);
  if (!opened.loaded.error.empty()) CHECK(opened.loaded.rows.empty());
  for (const Batch& batch : batches) {
    Rows next = life.states.back();
    test::apply(batch, next);
    life.states.push_back(std::move(next));
    const Result<void> done = file.commit(batch, kStart);
    if (done) {
      life.acknowledged = life.states.size() - 1;
    } else {
      CHECK_FALSE(done.error().text.empty());
      CHECK_FALSE(file.commit(Batch().put(Table::meta, 99, "not taken"), kStart));
      break;
    }
    (void)file.maintain(kStart);
    (void)history_of(file);
  }
  life.set_aside = file.counters().set_aside;
  return life;
}

}  // namespace

TEST_CASE("Whichever operation of the disk fails, what was acknowledged is there, and nothing is set aside") {
  const std::vector<Batch> batches = {
      Batch().put(Table::meta, 1, "a").happened(test::entry_at(kStart)),
      Batch().put(Table::alerts, 2, std::string(9000, 'b')).on_medium(),
      Batch().drop(Table::meta, 1).put(Table::told, 3, "c"),
      Batch().put(Table::silences, 4, "d").instead_of_all().on_medium(),
      Batch().put(Table::meta, 5, "e"),
  };
  for (const bool stays : {false, true}) {
    int failures = 0;
    for (int n = 1; n < 2000; ++n) {
      CAPTURE(stays, n);
      const Folder folder(Folder::Where::memory);
      test::FaultyDisk disk;
      shell::StateFileOptions options = test::on(disk, folder.path());
      disk.fail_operation(n, stays);
      const Life life = live(options, batches);
      const bool failed = disk.has_failed();
      disk.fail_operation(0);
      CHECK(life.set_aside == 0);

      shell::StateFile file(options);
      const auto opened = file.open(kStart);
      REQUIRE(opened.loaded.error.empty());
      REQUIRE(opened.loaded.notes.empty());
      const Rows found = test::as_map(opened.loaded.rows);
      bool expected = false;
      for (std::size_t i = life.acknowledged; i < life.states.size(); ++i) {
        expected = expected || found == life.states[i];
      }
      REQUIRE(expected);
      CHECK(replace_all(file, many_rows(), 1));
      if (!failed) break;
      ++failures;
    }
    CHECK(failures > 50);
    CHECK(failures < 1900);  // the sweep came to its end
  }
}

TEST_CASE("After a failure the file goes on as soon as the disk is back, at whichever operation it failed") {
  const Batch batch = many_rows();
  for (int n = 1; n < 2000; ++n) {
    CAPTURE(n);
    const Folder folder(Folder::Where::memory);
    test::FaultyDisk disk;
    shell::StateFileOptions options = test::on(disk, folder.path());
    {
      shell::StateFile file(options);
      REQUIRE(file.open(kStart).loaded.error.empty());
      REQUIRE(file.commit(batch, kStart));
      disk.fail_operation(n);
      const bool taken = static_cast<bool>(file.commit(Batch().put(Table::meta, 1, "m").on_medium(), kStart));
      while (file.maintain(kStart)) {
      }
      const bool failed = disk.has_failed();
      disk.fail_operation(0);
      if (taken && !failed) break;
      REQUIRE(n < 1900);
      // A checkpoint that failed shows with the next batch, and is no reason to refuse one that brings all.
      REQUIRE(replace_all(file, batch, 1));
      CHECK(file.commit(Batch().put(Table::meta, 2, "n"), kStart));
    }
    shell::StateFile file(options);
    Rows expected = rows_of(batch);
    expected[{Table::meta, 2}] = "n";
    CHECK(test::as_map(file.open(kStart).loaded.rows) == expected);
  }
}

TEST_CASE("A full disk takes nothing and loses nothing, and goes on when there is room") {
  const Folder folder;
  test::FaultyDisk disk;
  shell::StateFileOptions options = test::on(disk, folder.path());
  shell::StateFile file(options);
  REQUIRE(file.open(kStart).loaded.error.empty());
  REQUIRE(file.commit(Batch().put(Table::meta, 1, "m").happened(test::entry_at(kStart)), kStart));
  disk.set_full(true);
  const Result<void> done = file.commit(many_rows(), kStart);
  REQUIRE_FALSE(done);
  CHECK(done.error().text == file.path() + ": database or disk is full");
  CHECK_FALSE(replace_all(file, many_rows()));
  while (file.maintain(kStart)) {
  }
  CHECK(history_of(file)->entries.size() == 1);
  disk.set_full(false);
  CHECK(file.commit(Batch().put(Table::meta, 2, "n"), kStart).error().text == done.error().text);
  REQUIRE(replace_all(file, many_rows(), 1));
  REQUIRE(file.commit(Batch().put(Table::meta, 2, "n").happened(test::entry_at(kStart)), kStart));
  CHECK(history_of(file)->entries.size() == 2);
  CHECK(file.counters().set_aside == 0);
}

TEST_CASE("A disk that is full at the start is no reason not to start") {
  const Folder folder;
  test::FaultyDisk disk;
  shell::StateFileOptions options = test::on(disk, folder.path());
  disk.set_full(true);
  shell::StateFile file(options);
  const auto opened = file.open(kStart);
  CHECK(opened.loaded.error == file.path() + ": database or disk is full");
  CHECK_FALSE(opened.held);
  CHECK_FALSE(file.commit(Batch().put(Table::meta, 1, "m"), kStart));
  disk.set_full(false);
  CHECK(replace_all(file, many_rows(), 1));
}

TEST_CASE("A log that cannot be written back for want of room is no reason to refuse the next batch") {
  const Folder folder(Folder::Where::memory);
  test::FaultyDisk disk;
  shell::StateFile file(test::on(disk, folder.path()));
  {
    shell::StateFile first(test::on(disk, folder.path()));
    REQUIRE(first.open(kStart).loaded.error.empty());
  }
  // There is room for the log alone.
  disk.refuse_growth_of("state.db");
  REQUIRE(file.open(kStart).loaded.error.empty());
  Batch batch;
  for (int id = 1; id <= shell::kMostLogPages; ++id) batch.put(Table::alerts, id, std::string(4000, 'x'));
  REQUIRE(file.commit(batch, kStart));
  CHECK(file.trouble().empty());
  while (file.maintain(kStart)) {
  }
  CHECK(file.commit(Batch().put(Table::meta, 1, "m"), kStart));
}

// ---- a file that is taken away

TEST_CASE("A file or directory that is removed while it is in use is noticed, and made again") {
  for (const std::string what : {"state.db", "", "replaced"}) {
    CAPTURE(what);
    const Folder folder;
    const shell::StateFileOptions options{folder.path("data")};
    shell::StateFile file(options);
    REQUIRE(file.open(kStart).loaded.error.empty());
    REQUIRE(file.commit(many_rows(), kStart));
    if (what == "replaced") {
      fs::rename(folder.path("data/state.db"), folder.path("old"));
      folder.write("data/state.db", "");
    } else {
      folder.remove("data/" + what);
    }
    const Result<void> done = file.commit(Batch().put(Table::meta, 1, "m"), kStart);
    REQUIRE_FALSE(done);
    CHECK(done.error().text == file.path() + ": was removed or replaced while it was in use");
    REQUIRE(replace_all(file, Batch().put(Table::meta, 2, "n"), 1));
    REQUIRE(file.commit(Batch().put(Table::meta, 3, "o"), kStart));
    shell::StateFile second(options);
    CHECK(second.open(kStart).held);
  }
}

// ---- where nothing can be written

namespace {

// Another user's rights for as long as it lives: nobody's. The superuser may write everywhere.
class AsNobody {
 public:
  AsNobody() : was_(geteuid()) {
    if (was_ == 0) REQUIRE(seteuid(65534) == 0);
  }
  ~AsNobody() {
    if (was_ == 0) (void)!seteuid(was_);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  uid_t was_;
};

}  // namespace

TEST_CASE("Without the right to write, the state is read and the error says what is not allowed") {
  const Folder folder;
  const shell::StateFileOptions options{folder.path("data")};
  write_state(options, many_rows());
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
  REQUIRE(chmod(folder.path("data").c_str(), 0555) == 0);
  REQUIRE(chmod(folder.path("data/state.db").c_str(), 0444) == 0);
  REQUIRE(chmod(folder.path("data/lock").c_str(), 0444) == 0);
  const auto before = folder.names("data");
  {
    const AsNobody nobody;
    shell::StateFile file(options);
    const auto opened = file.open(kStart);
    CHECK(opened.loaded.error == file.path() + ": cannot be written");
    CHECK_FALSE(opened.held);
    CHECK(opened.loaded.found);
    CHECK(test::as_map(opened.loaded.rows) == rows_of(many_rows()));
    CHECK_FALSE(replace_all(file, many_rows()));
    auto reader = shell::HistoryReader::open(file.path());
    REQUIRE(reader);
    CHECK(reader->newest({}, 1000)->entries.size() == 300);

    shell::StateFile elsewhere({folder.path("other")});
    CHECK(elsewhere.open(kStart).loaded.error == folder.path("other") + ": permission denied");
  }
  CHECK(folder.names("data") == before);
  // The rights are given back while the server runs: the next attempt finds them.
  REQUIRE(chmod(folder.path("data").c_str(), 0755) == 0);
}

TEST_CASE("A path that leads through a file is an error") {
  const Folder folder;
  folder.write("x", "");
  shell::StateFile file({folder.path("x/data")});
  CHECK(file.open(kStart).loaded.error == folder.path("x/data") + ": not a directory");
  shell::StateFile other({folder.path("x")});
  CHECK(other.open(kStart).loaded.error == folder.path("x") + ": not a directory");
}
