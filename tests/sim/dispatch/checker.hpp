// What must be true of everything that receivers were told, whatever happened in between.
//
// The checker hears the truth (when alerts fired and ended, when they were held back) and what arrived where,
// and keeps for each ear (an integration, and there a group) what it knows:
//
//   nothing doubled    each message holds news: a firing alert that the ear did not know of, an end that it
//   was
//                      owed, a mute that ended, or repeat_interval has passed
//   nothing false      a message names as firing what fires, as ended what has ended
//   nothing held back  a message does not name an alert as firing while it is silenced
//   C2                 who was told firing is told the end, exactly once
//   nothing lost       what keeps firing is told within its bound, and again each repeat_interval
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::sim {

// One alert that an ear must be told of, as the route tree has it.
struct Duty {
  std::string receiver;  // and integration: team/webhook[0]
  std::string route;     // what the keys of its groups start with: {}/{severity="critical"}
  bool send_resolved = true;
  Duration first{};  // within this time of its beginning, if the receiver is well
  Duration retry{};  // the longest pause after a failed attempt
  Duration repeat_interval{};
  Duration slack{};  // how much later a repeat may come: another round is under way, answers are slow
};

struct Message {
  Duration content{};   // when the group was looked at: retries say the same again
  Duration at{};        // sent
  Duration answered{};  // the sender knew that it arrived, or that it did not
  bool arrived = false;
  bool may_have_arrived = false;  // nobody knows
  std::string receiver;
  std::string group;
  std::vector<Labels> firing;
  std::vector<Labels> resolved;
};

class Checker {
 public:
  // ---- the truth
  void fires(const Labels& alert, Duration at, std::vector<Duty> duties);
  void ends(const Labels& alert, Duration at);
  void silenced(const Labels& alert, Duration at);
  void unsilenced(const Labels& alert, Duration at);

  // ---- what was said, in the order in which the sender knew of it
  void said(const Message& message);

  // At the end, when all has ended and all receivers have been well for long enough.
  void finish(Duration at);

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct Span {
    Duration from{};
    Duration to = Duration::max();
    Duration after{};  // the end of the one before
  };
  struct Life {
    std::vector<Span> firing;
    std::vector<Span> silent;
    std::vector<Duty> duties;
  };
  struct Ear {
    std::map<Labels, Duration> told;  // firing, since when it was last said
    std::set<Labels> doubtful;        // said as firing without an answer: their ends may be told
    std::set<Labels> ends_in_doubt;   // said as ended without an answer: that they fire again is news
    Duration last = Duration::min();
    std::map<Labels, std::size_t> ends;  // told so far
  };
  struct Told {
    Duration at{};
    Labels alert;
    std::string group;
    bool firing = true;
  };

  [[nodiscard]] bool fires_at(const Labels& alert, Duration at) const;
  [[nodiscard]] bool silent_at(const Labels& alert, Duration at) const;
  [[nodiscard]] bool ended_between(const Labels& alert, Duration from, Duration to) const;
  [[nodiscard]] bool unmuted_between(const Labels& alert, Duration from, Duration to) const;
  [[nodiscard]] const Duty* duty_of(const Labels& alert, const std::string& receiver,
                                    const std::string& group) const;
  void check_truth(const Message& message);
  void check_news(const Message& message);
  [[nodiscard]] Duration first_due(const std::vector<Told>& about, const Span& span, const Duty& duty) const;
  [[nodiscard]] Duration excused(Duration due, const Life& life, const Duty& duty) const;
  void check_told(const Labels& alert, const Span& span, const Life& life, const Duty& duty);
  void violate(Duration at, std::string text);

  std::map<Labels, Life> lives_;
  std::map<std::pair<std::string, std::string>, Ear> ears_;
  std::map<std::string, std::vector<Told>> told_;          // by receiver, in order
  std::map<std::string, std::vector<Duration>> failures_;  // by receiver: when the sender knew
  std::vector<std::string> violations_;
};

}  // namespace tocsin::sim
