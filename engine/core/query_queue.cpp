#include "engine/core/query_queue.hpp"

#include <algorithm>

namespace tocsin::core {

std::optional<AskedQuery> QueryQueue::take_next() {
  if (waiting_.empty() || running_ >= most_running_) return std::nullopt;
  AskedQuery query = std::move(waiting_.front());
  waiting_.pop_front();
  ++running_;
  return query;
}

std::vector<AskedQuery> QueryQueue::take_expired(MonoTime now) {
  const auto first = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [now](const AskedQuery& query) { return query.deadline > now; });
  std::vector<AskedQuery> expired(std::make_move_iterator(first), std::make_move_iterator(waiting_.end()));
  waiting_.erase(first, waiting_.end());
  return expired;
}

std::optional<MonoTime> QueryQueue::next_deadline() const {
  const auto first =
      std::min_element(waiting_.begin(), waiting_.end(),
                       [](const AskedQuery& a, const AskedQuery& b) { return a.deadline < b.deadline; });
  if (first == waiting_.end()) return std::nullopt;
  return first->deadline;
}

}  // namespace tocsin::core
