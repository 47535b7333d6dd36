// Ad-hoc queries and their limits: how many run at once, how long they may wait and run, what they may hold.
#include <map>

#include "engine/core/engine.hpp"
#include "engine/core/query_queue.hpp"
#include "promql/format.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// An engine whose jobs the test runs when it likes.
struct Asked {
  explicit Asked(Options options) : engine(std::move(options)) { take(engine.step(now, Tick{})); }

  void take(Actions actions) {
    for (Action& action : actions) {
      if (auto* ticket = std::get_if<JobTicket>(&action)) tickets.push_back(std::move(*ticket));
      if (auto* respond = std::get_if<Respond>(&action)) answers[respond->id.value] = respond->response;
    }
  }
  void pass(Duration time) {
    now.wall += time;
    now.mono += time;
    take(engine.step(now, Tick{}));
  }
  std::uint64_t ask(const std::string& query, const std::string& timeout = "",
                    const std::string& stats = "") {
    RequestReceived received;
    received.id = {++last};
    received.request.method = "GET";
    received.request.path = "/api/v1/query";
    received.request.query = {{"query", query}, {"time", "5"}};
    if (!timeout.empty()) received.request.query.emplace_back("timeout", timeout);
    if (!stats.empty()) received.request.query.emplace_back("stats", stats);
    take(engine.step(now, std::move(received)));
    return last;
  }
  // Runs the oldest job that was handed out.
  void run(bool timed_out = false) {
    REQUIRE_FALSE(tickets.empty());
    JobTicket ticket = std::move(tickets.front());
    tickets.erase(tickets.begin());
    // Each time that somebody asks for it, a tenth of a second has passed.
    ticket.job->run(
        {[timed_out] { return timed_out; },
         [elapsed = Duration::zero()]() mutable { return elapsed += std::chrono::milliseconds(100); }});
    take(engine.step(now, std::move(ticket)));
  }
  [[nodiscard]] std::string body(std::uint64_t id) const {
    const auto found = answers.find(id);
    return found == answers.end() ? "" : format("{} {}", found->second.status, found->second.body);
  }

  Engine engine;
  Now now{to_wall(timestamp_from_ms(1'800'000'000'000)), MonoTime(seconds(1000))};
  std::vector<JobTicket> tickets;
  std::map<std::uint64_t, api::HttpResponse> answers;
  std::uint64_t last = 0;
};

Options one_at_a_time() {
  Options options;
  options.query_concurrency = 1;
  options.query_timeout = seconds(10);
  return options;
}

std::string scalar(const std::string& value) {
  return format(R"(200 {{"status":"success","data":{{"resultType":"scalar","result":[5,"{}"]}}}})", value);
}

const std::string kWaitedTooLong =
    R"(400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": context deadline exceeded"})";

TEST_CASE("beyond the limit queries wait in line, and each that ends lets the next one in") {
  Asked world(one_at_a_time());
  const auto first = world.ask("1");
  const auto second = world.ask("2");
  const auto third = world.ask("3");
  CHECK(world.tickets.size() == 1);
  world.run();
  CHECK(world.body(first) == scalar("1"));
  CHECK(world.body(second).empty());
  REQUIRE(world.tickets.size() == 1);
  world.run();
  CHECK(world.body(second) == scalar("2"));
  world.run();
  CHECK(world.body(third) == scalar("3"));
  CHECK(world.tickets.empty());
}

TEST_CASE("who waits too long is told in upstream's words, and the others go on waiting") {
  Asked world(one_at_a_time());
  const auto running = world.ask("1");
  const auto patient = world.ask("2");
  const auto hasty = world.ask("3", "1s");
  CHECK(world.engine.next_wakeup() == world.now.mono + seconds(1));
  world.pass(milliseconds(999));
  CHECK(world.body(hasty).empty());
  world.pass(milliseconds(1));
  CHECK(world.body(hasty) == kWaitedTooLong);
  world.run();
  CHECK(world.body(running) == scalar("1"));
  // What it waited is off its time.
  REQUIRE(world.tickets.size() == 1);
  CHECK(world.tickets[0].timeout == seconds(9));
  world.run();
  CHECK(world.body(patient) == scalar("2"));
}

TEST_CASE("statistics tell how long a query waited in line, and what it took") {
  Asked world(one_at_a_time());
  world.ask("1");
  const auto waiting = world.ask("sum_over_time(vector(1)[10s:1s])", "", "all");
  world.pass(milliseconds(250));
  world.run();
  world.run();
  CHECK(
      world.body(waiting) ==
      R"(200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[5,"10"]}],)"
      R"("stats":{"timings":{"evalTotalTime":0.2,"resultSortTime":0,"queryPreparationTime":0.1,"innerEvalTime":0.1,)"
      R"("execQueueTime":0.25,"execTotalTime":0.45},"samples":{"totalQueryableSamples":10,"samplesRead":10,"peakSamples":20}}}})");
}

TEST_CASE("nobody waits longer than the server's own limit") {
  Asked world(one_at_a_time());
  world.ask("1");
  const auto waiting = world.ask("2", "1h");
  world.pass(seconds(10));
  CHECK(world.body(waiting) == kWaitedTooLong);
}

TEST_CASE("a query that is wrong, or has no time, makes room for the next at once") {
  Asked world(one_at_a_time());
  CHECK(world.body(world.ask("sum(")).starts_with("400 "));
  CHECK(world.body(world.ask("1", "0")) ==
        R"(503 {"status":"error","errorType":"timeout","error":"query timed out in query execution"})");
  CHECK(world.body(world.ask("1", "-5")).starts_with("503 "));
  const auto good = world.ask("4");
  world.run();
  CHECK(world.body(good) == scalar("4"));
}

TEST_CASE("a query that runs too long ends, and only that one") {
  Asked world(one_at_a_time());
  const auto slow = world.ask("vector(1)", "2s");
  REQUIRE(world.tickets.size() == 1);
  CHECK(world.tickets[0].timeout == seconds(2));
  CHECK_FALSE(world.tickets[0].ordered);
  const auto next = world.ask("7");
  world.run(true);
  CHECK(world.body(slow) ==
        R"(503 {"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"})");
  world.run();
  CHECK(world.body(next) == scalar("7"));
}

TEST_CASE("a query that would hold too much ends, and only that one") {
  Options options = one_at_a_time();
  options.query_max_samples = 10;
  Asked world(options);
  const auto big = world.ask("sum_over_time(vector(1)[100s:1s])");
  world.run();
  CHECK(
      world.body(big) ==
      R"(422 {"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"})");
  const auto next = world.ask("8");
  world.run();
  CHECK(world.body(next) == scalar("8"));
}

TEST_CASE("the line is in order of asking, and who gives up leaves it") {
  QueryQueue queue(2);
  for (std::uint64_t i = 1; i <= 4; ++i) queue.add({{i}, {}, MonoTime{}, MonoTime(seconds(i == 3 ? 1 : 10))});
  CHECK(queue.size() == 4);
  CHECK(queue.take_next()->id.value == 1);
  CHECK(queue.take_next()->id.value == 2);
  CHECK_FALSE(queue.take_next());
  CHECK(queue.next_deadline() == MonoTime(seconds(1)));
  const auto expired = queue.take_expired(MonoTime(seconds(1)));
  REQUIRE(expired.size() == 1);
  CHECK(expired[0].id.value == 3);
  queue.ended();
  CHECK(queue.take_next()->id.value == 4);
  CHECK_FALSE(queue.next_deadline());
  CHECK(queue.size() == 2);
}

}  // namespace
}  // namespace tocsin::core
