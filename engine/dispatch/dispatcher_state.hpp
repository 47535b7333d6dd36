// The inside of the Dispatcher, for its own .cpp files. What happens to a group, and where it is written:
//
//   dispatcher.cpp           alerts come in and find their groups; what is due is done; deadlines
//   dispatcher_flush.cpp     a group is looked at: who is to be told what
//   dispatcher_send.cpp      attempts, answers, retries
//   dispatcher_lanes.cpp     receivers that are down: what is held, and what happens when they are back
//   dispatcher_reload.cpp    a new configuration: which groups stay, which say farewell
//   dispatcher_kept.cpp      what outlives the process: changes out
//   dispatcher_restore.cpp   and everything in
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
#include "engine/dispatch/kept.hpp"
#include "engine/dispatch/lane.hpp"
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
    std::string subject;  // of the request
  };

  State(const Policy& the_policy, const Limits& the_limits, std::uint64_t seed);

  // ---- dispatcher.cpp
  // How long a posted alert lives that names no end.
  [[nodiscard]] Duration resolve_timeout() const;
  void put(Alert alert, const Now& now);
  void note_posted(Fingerprint fingerprint, bool was_firing, const Now& now);
  void route(Fingerprint fingerprint, const Now& now);
  // Null if Limits::groups does not allow another one.
  Group* group_for(std::size_t node, const Alert& alert, const Now& now);
  // Without a deadline.
  [[nodiscard]] Group& make_group(std::size_t node, Labels labels);
  void handle_group(Group& group, const Now& now, std::vector<Attempt>& attempts);
  void collect(const Now& now);
  void arm(Group& group);
  void set_next_repeat(Group& group) const;
  void remove_group(Group& group, const Now& now);
  // Looks at the groups that have an alert withheld for this reason.
  void look_at(Withheld withheld, const Now& now);
  [[nodiscard]] bool alert_is_unknown(Fingerprint alert) const;
  void note(Event event);
  [[nodiscard]] Event event_of(EventKind kind, const Group& group, const Now& now) const;

  // ---- dispatcher_flush.cpp
  void begin_flush(Group& group, const Now& now);
  // How long its notifications may take.
  [[nodiscard]] static Duration longest_flush(const Group& group);
  void render_route_labels(Group& group, const Now& now);
  void finish_flush(Group& group, const Now& now);
  void release_ended(Group& group, const Flush& flush, const Now& now);
  // True if an alert that was withheld by a silence or by time, or because it was unknown, is free now.
  [[nodiscard]] bool look(Group& group, const Now& now);
  [[nodiscard]] std::vector<Seen> see(const Group& group, const Now& now) const;
  void note_ends(const std::vector<Seen>& alerts, const Now& now);
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
  void forget_told(const ToldKey& key);
  void forget_told_without_group();
  void record_doubt(const Group& group, const Send& send, const Now& now);
  void set_next_look(Group& group, const Now& now) const;
  [[nodiscard]] ToldKey told_key(const Group& group, std::string_view integration) const;
  [[nodiscard]] std::vector<const IntegrationRef*> targets(const Group& group) const;
  [[nodiscard]] Bench bench_of(const Group& group, const Now& now) const;
  [[nodiscard]] Verdict verdict_of(const Bench& bench, const Alert& alert) const;
  // Whether a target of the group was told that the alert fires, and not yet that it ended.
  [[nodiscard]] bool is_owed(const Group& group, Fingerprint alert, const Now& now) const;
  // The time by which silences are judged: it lags behind for a while after the wall clock was set forward.
  [[nodiscard]] WallTime silence_time(const Now& now) const;

  // ---- dispatcher_send.cpp
  void start_sends(Group& group, const Now& now, std::vector<Attempt>& attempts);
  [[nodiscard]] std::optional<Attempt> start_attempt(Group& group, std::size_t send, const Now& now);
  // Without alerts, and the one that this send makes.
  [[nodiscard]] static notifiers::Notification notification_of(const Group& group, const Now& now);
  [[nodiscard]] notifiers::Notification notification_of(const Group& group, const Send& send,
                                                        const Now& now) const;
  [[nodiscard]] static notifiers::NotifiedAlert notified(const Frozen& frozen);
  [[nodiscard]] std::string key_of(const Group& group, const Send& send, const Now& now) const;
  // Gives the send a key, and a record in the outbox if there is room.
  void register_send(const Group& group, Send& send, const Now& now);
  void finish_send(Group& group, Send& send, SendResult result, const Now& now);
  void finish_if_done(GroupNumber number, const Now& now);
  [[nodiscard]] bool may_start(Group& group, Send& send, const Now& now);
  void give_up_lost(Group& group, Send& send, const Now& now);
  void note_failed_attempt(const Group& group, Send& send, const notifiers::Outcome& outcome, Duration wait,
                           const Now& now);
  void retry_later(Group& group, Send& send, const notifiers::Outcome& outcome, const Now& now);
  void give_turn(const std::string& integration);
  void take_outcome(Group& group, Send& send, const notifiers::Outcome& outcome, const Now& now);
  [[nodiscard]] Send* waiting_send(AttemptId id, const InFlight& attempt);
  void describe_send(Event& event, const Group& group, const Send& send) const;
  [[nodiscard]] IntegrationCounters& counters_of(const Group& group, const Send& send);

  // ---- dispatcher_lanes.cpp
  // Whether a notification of this group may go out now; else the group is held until the receiver is back.
  [[nodiscard]] bool lane_takes(Group& group, const std::string& integration, const Now& now);
  // What an attempt has met, to its lane; what comes of it for others is done by the caller.
  enum class LaneChange { none, closed, opened };
  [[nodiscard]] LaneChange tell_lane(const Group& group, const Send& send, const notifiers::Outcome& outcome,
                                     const Now& now);
  [[nodiscard]] std::size_t firing_in(const Lane& lane, const Send& send, const Now& now) const;
  // The receiver is down: all that waits to be sent to it is held.
  void hold_waiting(const std::string& integration, const Now& now);
  void hold_send(Group& group, Send& send, const Now& now);
  // It is back: all that was held is looked at anew.
  void free_held(const std::string& integration, const Now& now);
  void arm_lane(const std::string& integration);
  void probe(const std::string& integration, const Now& now);
  void forget_in_lanes(GroupNumber number);

  // ---- dispatcher_reload.cpp
  void regroup(const std::shared_ptr<const Running>& next, const Now& now);
  void move_group(Group& group, const std::shared_ptr<const Running>& next, const Now& now);
  void restart_groups(const Now& now);
  // The configuration has no place for the group any more.
  void dissolve(Group& group, const Now& now);
  // The group, of which number and clocks are not set yet, tells what it has to tell once, and goes.
  void add_farewell(Group farewell, const Now& now);
  void begin_farewell(Group& group, const Now& now);
  // Makes a group of its own that tells one integration the end of all it was told in this group.
  void say_farewell(const Group& group, const std::string& integration,
                    const std::shared_ptr<const Running>& old, const Now& now);
  void farewell_if_removed(const Group& group, const Send& send, const Now& now);
  [[nodiscard]] bool was_told(const Group& group, const std::vector<const IntegrationRef*>& integrations,
                              Fingerprint alert, const Now& now) const;
  [[nodiscard]] Alert ended(Fingerprint alert, const Now& now) const;

  // ---- dispatcher_kept.cpp
  void touch(const Group& group) { group_changes.touch(group.number); }
  void touch_all();  // every record is written again
  [[nodiscard]] KeptGroup keep_group(const Group& group, const Now& now) const;
  [[nodiscard]] KeptTold keep_told(const ToldKey& key, const Told& entry, const Now& now) const;
  [[nodiscard]] KeptSend keep_send(const Group& group, const Send& send, const Now& now) const;

  // ---- dispatcher_restore.cpp
  class Restoring;

  // ---- dispatcher_view.cpp
  [[nodiscard]] AlertView view_of(const Alert& alert, Fingerprint fingerprint, const Now& now) const;

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
  Deadlines<std::string> lane_deadlines;  // when a probe is due
  std::vector<std::string> closed_lanes;  // by attempts that were lost in this step
  std::deque<Event> events;

  // What outlives the process.
  bool keeper_works = false;
  Duration commit_wait{};
  ChangeLog<GroupNumber> group_changes;
  ChangeLog<RowId> outbox_changes;
  std::map<RowId, GroupNumber> outbox;  // records of sends that are not done
  RowId outbox_safe = 0;                // all up to this one are written

  std::string sender;  // of the post under way
  bool clock_in_doubt = false;

  MonoTime silences_lag_until = MonoTime::min();
  Duration silences_lag{};

  std::uint64_t last_group = 0;
  RowId last_group_row = 0;
  RowId last_outbox_row = 0;
  std::uint64_t last_attempt = 0;
  MonoTime held_until = MonoTime::min();
  std::optional<MonoTime> next_collect;
};

}  // namespace tocsin::dispatch
