// The db thread: carries out Persist actions on the state file and answers them, and has the event log read.
//
// What waits for the disk is merged: a later write of a row replaces an earlier one, and all that waits
// becomes one transaction, durable if any of it is. So a slow disk delays answers and nothing else, and the
// queue never holds more rows than there are; history entries in it are bounded (limits.hpp).
//
// After an error each Persist is answered with it until one replaces everything. History that could not be
// written stays in the queue and goes with the next success: whoever sent it does not send it again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/api/history.hpp"
#include "engine/core/persistence.hpp"
#include "engine/shell/clock.hpp"
#include "engine/shell/state_file.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

struct StateWriterOptions {
  // Called on the db thread, once for each transaction: everything up to the sequence is answered by it.
  std::function<void(core::Persisted)> persisted;
  // Runs a job on some other thread, or drops it and says false; reading history must not hold up writing.
  std::function<bool(std::function<void()>)> run_job;
  std::function<WallTime()> clock = read_wall_clock;
};

// Thread: any. Neither persist() nor read_history() waits for the disk.
class StateWriter {
 public:
  using TakePage = std::function<void(api::HistoryPage)>;

  // Takes the file after its open(), whatever that gave.
  StateWriter(std::unique_ptr<StateFile> file, StateWriterOptions options);
  // Without finish() before, what waits is not written.
  ~StateWriter();
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;

  void persist(core::Persist batch);

  // `take` is called once, on whatever thread; with an error in the page if the log cannot be read.
  void read_history(api::HistoryQuery query, TakePage take);

  // Writes what waits, closes the file and ends the thread. False: the disk did not do it within the bound;
  // the thread is then left to itself, and with it what it may still write before the process ends. Nothing
  // is answered any more when this returns.
  [[nodiscard]] bool finish(Duration bound);

  struct Counters {
    std::uint64_t transactions = 0;
    std::uint64_t failures = 0;  // transactions that were not carried out
    std::uint64_t rows = 0;      // written or removed
    std::uint64_t history = 0;   // entries written
    std::uint64_t history_dropped_waiting = 0;
    StateFile::Counters file;
    std::size_t waiting_rows = 0;
    std::size_t waiting_history = 0;
    std::string trouble;  // why the last transaction was not carried out, or ""
  };
  [[nodiscard]] Counters counters() const;

 private:
  // Shared with the thread, which outlives this object if the disk hangs.
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::shell
