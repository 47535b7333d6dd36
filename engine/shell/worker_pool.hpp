// The worker threads: parsing, ad-hoc queries, big answers. Jobs share nothing; what they give back goes
// through the inbox or the loop.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/shell/limits.hpp"

namespace tocsin::shell {

// Thread: any for submit. Destroying it waits for running jobs and drops waiting ones.
class WorkerPool {
 public:
  // With no threads at all a job runs within submit, on the thread that calls it.
  explicit WorkerPool(std::size_t threads, std::size_t max_waiting = kMaxWaitingJobs);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, with the job dropped, when too many wait.
  [[nodiscard]] bool submit(std::function<void()> job);
  // Waits for running jobs and drops the others; submit refuses from then on. Called once or not at all.
  void stop();

 private:
  void work();

  const std::size_t max_waiting_;
  const bool has_threads_;
  std::mutex mutex_;
  std::condition_variable ready_;
  // Guarded by mutex_:
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace tocsin::shell
