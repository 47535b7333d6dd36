#include "engine/shell/worker_pool.hpp"

#include <pthread.h>

#include <utility>

namespace tocsin::shell {

WorkerPool::WorkerPool(std::size_t threads, std::size_t max_waiting)
    : max_waiting_(max_waiting), has_threads_(threads > 0) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  stop();
}

void WorkerPool::stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool WorkerPool::submit(std::function<void()> job) {
  if (!has_threads_) {
    job();
    return true;
  }
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (stopping_ || waiting_.size() >= max_waiting_) return false;
    waiting_.push_back(std::move(job));
  }
  ready_.notify_one();
  return true;
}

void WorkerPool::work() {
  pthread_setname_np(pthread_self(), "worker");
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock<std::mutex> guard(mutex_);
      ready_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    job();
  }
}

}  // namespace tocsin::shell
