// Slots as Prometheus' Group.EvalTimestamp and Group.run compute them.
#include "rules/schedule.hpp"

#include <xxhash.h>

#include <string>

namespace tocsin::rules {
namespace {

// Prometheus' label sets hash their own encoding: each string after its length, which takes one byte below
// 255 and otherwise 255 and three bytes, low first. Ours differs for long strings, so it is spelled out here.
void append_encoded(std::string& out, std::string_view text) {
  const std::size_t length = text.size();
  if (length < 255) {
    out.push_back(static_cast<char>(length));
  } else {
    out.push_back(static_cast<char>(255));
    for (int shift = 0; shift < 24; shift += 8) out.push_back(static_cast<char>(length >> shift));
  }
  out.append(text);
}

}  // namespace

Duration slot_offset(std::string_view file, std::string_view name, Duration interval) {
  // An empty value is no label at all.
  std::string encoded;
  for (const auto& [label, value] : {std::pair{std::string_view("file"), file}, {"name", name}}) {
    if (value.empty()) continue;
    append_encoded(encoded, label);
    append_encoded(encoded, value);
  }
  const std::uint64_t hash = XXH64(encoded.data(), encoded.size(), 0);
  return Duration(static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(interval.count())));
}

WallTime slot_at_or_before(WallTime now, Duration interval, Duration offset) {
  const Duration since = now.time_since_epoch() - offset;
  Duration rest = since % interval;
  if (rest < Duration::zero()) rest += interval;
  return now - rest;
}

SlotClock SlotClock::after(WallTime now, Duration interval, Duration offset) {
  SlotClock clock;
  clock.interval_ = interval;
  clock.offset_ = offset;
  clock.restart(now);
  return clock;
}

SlotClock SlotClock::from(WallTime start, Duration interval) {
  SlotClock clock;
  clock.interval_ = interval;
  clock.offset_ = start.time_since_epoch() % interval;
  clock.next_ = start;
  return clock;
}

SlotClock::Due SlotClock::take(WallTime now) {
  const WallTime extra = std::exchange(extra_, kNoTime);
  if (extra != kNoTime && now < next_) return {extra, 0};
  const auto missed = (now - next_) / interval_;
  const WallTime slot = next_ + missed * interval_;
  // The last slot that nanoseconds can count has none after it.
  next_ = slot > WallTime::max() - interval_ ? WallTime::max() : slot + interval_;
  return {slot, static_cast<std::uint64_t>(missed)};
}

void SlotClock::restart(WallTime now) {
  extra_ = kNoTime;
  next_ = slot_at_or_before(now, interval_, offset_) + interval_;
}

}  // namespace tocsin::rules
