// What each service believes after what it was told, and what must be true of that.
//
//   nothing doubled   a message under a key that the service has not seen says something that it did not
//   know: an
//                     alert that fires, an end, that a silence is over, or that repeat_interval has passed
//   C2, nothing lost  when nothing has been wrong for a while, a service believes of every alert that has not
//                     changed meanwhile what is true
//
// Messages under a key that was seen before are the same message again, and are passed over.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/site/receivers.hpp"
#include "tests/sim/site/truth.hpp"

namespace tocsin::sim {

// Who is to be told of an alert: worked out from the world's model, not by the code under test.
struct Duty {
  std::size_t receiver = 0;
  std::string route;  // the key of its groups before the colon
  bool send_resolved = true;
  Duration repeat_interval{};
};

// A time in which a silence holds.
struct Mute {
  std::size_t silence = 0;
  Duration from{};
  Duration to{};
};
struct SetSilence {
  std::string alertname;
  WallTime from;
  WallTime to;
};

// What the engine hears of these alerts may say that they ended although they go on, and that they begin
// anew.
struct Blind {
  std::size_t source = 0;
  Duration from{};
  Duration to{};
};

class Believer {
 public:
  // Borrows the alerts.
  Believer(const std::vector<TrueAlert>& alerts, std::vector<std::vector<Duty>> duties);

  // Somebody set a silence. It ends by the wall clock, which may be set meanwhile.
  void silenced(std::string alertname, Duration at, WallTime wall, WallTime end);
  // The one that was set last is over before its time.
  void unsilenced(Duration at, WallTime wall);
  void clock_stepped(Duration at, WallTime wall);
  // The clock had not been set, and now is: silences that were set meanwhile last as long as was meant.
  void clock_set(Duration at, Duration step, WallTime wall);
  void blind(Blind blind) { blinds_.push_back(blind); }
  // The configuration has other repeat intervals, or nobody can know what came before.
  void forgive_repeats(Duration until) { repeats_forgiven_until_ = until; }

  // State was lost that nothing can bring back: what services were told before may be told again, and ends of
  // it may be missing.
  void forget(Duration told_since = Duration::min());

  void hear(const Message& message);
  // Nothing was wrong for `calm` before this moment.
  void check(Duration at, Duration calm);

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] std::size_t messages() const { return messages_; }
  [[nodiscard]] const std::string& log() const { return log_; }
  [[nodiscard]] std::string last_line() const {
    const std::size_t from = log_.size() < 2 ? 0 : log_.rfind('\n', log_.size() - 2) + 1;
    return log_.substr(from, log_.size() - from - 1);
  }

 private:
  struct Belief {
    Duration told{};  // when it was last said to fire
    bool firing = false;
    bool orphaned = false;        // whoever said so does not know it any more
    bool unacknowledged = false;  // or never knew that it was heard
  };
  // One group as one service knows it.
  struct Ear {
    std::map<std::size_t, Belief> beliefs;  // by alert
    Duration last = Duration::min();
  };

  [[nodiscard]] const Duty* duty_of(std::size_t alert, const Message& message) const;
  [[nodiscard]] bool is_news(std::size_t alert, const Duty& duty, const Ear& ear,
                             const Message& message) const;
  [[nodiscard]] bool seemed_to_end(const TrueAlert& alert, Duration from, Duration to) const;
  [[nodiscard]] bool mute_ended(const TrueAlert& alert, Duration from, Duration to) const;
  [[nodiscard]] bool may_be_withheld(const TrueAlert& alert, Duration from, Duration to) const;
  // Null if it does not believe that the alert fires.
  [[nodiscard]] const Belief* belief_of(std::size_t alert, const Duty& duty) const;
  void violate(Duration at, std::string text);

  const std::vector<TrueAlert>& alerts_;
  std::vector<std::vector<Duty>> duties_;  // by alert
  std::map<Labels, std::size_t> numbers_;
  std::map<std::pair<std::size_t, std::string>, Ear> ears_;  // receiver, group
  std::set<std::pair<std::size_t, std::string>> keys_;
  void mute(std::size_t silence, Duration at, WallTime wall);

  std::vector<SetSilence> silences_;
  std::vector<Mute> mutes_;
  std::vector<Blind> blinds_;
  Duration repeats_forgiven_until_{};
  std::vector<std::string> violations_;
  std::string log_;
  std::size_t messages_ = 0;
};

// Whether an alert of the world inhibits another one while it fires; the configuration says the same in YAML.
[[nodiscard]] bool inhibits(const TrueAlert& source, const TrueAlert& target);

}  // namespace tocsin::sim
