#include "tests/sim/incident/incident_checker.hpp"

#include <algorithm>

#include "promql/format.hpp"

namespace tocsin::sim {
namespace {

using std::chrono::seconds;

// CIM's alertmanager.yml: group_wait and group_interval are ten seconds.
constexpr Duration kEvaluationInterval = seconds(30);
constexpr Duration kGroupWait = seconds(10);
// After an outage: a probe that hangs, the rest of a back-off, and a slow answer.
constexpr Duration kAfterOutage = seconds(35);

Service service_of(const std::string& alert) {
  return alert == "NATSDisconnected" ? Service::pagerduty : Service::slack;
}

std::string show(const IncidentResult& result, MonoTime at) {
  return format_go_duration(at - result.start);
}

class Checker {
 public:
  Checker(const IncidentResult& result, bool slack_hears_resolves)
      : result_(result), slack_hears_resolves_(slack_hears_resolves), accounted_(result.told.size(), false) {}

  std::vector<std::string> run() {
    for (const Firing& firing : result_.firings) {
      const bool told = check_firing(firing);
      if (firing.ended) check_resolve(firing, told);
    }
    for (std::size_t i = 0; i < accounted_.size(); ++i) {
      const Told& told = result_.told[i];
      if (accounted_[i]) continue;
      complain("{}: {} was told {} of {}, and nothing asks for it", show(result_, told.at),
               to_string(told.service), told.resolved ? "the end" : "the firing", told.alert);
    }
    return std::move(violations_);
  }

 private:
  template <class... Values>
  void complain(fmt::format_string<Values...> text, Values&&... values) {
    violations_.push_back(format(text, std::forward<Values>(values)...));
  }

  // The first instant at or after `at` from which the service takes notifications.
  [[nodiscard]] MonoTime up_again(Service service, MonoTime at) const {
    MonoTime up = at;
    for (bool moved = true; moved;) {
      moved = false;
      for (const Outage& outage : result_.outages) {
        if (outage.service != service || up < outage.from || up >= outage.to) continue;
        up = outage.to;
        moved = true;
      }
    }
    return up;
  }

  // The latest time by which something that is due at `due` must have been told.
  [[nodiscard]] MonoTime deadline(Service service, MonoTime due) const {
    // An outage may begin before the notification is out, and be followed by another one.
    MonoTime at = up_again(service, due);
    while (true) {
      MonoTime late = at == due ? due + seconds(10) : at + kAfterOutage;
      // It may have been tried in an outage that ended just before, and waits for its next try.
      for (const Outage& outage : result_.outages) {
        if (outage.service == service && outage.to <= due) late = std::max(late, outage.to + kAfterOutage);
      }
      MonoTime up = late;
      for (const Outage& outage : result_.outages) {
        if (outage.service == service && outage.from <= late && outage.to > at) up = std::max(up, outage.to);
      }
      if (up == late) return late;
      at = up;
    }
  }

  std::vector<MonoTime> take(const std::string& alert, bool resolved, MonoTime from, MonoTime to) {
    std::vector<MonoTime> times;
    for (std::size_t i = 0; i < accounted_.size(); ++i) {
      const Told& told = result_.told[i];
      if (accounted_[i] || told.alert != alert || told.resolved != resolved) continue;
      if (told.service != service_of(alert) || told.at < from || told.at > to) continue;
      accounted_[i] = true;
      times.push_back(told.at);
    }
    return times;
  }

  // True if the receiver knows that it fires.
  bool check_firing(const Firing& firing) {
    const Service service = service_of(firing.alert);
    const MonoTime due = firing.from + kEvaluationInterval + kGroupWait;
    const MonoTime latest = deadline(service, due);
    const std::vector<MonoTime> times =
        take(firing.alert, false, firing.from, firing.to + kEvaluationInterval);
    if (times.size() > 1) {
      complain("{} was told {} times that {} fires, since {}", to_string(service), times.size(), firing.alert,
               show(result_, firing.from));
    }
    if (times.empty() && latest < std::min(firing.to, result_.end)) {
      complain("{} was never told that {} fires, from {} to {}", to_string(service), firing.alert,
               show(result_, firing.from), show(result_, firing.to));
    }
    if (!times.empty() && times.front() > latest) {
      complain("{} heard at {} that {} fires, expected by {}", to_string(service),
               show(result_, times.front()), firing.alert, show(result_, latest));
    }
    return !times.empty();
  }

  [[nodiscard]] bool was_tried(const Firing& firing) const {
    return std::any_of(result_.tried.begin(), result_.tried.end(), [&](const Told& tried) {
      return tried.alert == firing.alert && !tried.resolved && tried.at >= firing.from;
    });
  }

  void check_resolve(const Firing& firing, bool told_firing) {
    const Service service = service_of(firing.alert);
    const bool hears = service == Service::pagerduty || slack_hears_resolves_;
    const MonoTime latest = deadline(service, firing.to + kEvaluationInterval + kGroupWait);
    const std::vector<MonoTime> times = take(firing.alert, true, firing.to, result_.end);
    const std::size_t expected = hears && told_firing ? 1 : 0;
    // An attempt without an answer may have arrived: then its end is told, needed or not.
    const std::size_t allowed = hears && (told_firing || was_tried(firing)) ? 1 : 0;
    if (times.size() > allowed) {
      complain("{} was told {} times that {} is over, expected {}", to_string(service), times.size(),
               firing.alert, expected);
    }
    if (times.size() < expected && latest < result_.end) {
      complain("{} was not told that {} is over since {}", to_string(service), firing.alert,
               show(result_, firing.to));
    }
    if (expected == 1 && !times.empty() && times.front() > latest) {
      complain("{} heard at {} that {} is over, expected by {}", to_string(service),
               show(result_, times.front()), firing.alert, show(result_, latest));
    }
  }

  const IncidentResult& result_;
  bool slack_hears_resolves_;
  std::vector<bool> accounted_;
  std::vector<std::string> violations_;
};

}  // namespace

std::vector<std::string> violations(const IncidentResult& result, bool slack_hears_resolves) {
  return Checker(result, slack_hears_resolves).run();
}

}  // namespace tocsin::sim
