// A disk for virtual worlds: keeps rows and history as the state file does, takes as long as it is told to,
// fails when it is told to, and forgets at a crash what it may.
//
//   stopped      everything is there
//   killed       what was answered is there, and of what was under way a first part
//   power lost   what was durable and answered is there, and of all that came after a first part
//
// A write that is torn by a crash is not there at all: SQLite's log drops it by its checksum.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "engine/dispatch/random.hpp"
#include "engine/testing/virtual_world.hpp"

namespace tocsin::testing {

class VirtualDisk final : public Disk {
 public:
  explicit VirtualDisk(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] core::StateLoaded load() override;
  [[nodiscard]] DiskAnswer write(core::Persist persist, const Now& now) override;
  [[nodiscard]] api::HistoryPage history(const api::HistoryQuery& query) override;

  // How long a write takes from now on, and a durable one.
  void set_latency(Duration write, Duration durable) {
    write_takes_ = write;
    durable_takes_ = durable;
  }
  // "" : writes work again.
  void set_error(std::string error) { error_ = std::move(error); }
  // Nothing can be read: the next start finds an empty disk and is told so.
  void damage();

  // The process or the machine went down at this moment. Whoever starts next loads what is left.
  enum class Crash : std::uint8_t { stopped, killed, power_lost };
  void crash(Crash crash, MonoTime now);

  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_; }
  [[nodiscard]] std::uint64_t writes() const { return writes_; }

 private:
  struct Content {
    std::map<core::RowKey, std::string> rows;
    std::deque<api::HistoryEntry> history;
  };
  struct Write {
    MonoTime done{};
    core::Persist persist;
  };

  static void apply(const core::Persist& persist, Content& content);
  void settle(MonoTime now);
  [[nodiscard]] Content everything() const;

  dispatch::Random random_;
  Duration write_takes_ = std::chrono::milliseconds(1);
  Duration durable_takes_ = std::chrono::milliseconds(5);
  std::string error_;
  std::vector<std::string> notes_;
  bool found_ = false;
  bool failed_ = false;
  Content safe_;               // survives everything
  std::deque<Write> pending_;  // in order; done or not, but not yet safe
  MonoTime last_done_ = MonoTime::min();
  std::uint64_t bytes_ = 0;
  std::uint64_t writes_ = 0;
};

}  // namespace tocsin::testing
