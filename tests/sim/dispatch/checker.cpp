#include "tests/sim/dispatch/checker.hpp"

#include <algorithm>

#include "promql/format.hpp"

namespace tocsin::sim {
namespace {

// Looks take place at whole moments of virtual time; this is for what happens in the same moment.
constexpr Duration kSlack = std::chrono::seconds(1);

}  // namespace

void Checker::violate(Duration at, std::string text) {
  violations_.push_back(format("{}: {}", format_go_duration(at), text));
}

void Checker::fires(const Labels& alert, Duration at, std::vector<Duty> duties) {
  Life& life = lives_[alert];
  const Duration before = life.firing.empty() ? Duration::min() / 2 : life.firing.back().to;
  life.firing.push_back({at, Duration::max(), before});
  life.duties = std::move(duties);
}

void Checker::ends(const Labels& alert, Duration at) {
  lives_.at(alert).firing.back().to = at;
}

void Checker::silenced(const Labels& alert, Duration at) {
  lives_[alert].silent.push_back({at});
}

void Checker::unsilenced(const Labels& alert, Duration at) {
  lives_.at(alert).silent.back().to = at;
}

bool Checker::fires_at(const Labels& alert, Duration at) const {
  const auto life = lives_.find(alert);
  return life != lives_.end() &&
         std::any_of(life->second.firing.begin(), life->second.firing.end(),
                     [&](const Span& span) { return span.from <= at && at < span.to; });
}

bool Checker::silent_at(const Labels& alert, Duration at) const {
  const auto life = lives_.find(alert);
  return life != lives_.end() &&
         std::any_of(life->second.silent.begin(), life->second.silent.end(),
                     [&](const Span& span) { return span.from <= at && at < span.to; });
}

bool Checker::ended_between(const Labels& alert, Duration from, Duration to) const {
  const auto life = lives_.find(alert);
  return life != lives_.end() &&
         std::any_of(life->second.firing.begin(), life->second.firing.end(),
                     [&](const Span& span) { return span.to >= from && span.to <= to; });
}

bool Checker::unmuted_between(const Labels& alert, Duration from, Duration to) const {
  const auto life = lives_.find(alert);
  return life != lives_.end() &&
         std::any_of(life->second.silent.begin(), life->second.silent.end(),
                     [&](const Span& span) { return span.to >= from && span.to <= to; });
}

const Duty* Checker::duty_of(const Labels& alert, const std::string& receiver,
                             const std::string& group) const {
  const auto life = lives_.find(alert);
  if (life == lives_.end()) return nullptr;
  const auto duty = std::find_if(
      life->second.duties.begin(), life->second.duties.end(),
      [&](const Duty& each) { return each.receiver == receiver && group.starts_with(each.route + ':'); });
  return duty == life->second.duties.end() ? nullptr : &*duty;
}

void Checker::check_truth(const Message& message) {
  for (const Labels& alert : message.firing) {
    const std::string name = alert.to_string();
    if (!fires_at(alert, message.content))
      violate(message.at, message.receiver + " told firing, but it is not: " + name);
    if (silent_at(alert, message.content))
      violate(message.at, message.receiver + " told firing while silenced: " + name);
  }
  for (const Labels& alert : message.resolved) {
    if (!fires_at(alert, message.content)) continue;
    violate(message.at, message.receiver + " told ended, but it fires: " + alert.to_string());
  }
}

void Checker::check_news(const Message& message) {
  Ear& ear = ears_[{message.receiver, message.group}];
  bool news = false;
  for (const Labels& alert : message.firing) {
    const Duty* duty = duty_of(alert, message.receiver, message.group);
    const auto told = ear.told.find(alert);
    if (told == ear.told.end() || ear.ends_in_doubt.contains(alert)) {
      news = true;
      continue;
    }
    if (duty != nullptr && !duty->send_resolved && ended_between(alert, told->second, message.answered))
      news = true;
    if (unmuted_between(alert, told->second - kSlack, message.answered)) news = true;
    if (duty != nullptr && message.at >= ear.last + duty->repeat_interval) news = true;
  }
  for (const Labels& alert : message.resolved) {
    if (ear.told.erase(alert) + ear.doubtful.erase(alert) == 0) {
      violate(message.at, message.receiver + " told an end that it was not owed: " + alert.to_string());
    }
    news = true;
  }
  for (const Labels& alert : message.firing) {
    ear.told[alert] = message.content;
    ear.doubtful.erase(alert);
    ear.ends_in_doubt.erase(alert);
  }
  ear.last = message.at;
  if (!news) violate(message.at, message.receiver + " told nothing new in group " + message.group);
}

void Checker::said(const Message& message) {
  check_truth(message);
  if (!message.arrived) {
    failures_[message.receiver].push_back(message.answered);
    if (message.may_have_arrived) {
      Ear& ear = ears_[{message.receiver, message.group}];
      ear.doubtful.insert(message.firing.begin(), message.firing.end());
      ear.ends_in_doubt.insert(message.resolved.begin(), message.resolved.end());
    }
    return;
  }
  check_news(message);
  for (const Labels& alert : message.firing) {
    told_[message.receiver].push_back({message.answered, alert, message.group, true});
  }
  for (const Labels& alert : message.resolved) {
    told_[message.receiver].push_back({message.answered, alert, message.group, false});
  }
}

// When the ear must have been told at the latest that this span began. One that still believes in the span
// before, because it was short of a look, owes nothing new until its repeat.
Duration Checker::first_due(const std::vector<Told>& about, const Span& span, const Duty& duty) const {
  const Duration due = span.from + duty.first;
  const auto after =
      std::find_if(about.begin(), about.end(), [&](const Told& each) { return each.at >= span.from; });
  if (after == about.begin() || !std::prev(after)->firing) return due;
  const Told& before = *std::prev(after);
  // An end that was under way when the span began is followed by the new beginning.
  if (after != about.end() && !after->firing) return std::max(due, after->at + duty.first);
  if (!duty.send_resolved && span.from - span.after > duty.first) return due;
  return std::max(due, before.at + duty.repeat_interval + duty.slack);
}

// Silences and failed attempts push what is due on.
Duration Checker::excused(Duration due, const Life& life, const Duty& duty) const {
  const auto failures = failures_.find(duty.receiver);
  bool moved = true;
  while (moved) {
    moved = false;
    for (const Span& silent : life.silent) {
      if (due + kSlack < silent.from || due >= silent.to + duty.first) continue;
      due = silent.to + duty.first;
      moved = true;
    }
    if (failures == failures_.end()) continue;
    for (const Duration failure : failures->second) {
      if (failure > due + kSlack || failure + duty.retry <= due) continue;
      due = failure + duty.retry;
      moved = true;
    }
  }
  return due;
}

// Told within the bound, and then again each repeat_interval.
void Checker::check_told(const Labels& alert, const Span& span, const Life& life, const Duty& duty) {
  std::vector<Told> about;
  for (const Told& each : told_[duty.receiver]) {
    if (each.alert == alert && each.group.starts_with(duty.route + ':')) about.push_back(each);
  }
  auto next =
      std::find_if(about.begin(), about.end(), [&](const Told& each) { return each.at >= span.from; });
  Duration due = first_due(about, span, duty);
  for (;;) {
    next = std::find_if(next, about.end(), [](const Told& each) { return each.firing; });
    due = excused(due, life, duty);
    if (due + kSlack >= span.to) return;
    if (next == about.end() || next->at > due + kSlack) {
      violate(due, format("{} not told in time: {}, firing from {}", duty.receiver, alert.to_string(),
                          format_go_duration(span.from)));
      return;
    }
    due = next->at + duty.repeat_interval + duty.slack;
    ++next;
  }
}

void Checker::finish(Duration at) {
  for (const auto& [alert, life] : lives_) {
    for (const Span& span : life.firing) {
      for (const Duty& duty : life.duties) check_told(alert, span, life, duty);
    }
  }
  for (const auto& [key, ear] : ears_) {
    for (const auto& [alert, since] : ear.told) {
      const Duty* duty = duty_of(alert, key.first, key.second);
      if (duty == nullptr || !duty->send_resolved) continue;
      violate(at,
              key.first + " was told firing and never the end: " + alert.to_string() + " in " + key.second);
    }
  }
}

}  // namespace tocsin::sim
