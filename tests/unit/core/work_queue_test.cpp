#include "engine/core/work_queue.hpp"

#include "tests/support/catch.hpp"

namespace tocsin::core {
namespace {

class NumberedJob final : public Job {
 public:
  explicit NumberedJob(int of) : number(of) {}
  void run(const JobClock&) override {}
  void apply(Engine&) override {}
  int number;
};

std::unique_ptr<Job> job(int number) {
  return std::make_unique<NumberedJob>(number);
}
int number_of(const std::unique_ptr<Job>& job) {
  return static_cast<const NumberedJob&>(*job).number;
}

TEST_CASE("an empty queue has nothing in front") {
  WorkQueue queue;
  CHECK(queue.front() == WorkQueue::Front::empty);
  CHECK_FALSE(queue.has_round());
}

TEST_CASE("ordered jobs are applied in the order in which they were issued") {
  WorkQueue queue;
  JobTicket first = queue.issue(job(1), true);
  JobTicket second = queue.issue(job(2), true);
  CHECK(first.sequence < second.sequence);

  CHECK(queue.finished(std::move(second)) == nullptr);
  CHECK(queue.front() == WorkQueue::Front::waiting_for_job);

  CHECK(queue.finished(std::move(first)) == nullptr);
  REQUIRE(queue.front() == WorkQueue::Front::finished_job);
  CHECK(number_of(queue.take_job()) == 1);
  REQUIRE(queue.front() == WorkQueue::Front::finished_job);
  CHECK(number_of(queue.take_job()) == 2);
  CHECK(queue.front() == WorkQueue::Front::empty);
}

TEST_CASE("an unordered job comes back at once and holds up nobody") {
  WorkQueue queue;
  JobTicket ticket = queue.issue(job(7), false, std::chrono::seconds(3));
  CHECK(ticket.timeout == std::chrono::seconds(3));
  CHECK(queue.front() == WorkQueue::Front::empty);
  const auto back = queue.finished(std::move(ticket));
  REQUIRE(back != nullptr);
  CHECK(number_of(back) == 7);
}

TEST_CASE("a round waits for the jobs before it, and jobs after it wait for the round") {
  WorkQueue queue;
  JobTicket before = queue.issue(job(1), true);
  queue.queue_round();
  JobTicket after = queue.issue(job(2), true);
  CHECK(queue.has_round());

  CHECK(queue.finished(std::move(after)) == nullptr);
  CHECK(queue.front() == WorkQueue::Front::waiting_for_job);
  CHECK(queue.finished(std::move(before)) == nullptr);
  CHECK(number_of(queue.take_job()) == 1);

  CHECK(queue.front() == WorkQueue::Front::round);
  queue.finish_round();
  CHECK_FALSE(queue.has_round());
  CHECK(number_of(queue.take_job()) == 2);
}

}  // namespace
}  // namespace tocsin::core
