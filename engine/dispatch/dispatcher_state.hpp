// The inside of the Dispatcher, for its own .cpp files. What happens to a group, and where it is written:
//
//   dispatcher.cpp           alerts come in and find their groups; what is due is done; deadlines
//   dispatcher_flush.cpp     a group is looked at: who is to be told what
//   dispatcher_send.cpp      attempts, answers, retries
//   dispatcher_reload.cpp    a new configuration: which groups stay, which say farewell
//   dispatcher_view.cpp      what it shows
//
// Invariants: by_identity names exactly the groups that are no farewells; the store counts each membership; a
// group whose flush is under way starts no other; every group has a deadline.
#pragma once

#include <deque>

#include "engine/dispatch/alert_store.hpp"
#include "engine/dispatch/deadlines.hpp"
#include "engine/dispatch/dispatcher.hpp"
#include "engine/dispatch/inhibition.hpp"
#include "engine/dispatch/told.hpp"

namespace tocsin::dispatch {

// How long after its deadline an attempt that was not answered is taken for lost.
inline constexpr Duration kAnswerGrace = std::chrono::seconds(5);

struct Dispatcher::State {
  // An attempt that was handed out and not answered.
  struct InFlight {
    GroupNumber group;
    std::size_t send = 0;
    std::string integration;
  };

  State(const Policy& the_policy, const Limits& the_limits, std::uint64_t seed);

  // ---- dispatcher.cpp
  void put(Alert alert, const Now& now);
  void route(Fingerprint fingerprint, const Now& now);
  // Null if Limits::groups does not allow another one.
  Group* group_for(std::size_t node, const Alert& alert, const Now& now);
  void handle_group(Group& group, const Now& now, std::vector<Attempt>& attempts);
  void collect(const Now& now);
  void arm(Group& group);
  void set_next_repeat(Group& group) const;
  void remove_group(Group& group, const Now& now);
  void look_at_silenced(const Now& now);
  void note(Event event);
  [[nodiscard]] Event event_of(EventKind kind, const Group& group, const Now& now) const;

  // ---- dispatcher_flush.cpp
  void begin_flush(Group& group, const Now& now);
  void render_route_labels(Group& group, const Now& now);
  void finish_flush(Group& group, const Now& now);
  // True if an alert that was withheld by a silence or by time is free now.
  [[nodiscard]] bool look(Group& group, const Now& now);
  [[nodiscard]] std::vector<Seen> see(const Group& group, const Now& now) const;
  [[nodiscard]] std::vector<Frozen> freeze(const Group& group, const Now& now) const;
  // True if a look would find what the last one found, and nothing to do.
  [[nodiscard]] bool is_settled(const Group& group, const Now& now) const;
  void note_verdicts(Group& group, const std::vector<Verdict>& verdicts, const Now& now);
  void note_verdict(const Group& group, Fingerprint alert, Withheld was, const Verdict& verdict,
                    const Now& now);
  void plan_for(Group& group, const IntegrationRef& integration, const std::vector<Verdict>& verdicts,
                const Now& now);
  void forget_ended(const Group& group, const IntegrationRef& integration, const Plan& plan, const Now& now);
  void record_told(Group& group, const Send& send, std::map<std::string, std::string> remember,
                   const Now& now);
  void set_next_look(Group& group, const Now& now) const;
  [[nodiscard]] ToldKey told_key(const Group& group, std::string_view integration) const;
  [[nodiscard]] std::vector<const IntegrationRef*> targets(const Group& group) const;
  [[nodiscard]] Bench bench_of(const Group& group, WallTime now) const;

  // ---- dispatcher_send.cpp
  void start_sends(Group& group, const Now& now, std::vector<Attempt>& attempts);
  [[nodiscard]] std::optional<Attempt> start_attempt(Group& group, std::size_t send, const Now& now);
  // Without alerts, and the one that this send makes.
  [[nodiscard]] static notifiers::Notification notification_of(const Group& group, const Now& now);
  [[nodiscard]] notifiers::Notification notification_of(const Group& group, const Send& send,
                                                        const Now& now) const;
  [[nodiscard]] static notifiers::NotifiedAlert notified(const Frozen& frozen);
  void finish_send(Group& group, Send& send, SendResult result, const Now& now);
  void retry_later(Group& group, Send& send, const notifiers::Outcome& outcome, const Now& now);
  void give_turn(const std::string& integration);
  [[nodiscard]] Send* waiting_send(AttemptId id, const InFlight& attempt);
  [[nodiscard]] IntegrationCounters& counters_of(const Group& group, const Send& send);

  // ---- dispatcher_reload.cpp
  void regroup(const std::shared_ptr<const Running>& next, const Now& now);
  void move_group(Group& group, const std::shared_ptr<const Running>& next, const Now& now);
  void restart_groups(const Now& now);
  // The configuration has no place for the group any more.
  void dissolve(Group& group, const Now& now);
  // Makes a group of its own that tells one integration the end of all it was told in this group.
  void say_farewell(const Group& group, const std::string& integration,
                    const std::shared_ptr<const Running>& old, const Now& now);
  void farewell_if_removed(const Group& group, const Send& send, const Now& now);
  [[nodiscard]] bool was_told(const Group& group, const std::vector<const IntegrationRef*>& integrations,
                              Fingerprint alert, const Now& now) const;
  [[nodiscard]] Alert ended(Fingerprint alert, const Now& now) const;

  // ---- dispatcher_view.cpp
  [[nodiscard]] AlertView view_of(const Alert& alert, Fingerprint fingerprint, const Now& now) const;

  // What one integration's sends share.
  struct Lane {
    std::size_t in_flight = 0;
    std::deque<GroupNumber> waiting;
    MonoTime not_before = MonoTime::min();  // its service said Retry-After
  };

  Policy policy;
  Limits limits;
  Random random;
  Counters counters;
  AlertStore store;
  Silences silences;
  ToldLog told;
  std::shared_ptr<const Running> running;
  std::optional<Inhibitor> inhibitor;

  std::map<GroupNumber, Group> groups;
  std::map<std::string, GroupNumber, std::less<>> by_identity;
  Deadlines<GroupNumber> deadlines;
  std::map<AttemptId, InFlight> in_flight;
  std::map<std::string, Lane, std::less<>> lanes;
  std::deque<Event> events;

  std::uint64_t last_group = 0;
  std::uint64_t last_attempt = 0;
  MonoTime held_until = MonoTime::min();
  std::optional<MonoTime> next_collect;
};

}  // namespace tocsin::dispatch
