// Silences: who made them, what they match, when they hold.
//
// A silence is pending, active from starts_at, and expired from ends_at on. It is never deleted at once: to
// remove it is to let it expire, and it stays visible for Limits::silence_retention (trap 59).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/dispatch/change_log.hpp"
#include "engine/dispatch/limits.hpp"
#include "engine/dispatch/random.hpp"
#include "promql/labels.hpp"
#include "promql/matcher.hpp"
#include "promql/time.hpp"

namespace tocsin::dispatch {

enum class SilenceState { pending, active, expired };
[[nodiscard]] std::string_view to_string(SilenceState state);

struct Silence {
  std::string id;                                  // "" asks for a new one
  std::vector<std::vector<Matcher>> matcher_sets;  // any set, all of whose matchers match
  WallTime starts_at = kNoTime;                    // kNoTime: now
  WallTime ends_at = kNoTime;
  WallTime updated_at = kNoTime;
  std::string created_by;
  std::string comment;
  std::map<std::string, std::string> annotations;
  RowId row = 0;     // the set's to give
  Duration moved{};  // its times were moved by this, for the clock was not set when it was restored

  // The clock is not set: what was a minute old is a minute old.
  void move(Duration by);
  // The clock is set, `step` later. What was moved goes back to where it was; what was set meanwhile by a
  // wrong clock has no other time than that.
  void put_back(Duration step);

  [[nodiscard]] SilenceState state(WallTime now) const;
  [[nodiscard]] bool matches(const Labels& labels) const;
  [[nodiscard]] Silence clone() const;
};

// The error text of a silence that does not exist; the API answers 404 to it and 400 to all others.
inline constexpr std::string_view kSilenceNotFound = "silence not found";

class Silences {
 public:
  explicit Silences(const Limits& limits) : limits_(limits) {}

  // Adds a silence, or changes the one with its id, and returns the id under which it now is. One that may
  // not be changed in place (other matchers, an active one's start) expires and is replaced by a new one.
  [[nodiscard]] Result<std::string> set(Silence silence, WallTime now, Random& random);
  [[nodiscard]] Result<void> expire(std::string_view id, WallTime now);
  // The clock was not set, and now is: `step` later than it said.
  void clock_was_set(Duration step);
  // Puts back a silence from kept state, as it is.
  void restore(Silence silence);

  // Null if there is none; valid until the next call that changes anything.
  [[nodiscard]] const Silence* find(std::string_view id) const;
  // In the order of ids.
  [[nodiscard]] const std::map<std::string, Silence, std::less<>>& all() const { return silences_; }
  // Ids of the active silences that match, sorted.
  [[nodiscard]] std::vector<std::string> silencing(const Labels& labels, WallTime now) const;
  // When the first of these silences ends; no value if none of them is known.
  [[nodiscard]] std::optional<WallTime> next_end(const std::vector<std::string>& ids) const;

  // Whether any is pending or active.
  [[nodiscard]] bool any_alive(WallTime now) const;

  void collect(WallTime now);
  // Grows with each change; time alone does not change it.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // How many were refused because a limit was reached.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] ChangeLog<std::string>& changes() { return changes_; }

 private:
  [[nodiscard]] Result<void> check_room(const Silence& silence) const;
  [[nodiscard]] Error refuse(Error error);

  Limits limits_;
  std::uint64_t version_ = 0;
  std::uint64_t refused_ = 0;
  std::map<std::string, Silence, std::less<>> silences_;
  RowId last_row_ = 0;
  ChangeLog<std::string> changes_;
};

}  // namespace tocsin::dispatch
