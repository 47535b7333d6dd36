// The dispatcher: alerts in, attempts to tell people out.
//
// Single-threaded and pure. Time comes as an argument, attempts leave as data, and the embedder reports what
// came of each one with reply() or outcome(), exactly once. Alerts come from the rules of this process
// (insert: they live until they are told to have ended) or over the API (post: they carry an end). A group is
// looked at when its clock says so; then each integration of its route's receiver is told what it does not
// know yet, with retries until the group's next round is due.
//
// The embedder's loop: after each input, step() until it returns nothing; then wait for next_deadline(),
// which lies in the past while a step left something for the next one.
//
// Group and retry clocks run on MonoTime; alerts, silences and time intervals on WallTime.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/dispatch/alert.hpp"
#include "engine/dispatch/counters.hpp"
#include "engine/dispatch/events.hpp"
#include "engine/dispatch/group.hpp"
#include "engine/dispatch/kept.hpp"
#include "engine/dispatch/lane.hpp"
#include "engine/dispatch/limits.hpp"
#include "engine/dispatch/policy.hpp"
#include "engine/dispatch/running.hpp"
#include "engine/dispatch/silences.hpp"
#include "notifiers/notification.hpp"
#include "notifiers/request.hpp"
#include "promql/time.hpp"

namespace tocsin::dispatch {

// One try to tell one integration. The request is rendered for this attempt, with the configuration in force.
struct Attempt {
  AttemptId id;
  std::string receiver;
  std::string integration;  // slack[0]
  unsigned number = 1;      // 2 and up: a retry
  std::string key;          // the same for every attempt of one notification, over restarts too
  notifiers::Notification notification;
  notifiers::Request request;
  config::HttpClientPtr http;
  Duration timeout{};  // until which the embedder must give up; never 0
};

// An alert as it was posted. Times that were not given are kNoTime.
struct PostedAlert {
  Labels labels;
  std::map<std::string, std::string> annotations;
  std::string generator_url;
  WallTime starts_at = kNoTime;
  WallTime ends_at = kNoTime;
};

enum class AlertStatus { unprocessed, active, suppressed };
[[nodiscard]] std::string_view to_string(AlertStatus status);

struct AlertView {
  Alert alert;
  Fingerprint fingerprint;
  AlertStatus status = AlertStatus::active;
  std::vector<std::string> receivers;  // in the order in which routes match
  std::vector<std::string> silenced_by;
  std::vector<std::string> inhibited_by;
  std::vector<std::string> muted_by;
};

struct GroupView {
  std::string receiver;
  std::string key;
  Labels labels;
  std::map<std::string, std::string> route_labels;
  std::vector<AlertView> alerts;  // in the order of a notification
  std::vector<std::string> muted_by;
  std::map<std::string, Decision> decisions;  // by the integration's name
};

struct ReceiverState {
  std::string receiver;
  std::string integration;  // slack[0]
  Lane::State state = Lane::State::up;
  Duration for_how_long{};  // that it is not up
};

class Dispatcher {
 public:
  // `seed` is that of back-off jitter and of the ids of silences.
  Dispatcher(const Policy& policy, const Limits& limits, std::uint64_t seed);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Puts a configuration in force. Until the first one nothing is told, and alerts only pile up.
  void reload(Setup setup, const Now& now);
  // No group is looked at before this time; MonoTime::max() until further notice.
  void hold_until(MonoTime time);

  // Alerts of this process' rules: new ones, changed ones, and those that ended (ends_at and cause are set).
  void insert(std::vector<Alert> alerts, const Now& now);
  // Alerts over the API, already validated. Sets what was not given, as Alertmanager does (trap 39).
  // `sender` is who posted them, for events.
  void post(std::vector<PostedAlert> alerts, const Now& now, std::string_view sender = {});
  // The rule of these own alerts fails to evaluate (or does again). With the policy off they end now.
  void set_unknown(const std::vector<Labels>& alerts, bool unknown, const Now& now);

  [[nodiscard]] Result<std::string> set_silence(Silence silence, const Now& now);
  [[nodiscard]] Result<void> expire_silence(std::string_view id, const Now& now);
  [[nodiscard]] const Silences& silences() const;

  // Does what is due, as far as Limits let one step go.
  [[nodiscard]] std::vector<Attempt> step(const Now& now);
  // The answer to an attempt, as it came; the service that made the request says what it means.
  void reply(AttemptId id, const notifiers::Reply& reply, const Now& now);
  // The same, where the meaning is known. An id that is not under way is passed over.
  void outcome(AttemptId id, const notifiers::Outcome& outcome, const Now& now);
  // When step() has something to do, if nothing happens before.
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // The wall clock was set by `step`. Ends that lie ahead move along, so that nothing ends by it; for
  // `settle` no silence expires by it either.
  void wall_clock_stepped(Duration step, Duration settle, const Now& now);

  // While it is, every notified alert carries an annotation that says so.
  void set_clock_in_doubt(bool in_doubt);

  // ---- what outlives the process (engine/dispatch/kept.hpp)
  // From now on changes are gathered for take_changes(), and the first attempt of a notification waits until
  // outbox_written() has named its record, but at most for commit_wait.
  void keep(Duration commit_wait);
  // Whether there is any use in waiting for the records.
  void set_keeper_works(bool works);
  // What changed since the last call.
  [[nodiscard]] Changes take_changes(Depth depth, const Now& now);
  // Everything there is, as changes.
  [[nodiscard]] Changes take_everything(const Now& now);
  // All records of the outbox up to this one are safe.
  void outbox_written(RowId up_to, const Now& now);
  // Goes on from what was kept. REQUIRES: a configuration is in force, best the one that was in force then;
  // no alert or silence has come in. Returns how many notifications are sent again.
  std::size_t restore(Kept kept, const Now& now);

  // ---- what it shows
  // Alerts that have not ended, by fingerprint.
  [[nodiscard]] std::vector<AlertView> alerts(const Now& now) const;
  // Of this process' rules, that have not ended.
  [[nodiscard]] std::vector<Alert> own_alerts(const Now& now) const;
  // Posted ones that have not ended.
  [[nodiscard]] std::size_t posted_count(const Now& now) const;
  // The names of the alerts that have not ended and that a silence matches, each once.
  [[nodiscard]] std::vector<std::string> names_matched(const Silence& silence, const Now& now) const;
  // By labels, then receiver.
  [[nodiscard]] std::vector<GroupView> groups(const Now& now) const;
  // Every integration that was tried to be told something, by receiver and integration.
  [[nodiscard]] std::vector<ReceiverState> receivers(const Now& now) const;
  [[nodiscard]] std::size_t group_count() const;
  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] const Counters& counters() const;
  [[nodiscard]] const Policy& policy() const;
  // What happened since the last call, in order.
  [[nodiscard]] std::vector<Event> take_events();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::dispatch
