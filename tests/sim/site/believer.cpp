#include "tests/sim/site/believer.hpp"

#include <algorithm>

#include "promql/format.hpp"

namespace tocsin::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// How much later than repeat_interval after a message the next one may be meant, by the sender's clock.
constexpr Duration kSlack = seconds(20);
// How long the engine may be behind the truth when nothing is wrong: `for`, scrapes, posts, groups.
constexpr Duration kLag = minutes(12);
// And when it was down meanwhile: faults last up to twenty minutes.
constexpr Duration kLagAfterFault = kLag + minutes(20);

std::string show(Duration at) {
  return format_go_duration(std::chrono::round<seconds>(at));
}

}  // namespace

bool inhibits(const TrueAlert& source, const TrueAlert& target) {
  const std::string_view from = source.labels.get("alertname");
  const std::string_view to = target.labels.get("alertname");
  return (from == "Own0" || from == "Post0") && (to == "Own1" || to == "Post1") &&
         source.labels.get("cluster") == target.labels.get("cluster");
}

Believer::Believer(const std::vector<TrueAlert>& alerts, std::vector<std::vector<Duty>> duties)
    : alerts_(alerts), duties_(std::move(duties)) {
  for (std::size_t i = 0; i < alerts_.size(); ++i) numbers_.emplace(alerts_[i].labels, i);
}

void Believer::violate(Duration at, std::string text) {
  violations_.push_back(format("{}: {}", show(at), text));
}

void Believer::silenced(std::string alertname, Duration at, WallTime wall, WallTime end) {
  silences_.push_back({std::move(alertname), wall, end});
  mute(silences_.size() - 1, at, wall);
}

void Believer::unsilenced(Duration at, WallTime wall) {
  silences_.back().to = std::min(silences_.back().to, wall);
  for (Mute& mute : mutes_) {
    if (mute.silence + 1 == silences_.size()) mute.to = std::min(mute.to, at);
  }
}

// One that was over is not when the clock shows a time before its end, and the other way about.
void Believer::clock_stepped(Duration at, WallTime wall) {
  for (Mute& mute : mutes_) mute.to = std::min(mute.to, at);
  for (std::size_t silence = 0; silence < silences_.size(); ++silence) mute(silence, at, wall);
}

void Believer::clock_set(Duration at, Duration step, WallTime wall) {
  for (SetSilence& silence : silences_) {
    if (silence.to > wall - step / 2) continue;
    silence.from += step;
    silence.to += step;
  }
  clock_stepped(at, wall);
}

void Believer::mute(std::size_t silence, Duration at, WallTime wall) {
  const SetSilence& set = silences_[silence];
  if (wall >= set.to) return;
  mutes_.push_back({silence, at + std::max(set.from - wall, Duration::zero()), at + (set.to - wall)});
}

void Believer::forget(Duration told_since) {
  for (auto& [name, ear] : ears_) {
    for (auto& [number, belief] : ear.beliefs) belief.orphaned = belief.orphaned || belief.told >= told_since;
  }
}

const Duty* Believer::duty_of(std::size_t alert, const Message& message) const {
  for (const Duty& duty : duties_[alert]) {
    if (duty.receiver == message.receiver && message.group.starts_with(duty.route + ':')) return &duty;
  }
  return nullptr;
}

bool Believer::seemed_to_end(const TrueAlert& alert, Duration from, Duration to) const {
  return alert.ended_between(from, to) ||
         std::any_of(blinds_.begin(), blinds_.end(), [&](const Blind& blind) {
           return blind.source == alert.source && blind.from <= to && blind.to >= from;
         });
}

bool Believer::mute_ended(const TrueAlert& alert, Duration from, Duration to) const {
  return std::any_of(mutes_.begin(), mutes_.end(), [&](const Mute& mute) {
    return silences_[mute.silence].alertname == alert.labels.get("alertname") && mute.to >= from &&
           mute.to <= to + kSlack;
  });
}

bool Believer::is_news(std::size_t number, const Duty& duty, const Ear& ear, const Message& message) const {
  const auto found = ear.beliefs.find(number);
  if (found == ear.beliefs.end() || !found->second.firing) return true;
  if (found->second.orphaned || found->second.unacknowledged) return true;
  const TrueAlert& alert = alerts_[number];
  const Duration told = found->second.told;
  if (message.at + kSlack >= ear.last + duty.repeat_interval) return true;
  if (message.at <= repeats_forgiven_until_) return true;
  // Told anew because a silence is over, or (to one that does not hear ends) because it had ended meanwhile.
  return mute_ended(alert, told - kSlack, message.at) ||
         (!duty.send_resolved && seemed_to_end(alert, told - kLagAfterFault, message.at));
}

void Believer::hear(const Message& message) {
  if (!message.heard) {
    // If one of these fires again it may be told again: the sender cannot know what the service believes.
    for (const Labels& labels : message.resolved) {
      ears_[{message.receiver, message.group}].beliefs[numbers_.at(labels)].unacknowledged = true;
    }
    return;
  }
  if (!keys_.insert({message.receiver, message.key}).second) {
    for (const Labels& labels : message.firing) {
      Belief& belief = ears_[{message.receiver, message.group}].beliefs[numbers_.at(labels)];
      belief.orphaned = false;
      belief.unacknowledged = belief.unacknowledged && !message.acknowledged;
    }
    return;
  }
  ++messages_;
  log_ += format("{} r{} {} [{}]", show(message.at), message.receiver, message.group, message.reason);
  Ear& ear = ears_[{message.receiver, message.group}];
  bool news = false;
  for (const Labels& labels : message.firing) {
    log_ += format(" firing {}", labels.get("i"));
    const std::size_t number = numbers_.at(labels);
    const Duty* duty = duty_of(number, message);
    if (duty == nullptr) {
      violate(message.at,
              format("r{} was told of {} and should not be", message.receiver, labels.to_string()));
      continue;
    }
    if (is_news(number, *duty, ear, message)) news = true;
  }
  for (const Labels& labels : message.resolved) {
    log_ += format(" resolved {}", labels.get("i"));
    news = true;
    ear.beliefs[numbers_.at(labels)].firing = false;
  }
  for (const Labels& labels : message.firing)
    ear.beliefs[numbers_.at(labels)] = {message.at, true, false, !message.acknowledged};
  log_ += '\n';
  if (!news) {
    violate(message.at, format("r{} was told nothing new of group {} [{}], last told at {}", message.receiver,
                               message.group, message.reason, show(ear.last)));
  }
  ear.last = message.at;
}

// Silenced, or inhibited, or just after it.
bool Believer::may_be_withheld(const TrueAlert& alert, Duration from, Duration to) const {
  for (const Mute& mute : mutes_) {
    if (silences_[mute.silence].alertname == alert.labels.get("alertname") && mute.from <= to &&
        mute.to >= from)
      return true;
  }
  return std::any_of(alerts_.begin(), alerts_.end(), [&](const TrueAlert& source) {
    if (!inhibits(source, alert)) return false;
    return source.fires_at(from) || source.fires_at(to) || source.changed_between(from, to);
  });
}

const Believer::Belief* Believer::belief_of(std::size_t number, const Duty& duty) const {
  for (const auto& [name, ear] : ears_) {
    if (name.first != duty.receiver || !name.second.starts_with(duty.route + ':')) continue;
    const auto belief = ear.beliefs.find(number);
    if (belief != ear.beliefs.end() && belief->second.firing) return &belief->second;
  }
  return nullptr;
}

void Believer::check(Duration at, Duration calm) {
  for (std::size_t number = 0; number < alerts_.size(); ++number) {
    const TrueAlert& alert = alerts_[number];
    if (!alert.stable(at, calm)) continue;
    const bool fires = alert.fires_at(at);
    for (const Duty& duty : duties_[number]) {
      const Belief* const believed = belief_of(number, duty);
      if (fires && believed == nullptr && !may_be_withheld(alert, at - calm, at)) {
        violate(at, format("r{} does not know that {} fires since {}", duty.receiver,
                           alert.labels.to_string(), show(alert.episode_at(at)->from)));
      }
      if (!fires && believed != nullptr && !believed->orphaned && duty.send_resolved) {
        violate(at, format("r{} believes that {} fires", duty.receiver, alert.labels.to_string()));
      }
    }
  }
}

}  // namespace tocsin::sim
