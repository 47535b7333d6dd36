// When a group is due. The schedule is data: the server spreads groups over their interval by a hash of file
// and name, exactly as Prometheus does; tests start all of them at one instant. Slots are wall-clock times;
// an evaluation that comes late carries its slot's timestamp, and slots that passed meanwhile are counted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "promql/time.hpp"

namespace tocsin::rules {

enum class Schedule {
  hashed_slots,                   // server
  evaluation_interval_from_zero,  // promtool's unit tests: a group's own interval is not looked at
  own_interval_from_zero          // notification tests: each group at its interval
};

// Where in its interval a group's slots lie, as Prometheus places them: xxHash64 of the label set
// {file, name} in Prometheus' encoding, modulo the interval in nanoseconds.
[[nodiscard]] Duration slot_offset(std::string_view file, std::string_view name, Duration interval);

// The last slot at or before `now` of those at offset + n * interval.
[[nodiscard]] WallTime slot_at_or_before(WallTime now, Duration interval, Duration offset);

// The slots of one group. A value; `next` is the timestamp of the next evaluation.
class SlotClock {
 public:
  SlotClock() = default;
  // The first slot is the first one after `now`, as when Prometheus starts a group ...
  [[nodiscard]] static SlotClock after(WallTime now, Duration interval, Duration offset);
  // ... or `start` itself, as in tests.
  [[nodiscard]] static SlotClock from(WallTime start, Duration interval);

  struct Due {
    WallTime slot{};
    std::uint64_t missed = 0;  // slots between the one that was due and this one, which nobody evaluated
  };

  [[nodiscard]] WallTime next() const { return extra_ != kNoTime ? std::min(extra_, next_) : next_; }
  [[nodiscard]] Duration interval() const { return interval_; }
  [[nodiscard]] bool is_due(WallTime now) const { return now >= next(); }
  // One more slot, out of turn. It is dropped where a slot of the interval comes first.
  void add(WallTime slot) { extra_ = slot; }
  // Takes the slot that is due at `now` and moves on. REQUIRES: is_due(now).
  Due take(WallTime now);
  // After a wall-clock step: the next slot after `now`. Nothing counts as missed.
  void restart(WallTime now);

 private:
  Duration interval_{1};
  Duration offset_{};
  WallTime next_{};
  WallTime extra_ = kNoTime;
};

}  // namespace tocsin::rules
