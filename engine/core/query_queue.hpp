// Ad-hoc queries beside each other: at most so many run at once, the others wait in line, each no longer than
// its timeout.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "engine/api/handler.hpp"
#include "engine/core/io.hpp"
#include "promql/time.hpp"

namespace tocsin::core {

struct AskedQuery {
  RequestId id;
  api::QueryCommand command;
  MonoTime asked{};
  MonoTime deadline{};  // the query ends here, running or waiting
};

// Who takes a query from take_next() calls ended() once, when it no longer runs.
// The line needs no bound of its own: the server bounds the requests that wait for an answer.
class QueryQueue {
 public:
  explicit QueryQueue(std::size_t most_running) : most_running_(most_running) {}

  void add(AskedQuery query) { waiting_.push_back(std::move(query)); }
  // The next one, if one more may run.
  [[nodiscard]] std::optional<AskedQuery> take_next();
  void ended() { --running_; }
  // Those whose deadline has come while they waited.
  [[nodiscard]] std::vector<AskedQuery> take_expired(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  [[nodiscard]] std::size_t most_running() const { return most_running_; }
  [[nodiscard]] std::size_t size() const { return running_ + waiting_.size(); }  // running or waiting

 private:
  std::size_t most_running_;
  std::size_t running_ = 0;
  std::deque<AskedQuery> waiting_;
};

}  // namespace tocsin::core
