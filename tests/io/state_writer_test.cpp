// The db thread: what waits is merged, answers come in order, a slow or failing disk delays answers and
// nothing else, and what it could not write of the event log is written later.
#include "engine/shell/state_writer.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/shell/history_reader.hpp"
#include "engine/shell/state_metrics.hpp"
#include "promql/format.hpp"
#include "tests/io/faulty_disk.hpp"
#include "tests/io/state_world.hpp"
#include "tests/support/folder.hpp"

using namespace tocsin;
using core::Table;
using shell::StateWriter;
using test::Batch;
using test::entry_at;
using test::Folder;
using test::kStart;
using test::Rows;

namespace {

// What one thread writes and another waits for. A wait gives up after 20 s, which only a failing test
// reaches.
template <class Value>
class Shared {
 public:
  template <class Change>
  void change(Change change) {
    const std::lock_guard<std::mutex> guard(mutex_);
    change(value_);
    changed_.notify_all();
  }
  template <class Done>
  bool wait(Done done) {
    std::unique_lock<std::mutex> guard(mutex_);
    return changed_.wait_for(guard, std::chrono::seconds(20), [&] { return done(value_); });
  }
  Value get() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Value value_{};
};

// A disk whose syncs wait for the test.
class Gate {
 public:
  explicit Gate(test::FaultyDisk& disk) {
    disk.on_sync([this] {
      state_.change([](State& state) { ++state.waiting; });
      (void)state_.wait([](const State& state) { return !state.closed; });
      state_.change([](State& state) { --state.waiting; });
    });
  }
  void close() {
    state_.change([](State& state) { state.closed = true; });
  }
  void open() {
    state_.change([](State& state) { state.closed = false; });
  }
  bool wait_until_somebody_waits() {
    return state_.wait([](const State& state) { return state.closed && state.waiting > 0; });
  }

 private:
  struct State {
    bool closed = false;
    int waiting = 0;
  };
  Shared<State> state_;
};

struct Keeper {
  explicit Keeper(bool in_own_thread = false) : own_thread(in_own_thread) {}
  ~Keeper() {
    writer.reset();
    for (std::thread& reader : readers) reader.join();
  }

  void start() {
    auto file = std::make_unique<shell::StateFile>(test::on(disk, folder.path()));
    loaded = file->open(kStart).loaded;
    shell::StateWriterOptions options;
    options.persisted = [this](core::Persisted persisted) {
      answers.change([&](auto& all) { all.push_back(std::move(persisted)); });
    };
    options.run_job = [this](std::function<void()> job) {
      if (own_thread) {
        readers.emplace_back(std::move(job));
      } else {
        job();
      }
      return true;
    };
    options.clock = [this] {
      ++clock_readings;
      return kStart;
    };
    writer = std::make_unique<StateWriter>(std::move(file), std::move(options));
  }

  std::uint64_t persist(Batch batch) {
    batch.sequence = ++sequence;
    writer->persist(std::move(batch));
    return sequence;
  }
  // A durable batch whose sync waits until the gate is opened.
  std::uint64_t hold_a_sync() {
    gate.close();
    const std::uint64_t number = persist(Batch().put(Table::meta, 2, "slow").on_medium());
    REQUIRE(gate.wait_until_somebody_waits());
    return number;
  }
  bool wait_for(std::uint64_t number) {
    return answers.wait([&](const auto& all) { return !all.empty() && all.back().sequence >= number; });
  }
  // What was answered to this one; it must have been the last of its transaction.
  std::string answer_to(std::uint64_t number) {
    REQUIRE(wait_for(number));
    for (const core::Persisted& one : answers.get()) {
      if (one.sequence == number) return one.error.empty() ? "written" : one.error;
    }
    return "merged";
  }
  api::HistoryPage history() {
    Shared<std::optional<api::HistoryPage>> page;
    writer->read_history(
        {}, [&](api::HistoryPage read) { page.change([&](auto& value) { value = std::move(read); }); });
    REQUIRE(page.wait([](const auto& value) { return value.has_value(); }));
    return *page.get();
  }
  Rows stop_and_load() {
    REQUIRE(writer->finish(std::chrono::seconds(20)));
    shell::StateFile file(test::on(disk, folder.path()));
    const auto opened = file.open(kStart);
    REQUIRE(opened.loaded.error.empty());
    return test::as_map(opened.loaded.rows);
  }

  Folder folder{Folder::Where::memory};
  test::FaultyDisk disk;
  Gate gate{disk};
  const bool own_thread;
  core::StateLoaded loaded;
  Shared<std::vector<core::Persisted>> answers;
  std::vector<std::thread> readers;
  std::uint64_t sequence = 0;
  std::atomic<int> clock_readings{0};
  std::unique_ptr<StateWriter> writer;
};

}  // namespace

TEST_CASE("Batches are carried out in order and answered, and the rest at the stop") {
  Keeper keeper;
  keeper.start();
  CHECK(keeper.loaded.error.empty());
  CHECK(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 1, "a"))) == "written");
  CHECK(keeper.answer_to(keeper.persist(Batch())) == "written");
  CHECK(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 1, "b").on_medium())) == "written");
  for (int i = 0; i < 100; ++i) keeper.persist(Batch().put(Table::told, 1 + i % 10, format("{}", i)));
  Rows expected{{{Table::meta, 1}, "b"}};
  for (int i = 90; i < 100; ++i) expected[{Table::told, 1 + i % 10}] = format("{}", i);
  CHECK(keeper.stop_and_load() == expected);
  std::uint64_t last = 0;
  for (const core::Persisted& one : keeper.answers.get()) {
    CHECK(one.sequence > last);
    CHECK(one.error.empty());
    last = one.sequence;
  }
  CHECK(last == keeper.sequence);
}

TEST_CASE("With nothing to do the thread does nothing") {
  Keeper keeper;
  keeper.start();
  for (int i = 0; i < 50; ++i) {
    REQUIRE(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 1, format("{}", i)))) == "written");
  }
  // Meanwhile others are busy.
  for (int i = 0; i < 50; ++i) REQUIRE(keeper.history().error.empty());
  REQUIRE(keeper.writer->finish(std::chrono::seconds(20)));
  // One for each batch, a few for what is done once, and one that finds that nothing is to be done.
  CHECK(keeper.clock_readings <= 2 * 50 + 4);
}

TEST_CASE("A sync that takes its time delays answers alone; what comes meanwhile becomes one transaction") {
  Keeper keeper(true);
  keeper.start();
  REQUIRE(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 1, "a").happened(entry_at(kStart)))) ==
          "written");
  const std::uint64_t first = keeper.hold_a_sync();
  for (int i = 0; i < 1000; ++i) {
    keeper.persist(Batch().put(Table::alerts, 1 + i % 5, format("{}", i)).put(Table::told, 7, "x"));
  }
  keeper.persist(Batch().drop(Table::told, 7).on_medium());
  // Nothing of it was answered, and nobody was held up: the event log is read while the disk syncs.
  CHECK(keeper.answers.get().size() == 1);
  CHECK(keeper.writer->counters().waiting_rows == 6);
  CHECK(keeper.history().entries.size() == 1);
  keeper.gate.open();
  CHECK(keeper.answer_to(first) == "written");
  CHECK(keeper.answer_to(keeper.sequence) == "written");
  CHECK(keeper.answers.get().size() == 3);
  CHECK(keeper.writer->counters().transactions == 3);
  Rows expected{{{Table::meta, 1}, "a"}, {{Table::meta, 2}, "slow"}};
  for (int i = 995; i < 1000; ++i) expected[{Table::alerts, 1 + i % 5}] = format("{}", i);
  CHECK(keeper.stop_and_load() == expected);
}

TEST_CASE("A batch that replaces everything makes what waits before it void") {
  Keeper keeper;
  keeper.start();
  REQUIRE(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 1, "a"))) == "written");
  keeper.hold_a_sync();
  keeper.persist(Batch().put(Table::alerts, 3, "void"));
  keeper.persist(Batch().put(Table::alerts, 4, "all").instead_of_all());
  keeper.persist(Batch().put(Table::alerts, 5, "after"));
  keeper.gate.open();
  CHECK(keeper.stop_and_load() == Rows{{{Table::alerts, 4}, "all"}, {{Table::alerts, 5}, "after"}});
}

TEST_CASE("While the disk takes nothing every batch is told so, and history waits for the next success") {
  Keeper keeper;
  keeper.start();
  REQUIRE(keeper.answer_to(
              keeper.persist(Batch().put(Table::meta, 1, "a").happened(entry_at(kStart, "0")))) == "written");
  keeper.disk.set_full(true);
  const std::string full = keeper.folder.path("state.db") + ": database or disk is full";
  CHECK(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 2, "b").happened(entry_at(kStart, "1")))) ==
        full);
  CHECK(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 2, "b").happened(entry_at(kStart, "2")))) ==
        full);
  CHECK(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 3, "c").instead_of_all())) == full);
  CHECK(keeper.writer->counters().trouble == full);
  CHECK(keeper.writer->counters().failures == 3);
  CHECK(keeper.writer->counters().waiting_history == 2);
  keeper.disk.set_full(false);
  // The disk is back, but what was refused is missing: only everything will do.
  CHECK(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 4, "d"))) == full);
  CHECK(keeper.answer_to(keeper.persist(
            Batch().put(Table::meta, 5, "e").instead_of_all().happened(entry_at(kStart, "3")))) == "written");
  CHECK(keeper.writer->counters().trouble.empty());
  std::string details;
  for (const api::HistoryEntry& entry : keeper.history().entries) details += entry.detail;
  CHECK(details == "0123");
  CHECK(keeper.stop_and_load() == Rows{{{Table::meta, 5}, "e"}});
}

TEST_CASE(
    "History that waits is bounded: the oldest goes, is counted, and the log says since when it is "
    "complete") {
  Keeper keeper;
  keeper.start();
  REQUIRE(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 1, "a"))) == "written");
  keeper.hold_a_sync();
  Batch batch;
  for (std::size_t i = 0; i < shell::kMaxWaitingHistory; ++i) batch.happened(entry_at(kStart + Duration(i)));
  keeper.persist(batch);
  CHECK(keeper.writer->counters().history_dropped_waiting == 0);
  keeper.persist(Batch().happened(entry_at(kStart)).happened(entry_at(kStart)).happened(entry_at(kStart)));
  CHECK(keeper.writer->counters().history_dropped_waiting == 3);
  CHECK(keeper.writer->counters().waiting_history == shell::kMaxWaitingHistory);
  keeper.gate.open();
  REQUIRE(keeper.answer_to(keeper.sequence) == "written");
  CHECK(keeper.history().complete_since == kStart + Duration(3));
  CHECK(keeper.writer->counters().history == shell::kMaxWaitingHistory);
}

TEST_CASE("An answer about the event log has so many entries at most, and says that there are more") {
  Keeper keeper;
  keeper.start();
  for (int part = 0; part < 2; ++part) {
    Batch batch;
    for (std::size_t i = 0; i < shell::kMaxHistoryAnswer / 2 + 1; ++i)
      batch.happened(entry_at(kStart + Duration(i)));
    REQUIRE(keeper.answer_to(keeper.persist(batch)) == "written");
  }
  const api::HistoryPage page = keeper.history();
  CHECK(page.entries.size() == shell::kMaxHistoryAnswer);
  CHECK(page.truncated);
}

TEST_CASE("Readings of the event log are bounded, and each is answered") {
  Keeper keeper;
  auto file = std::make_unique<shell::StateFile>(test::on(keeper.disk, keeper.folder.path()));
  REQUIRE(file->open(kStart).loaded.error.empty());
  std::vector<std::function<void()>> jobs;
  shell::StateWriterOptions options;
  options.persisted = [](const core::Persisted&) {};
  options.run_job = [&](std::function<void()> job) {
    if (jobs.size() > shell::kMaxHistoryReadings) return false;
    jobs.push_back(std::move(job));
    return true;
  };
  StateWriter writer(std::move(file), options);
  std::vector<std::string> answers;
  const auto take = [&](const api::HistoryPage& page) { answers.push_back(page.error); };
  for (std::size_t i = 0; i < shell::kMaxHistoryReadings; ++i) writer.read_history({}, take);
  CHECK(answers.empty());
  writer.read_history({}, take);
  CHECK(answers == std::vector<std::string>{"16 readings of the event log are under way"});
  jobs.front()();
  CHECK(answers.back().empty());
  writer.read_history({}, take);
  CHECK(jobs.size() == shell::kMaxHistoryReadings + 1);
  jobs[1]();
  writer.read_history({}, take);
  CHECK(answers.back() == "too many jobs are waiting");
  // A reading that comes after the end finds nobody.
  REQUIRE(writer.finish(std::chrono::seconds(20)));
  const std::size_t before = answers.size();
  jobs.back()();
  CHECK(answers.size() == before);
}

TEST_CASE("A disk that hangs does not keep the program from stopping") {
  Keeper keeper;
  keeper.start();
  REQUIRE(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 1, "a"))) == "written");
  keeper.hold_a_sync();
  CHECK_FALSE(keeper.writer->finish(std::chrono::milliseconds(1)));
  const std::size_t before = keeper.answers.get().size();
  keeper.writer.reset();
  // The thread is on its own now. When the disk comes back it ends, gives the directory free and tells
  // nobody.
  keeper.gate.open();
  shell::DirectoryLock lock;
  const MonoTime deadline = shell::read_mono_clock() + std::chrono::seconds(20);
  while (lock.take(keeper.folder.path()) && shell::read_mono_clock() < deadline) std::this_thread::yield();
  REQUIRE_FALSE(lock.take(keeper.folder.path()));
  // A file lock orders nothing between threads; the gate's mutex does.
  keeper.gate.open();
  CHECK(keeper.answers.get().size() == before);
}

TEST_CASE("Without a place to write to at the start, everything is taken when there is one") {
  Keeper keeper;
  keeper.disk.set_full(true);
  keeper.start();
  const std::string full = keeper.folder.path("state.db") + ": database or disk is full";
  CHECK(keeper.loaded.error == full);
  CHECK(keeper.writer->counters().trouble == full);
  CHECK(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 1, "a"))) == full);
  keeper.disk.set_full(false);
  CHECK(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 2, "b").instead_of_all())) == "written");
  CHECK(keeper.stop_and_load() == Rows{{{Table::meta, 2}, "b"}});
}

TEST_CASE(
    "A file that turns out damaged is set aside, its batch is told so, and a new one takes everything") {
  Keeper keeper;
  keeper.start();
  Batch batch;
  for (int id = 1; id < 500; ++id) batch.put(Table::alerts, id, std::string(500, 'x'));
  REQUIRE(keeper.answer_to(keeper.persist(batch)) == "written");
  keeper.stop_and_load();
  const std::string whole = keeper.folder.read("state.db");
  keeper.start();
  // The program's own file is changed under it where it lies: renaming another one over it would be noticed
  // as such.
  std::fstream(keeper.folder.path("state.db"), std::ios::in | std::ios::out | std::ios::binary).seekp(4096)
      << std::string(whole.size() - 4096, 'x');
  for (core::RowWrite& row : batch.rows) row.body = "y";
  const std::string answer = keeper.answer_to(keeper.persist(batch));
  CHECK(answer ==
        format("{0}: database disk image is malformed; set aside as {0}.damaged-20261122T025810Z, a new "
               "one begins",
               keeper.folder.path("state.db")));
  CHECK(keeper.answer_to(keeper.persist(Batch().put(Table::meta, 1, "all").instead_of_all())) == "written");
  CHECK(keeper.writer->counters().file.set_aside == 1);
  CHECK(keeper.stop_and_load() == Rows{{{Table::meta, 1}, "all"}});
}

TEST_CASE("The keeping of state shows itself in metrics") {
  StateWriter::Counters counters;
  counters.transactions = 12;
  counters.failures = 3;
  counters.trouble = "disk I/O error";
  counters.rows = 400;
  counters.history = 50;
  counters.waiting_rows = 2;
  counters.history_dropped_waiting = 4;
  counters.file = {5, 6, 1, 7000};
  std::string samples;
  std::istringstream lines(shell::state_metrics(counters));
  for (std::string line; std::getline(lines, line);) {
    if (line[0] != '#') samples += line + "\n";
  }
  CHECK(samples ==
        "tocsin_state_writable 0\n"
        "tocsin_state_transactions_total 12\n"
        "tocsin_state_transactions_failed_total 3\n"
        "tocsin_state_rows_written_total 400\n"
        "tocsin_state_waiting_rows 2\n"
        "tocsin_state_files_set_aside_total 1\n"
        "tocsin_history_entries_total 50\n"
        "tocsin_history_bytes 7000\n"
        "tocsin_history_entries_dropped_total{reason=\"age\"} 5\n"
        "tocsin_history_entries_dropped_total{reason=\"size\"} 6\n"
        "tocsin_history_entries_dropped_total{reason=\"waiting\"} 4\n");
}
