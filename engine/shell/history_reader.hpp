// Reads the event log of a state file, on a connection that cannot write.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/api/history.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::shell {

class Database;

// Thread: one at a time.
class HistoryReader {
 public:
  // In the process that has the file open for writing (and in no other): `vfs` names its disk. A read sees
  // what was committed when it began and holds up nobody; while it lasts the write-ahead log cannot begin
  // anew, so it should be short.
  [[nodiscard]] static Result<HistoryReader> beside_writer(const std::string& path, const std::string& vfs);
  // The newest entries that one answer holds, read in that way.
  [[nodiscard]] static Result<api::HistoryPage> page_beside_writer(const std::string& path,
                                                                   const std::string& vfs,
                                                                   const api::HistoryQuery& query);

  // In another process, and never in one that has the file open. Nothing is written, no file is made and none
  // is locked, so that a copy, a file of a read-only directory and the file of a running server can be read.
  // What lies in the write-ahead log beside the file is read too.
  [[nodiscard]] static Result<HistoryReader> open(const std::string& path);

  HistoryReader(HistoryReader&&) noexcept;
  HistoryReader& operator=(HistoryReader&&) noexcept;
  ~HistoryReader();

  // The newest entries that fit, query.limit of them but never more than `most`; oldest first.
  [[nodiscard]] Result<api::HistoryPage> newest(const api::HistoryQuery& query, std::size_t most);

  // Every entry that fits, oldest first; query.limit is not looked at. Read in portions, each as it then is:
  // the callback may take its time without holding up a server.
  [[nodiscard]] Result<void> each(const api::HistoryQuery& query,
                                  const std::function<void(const api::HistoryEntry&)>& take);

  // From when on nothing was dropped.
  [[nodiscard]] Result<std::optional<WallTime>> complete_since();

 private:
  explicit HistoryReader(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace tocsin::shell
