#include "tests/sim/site/truth.hpp"

#include <algorithm>

#include "engine/api/json.hpp"
#include "promql/format.hpp"

namespace tocsin::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Prometheus' end of a firing alert: four resend delays ahead.
constexpr Duration kEndAhead = minutes(4);

Duration between(Duration least, Duration most, dispatch::Random& random) {
  const auto span = static_cast<std::uint64_t>((most - least) / seconds(1));
  return least + seconds(random.below(span + 1));
}

std::vector<Episode> random_episodes(Duration length, dispatch::Random& random) {
  std::vector<Episode> episodes;
  Duration at = between(Duration::zero(), std::chrono::hours(8), random);
  while (at < length) {
    const Duration lasts = random.below(4) == 0 ? between(seconds(20), minutes(6), random)
                                                : between(minutes(6), minutes(120), random);
    episodes.push_back({at, at + lasts});
    at += lasts + between(minutes(1), std::chrono::hours(9), random);
  }
  return episodes;
}

}  // namespace

const Episode* TrueAlert::episode_at(Duration at) const {
  for (const Episode& episode : episodes) {
    if (episode.from <= at && at < episode.to) return &episode;
  }
  return nullptr;
}

bool TrueAlert::fires_at(Duration at) const {
  return episode_at(at) != nullptr;
}

bool TrueAlert::changed_between(Duration from, Duration to) const {
  return std::any_of(episodes.begin(), episodes.end(), [&](const Episode& episode) {
    return (episode.from >= from && episode.from <= to) || (episode.to >= from && episode.to <= to);
  });
}

bool TrueAlert::ended_between(Duration from, Duration to) const {
  return std::any_of(episodes.begin(), episodes.end(),
                     [&](const Episode& episode) { return episode.to >= from && episode.to <= to; });
}

bool TrueAlert::stable(Duration at, Duration settled) const {
  return !changed_between(at - settled, at);
}

namespace {

std::string series_of(const Labels& labels) {
  std::string series = "m{";
  for (const LabelView label : labels) {
    if (label.name == "alertname" || label.name == "instance" || label.name == "job") continue;
    series += format("{}=\"{}\",", label.name, label.value);
  }
  series.back() = '}';
  return series;
}

}  // namespace

std::vector<TrueAlert> random_alerts(std::size_t count, Duration length, dispatch::Random& random) {
  std::vector<TrueAlert> alerts;
  for (std::size_t i = 0; i < count; ++i) {
    TrueAlert alert;
    alert.source = i % 2 == 0 ? 0 : 1 + (i / 2) % kServers;
    LabelsBuilder labels;
    labels.set("alertname", format("{}{}", alert.source == 0 ? "Own" : "Post", random.below(20)));
    labels.set("cluster", format("c{}", random.below(4)));
    labels.set("severity", random.below(4) == 0 ? "critical" : "warning");
    if (random.below(2) == 0) labels.set("team", "db");
    labels.set("i", format("{}", i));
    // What the scraped series carries becomes the alert's.
    if (alert.source == 0)
      labels.set("instance", "app:80").set("job", "app").set("name", labels.get("alertname"));
    alert.labels = labels.build();
    alert.series = series_of(alert.labels);
    alert.episodes = random_episodes(length, random);
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

std::string metrics_page(const std::vector<TrueAlert>& alerts, Duration at) {
  std::string page = "# TYPE m gauge\n";
  for (const TrueAlert& alert : alerts) {
    if (alert.source != 0) continue;
    page += alert.series;
    page += alert.fires_at(at) ? " 1\n" : " 0\n";
  }
  return page;
}

std::string posted_alerts(const std::vector<TrueAlert>& alerts, std::size_t server, Duration at,
                          WallTime wall) {
  api::JsonWriter json;
  json.begin_array();
  bool any = false;
  for (const TrueAlert& alert : alerts) {
    if (alert.source != server) continue;
    for (const Episode& episode : alert.episodes) {
      if (episode.from > at || episode.to + kResolvedRetention < at) continue;
      const bool fires = at < episode.to;
      // One that fires again is a new alert to its server; the old one is forgotten.
      if (!fires && alert.fires_at(at)) continue;
      any = true;
      json.begin_object().key("labels").begin_object();
      for (const LabelView label : alert.labels) json.key(label.name).string(label.value);
      json.end_object();
      json.key("startsAt").string(format_rfc3339(wall - (at - episode.from)));
      json.key("endsAt").string(format_rfc3339(fires ? wall + kEndAhead : wall - (at - episode.to)));
      json.end_object();
    }
  }
  json.end_array();
  return any ? json.take() : std::string();
}

}  // namespace tocsin::sim
