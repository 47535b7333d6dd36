// The promise of core/persistence.hpp through power cuts and kills: whatever part of the unsynced writes the
// medium kept, the file opens, everything up to the last durable batch is there, and of the rest a first
// part, in order. The number of seeds is TOCSIN_POWER_CUTS.
#include <cstdlib>

#include "promql/format.hpp"
#include "tests/io/faulty_disk.hpp"
#include "tests/io/state_world.hpp"
#include "tests/support/folder.hpp"

using namespace tocsin;
using test::history_of;
using test::Random;
using test::Rows;

namespace {

int number_of_cuts() {
  const char* text = std::getenv("TOCSIN_POWER_CUTS");
  return text == nullptr ? 500 : std::atoi(text);
}

// What the file may hold: one of these, in order, as rows and the number of history entries. After the
// process was killed not before the last that was answered, after a power cut not before the last durable
// one. A batch that was under way may be there.
struct Expected {
  std::vector<std::pair<Rows, std::size_t>> states{{{}, 0}};
  std::size_t answered = 0;
  std::size_t durable = 0;
};

struct World {
  explicit World(std::uint64_t world_seed) : seed(world_seed), random(world_seed) {
    options.directory = folder.path("data");
    options.vfs = disk.name();
    disk.begin_recording();
  }

  [[nodiscard]] test::Batch random_batch() {
    test::Batch batch;
    batch.durable = random.one_in(4);
    batch.replace_all = random.one_in(12);
    for (std::uint64_t i = random.below(6); i > 0; --i) {
      const auto table = static_cast<core::Table>(1 + random.below(core::kTables));
      const auto id = static_cast<std::int64_t>(1 + random.below(20));
      // Some rows are longer than a page.
      const std::size_t size = random.one_in(10) ? random.below(20'000) : random.below(200);
      if (random.one_in(4)) {
        batch.drop(table, id);
      } else {
        batch.put(table, id, std::string(size, static_cast<char>('a' + random.below(26))));
      }
    }
    for (std::uint64_t i = random.below(3); i > 0; --i) batch.happened(test::entry_at(test::kStart, "x"));
    return batch;
  }

  void live_until_the_cut() {
    shell::StateFile file(options);
    const auto opened = file.open(test::kStart);
    if (disk.is_off()) return;
    REQUIRE(opened.loaded.error.empty());
    check(test::as_map(opened.loaded.rows), entries(file));
    power_was_cut = false;
    const std::uint64_t batches = 5 + random.below(60);
    for (std::uint64_t i = 0; i < batches && !disk.is_off(); ++i) {
      const test::Batch batch = random_batch();
      auto next = expected.states.back();
      test::apply(batch, next.first);
      next.second += batch.history.size();
      expected.states.push_back(std::move(next));
      const Result<void> done = file.commit(batch, test::kStart);
      if (!disk.is_off()) REQUIRE(done);
      if (done) expected.answered = expected.states.size() - 1;
      if (done && batch.durable) expected.durable = expected.answered;
      if (random.one_in(5)) (void)file.maintain(test::kStart);
    }
  }

  std::size_t entries(shell::StateFile& file) {
    const auto page = history_of(file);
    return page ? page->entries.size() : 0;
  }

  void check(const Rows& rows, std::size_t history) {
    const std::size_t least = power_was_cut ? expected.durable : expected.answered;
    std::size_t found = expected.states.size();
    while (found > least && expected.states[found - 1] != std::pair(rows, history)) --found;
    INFO(format("seed {}, {} states, at least {}", seed, expected.states.size(), least));
    REQUIRE(found > least);
    expected.states.resize(found);
    expected.answered = found - 1;
    // What came through a power cut is on the medium.
    if (power_was_cut) expected.durable = expected.answered;
  }

  // After a life: the process was killed, or the power went, which it says.
  bool go_on() {
    const bool cut = disk.is_off() && !random.one_in(3);
    if (cut) {
      disk.power_on(random, random.one_in(2) ? 512 : 4096);
    } else {
      disk.begin_process();
    }
    power_was_cut = power_was_cut || cut;
    return cut;
  }

  const std::uint64_t seed;
  Random random;
  test::Folder folder{test::Folder::Where::memory};
  test::FaultyDisk disk;
  shell::StateFileOptions options;
  Expected expected;
  bool power_was_cut = false;  // since the rows were looked at
};

}  // namespace

TEST_CASE(
    "After a power cut everything durable is there, after a kill everything answered, and of the rest a "
    "first part") {
  const int cuts = number_of_cuts();
  int done = 0;
  for (std::uint64_t seed = 1; done < cuts; ++seed) {
    World world(seed);
    // A life ends in peace, or within any change of the disk, also while it says farewell.
    for (int life = 0; life < 6 && done < cuts; ++life) {
      world.disk.cut_power_at(static_cast<int>(1 + world.random.below(world.random.one_in(3) ? 40 : 400)));
      world.live_until_the_cut();
      if (world.go_on()) ++done;
    }
    world.disk.cut_power_at(0);
    shell::StateFile file(world.options);
    const auto opened = file.open(test::kStart);
    INFO(seed);
    REQUIRE(opened.loaded.error.empty());
    world.check(test::as_map(opened.loaded.rows), world.entries(file));
  }
}

TEST_CASE("A file that somebody copied into its place is on the medium before anything relies on it") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    INFO(seed);
    Random random(seed);
    const test::Folder folder(test::Folder::Where::memory);
    test::FaultyDisk disk;
    const shell::StateFileOptions options = test::on(disk, folder.path());
    {
      shell::StateFile file(options);
      REQUIRE(file.open(test::kStart).loaded.error.empty());
      REQUIRE(file.commit(test::Batch().put(core::Table::meta, 1, std::string(20'000, 'm')), test::kStart));
    }
    disk.begin_recording(false);
    {
      shell::StateFile file(options);
      REQUIRE(file.open(test::kStart).loaded.rows.size() == 1);
      REQUIRE(file.commit(test::Batch().put(core::Table::meta, 2, "n").on_medium(), test::kStart));
      disk.cut_power_at(1);
      (void)file.commit(test::Batch().put(core::Table::meta, 3, "o"), test::kStart);
    }
    REQUIRE(disk.is_off());
    disk.power_on(random, 4096);
    shell::StateFile file(options);
    const auto opened = file.open(test::kStart);
    CHECK(opened.loaded.notes.empty());
    CHECK(opened.loaded.rows.size() >= 2);
  }
}
