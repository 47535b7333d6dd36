// The queue, the workers and the owner loop.
#include <atomic>
#include <set>
#include <thread>

#include "engine/shell/inbox.hpp"
#include "engine/shell/owner.hpp"
#include "engine/shell/worker_pool.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::shell;

TEST_CASE("The inbox keeps each producer's order and loses nothing") {
  Inbox<std::pair<int, int>> inbox(10);
  constexpr int kProducers = 4, kItems = 2000;
  std::vector<std::thread> producers;
  for (int producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&inbox, producer] {
      for (int item = 0; item < kItems; ++item) inbox.push({producer, item});
    });
  }
  std::vector<int> next(kProducers, 0);
  for (int taken = 0; taken < kProducers * kItems; ++taken) {
    const auto item = inbox.pop(std::nullopt);
    REQUIRE(item.has_value());
    REQUIRE(item->second == next[static_cast<std::size_t>(item->first)]++);
  }
  for (std::thread& producer : producers) producer.join();
  CHECK(inbox.size() == 0);
}

TEST_CASE("Beyond the limit the inbox refuses requests and still takes the rest") {
  Inbox<int> inbox(2);
  int first = 1, second = 2, third = 3;
  CHECK(inbox.try_push(first));
  CHECK(inbox.try_push(second));
  CHECK_FALSE(inbox.try_push(third));
  inbox.push(4);
  CHECK(inbox.refused() == 1);
  CHECK(inbox.pop(std::nullopt) == 1);
  CHECK(inbox.try_push(third));
  CHECK(inbox.pop(std::nullopt) == 2);
  CHECK(inbox.pop(std::nullopt) == 4);
  CHECK(inbox.pop(std::nullopt) == 3);
  CHECK(inbox.pop(Duration::zero()) == std::nullopt);
}

TEST_CASE("Every submitted job runs once, on any number of workers") {
  for (const std::size_t threads : {0U, 1U, 4U}) {
    INFO(threads);
    std::atomic<int> ran{0};
    Inbox<int> done(0);
    WorkerPool pool(threads);
    for (int i = 0; i < 500; ++i) {
      REQUIRE(pool.submit([&] {
        ++ran;
        done.push(1);
      }));
    }
    for (int i = 0; i < 500; ++i) REQUIRE(done.pop(std::nullopt));
    CHECK(ran == 500);
  }
}

TEST_CASE("A full pool refuses, a stopped pool drops what waits and finishes what runs") {
  Inbox<int> started(0), release(0);
  std::atomic<int> ran{0};
  WorkerPool pool(1, 2);
  REQUIRE(pool.submit([&] {
    started.push(1);
    (void)release.pop(std::nullopt);
    ++ran;
  }));
  (void)started.pop(std::nullopt);
  CHECK(pool.submit([&] { ++ran; }));
  CHECK(pool.submit([&] { ++ran; }));
  CHECK_FALSE(pool.submit([&] { ++ran; }));
  std::thread stopper([&] { pool.stop(); });
  // The running job ends only after stop() has taken the waiting ones away: submit refuses from then on.
  while (pool.submit([] {})) std::this_thread::yield();
  release.push(1);
  stopper.join();
  CHECK(ran <= 3);
  CHECK_FALSE(pool.submit([] {}));
}

TEST_CASE("The owner waits until the core's deadline, within bounds") {
  const MonoTime now = MonoTime(std::chrono::hours(1));
  CHECK(wait_time(std::nullopt, now) == std::nullopt);
  CHECK(wait_time(now, now) == Duration::zero());
  CHECK(wait_time(MonoTime::min(), now) == Duration::zero());
  CHECK(wait_time(now + std::chrono::milliseconds(3), now) == Duration(std::chrono::milliseconds(3)));
  CHECK(wait_time(now + std::chrono::hours(24), now) == Duration(std::chrono::seconds(10)));
  CHECK(wait_time(MonoTime::max(), now) == Duration(std::chrono::seconds(10)));
}

TEST_CASE("The owner steps with what it was given or with a tick, and ends after Stop") {
  InputBox inbox(10);
  std::vector<std::string> steps;
  std::optional<MonoTime> wakeup = MonoTime::min();
  int performed = 0;
  OwnerParts parts;
  parts.clocks = [] { return Now{wall_from_ns(1), MonoTime(Duration(1))}; };
  parts.next_wakeup = [&] { return wakeup; };
  parts.perform = [&](core::Actions actions) { performed += static_cast<int>(actions.size()); };
  parts.step = [&](const Now& now, core::Input input) {
    CHECK(now.mono == MonoTime(Duration(1)));
    core::Actions actions;
    if (std::holds_alternative<core::Tick>(input)) {
      steps.emplace_back("tick");
      wakeup = std::nullopt;
      inbox.push(core::ReloadRequested{});
    } else if (std::holds_alternative<core::ReloadRequested>(input)) {
      steps.emplace_back("reload");
      inbox.push(core::ShutdownRequested{});
    } else {
      steps.emplace_back("shutdown");
      actions.emplace_back(core::LogRecord{});
      actions.emplace_back(core::Stop{});
    }
    return actions;
  };
  run_owner(inbox, parts);
  CHECK(steps == std::vector<std::string>{"tick", "reload", "shutdown"});
  CHECK(performed == 2);
}
