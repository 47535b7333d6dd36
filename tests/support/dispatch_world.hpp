// A Dispatcher in virtual time with receivers that answer as they are told: what timelines and the simulator
// run on. Time starts at 0; the wall shows `start` then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/dispatch/dispatcher.hpp"

namespace tocsin::testworld {

// How a receiver answers one attempt.
struct Answer {
  unsigned status = 200;  // 0: no answer at all
  Duration takes{};
  std::string retry_after;  // the header
};

// One attempt as the receiver saw it.
struct Said {
  Duration at{};         // when it was sent
  Duration answered{};   // when the sender knew
  bool arrived = false;  // the answer was a success
  Answer answer;
  dispatch::Attempt attempt;
};

class World {
 public:
  World(const dispatch::Policy& policy, const dispatch::Limits& limits, std::uint64_t seed, WallTime start);

  // An Alertmanager configuration. The error is what its reader said.
  [[nodiscard]] Result<void> load(const std::string& yaml);
  // The process is killed now, with what it kept written down, and another one goes on after `down` under the
  // configuration that was in force. Answers that are under way are lost.
  void restart(Duration down);
  // What receivers answer; all are well if it is empty.
  std::function<Answer(const dispatch::Attempt&, Duration at)> answer;

  // Lets time pass up to and including this moment.
  void run_until(Duration time);
  // Sets the clock without looking at what is due. REQUIRES: time() <= time.
  void skip_to(Duration time) { time_ = time; }
  [[nodiscard]] Duration time() const { return time_; }
  [[nodiscard]] Now now() const;
  // The wall clock jumps; virtual time goes on.
  void step_wall(Duration by);

  [[nodiscard]] dispatch::Dispatcher& dispatcher() { return *dispatcher_; }
  [[nodiscard]] const std::vector<Said>& said() const { return said_; }

 private:
  void settle();
  void send(dispatch::Attempt attempt);

  dispatch::Policy policy_;
  dispatch::Limits limits_;
  std::uint64_t seed_;
  WallTime start_;
  Duration time_{};
  dispatch::Setup setup_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  std::vector<Said> said_;
  // Answers under way, by time and then in the order of sending: indices of said_.
  std::map<std::pair<Duration, std::uint64_t>, std::size_t> answers_;
  std::uint64_t sent_ = 0;
};

// A{job="x"}: the alert's name, then its other labels.
[[nodiscard]] std::string print_alert(const Labels& labels);
[[nodiscard]] Result<Labels> parse_alert(std::string_view text);

// team/slack[0] firing A, B; resolved C
[[nodiscard]] std::string print_attempt(const dispatch::Attempt& attempt);

}  // namespace tocsin::testworld
