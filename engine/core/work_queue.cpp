#include "engine/core/work_queue.hpp"

#include <algorithm>

namespace tocsin::core {

JobTicket WorkQueue::issue(std::unique_ptr<Job> job, bool ordered, Duration timeout) {
  JobTicket ticket;
  ticket.sequence = next_sequence_++;
  ticket.ordered = ordered;
  ticket.timeout = timeout;
  ticket.job = std::move(job);
  if (ordered) entries_.push_back({ticket.sequence, nullptr});
  return ticket;
}

std::unique_ptr<Job> WorkQueue::finished(JobTicket ticket) {
  if (!ticket.ordered) return std::move(ticket.job);
  const auto entry = std::find_if(entries_.begin(), entries_.end(), [&ticket](const Entry& candidate) {
    return candidate.sequence == ticket.sequence;
  });
  if (entry != entries_.end()) entry->done = std::move(ticket.job);
  return nullptr;
}

void WorkQueue::queue_round() {
  entries_.push_back({});
  has_round_ = true;
}

WorkQueue::Front WorkQueue::front() const {
  if (entries_.empty()) return Front::empty;
  if (entries_.front().sequence == 0) return Front::round;
  return entries_.front().done == nullptr ? Front::waiting_for_job : Front::finished_job;
}

std::unique_ptr<Job> WorkQueue::take_job() {
  std::unique_ptr<Job> job = std::move(entries_.front().done);
  entries_.pop_front();
  return job;
}

void WorkQueue::finish_round() {
  entries_.pop_front();
  has_round_ = false;
}

}  // namespace tocsin::core
