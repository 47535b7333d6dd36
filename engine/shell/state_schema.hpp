// The make of the state file: its tables, their versions, and how an older file becomes a present one.
//
// The number in `PRAGMA user_version` is the version. A release that knows version n opens n + 1 too, so that
// one can go back by one release; a migration therefore adds only: tables, and columns that have a default.
// Statements name their columns for the same reason.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/core/persistence.hpp"
#include "engine/shell/sqlite.hpp"
#include "promql/result.hpp"

namespace tocsin::shell {

// "rule_alerts"; every number from 1 to kTables has one.
[[nodiscard]] std::string_view table_name(core::Table table);

struct Migration {
  std::int64_t version = 0;  // what the file is afterwards; it was the one before
  std::string_view sql;
};
// In order, from version 1 on: a new file takes the same way as an old one.
[[nodiscard]] std::span<const Migration> migrations();

// Makes the file the last version of `steps`, in one transaction; a file that is newer by one stays as it is.
// One that is newer by more is refused with `too_new`, and nothing was changed.
struct Migrated {
  bool too_new = false;
  std::int64_t version = 0;  // of the file, before
};
[[nodiscard]] Result<Migrated> migrate(Database& database, std::span<const Migration> steps = migrations());

}  // namespace tocsin::shell
