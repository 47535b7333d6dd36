#include "engine/shell/owner.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tocsin::shell {

namespace {

constexpr std::chrono::seconds kLongestWait{10};

bool says_stop(const core::Actions& actions) {
  return std::any_of(actions.begin(), actions.end(),
                     [](const core::Action& action) { return std::holds_alternative<core::Stop>(action); });
}

}  // namespace

std::optional<Duration> wait_time(std::optional<MonoTime> wakeup, MonoTime now) {
  if (!wakeup) return std::nullopt;
  // Compared before subtracting: the core names the far past as MonoTime::min().
  if (*wakeup <= now) return Duration::zero();
  if (now<MonoTime::max() - kLongestWait&& * wakeup> now + kLongestWait) return kLongestWait;
  return *wakeup - now;
}

void run_owner(InputBox& inbox, const OwnerParts& parts) {
  while (true) {
    const std::optional<Duration> wait = wait_time(parts.next_wakeup(), parts.clocks().mono);
    std::optional<core::Input> input = inbox.pop(wait);
    core::Actions actions = parts.step(parts.clocks(), input ? std::move(*input) : core::Input(core::Tick{}));
    const bool last = says_stop(actions);
    parts.perform(std::move(actions));
    if (last) return;
  }
}

}  // namespace tocsin::shell
