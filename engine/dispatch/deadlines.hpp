// Who is due when. Each key has at most one deadline; equal times come in the order of keys, so that the
// order never depends on the order of insertion.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "promql/time.hpp"

namespace tocsin::dispatch {

template <class Key>
class Deadlines {
 public:
  void set(const Key& key, MonoTime time) {
    const auto [entry, added] = times_.try_emplace(key, time);
    if (!added) {
      if (entry->second == time) return;
      order_.erase({entry->second, key});
      entry->second = time;
    }
    order_.emplace(time, key);
  }
  void remove(const Key& key) {
    const auto entry = times_.find(key);
    if (entry == times_.end()) return;
    order_.erase({entry->second, key});
    times_.erase(entry);
  }
  [[nodiscard]] std::optional<MonoTime> of(const Key& key) const {
    const auto entry = times_.find(key);
    if (entry == times_.end()) return std::nullopt;
    return entry->second;
  }
  [[nodiscard]] std::optional<MonoTime> next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }
  // Takes out the first key that is due, if there is one.
  [[nodiscard]] std::optional<Key> take_due(MonoTime now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    Key key = order_.begin()->second;
    remove(key);
    return key;
  }
  [[nodiscard]] std::size_t size() const { return times_.size(); }

 private:
  std::map<Key, MonoTime> times_;
  std::set<std::pair<MonoTime, Key>> order_;
};

}  // namespace tocsin::dispatch
