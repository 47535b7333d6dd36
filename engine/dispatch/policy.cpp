#include "engine/dispatch/policy.hpp"

#include <array>
#include <string>

#include "promql/format.hpp"

namespace tocsin::dispatch {
namespace {

constexpr std::array<PolicyField, 17> kFields = {{
    {"told_resolved", &Policy::told_resolved, "2.1",
     "who was told firing is told resolved, also while the alert is silenced, inhibited or muted"},
    {"ends_told_once", &Policy::ends_told_once, "trap 85",
     "an end is told once, and only to who was told the beginning"},
    {"unmuted_told", &Policy::unmuted_told, "2.9",
     "when a silence or a time mute ends, what still fires is told at once"},
    {"repeat_clock", &Policy::repeat_clock, "2.10, trap 48", "repeat_interval has its own clock"},
    {"reload_keeps_groups", &Policy::reload_keeps_groups, "2.6",
     "a reload keeps groups, timers and sends under way where route and labels stay"},
    {"removed_told_resolved", &Policy::removed_told_resolved, "2.6",
     "what was told through a route or receiver that a reload removes is resolved first"},
    {"twins_apart", &Policy::twins_apart, "trap 46",
     "routes with equal matchers remember what they told each on its own"},
    {"refired_told", &Policy::refired_told, "trap 49",
     "an alert that ended and fires again is told again, also without send_resolved"},
    {"integration_by_destination", &Policy::integration_by_destination, "trap 50",
     "an integration is known by its destination, not by its place in the list"},
    {"told_kept", &Policy::told_kept, "trap 51", "what was told is kept until its end was told"},
    {"retry_after", &Policy::retry_after, "2.19", "a receiver's Retry-After is waited for"},
    {"circuit_breaker", &Policy::circuit_breaker, "2.19",
     "a receiver that is down is probed by one notification at a time, and told the present state once it is "
     "back"},
    {"refusal_held", &Policy::refusal_held, "2.19",
     "a receiver that answers 401, 403 or 404 is asked again after a reload or an hour"},
    {"alerts_survive", &Policy::alerts_survive, "2.7",
     "alerts, groups and notifications under way survive a restart"},
    {"rules_before_groups", &Policy::rules_before_groups, "2.8",
     "after a start without state groups wait until the rules have run once"},
    {"render_fallback", &Policy::render_fallback, "2.4",
     "a field whose template fails is sent with its default text and the error"},
    {"unknown_stays", &Policy::unknown_stays, "trap 15",
     "an alert whose rule fails to evaluate stays, marked unknown"},
}};

Result<void> set_field(Policy& policy, std::string_view name, bool value) {
  for (const PolicyField& field : kFields) {
    if (field.name != name) continue;
    policy.*field.member = value;
    return {};
  }
  std::string known;
  for (const PolicyField& field : kFields) {
    if (!known.empty()) known += ", ";
    known += field.name;
  }
  return Error(format("compat: unknown deviation \"{}\", expected one of {}", name, known));
}

}  // namespace

std::span<const PolicyField> policy_fields() {
  return kFields;
}

Policy upstream_policy() {
  Policy policy;
  for (const PolicyField& field : kFields) policy.*field.member = false;
  return policy;
}

Result<Policy> parse_policy(std::string_view text) {
  Policy policy;
  bool first = true;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (first && word == "upstream") {
      policy = upstream_policy();
    } else if (first && word == "tocsin") {
      policy = Policy{};
    } else if (word.starts_with('+') || word.starts_with('-')) {
      const Result<void> set = set_field(policy, word.substr(1), word.front() == '+');
      if (!set) return set.error();
    } else {
      return Error(format("compat: found \"{}\", expected \"upstream\", \"tocsin\", +name or -name", word));
    }
    first = false;
  }
  return policy;
}

}  // namespace tocsin::dispatch
