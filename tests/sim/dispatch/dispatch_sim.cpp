#include "tests/sim/dispatch/dispatch_sim.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "engine/dispatch/random.hpp"
#include "engine/dispatch/routes.hpp"
#include "promql/format.hpp"
#include "tests/sim/dispatch/checker.hpp"
#include "tests/support/dispatch_world.hpp"

namespace tocsin::sim {
namespace {

using dispatch::Random;
using std::chrono::seconds;

// One route and the receiver behind it.
struct RouteModel {
  std::string matcher;  // "" for the root
  std::string receiver;
  bool goes_on = false;
  std::string group_by;
  seconds wait{}, interval{}, repeat{};
};

struct ReceiverModel {
  std::string name;
  std::vector<bool> send_resolved;  // of its webhooks
};

struct World {
  std::vector<RouteModel> routes;  // the root first; the others are its children
  std::vector<ReceiverModel> receivers;
};

// The longest that a receiver that is well takes to answer.
constexpr seconds kSlowest{5};

constexpr const char* kGroupings[] = {"[alertname]", "[alertname, cluster]", "['...']", "[]"};

RouteModel random_route(Random& random, std::string matcher, const World& world) {
  RouteModel route;
  route.matcher = std::move(matcher);
  route.receiver = world.receivers[random.below(world.receivers.size())].name;
  route.goes_on = random.below(3) == 0;
  route.group_by = kGroupings[random.below(4)];
  route.wait = seconds(random.below(4) * 10);
  route.interval = seconds(10 + random.below(6) * 10);
  route.repeat = seconds(300 + random.below(10) * 60);
  return route;
}

World random_world(Random& random) {
  World world;
  for (const char* name : {"red", "green", "blue"}) {
    ReceiverModel& receiver = world.receivers.emplace_back();
    receiver.name = name;
    for (std::uint64_t i = 0; i <= random.below(2); ++i)
      receiver.send_resolved.push_back(random.below(3) != 0);
  }
  world.routes.push_back(random_route(random, "", world));
  for (const char* matcher : {"severity=\"critical\"", "cluster=\"x\"", "alertname=~\"A1|A2\"", "i=\"1\""}) {
    if (random.below(2) == 0) world.routes.push_back(random_route(random, matcher, world));
  }
  return world;
}

std::string yaml_of(const World& world) {
  const auto options = [](const RouteModel& route, const char* indent) {
    return format(
        "{0}receiver: {1}\n{0}group_by: {2}\n{0}group_wait: {3}s\n{0}group_interval: {4}s\n"
        "{0}repeat_interval: {5}s\n",
        indent, route.receiver, route.group_by, route.wait.count(), route.interval.count(),
        route.repeat.count());
  };
  std::string text = "route:\n" + options(world.routes[0], "  ");
  if (world.routes.size() > 1) text += "  routes:\n";
  for (std::size_t i = 1; i < world.routes.size(); ++i) {
    const RouteModel& route = world.routes[i];
    text += format("    - matchers: ['{}']\n      continue: {}\n", route.matcher, route.goes_on);
    text += options(route, "      ");
  }
  text += "receivers:\n";
  for (const ReceiverModel& receiver : world.receivers) {
    text += format("  - name: {}\n    webhook_configs:\n", receiver.name);
    for (std::size_t i = 0; i < receiver.send_resolved.size(); ++i) {
      text += format("      - url: http://{}.example/{}\n        send_resolved: {}\n", receiver.name, i,
                     receiver.send_resolved[i] ? "true" : "false");
    }
  }
  return text;
}

bool matches(const RouteModel& route, const Labels& alert) {
  if (route.matcher.empty()) return true;
  if (route.matcher.starts_with("alertname"))
    return alert.get("alertname") == "A1" || alert.get("alertname") == "A2";
  const std::size_t equal = route.matcher.find('=');
  const std::string value = route.matcher.substr(equal + 2, route.matcher.size() - equal - 3);
  return alert.get(route.matcher.substr(0, equal)) == value;
}

// What the tree owes the alert: worked out from the model, not by the code under test.
std::vector<Duty> duties_of(const World& world, const Labels& alert) {
  std::vector<const RouteModel*> matched;
  for (std::size_t i = 1; i < world.routes.size(); ++i) {
    if (!matches(world.routes[i], alert)) continue;
    matched.push_back(&world.routes[i]);
    if (!world.routes[i].goes_on) break;
  }
  if (matched.empty()) matched.push_back(&world.routes[0]);
  std::vector<Duty> duties;
  for (const RouteModel* route : matched) {
    const auto receiver =
        std::find_if(world.receivers.begin(), world.receivers.end(),
                     [&](const ReceiverModel& each) { return each.name == route->receiver; });
    for (std::size_t i = 0; i < receiver->send_resolved.size(); ++i) {
      Duty duty;
      duty.receiver = format("{}/webhook[{}]", receiver->name, i);
      duty.send_resolved = receiver->send_resolved[i];
      duty.route = route->matcher.empty() ? "{}" : format("{{}}/{{{}}}", route->matcher);
      // A round under way, of any integration of the receiver, ends before the next begins.
      const seconds round = std::max(route->interval, seconds(10)) + kSlowest;
      duty.first = std::max(route->wait, route->interval) + round;
      duty.retry = std::max(round, seconds(90)) + round;
      duty.repeat_interval = route->repeat;
      duty.slack = round;
      duties.push_back(std::move(duty));
    }
  }
  return duties;
}

class Run {
 public:
  Run(std::uint64_t seed, Duration length, const dispatch::Policy& policy)
      : random_(seed),
        length_(length),
        model_(random_world(random_)),
        world_(policy, dispatch::Limits{}, seed, *parse_rfc3339("2026-01-05T00:00:00Z")) {
    world_.answer = [this](const dispatch::Attempt& attempt, Duration at) { return answer(attempt, at); };
  }

  Outcome play() {
    if (const Result<void> loaded = world_.load(yaml_of(model_)); !loaded) {
      return {{"configuration refused: " + loaded.error().text}, "", 0, 0};
    }
    plan();
    for (const auto& [at, action] : agenda_) {
      if (at > world_.time()) world_.run_until(at - Duration(1));
      world_.skip_to(at);
      action();
    }
    // Long enough for every route to repeat, to retry and to tell the last end.
    const Duration end = length_ + std::chrono::minutes(30);
    world_.run_until(end);
    return judge(end);
  }

 private:
  void plan() {
    for (int i = 0; i < 12; ++i) plan_alert(i);
    for (int i = 0; i < 3; ++i) plan_silence(i);
    for (const ReceiverModel& receiver : model_.receivers) {
      for (std::size_t i = 0; i < receiver.send_resolved.size(); ++i) {
        plan_outages(format("{}/webhook[{}]", receiver.name, i));
      }
    }
    for (std::uint64_t i = 0; i < random_.below(4); ++i) {
      at(random_time(), [this] { (void)world_.load(yaml_of(model_)); });
    }
  }

  // Fires and ends by turns, and has ended at the end. Times lie half a second off the groups' ticks.
  void plan_alert(int number) {
    LabelsBuilder labels;
    labels.set("alertname", format("A{}", number % 5));
    labels.set("i", format("{}", number));
    if (random_.below(2) == 0) labels.set("cluster", random_.below(2) == 0 ? "x" : "y");
    if (random_.below(2) == 0) labels.set("severity", "critical");
    const Labels alert = labels.build();
    planned_.push_back(alert);
    Duration time = random_time();
    while (time < length_) {
      const Duration end = std::min(length_, time + seconds(1 + random_.below(1200)));
      at(time, [this, alert] { fire(alert); });
      at(end, [this, alert] { end_alert(alert); });
      time = end + seconds(1 + random_.below(600));
    }
  }

  void plan_silence(int number) {
    const std::string name = format("A{}", random_.below(5));
    if (!silenced_names_.insert(name).second) return;
    const Duration from = random_time();
    const Duration to = from + seconds(30 + random_.below(900));
    at(from, [this, name, number, to] {
      dispatch::Silence silence;
      silence.matcher_sets.emplace_back().push_back(
          std::move(*Matcher::make(MatchType::equal, "alertname", name)));
      silence.starts_at = world_.now().wall;
      silence.ends_at = silence.starts_at + (to - world_.time());
      const Result<std::string> id = world_.dispatcher().set_silence(std::move(silence), world_.now());
      if (!id) failures_.push_back(format("silence {}: {}", number, id.error().text));
      for (const Labels& alert : named(name)) checker_.silenced(alert, world_.time());
    });
    at(to, [this, name] {
      for (const Labels& alert : named(name)) checker_.unsilenced(alert, world_.time());
    });
  }

  void plan_outages(const std::string& receiver) {
    for (std::uint64_t i = 0; i < random_.below(3); ++i) {
      const Duration from = random_time();
      outages_[receiver].push_back({from, from + seconds(1 + random_.below(400)), random_.below(3)});
    }
  }

  [[nodiscard]] testworld::Answer answer(const dispatch::Attempt& attempt, Duration time) {
    static constexpr unsigned kFailures[] = {503, 400, 0};
    testworld::Answer given;
    given.takes =
        std::chrono::milliseconds(random_.below(10) == 0 ? random_.below(5000) : random_.below(200));
    for (const Outage& outage : outages_[attempt.receiver + '/' + attempt.integration]) {
      if (time < outage.from || time >= outage.to) continue;
      given.status = kFailures[outage.kind];
      if (given.status == 0) given.takes = std::chrono::hours(1);
    }
    return given;
  }

  [[nodiscard]] Duration random_time() {
    return seconds(random_.below(static_cast<std::uint64_t>(length_ / seconds(1)))) +
           std::chrono::milliseconds(500);
  }
  void at(Duration time, std::function<void()> action) { agenda_.emplace(time, std::move(action)); }

  void fire(const Labels& alert) {
    dispatch::Alert fired;
    fired.labels = alert;
    fired.starts_at = world_.now().wall;
    started_[alert] = fired.starts_at;
    checker_.fires(alert, world_.time(), duties_of(model_, alert));
    std::vector<dispatch::Alert> alerts;
    alerts.push_back(std::move(fired));
    world_.dispatcher().insert(std::move(alerts), world_.now());
  }
  void end_alert(const Labels& alert) {
    dispatch::Alert ended;
    ended.labels = alert;
    ended.starts_at = started_[alert];
    ended.ends_at = world_.now().wall;
    checker_.ends(alert, world_.time());
    std::vector<dispatch::Alert> alerts;
    alerts.push_back(std::move(ended));
    world_.dispatcher().insert(std::move(alerts), world_.now());
  }
  [[nodiscard]] std::vector<Labels> named(const std::string& name) const {
    std::vector<Labels> found;
    for (const Labels& alert : planned_) {
      if (alert.get("alertname") == name) found.push_back(alert);
    }
    return found;
  }

  Outcome judge(Duration end) {
    Outcome outcome;
    outcome.violations = failures_;
    std::vector<const testworld::Said*> order;
    std::map<const testworld::Said*, Duration> contents;
    std::map<std::string, Duration> first_attempts;
    for (const testworld::Said& said : world_.said()) {
      const dispatch::Attempt& attempt = said.attempt;
      const std::string ear = attempt.receiver + attempt.integration + attempt.notification.group_key;
      if (attempt.number == 1) first_attempts[ear] = said.at;
      contents[&said] = first_attempts[ear];
      order.push_back(&said);
    }
    std::stable_sort(order.begin(), order.end(), [](const testworld::Said* a, const testworld::Said* b) {
      return a->answered < b->answered;
    });
    for (const testworld::Said* said : order) {
      Message message;
      message.at = said->at;
      message.answered = said->answered;
      message.arrived = said->arrived;
      message.may_have_arrived = said->answer.status == 0;
      message.receiver = said->attempt.receiver + '/' + said->attempt.integration;
      message.group = said->attempt.notification.group_key;
      message.content = contents.at(said);
      for (const notifiers::NotifiedAlert& alert : said->attempt.notification.alerts) {
        (alert.resolved ? message.resolved : message.firing).push_back(alert.labels);
      }
      checker_.said(message);
      outcome.failed += said->arrived ? 0 : 1;
      outcome.log += format("{} {} {} {} {} [{}]\n", format_go_duration(said->at), said->attempt.id.value,
                            message.group, testworld::print_attempt(said->attempt), said->answer.status,
                            notifiers::to_string(said->attempt.notification.reason));
    }
    checker_.finish(end);
    for (const std::string& violation : checker_.violations()) outcome.violations.push_back(violation);
    outcome.attempts = world_.said().size();
    if (world_.dispatcher().in_flight() > 0) outcome.violations.push_back("attempts are still under way");
    if (world_.dispatcher().group_count() > 0)
      outcome.violations.push_back("groups are left although all has ended");
    return outcome;
  }

  struct Outage {
    Duration from, to;
    std::uint64_t kind;
  };

  Random random_;
  Duration length_;
  World model_;
  testworld::World world_;
  Checker checker_;
  std::multimap<Duration, std::function<void()>> agenda_;
  std::map<std::string, std::vector<Outage>> outages_;
  std::vector<Labels> planned_;
  std::map<Labels, WallTime> started_;
  std::set<std::string> silenced_names_;
  std::vector<std::string> failures_;
};

}  // namespace

Outcome run_dispatch(std::uint64_t seed, Duration length, const dispatch::Policy& policy) {
  return Run(seed, length, policy).play();
}

}  // namespace tocsin::sim
