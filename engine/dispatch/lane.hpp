// The way to one integration, which all groups that tell it something share: how much is under way, and
// whether it takes anything at all.
//
//   up ------- kDownAfter attempts in a row met no answer, or one that says "later" ------> down
//   up, down - an answer says that it will not take this sender (401, 403, 404) ----------> refused
//   down ----- the probe arrived ---------------------------------------------------------> up
//   refused -- likewise; the probe goes out after kRefusedFor, or after a reload
//
// While it is down or refused, one attempt at a time goes out, the probe, which gets no longer than
// kProbeFor, and after each that fails the wait grows to kProbeInterval. All else is held: groups keep what
// they have to say and are looked at anew when it is up, so that a receiver that comes back hears the present
// state once, and not what it missed (field-guide 2.19). Groups probe in turn: a receiver that cannot take
// what one group has to say is found to be up by the next one's.
//
// An integration whose destination is a template is not one way, but as many as it renders to: its lane is
// never closed.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "engine/dispatch/backoff.hpp"
#include "engine/dispatch/group.hpp"
#include "promql/time.hpp"

namespace tocsin::dispatch {

class Lane {
 public:
  enum class State : std::uint8_t { up, down, refused };

  // Failures in a row after which an integration is taken to be down. Upstream's back-off has waited some six
  // seconds by then: a receiver that restarts is not called down.
  static constexpr unsigned kDownAfter = 5;
  static constexpr Duration kRefusedFor = std::chrono::hours(1);
  // One small request in so long a time is nothing to a receiver that is well again, and a receiver that is
  // back is found within the sum of the two.
  static constexpr Duration kProbeInterval = std::chrono::seconds(10);
  static constexpr Duration kProbeFor = std::chrono::seconds(15);

  // Attempts that were handed out and not answered, and groups that wait because they are too many.
  std::size_t in_flight = 0;
  std::deque<GroupNumber> waiting;
  // Groups that hold something until the integration is up.
  std::set<GroupNumber> held;
  std::size_t ended_meanwhile = 0;  // alerts that came and went while it was down

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool is_up() const { return state_ == State::up; }
  // The earliest time of the next attempt: of any one, or of the probe while it is not up.
  [[nodiscard]] MonoTime not_before() const { return not_before_; }
  [[nodiscard]] MonoTime down_since() const { return down_since_; }
  [[nodiscard]] unsigned failures() const { return failures_; }

  // Whether this group's attempt may go out, as far as the state is concerned.
  [[nodiscard]] bool admits(GroupNumber group) const { return is_up() || probe_ == group; }
  // Makes the group the one that probes, if it is time for one.
  [[nodiscard]] bool take_probe(GroupNumber group, MonoTime now);
  [[nodiscard]] bool has_probe() const { return probe_.has_value(); }
  // The held group whose turn it is to probe. REQUIRES: there is one.
  [[nodiscard]] GroupNumber next_probe() const;
  // The group's attempt came to nothing that the lane has heard of.
  void give_up_probe(GroupNumber group);

  // An answer came, whatever it says of the notification. True if the lane is up again by it.
  bool answered();
  // No answer came, or one that says "later". True if the lane is down by it.
  bool failed(MonoTime now, Random& random);
  // The answer was 401, 403 or 404. True if it was not known.
  bool refused(MonoTime now);
  void ask_to_wait(MonoTime until);
  // The configuration was loaded anew: what refuses may be asked again.
  void reloaded(MonoTime now);

 private:
  State state_ = State::up;
  unsigned failures_ = 0;
  MonoTime not_before_ = MonoTime::min();
  MonoTime down_since_{};
  std::optional<GroupNumber> probe_;
  GroupNumber last_probe_{};
  Backoff backoff_;
};

}  // namespace tocsin::dispatch
