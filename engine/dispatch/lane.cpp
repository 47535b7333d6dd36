#include "engine/dispatch/lane.hpp"

#include <algorithm>

namespace tocsin::dispatch {

bool Lane::take_probe(GroupNumber group, MonoTime now) {
  if (probe_ == group) return true;
  if (is_up() || probe_ || now < not_before_) return false;
  probe_ = group;
  last_probe_ = group;
  return true;
}

GroupNumber Lane::next_probe() const {
  const auto next = held.upper_bound(last_probe_);
  return next == held.end() ? *held.begin() : *next;
}

void Lane::give_up_probe(GroupNumber group) {
  if (probe_ == group) probe_.reset();
}

bool Lane::answered() {
  failures_ = 0;
  backoff_ = Backoff();
  probe_.reset();
  return std::exchange(state_, State::up) != State::up;
}

bool Lane::failed(MonoTime now, Random& random) {
  if (++failures_ == 1) down_since_ = now;
  probe_.reset();
  const Duration wait = backoff_.next(random, kProbeInterval);
  if (is_up() && failures_ < kDownAfter) return false;
  not_before_ = std::max(not_before_, now + wait);
  if (!is_up()) return false;
  state_ = State::down;
  return true;
}

bool Lane::refused(MonoTime now) {
  if (++failures_ == 1) down_since_ = now;
  probe_.reset();
  not_before_ = now + kRefusedFor;
  return std::exchange(state_, State::refused) != State::refused;
}

void Lane::ask_to_wait(MonoTime until) {
  not_before_ = std::max(not_before_, until);
}

void Lane::reloaded(MonoTime now) {
  if (state_ == State::refused) not_before_ = now;
}

}  // namespace tocsin::dispatch
