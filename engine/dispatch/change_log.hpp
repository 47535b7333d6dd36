// Which records changed since somebody last wrote them down.
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace tocsin::dispatch {

// Names a record among those of its kind; rises with creation. 0: none.
using RowId = std::int64_t;

// Does nothing until it is switched on: then somebody takes what it gathers.
template <class Key>
class ChangeLog {
 public:
  void switch_on() { on_ = true; }
  [[nodiscard]] bool is_on() const { return on_; }
  void touch(const Key& key) {
    if (on_) touched_.insert(key);
  }
  void gone(const Key& key, RowId row) {
    if (!on_) return;
    touched_.erase(key);
    if (row != 0) gone_.push_back(row);
  }
  [[nodiscard]] bool empty() const { return touched_.empty() && gone_.empty(); }
  [[nodiscard]] std::set<Key> take_touched() { return std::exchange(touched_, {}); }
  [[nodiscard]] std::vector<RowId> take_gone() { return std::exchange(gone_, {}); }

 private:
  bool on_ = false;
  std::set<Key> touched_;
  std::vector<RowId> gone_;
};

}  // namespace tocsin::dispatch
