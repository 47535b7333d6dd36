// The order of things: ordered jobs and due rule rounds stand in one queue, in the order in which they came
// up.
//
// A job that finishes early waits until everything before it is done; a round that fell due behind an
// unfinished job waits for that job. What happens to the core's state is therefore a function of its inputs
// alone, whatever the number of threads that ran the jobs, and however long they took (contract C4).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "engine/core/io.hpp"

namespace tocsin::core {

class WorkQueue {
 public:
  enum class Front { empty, waiting_for_job, finished_job, round };

  // A ticket to hand out as an action.
  [[nodiscard]] JobTicket issue(std::unique_ptr<Job> job, bool ordered, Duration timeout = {});
  // A job that came back. An unordered one is returned to be applied at once, an ordered one is kept in its
  // place.
  [[nodiscard]] std::unique_ptr<Job> finished(JobTicket ticket);

  // REQUIRES: no round is queued.
  void queue_round();
  [[nodiscard]] bool has_round() const { return has_round_; }

  [[nodiscard]] Front front() const;
  // REQUIRES: front() is finished_job.
  [[nodiscard]] std::unique_ptr<Job> take_job();
  // REQUIRES: front() is round.
  void finish_round();

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t sequence = 0;  // 0: a round
    std::unique_ptr<Job> done;
  };
  std::deque<Entry> entries_;
  std::uint64_t next_sequence_ = 1;
  bool has_round_ = false;
};

}  // namespace tocsin::core
