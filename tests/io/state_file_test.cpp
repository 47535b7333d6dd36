// The state file on a disk that works: what is kept, where, and for whom. state_trouble_test.cpp has the
// rest.
#include "engine/shell/state_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "engine/shell/history_reader.hpp"
#include "engine/shell/sqlite.hpp"
#include "engine/shell/state_schema.hpp"
#include "promql/format.hpp"
#include "tests/io/faulty_disk.hpp"
#include "tests/io/state_world.hpp"
#include "tests/support/folder.hpp"

using namespace tocsin;
using core::Table;
using test::Batch;
using test::entry_at;
using test::Folder;
using test::history_of;
using test::kStart;
using test::Rows;

namespace {

Rows reopened(const shell::StateFileOptions& options) {
  shell::StateFile file(options);
  const auto opened = file.open(kStart);
  CHECK(opened.loaded.error.empty());
  CHECK(opened.loaded.notes.empty());
  return test::as_map(opened.loaded.rows);
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

}  // namespace

TEST_CASE("What was committed is there when the file is opened again") {
  const Folder folder;
  const shell::StateFileOptions options{folder.path("data")};
  Rows expected;
  {
    shell::StateFile file(options);
    const auto opened = file.open(kStart);
    CHECK_FALSE(opened.loaded.found);
    CHECK(opened.loaded.rows.empty());
    const std::vector<Batch> batches = {
        Batch().put(Table::meta, 1, "m").put(Table::silences, 5, std::string("\0\xff binary", 9)),
        Batch().put(Table::alerts, 7, "seven").put(Table::alerts, 3, "three").on_medium(),
        Batch().put(Table::alerts, 7, "").drop(Table::silences, 5).drop(Table::told, 1),
        Batch().put(Table::outbox, 1, std::string(100'000, 'x')),
        Batch(),
    };
    for (const Batch& batch : batches) {
      REQUIRE(file.commit(batch, kStart));
      test::apply(batch, expected);
    }
  }
  CHECK(expected.size() == 4);
  CHECK(reopened(options) == expected);
  // Clean and alone: nothing is left beside it.
  CHECK(folder.names("data") == std::vector<std::string>{"lock", "state.db"});
}

TEST_CASE("Rows are loaded by table and id") {
  const Folder folder;
  const shell::StateFileOptions options{folder.path()};
  {
    shell::StateFile file(options);
    REQUIRE(file.open(kStart).loaded.error.empty());
    Batch batch;
    for (int number = core::kTables; number > 0; --number) {
      batch.put(static_cast<Table>(number), 900, "b").put(static_cast<Table>(number), 20, "a");
    }
    REQUIRE(file.commit(batch, kStart));
  }
  shell::StateFile file(options);
  const auto opened = file.open(kStart);
  CHECK(opened.loaded.found);
  REQUIRE(opened.loaded.rows.size() == 2 * core::kTables);
  for (std::size_t i = 1; i < opened.loaded.rows.size(); ++i) {
    CHECK(opened.loaded.rows[i - 1].key < opened.loaded.rows[i].key);
  }
}

TEST_CASE("A batch that replaces everything leaves the history alone") {
  const Folder folder;
  const shell::StateFileOptions options{folder.path()};
  {
    shell::StateFile file(options);
    REQUIRE(file.open(kStart).loaded.error.empty());
    REQUIRE(file.commit(Batch().put(Table::meta, 1, "m").put(Table::told, 2, "t").happened(entry_at(kStart)),
                        kStart));
    REQUIRE(
        file.commit(Batch().put(Table::groups, 3, "g").happened(entry_at(kStart)).instead_of_all(), kStart));
    CHECK(history_of(file)->entries.size() == 2);
  }
  CHECK(reopened(options) == Rows{{{Table::groups, 3}, "g"}});
}

TEST_CASE("The directory is made with the folders above it, and nobody else may read what is in it") {
  const Folder folder;
  const mode_t before = umask(0);
  const std::string directory = folder.path("a/b/");
  shell::StateFile file({directory});
  REQUIRE(file.open(kStart).loaded.error.empty());
  REQUIRE(file.commit(Batch().put(Table::meta, 1, "m"), kStart));
  umask(before);
  CHECK(file.path() == folder.path("a/b/state.db"));
  CHECK(mode_of(folder.path("a")) == 0700);
  CHECK(mode_of(folder.path("a/b")) == 0700);
  for (const std::string name : {"lock", "state.db", "state.db-wal", "state.db-shm"}) {
    CHECK(mode_of(folder.path("a/b/" + name)) == 0600);
  }
}

TEST_CASE("A directory that another process has is refused with its id, and free when that one has ended") {
  const Folder folder;
  std::array<int, 2> to_child{}, to_parent{};
  REQUIRE(pipe(to_child.data()) == 0);
  REQUIRE(pipe(to_parent.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    shell::StateFile file({folder.path("data")});
    char ready = file.open(kStart).loaded.error.empty() ? 'y' : 'n';
    if (write(to_parent[1], &ready, 1) != 1) _exit(1);
    close(to_child[1]);
    (void)!read(to_child[0], &ready, 1);  // until the parent closes its end
    _exit(0);                             // as a killed process: nothing is released
  }
  char ready = 0;
  REQUIRE(read(to_parent[0], &ready, 1) == 1);
  REQUIRE(ready == 'y');
  {
    shell::StateFile file({folder.path("data")});
    const auto opened = file.open(kStart);
    CHECK(opened.held);
    CHECK(opened.loaded.error ==
          format("{0}/lock: held by process {1}, expected to be the only one that keeps its state in {0}",
                 folder.path("data"), child));
    CHECK_FALSE(file.commit(Batch().put(Table::meta, 1, "m").instead_of_all(), kStart));
  }
  close(to_child[1]);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  CHECK(reopened({folder.path("data")}).empty());
  for (const int end : {to_child[0], to_parent[0], to_parent[1]}) close(end);
}

TEST_CASE("Opening waits for no sync, of a new file and of an old one") {
  const Folder folder;
  test::FaultyDisk disk;
  shell::StateFileOptions options = test::on(disk, folder.path());
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t before = disk.syncs();
    shell::StateFile file(options);
    REQUIRE(file.open(kStart).loaded.error.empty());
    CHECK(disk.syncs() == before);
    REQUIRE(file.commit(Batch().put(Table::meta, 1, "m").on_medium(), kStart));
    CHECK(disk.syncs() > before);
  }
}

TEST_CASE("Ordinary batches are not synced, durable ones are, also when they change nothing") {
  const Folder folder;
  test::FaultyDisk disk;
  shell::StateFileOptions options = test::on(disk, folder.path());
  shell::StateFile file(options);
  REQUIRE(file.open(kStart).loaded.error.empty());
  REQUIRE(file.commit(Batch().put(Table::meta, 1, "m").on_medium(), kStart));
  const auto syncs_of = [&](const Batch& batch) {
    const std::uint64_t before = disk.syncs();
    REQUIRE(file.commit(batch, kStart));
    return disk.syncs() - before;
  };
  CHECK(syncs_of(Batch().put(Table::meta, 1, "n")) == 0);
  CHECK(syncs_of(Batch().put(Table::meta, 2, "n").on_medium()) == 1);
  CHECK(syncs_of(Batch().put(Table::meta, 3, "n")) == 0);
  CHECK(syncs_of(Batch().on_medium()) == 1);
  CHECK(syncs_of(Batch().drop(Table::told, 1).on_medium()) == 1);
}

// ---- the event log

TEST_CASE("The event log is asked by alert, receiver, time and number") {
  const Folder folder;
  shell::StateFile file({folder.path()});
  REQUIRE(file.open(kStart).loaded.error.empty());
  const auto at = [](int seconds) { return kStart + std::chrono::seconds(seconds); };
  Batch batch;
  const std::vector<std::tuple<int, std::string, std::string>> entries = {
      {1, "A", ""},
      {2, "A\nB", "team/slack[0]"},
      {2, "AB", "team/slack[1]"},
      {3, "B", "team/a/slack[0]"},
      {5, "", "team/slack[0]"},
      {4, "A", "team"},  // a clock that was set back
  };
  for (const auto& [seconds, alerts, receiver] : entries) {
    api::HistoryEntry entry = entry_at(at(seconds), format("{}", batch.history.size()), alerts);
    entry.receiver = receiver;
    batch.happened(entry);
  }
  REQUIRE(file.commit(batch, kStart));
  const auto details = [&](const api::HistoryQuery& query) {
    const auto page = history_of(file, query);
    REQUIRE(page);
    std::string text;
    for (const api::HistoryEntry& entry : page->entries) text += entry.detail;
    return text + (page->truncated ? "+" : "");
  };
  const std::vector<std::pair<api::HistoryQuery, std::string>> cases = {
      {{}, "012354"},
      {{"A"}, "015"},
      {{"B"}, "13"},
      {{"nothing"}, ""},
      {{"", "team"}, "1254"},
      {{"", "team/a"}, "3"},
      {{"", "team/slack[0]"}, "14"},
      {{"A", "team"}, "15"},
      {{"", "", at(2)}, "12354"},
      {{"", "", std::nullopt, at(2)}, "0"},
      {{"", "", at(2), at(3)}, "12"},
      {{"", "", at(2), at(2)}, ""},
      {{"", "", at(3), at(2)}, ""},
      {{"", "", std::nullopt, std::nullopt, 2}, "54+"},
      {{"", "", std::nullopt, std::nullopt, 6}, "012354"},
      {{"A", "", std::nullopt, std::nullopt, 1}, "5+"},
      {{"", "", WallTime::min(), WallTime::max()}, "012354"},
  };
  for (const auto& [query, expected] : cases) {
    INFO(expected);
    CHECK(details(query) == expected);
  }
}

TEST_CASE("An entry comes back as it was written") {
  const Folder folder;
  shell::StateFile file({folder.path()});
  REQUIRE(file.open(kStart).loaded.error.empty());
  api::HistoryEntry entry;
  entry.at = kStart + Duration(123'456'789);
  entry.kind = api::HistoryKind::told;
  entry.resolved = true;
  entry.alerts = "A\nB";
  entry.labels = "{a=\"\xc3\xa4\", b=\"" + std::string(1, '\0') + "\"}";
  entry.receiver = "r/slack[0]";
  entry.who = "maria";
  entry.detail = "200\nOK";
  REQUIRE(file.commit(Batch().happened(entry), kStart));
  const auto page = history_of(file);
  REQUIRE(page->entries.size() == 1);
  CHECK(page->entries[0] == entry);
  CHECK(page->complete_since == kStart);
}

namespace {

struct Log {
  explicit Log(shell::StateFileOptions options) : file(std::move(options)) {
    REQUIRE(file.open(kStart).loaded.error.empty());
  }
  void add(WallTime at, int count = 1, const std::string& detail = "") {
    Batch batch;
    for (int i = 0; i < count; ++i) batch.happened(entry_at(at, detail));
    REQUIRE(file.commit(batch, at));
  }
  // As the db thread does when there is nothing else to do.
  int maintain(WallTime now) {
    int pieces = 0;
    while (file.maintain(now)) ++pieces;
    return pieces;
  }
  // The clock has been right for an hour.
  void maintain_for_age(WallTime now) {
    maintain(now - shell::kPruneInterval);
    maintain(now);
  }
  std::size_t size() { return history_of(file)->entries.size(); }
  std::optional<WallTime> complete_since() { return history_of(file)->complete_since; }

  shell::StateFile file;
};

}  // namespace

TEST_CASE(
    "What is older than --storage.history-age goes, in portions, and it is said since when nothing is "
    "missing") {
  const Folder folder;
  shell::StateFileOptions options{folder.path()};
  options.history_age = std::chrono::hours(24);
  Log log(options);
  log.add(kStart, 1200);
  log.add(kStart + std::chrono::hours(20), 10);
  log.maintain_for_age(kStart + std::chrono::hours(23));
  CHECK(log.size() == 1210);
  CHECK(log.complete_since() == kStart);
  const WallTime now = kStart + std::chrono::hours(30);
  log.maintain(now - shell::kPruneInterval);
  CHECK(log.maintain(now) == 2);  // full portions; the third is not
  CHECK(log.size() == 10);
  CHECK(log.complete_since() == kStart + Duration(1));
  CHECK(log.file.counters().dropped_by_age == 1200);
  CHECK(log.file.counters().dropped_by_size == 0);
}

TEST_CASE("A clock that was just set ages nothing, nor does a start after a long time") {
  const Folder folder;
  shell::StateFileOptions options{folder.path()};
  options.history_age = std::chrono::hours(24);
  Log log(options);
  log.add(kStart, 10);
  log.maintain(kStart);
  log.maintain(kStart + std::chrono::hours(24 * 365 * 70));
  log.maintain(kStart);
  log.maintain(kStart + std::chrono::minutes(59));
  CHECK(log.size() == 10);
}

TEST_CASE("Entries with times of a wrong clock go when what came after them goes") {
  const Folder folder;
  shell::StateFileOptions options{folder.path()};
  options.history_age = std::chrono::hours(24);
  Log log(options);
  log.add(kStart + std::chrono::hours(24 * 365), 1, "of a time to come");
  log.add(kStart, 1, "old");
  log.add(kStart + std::chrono::hours(40), 1, "new");
  log.add(WallTime(), 1, "of 1970");
  log.maintain_for_age(kStart + std::chrono::hours(41));
  const auto page = history_of(log.file);
  REQUIRE(page->entries.size() == 2);
  CHECK(page->entries[0].detail == "of 1970");
  CHECK(page->entries[1].detail == "new");
}

TEST_CASE("What is beyond --storage.history-size goes, oldest first, in portions, and stays gone") {
  const Folder folder;
  shell::StateFileOptions options{folder.path()};
  options.history_bytes = 1 << 20;
  {
    Log log(options);
    for (int i = 0; i < 30; ++i) log.add(kStart + std::chrono::seconds(i), 100, std::string(1000, 'x'));
    CHECK(log.file.counters().history_bytes > 3'000'000);
    const WallTime now = kStart + std::chrono::minutes(1);
    CHECK(log.maintain(now) > 2);
    CHECK(log.file.counters().history_bytes <= 1 << 20);
    CHECK(log.file.counters().history_bytes > 900'000);
    CHECK(log.file.counters().dropped_by_size + log.size() == 3000);
    CHECK(log.complete_since() > kStart + std::chrono::seconds(18));
    CHECK(log.complete_since() < kStart + std::chrono::seconds(30));
    // One more does not drop one.
    const auto before = log.file.counters().dropped_by_size;
    log.add(now);
    log.maintain(now);
    CHECK(log.file.counters().dropped_by_size == before);
  }
  Log log(options);
  CHECK(log.file.counters().history_bytes > 900'000);
  CHECK(log.file.counters().history_bytes <= (1 << 20) + 200);
  CHECK(log.complete_since() > kStart + std::chrono::seconds(18));
}

TEST_CASE("History that was lost on its way is missing from then back") {
  const Folder folder;
  Log log({folder.path()});
  log.file.history_was_lost(kStart + std::chrono::seconds(5));
  log.file.history_was_lost(kStart + std::chrono::seconds(3));
  log.add(kStart + std::chrono::seconds(9));
  CHECK(log.complete_since() == kStart + std::chrono::seconds(5) + Duration(1));
}

// ---- versions

TEST_CASE("A file without a version, of the next one, and of the one after that") {
  const Folder folder;
  const shell::StateFileOptions options{folder.path("data")};
  const auto with_version = [&](std::int64_t version) {
    auto database = shell::Database::open({folder.path("data/state.db"), SQLITE_OPEN_READWRITE, "", ""});
    REQUIRE(database);
    REQUIRE((*database)->run(format("PRAGMA user_version={}", version)));
  };
  {
    shell::StateFile file(options);
    REQUIRE(file.open(kStart).loaded.error.empty());
    REQUIRE(file.commit(Batch().put(Table::meta, 1, "m"), kStart));
  }
  const std::int64_t present = shell::migrations().back().version;
  for (const std::int64_t version : {std::int64_t{0}, present, present + 1}) {
    INFO(version);
    with_version(version);
    CHECK(reopened(options) == Rows{{{Table::meta, 1}, "m"}});
  }
  with_version(present + 1);
  {
    // One release back works on it and leaves it the version it has.
    shell::StateFile file(options);
    REQUIRE(file.open(kStart).loaded.error.empty());
    REQUIRE(file.commit(Batch().put(Table::meta, 2, "n").instead_of_all(), kStart));
  }
  {
    auto database = shell::Database::open({folder.path("data/state.db"), SQLITE_OPEN_READONLY, "", ""});
    CHECK((*database)->number("PRAGMA user_version") == present + 1);
  }
  with_version(present + 2);
  shell::StateFile file(options);
  const auto opened = file.open(kStart);
  CHECK(opened.loaded.error.empty());
  CHECK(opened.loaded.rows.empty());
  CHECK(test::only_note(opened.loaded) ==
        format("{0}: of version {1}, this release reads up to {2}; set aside as "
               "{0}.damaged-20261122T025810Z, a new one begins",
               folder.path("data/state.db"), present + 2, present + 1));
}

TEST_CASE("Migrations run in one transaction, or not at all") {
  const Folder folder;
  const auto open = [&] {
    return std::move(
        *shell::Database::open({folder.path("x.db"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", ""}));
  };
  const std::vector<shell::Migration> steps = {
      {1, "CREATE TABLE a(x); INSERT INTO a VALUES(1);"},
      {2, "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7;"},
      {3, "CREATE TABLE b AS SELECT y FROM a; INSERT INTO a(x) VALUES(3);"},
  };
  using Steps = std::span<const shell::Migration>;
  auto database = open();
  REQUIRE(shell::migrate(*database, Steps(steps).first(1)));
  const std::vector<shell::Migration> broken = {
      steps[0], steps[1], {3, "CREATE TABLE b(z); INSERT INTO nothing;"}};
  CHECK_FALSE(shell::migrate(*database, broken));
  CHECK(database->number("PRAGMA user_version") == 1);
  CHECK(database->number("SELECT count(*) FROM sqlite_schema") == 1);
  REQUIRE(shell::migrate(*database, steps));
  CHECK(database->number("SELECT y FROM b") == 7);
  CHECK(database->number("SELECT count(*) FROM a") == 2);
  CHECK(database->number("PRAGMA user_version") == 3);
  const auto again = shell::migrate(*database, Steps(steps).first(2));
  REQUIRE(again);
  CHECK_FALSE(again->too_new);
  CHECK(shell::migrate(*database, Steps(steps).first(1))->too_new);
  CHECK(database->number("PRAGMA user_version") == 3);
}

// ---- reading in another process

namespace {

// Every file of a directory with its content.
std::map<std::string, std::string> contents(const Folder& folder, const std::string& below) {
  std::map<std::string, std::string> all;
  for (const std::string& name : folder.names(below)) all[name] = folder.read(below + "/" + name);
  return all;
}

}  // namespace

TEST_CASE("A copy is read with its log and without it, and nothing of it changes") {
  const Folder folder;
  Log log({folder.path("data")});
  for (int i = 0; i < 2500; ++i) log.add(kStart + Duration(i), 1, format("{}", i));
  std::filesystem::create_directory(folder.path("copy"));
  std::filesystem::create_directory(folder.path("alone"));
  for (const std::string name : {"state.db", "state.db-wal"}) {
    folder.write("copy/" + name, folder.read("data/" + name));
  }
  while (log.file.maintain(kStart)) {
  }
  folder.write("alone/state.db", folder.read("data/state.db"));
  for (const std::string where : {"copy", "alone"}) {
    INFO(where);
    const auto before = contents(folder, where);
    {
      auto reader = shell::HistoryReader::open(folder.path(where + "/state.db"));
      REQUIRE(reader);
      std::vector<std::string> seen;
      REQUIRE(reader->each({}, [&](const api::HistoryEntry& entry) { seen.push_back(entry.detail); }));
      REQUIRE(seen.size() > 1000);
      for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == format("{}", i));
      if (where == "copy") CHECK(seen.size() == 2500);
      CHECK(*reader->complete_since() == kStart);
      const auto page = reader->newest({}, 10);
      REQUIRE(page);
      CHECK(page->entries.back().detail == seen.back());
    }
    CHECK(contents(folder, where) == before);
  }
}

TEST_CASE("What is no state file is no event log") {
  const Folder folder;
  CHECK(shell::HistoryReader::open(folder.path("none")).error().text ==
        folder.path("none") + ": unable to open database file: no such file or directory");
  folder.write("text",
               "this is no database, though it is long enough to have its first page looked at ...\n");
  const auto reader = shell::HistoryReader::open(folder.path("text"));
  CHECK(reader.error().text == folder.path("text") + ": file is not a database");
}

// ---- cost

TEST_CASE("A small row a minute writes little") {
  const Folder folder(Folder::Where::memory);
  test::FaultyDisk disk;
  shell::StateFileOptions options = test::on(disk, folder.path());
  shell::StateFile file(options);
  REQUIRE(file.open(kStart).loaded.error.empty());
  REQUIRE(file.commit(Batch().put(Table::meta, 1, "m").on_medium(), kStart));
  const auto bytes_an_hour = [&](const char* what, const std::function<Batch(int)>& batch) {
    constexpr int kHours = 48;
    const std::uint64_t before = disk.bytes_written();
    for (int minute = 0; minute < kHours * 60; ++minute) {
      const WallTime now = kStart + std::chrono::minutes(minute);
      REQUIRE(file.commit(batch(minute), now));
      while (file.maintain(now)) {
      }
    }
    const std::uint64_t hourly = (disk.bytes_written() - before) / kHours;
    WARN(format("bytes an hour, {}: {}", what, hourly));
    return hourly;
  };
  CHECK(bytes_an_hour("one small row a minute", [](int minute) {
          return Batch().put(Table::meta, 1, format("{}", minute));
        }) < 300'000);
  CHECK(bytes_an_hour("the same, durable", [](int minute) {
          return Batch().put(Table::meta, 1, format("{}", minute)).on_medium();
        }) < 600'000);
  CHECK(bytes_an_hour("1000 alert ends in two rows and one event a minute", [](int minute) {
          return Batch()
              .put(Table::alert_ends, 1, std::string(4000, static_cast<char>('a' + minute % 26)))
              .put(Table::alert_ends, 2, std::string(4000, static_cast<char>('a' + minute % 26)))
              .happened(entry_at(kStart, "202, attempt 1, key 5f1c09"));
        }) < 3'000'000);
}
