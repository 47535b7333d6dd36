// The bounded queue of inputs to the owner thread: many producers, one consumer. Handing over is the only
// synchronisation between threads.
//
// Nothing that was under way may be lost, so replies, finished jobs, configuration and signals are always
// taken: their number is bounded by what the core started. Served requests come from outside and are refused
// beyond the limit; the client gets a 503.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "promql/time.hpp"

namespace tocsin::shell {

template <class Item>
class Inbox {
 public:
  explicit Inbox(std::size_t refusable_limit) : limit_(refusable_limit) {}

  // Any thread.
  void push(Item item) {
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      items_.push_back({std::move(item), false});
    }
    ready_.notify_one();
  }
  // Any thread. False, with the item untouched, when as many refusable items wait as are allowed.
  [[nodiscard]] bool try_push(Item& item) {
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      if (refusable_ >= limit_) {
        ++refused_;
        return false;
      }
      ++refusable_;
      items_.push_back({std::move(item), true});
    }
    ready_.notify_one();
    return true;
  }

  // The consumer. Waits for an item at most until `timeout` has passed; none: without limit.
  [[nodiscard]] std::optional<Item> pop(std::optional<Duration> timeout) {
    std::unique_lock<std::mutex> guard(mutex_);
    const auto some = [this] { return !items_.empty(); };
    if (!timeout) {
      ready_.wait(guard, some);
    } else if (*timeout <= Duration::zero() || !ready_.wait_for(guard, *timeout, some)) {
      if (items_.empty()) return std::nullopt;
    }
    Entry entry = std::move(items_.front());
    items_.pop_front();
    if (entry.refusable) --refusable_;
    return std::move(entry.item);
  }

  [[nodiscard]] std::size_t size() const {
    const std::lock_guard<std::mutex> guard(mutex_);
    return items_.size();
  }
  // How many items were refused so far.
  [[nodiscard]] std::size_t refused() const {
    const std::lock_guard<std::mutex> guard(mutex_);
    return refused_;
  }

 private:
  struct Entry {
    Item item;
    bool refusable = false;
  };

  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  // Guarded by mutex_:
  std::deque<Entry> items_;
  std::size_t refusable_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace tocsin::shell
