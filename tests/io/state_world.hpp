// What the tests of the state file share: batches in a few words, and rows to compare with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/persistence.hpp"
#include "engine/shell/history_reader.hpp"
#include "engine/shell/state_file.hpp"
#include "promql/time.hpp"
#include "tests/io/faulty_disk.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::test {

using Rows = std::map<core::RowKey, std::string>;

// 2026-11-22T02:58:10Z
inline constexpr WallTime kStart = wall_from_ns(1795316290LL * 1'000'000'000);

inline Result<api::HistoryPage> history_of(const shell::StateFile& file,
                                           const api::HistoryQuery& query = {}) {
  return shell::HistoryReader::page_beside_writer(file.path(), file.vfs(), query);
}

struct Batch : core::Persist {
  Batch& put(core::Table table, std::int64_t id, std::string body) {
    rows.push_back({{table, id}, std::move(body)});
    return *this;
  }
  Batch& drop(core::Table table, std::int64_t id) {
    rows.push_back({{table, id}, std::nullopt});
    return *this;
  }
  Batch& happened(api::HistoryEntry entry) {
    history.push_back(std::move(entry));
    return *this;
  }
  Batch& on_medium() {
    durable = true;
    return *this;
  }
  Batch& instead_of_all() {
    replace_all = true;
    return *this;
  }
};

// On a disk of the test's own, which syncs nothing.
inline shell::StateFileOptions on(const FaultyDisk& disk, std::string directory) {
  shell::StateFileOptions options{std::move(directory)};
  options.vfs = disk.name();
  return options;
}

inline Rows as_map(const std::vector<core::Row>& rows) {
  Rows map;
  for (const core::Row& row : rows) map.emplace(row.key, row.body);
  return map;
}

// Does to a map what the file does with a batch.
inline void apply(const core::Persist& batch, Rows& rows) {
  if (batch.replace_all) rows.clear();
  for (const core::RowWrite& row : batch.rows) {
    if (row.body) {
      rows[row.key] = *row.body;
    } else {
      rows.erase(row.key);
    }
  }
}

inline api::HistoryEntry entry_at(WallTime at, std::string detail = "",
                                  std::string alerts = "NATSDisconnected") {
  api::HistoryEntry entry;
  entry.at = at;
  entry.alerts = std::move(alerts);
  entry.detail = std::move(detail);
  return entry;
}

inline std::string only_note(const core::StateLoaded& loaded) {
  return loaded.notes.size() == 1 ? loaded.notes[0] : "(" + std::to_string(loaded.notes.size()) + " notes)";
}

}  // namespace tocsin::test
