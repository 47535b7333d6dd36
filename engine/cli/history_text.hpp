// The event log as `tocsin history` prints it.
//
//   simple  columns for people and a last line that sums up; times in UTC
//   csv     RFC 4180, with a head line
//   json    one object a line, as in GET /api/v1/history
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "engine/api/history.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::cli {

// A time on the command line: 2026-11-22T03:00Z and shorter or longer forms of it (UTC where no zone is
// given), seconds since 1970, or a duration such as 6h, which means so long before `now`.
[[nodiscard]] Result<WallTime> parse_history_time(std::string_view text, WallTime now);

[[nodiscard]] std::string csv_head();
[[nodiscard]] std::string csv_line(const api::HistoryEntry& entry);
[[nodiscard]] std::string json_line(const api::HistoryEntry& entry);

// The columns of the simple form. Every entry is shown to it once before the first line is asked for.
class HistoryColumns {
 public:
  // Only a query within one day leaves the date out, and one for an alert the alert's name.
  explicit HistoryColumns(const api::HistoryQuery& query);
  void fit(const api::HistoryEntry& entry);
  [[nodiscard]] std::string head() const;
  [[nodiscard]] std::string line(const api::HistoryEntry& entry) const;

 private:
  struct Texts;
  [[nodiscard]] std::string joined(const Texts& texts) const;
  [[nodiscard]] Texts texts_of(const api::HistoryEntry& entry) const;

  bool with_date_;
  bool with_alerts_;
  std::size_t event_width_ = 0;
  std::size_t alerts_width_ = 0;
  std::size_t who_width_ = 0;
};

// "5 events; 1 receiver told, nothing unsent; complete since 2025-10-18"
class HistorySummary {
 public:
  void add(const api::HistoryEntry& entry);
  // Of the page only what is said beside its entries.
  [[nodiscard]] std::string line(const api::HistoryQuery& query, const api::HistoryPage& page) const;

 private:
  std::size_t events_ = 0;
  std::set<std::string> told_;  // receivers
  // By integration and group or alert: whether what was last tried came to nothing.
  std::map<std::pair<std::string, std::string>, bool> unsent_;
};

}  // namespace tocsin::cli
