// The core's side of durable state: what was read at the start, what goes out, and who waits for it. The work
// is done by the functions of Engine::State in keeping.cpp and restoring.cpp; this is what they remember.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/history.hpp"
#include "engine/api/http.hpp"
#include "engine/core/io.hpp"
#include "engine/core/kept_rows.hpp"
#include "promql/time.hpp"

namespace tocsin::core {

// The clocks of what goes on are written this often: a power loss costs so much of a `for` at most.
inline constexpr Duration kCheckpointInterval = std::chrono::minutes(1);
// Texts that changed by themselves, as an annotation with a value in it does at each evaluation, are written
// this often: the next evaluation makes them anew, so nothing depends on them.
inline constexpr Duration kTextsInterval = std::chrono::minutes(15);
// A state file that failed is tried again this often, as a whole.
inline constexpr Duration kStorageRetry = std::chrono::seconds(30);
// How long a start waits for its state. A disk that does not answer must not keep anybody from being paged.
inline constexpr Duration kLongestStateLoad = std::chrono::seconds(10);
// History entries that wait for storage to work again; the oldest tenth is dropped and counted.
inline constexpr std::size_t kHistoryBacklog = 10'000;

enum class StorageMode : std::uint8_t {
  loading,  // the state has not been read yet
  off,      // there is none: nothing is kept
  works,
  broken,     // it was there, and cannot be written at present
  recovering  // everything was sent to it once more
};
[[nodiscard]] std::string_view to_string(StorageMode mode);

// An answer that waits until what it promises is written.
struct HeldResponse {
  std::uint64_t sequence = 0;
  MonoTime until{};  // it is given then at the latest
  Respond respond;
};

struct StorageCounters {
  std::uint64_t commits = 0;
  std::uint64_t answered_early = 0;   // requests whose answer did not wait any longer
  std::uint64_t history_dropped = 0;  // entries, while storage was broken
  std::uint64_t damaged_rows = 0;     // at the start
};

struct Keeping {
  StorageMode mode = StorageMode::loading;
  std::string error;      // why it is off or broken
  MonoTime give_up_at{};  // while loading
  Decoded loaded;         // until it is restored
  bool warm = false;      // there was a state to go on from
  bool restored = false;

  Life life;
  std::shared_ptr<const KeptConfig> config;  // of the configuration in force

  std::uint64_t sequence = 0;    // of the last Persist
  std::uint64_t whole_from = 0;  // while recovering: the one that holds everything
  MonoTime next_checkpoint{};
  MonoTime next_texts{};
  MonoTime retry_at{};
  // By sequence, the last record of the outbox that it wrote.
  std::deque<std::pair<std::uint64_t, dispatch::RowId>> outbox;
  std::deque<HeldResponse> held;

  // Of the step under way.
  std::vector<Respond> to_hold;
  std::vector<RowWrite> rows;
  std::vector<api::HistoryEntry> history;

  // Whether there is any use in gathering rows: else everything is written when storage works again.
  [[nodiscard]] bool takes_rows() const {
    return mode == StorageMode::works || mode == StorageMode::recovering;
  }

  std::int64_t last_rule_row = 0;
  StorageCounters counters;
};

}  // namespace tocsin::core
