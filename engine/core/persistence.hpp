// What outlives the process, as rows and history entries: the contract between the core, which decides what
// is kept and what it means, and whoever keeps it (the shell's state file, the simulator's disk).
//
// The keeper knows rows only as (table, id) -> bytes. Bodies are messages in protobuf's wire format, written
// and read by core/kept_rows.hpp; a field that a reader does not know is passed over, so that the release
// before this one can open the file. Ids of one table rise with the time of creation and are used once, so
// that what is written together lies together.
//
// Order and atomicity: a Persist is carried out whole or not at all, and after all that came before it. After
// a crash of the process everything that was answered by Persisted is there. After a power loss everything up
// to the last durable one is there, and of the rest a first part, in order.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/history.hpp"
#include "promql/time.hpp"

namespace tocsin::core {

// Numbers are part of the file's format: never reused.
enum class Table : std::uint8_t {
  meta = 1,         // by MetaRow
  rule_alerts = 2,  // an alert of a rule of this process: its clock and texts
  alerts = 3,       // an alert as dispatch holds it
  alert_ends = 4,   // when posted alerts end, many alerts a row
  groups = 5,       // an aggregation group and its clock
  told = 6,         // what an integration was last told of a group
  outbox = 7,       // a notification that is to be sent and whose outcome is not known yet
  silences = 8,
};
inline constexpr int kTables = 8;

struct RowKey {
  Table table = Table::meta;
  std::int64_t id = 0;  // > 0
  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

struct Row {
  RowKey key;
  std::string body;
};

struct RowWrite {
  RowKey key;
  std::optional<std::string> body;  // none: the row goes
};

// ---- actions

struct Persist {
  std::uint64_t sequence = 0;  // rises
  bool durable = false;        // on the medium before it is answered, so that a power loss does not undo it
  bool replace_all = false;    // `rows` is everything: other rows of all tables go. History stays
  std::vector<RowWrite> rows;
  std::vector<api::HistoryEntry> history;
};

// Answered by StateLoaded, once, before anything is persisted.
struct LoadState {};

// ---- inputs

// Everything up to `sequence` was carried out, or (with an error) nothing after the last success was: then
// the core goes on in memory and later tries again with replace_all; until then every other Persist fails
// too. History of a Persist that failed is not sent again: the keeper holds it, within a bound, and writes it
// with the next success.
struct Persisted {
  std::uint64_t sequence = 0;
  std::string error;
};

struct StateLoaded {
  bool found = false;              // there was a state: this is a warm start
  bool never = false;              // with an error: nothing will ever be kept; else it is tried again
  std::vector<Row> rows;           // by table and id
  std::vector<std::string> notes;  // what a person must know: a damaged file that was set aside, and where to
  // Why nothing can be kept; the core runs in memory. "" if all is well. There may be rows all the same: a
  // disk that became read-only still knows what was.
  std::string error;
};

}  // namespace tocsin::core
