#include "tests/sim/site/site.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "engine/api/json.hpp"
#include "engine/dispatch/policy.hpp"
#include "engine/testing/virtual_disk.hpp"
#include "promql/format.hpp"
#include "tests/sim/site/believer.hpp"
#include "tests/sim/site/faults.hpp"

namespace tocsin::sim {
namespace {

using dispatch::Random;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kReceivers = 3;
constexpr Duration kUnsynced = seconds(30);  // what a disk that takes five seconds for a sync may be behind
constexpr int kNames = 20;                   // of alerts of each kind
const WallTime kBegin = *parse_rfc3339("2026-03-02T00:00:00Z");
const WallTime kNoClock = *parse_rfc3339("1970-01-01T00:02:00Z");

struct Route {
  std::string matcher;  // "" for the root
  std::size_t receiver = 0;
  bool goes_on = false;
  std::string group_by;
  Duration wait{}, interval{}, repeat{};

  [[nodiscard]] std::string key() const { return matcher.empty() ? "{}" : format("{{}}/{{{}}}", matcher); }
  [[nodiscard]] bool matches(const Labels& labels) const {
    const std::size_t equal = matcher.find('=');
    if (equal == std::string::npos) return true;
    const std::string value = matcher.substr(equal + 2, matcher.size() - equal - 3);
    return labels.get(matcher.substr(0, equal)) == value;
  }
};

struct Model {
  std::vector<Route> routes;  // the root first, the others are its children
  std::vector<bool> send_resolved;
};

Model random_model(Random& random) {
  static constexpr const char* kGroupings[] = {"[alertname]", "[alertname, cluster]", "[cluster]", "['...']"};
  Model model;
  for (std::size_t i = 0; i < kReceivers; ++i) model.send_resolved.push_back(random.below(4) != 0);
  for (const char* matcher : {"", "severity=\"critical\"", "team=\"db\"", "cluster=\"c1\""}) {
    Route route;
    route.matcher = matcher;
    route.receiver = random.below(kReceivers);
    route.goes_on = random.below(3) == 0;
    route.group_by = kGroupings[random.below(4)];
    route.wait = seconds(random.below(4) * 10);
    route.interval = minutes(1 + random.below(5));
    route.repeat = minutes(60 + random.below(4) * 45);
    model.routes.push_back(std::move(route));
  }
  return model;
}

// `variant` is another configuration with the same routes: what a reload may bring.
std::string alertmanager_yml(const Model& model, std::size_t variant) {
  const auto options = [variant](const Route& route, const char* indent) {
    return format(
        "{0}receiver: r{1}\n{0}group_by: {2}\n{0}group_wait: {3}s\n{0}group_interval: "
        "{4}s\n{0}repeat_interval: {5}s\n",
        indent, route.receiver, route.group_by, route.wait / seconds(1),
        route.interval / seconds(1) + (variant % 2) * 30, route.repeat / seconds(1));
  };
  std::string text = "route:\n" + options(model.routes[0], "  ") + "  routes:\n";
  for (std::size_t i = 1; i < model.routes.size(); ++i) {
    text += format("    - matchers: ['{}']\n      continue: {}\n", model.routes[i].matcher,
                   model.routes[i].goes_on);
    text += options(model.routes[i], "      ");
  }
  text +=
      "inhibit_rules:\n  - source_matchers: [alertname=~\"Own0|Post0\"]\n"
      "    target_matchers: [alertname=~\"Own1|Post1\"]\n    equal: [cluster]\nreceivers:\n";
  for (std::size_t i = 0; i < kReceivers; ++i) {
    text += format(
        "  - name: r{0}\n    webhook_configs:\n      - url: http://r{0}.example/hook\n        send_resolved: "
        "{1}\n",
        i, static_cast<bool>(model.send_resolved[i]));
  }
  return text;
}

std::string rules_yml() {
  std::string text = "groups:\n";
  for (int group = 0; group < 4; ++group) {
    text += format("  - name: g{}\n    rules:\n", group);
    for (int i = group; i < kNames; i += 4) {
      const std::string series = format("m{{name=\"Own{}\"}}", i);
      text += format("      - alert: Own{}\n        expr: {}\n", i,
                     i % 5 == 4 ? format("avg_over_time({}[3m]) > 0.5", series) : format("{} == 1", series));
      if (i % 3 != 0) text += format("        for: {}m\n", i % 3);
      if (i % 7 == 3) text += "        keep_firing_for: 3m\n";
      text += "        annotations: {summary: 'value {{ $value }}'}\n";
    }
  }
  return text;
}

constexpr const char* kPrometheusYml = R"(global: {scrape_interval: 1m, evaluation_interval: 1m}
rule_files: [rules.yml]
scrape_configs:
  - job_name: app
    static_configs: [{targets: ['app:80']}]
)";

std::vector<Duty> duties_of(const Model& model, const Labels& labels) {
  std::vector<const Route*> matched;
  for (std::size_t i = 1; i < model.routes.size(); ++i) {
    if (!model.routes[i].matches(labels)) continue;
    matched.push_back(&model.routes[i]);
    if (!model.routes[i].goes_on) break;
  }
  if (matched.empty()) matched.push_back(&model.routes[0]);
  std::vector<Duty> duties;
  for (const Route* route : matched) {
    duties.push_back({route->receiver, route->key(), model.send_resolved[route->receiver], route->repeat});
  }
  return duties;
}

class Site final : public testing::Responder {
 public:
  explicit Site(const SiteOptions& options)
      : options_(options),
        random_(options.seed),
        model_(random_model(random_)),
        alerts_(random_alerts(options.alerts, options.length, random_)),
        receivers_(kReceivers, random_.next()),
        disk_(random_.next()),
        believer_(alerts_, all_duties()) {
    files_.files["prometheus.yml"] = kPrometheusYml;
    files_.files["rules.yml"] = rules_yml();
    files_.files["alertmanager.yml"] = alertmanager_yml(model_, 0);
  }

  SiteOutcome play() {
    log_ += alertmanager_yml(model_, 0);
    plan();
    start(kBegin);
    for (auto entry = agenda_.begin(); entry != agenda_.end(); entry = agenda_.erase(entry)) {
      if (entry->first > options_.length) break;
      advance(entry->first);
      entry->second();
    }
    advance(options_.length);
    return outcome();
  }

  // ---- the network, for the engine

  testing::CallAnswer answer(const core::HttpCall& call, const Now&) override {
    if (call.kind == core::CallKind::notify) {
      if (!uplink_) return lost();
      return receivers_.answer(call, here());
    }
    testing::CallAnswer answer;
    answer.after = std::chrono::milliseconds(5 + random_.below(300));
    answer.reply.status = 200;
    answer.reply.headers.emplace_back("Content-Type", "text/plain; version=0.0.4");
    if (target_up_) {
      answer.reply.body = metrics_page(alerts_, here());
    } else {
      answer.reply.error = core::CallError::connect;
      answer.reply.error_text = "connection refused";
    }
    return answer;
  }
  void logged(const core::LogRecord& record, const Now&) override {
    if (!options_.print_as_it_goes) return;
    std::string line =
        format("{}     {}", format_go_duration(std::chrono::round<std::chrono::milliseconds>(here())),
               record.message);
    for (const auto& [name, value] : record.fields) line += format(" {}={}", name, value);
    std::puts(line.c_str());
  }
  void responded(core::RequestId id, const api::HttpResponse& response, const Now&) override {
    // A silence may have been lost with the disk that it was on.
    const bool is_lost = response.status == 404 && id == expire_request_ && silence_is_lost_;
    if (response.status != 200 && !is_lost) {
      complain(format("request {} was answered {}: {}", id.value, response.status, response.body));
    }
    if (id == silence_request_) silence_id_ = silence_id_of(response.body);
  }

 private:
  static std::string silence_id_of(const std::string& body) {
    const std::size_t at = body.find("silenceID\":\"");
    return at == std::string::npos ? "" : body.substr(at + 12, 36);
  }

  static testing::CallAnswer lost() {
    testing::CallAnswer answer;
    answer.after = std::chrono::milliseconds(20);
    answer.reply.error = core::CallError::resolve;
    answer.reply.error_text = "no such host";
    return answer;
  }

  [[nodiscard]] std::vector<std::vector<Duty>> all_duties() const {
    std::vector<std::vector<Duty>> duties;
    for (const TrueAlert& alert : alerts_) duties.push_back(duties_of(model_, alert.labels));
    return duties;
  }

  // ---- time

  // The world's time while the engine runs: its monotonic clock, less where that started.
  [[nodiscard]] Duration here() const {
    return world_ ? world_->now().mono.time_since_epoch() - mono_base_ : time_;
  }

  void advance(Duration to) {
    if (world_) world_->run_until(MonoTime(mono_base_ + to));
    time_ = to;
    for (const Message& message : receivers_.take()) {
      believer_.hear(message);
      if (options_.print_as_it_goes) std::puts(believer_.last_line().c_str());
    }
  }

  void at(Duration when, std::function<void()> action) { agenda_.emplace(when, std::move(action)); }

  void plan() {
    for (std::size_t server = 1; server <= kServers; ++server) {
      const auto offset = seconds(random_.below(60)) + std::chrono::milliseconds(random_.below(1000));
      for (Duration when = offset; when < options_.length; when += minutes(1)) {
        at(when, [this, server] { post(server); });
      }
    }
    for (const Fault& fault : random_faults(options_.faults, options_.length, random_)) {
      at(fault.at, [this, fault] { begin(fault); });
      at(fault.at + fault.lasts, [this, fault] { end(fault); });
    }
    for (Duration when = minutes(20) + kTurmoil + kCalm; when <= options_.length; when += kTurmoil + kCalm) {
      at(when, [this] { check(); });
    }
  }

  void check() {
    if (!world_) return complain("the engine is not running");
    believer_.check(time_, kCalm - minutes(2));
  }

  // ---- the engine

  void start(WallTime wall) {
    ++starts_;
    testing::WorldOptions options;
    options.engine.policy = *dispatch::parse_policy(options_.compat);
    options.engine.seed = random_.next() | 1;
    options.paths = {"prometheus.yml", "alertmanager.yml", {}};
    options.start = {wall, MonoTime(mono_base_ + time_)};
    options.jobs = options_.jobs;
    options.keep_action_log = options_.keep_action_log;
    world_ = std::make_unique<testing::VirtualWorld>(std::move(options), files_, *this, &disk_);
    const bool is_bad = files_.files["alertmanager.yml"].ends_with("nonsense: 1\n");
    if (world_->load_errors().empty() == is_bad) complain("configuration: " + world_->load_errors());
  }

  [[nodiscard]] WallTime true_wall() const { return kBegin + time_ + wall_error_; }

  void crash(testing::VirtualDisk::Crash how) {
    if (!world_) return;
    if (options_.keep_action_log) action_log_ += world_->action_log();
    disk_.crash(how, world_->now().mono);
    // A write that was refused is lost with whoever knew what it said.
    if (disk_is_full_) believer_.forget();
    // A page waits no longer than commit-wait for a disk that takes its time; what it then has not on its
    // medium the power takes.
    if (disk_is_slow_ && how == testing::VirtualDisk::Crash::power_lost) believer_.forget(time_ - kUnsynced);
    world_.reset();
    if (how == testing::VirtualDisk::Crash::power_lost) mono_base_ = seconds(random_.below(100)) - time_;
  }

  void start_again() {
    if (!world_) start(true_wall());
  }

  // ---- requests

  core::RequestId request(std::string method, std::string path, std::string body) {
    core::RequestReceived received;
    received.id = {++last_request_};
    received.request.method = std::move(method);
    received.request.path = std::move(path);
    received.request.headers.push_back({"Content-Type", "application/json"});
    received.request.remote = "10.0.0.7:1234";
    received.request.body = std::move(body);
    const core::RequestId id = received.id;
    world_->feed(std::move(received));
    return id;
  }

  void post(std::size_t server) {
    if (!world_ || silent_server_ == server) return;
    std::string body = posted_alerts(alerts_, server, time_, world_->now().wall);
    if (!body.empty()) request("POST", "/api/v2/alerts", std::move(body));
  }

  void silence(const Fault& fault) {
    if (!world_) return;
    const Duration lasts = fault.lasts;
    const std::string name =
        format("{}{}", fault.detail % 2 == 0 ? "Own" : "Post", fault.detail / 2 % kNames);
    const WallTime now = world_->now().wall;
    silence_request_ = {last_request_ + 1};
    silence_is_lost_ = false;
    request(
        "POST", "/api/v2/silences",
        format(
            R"({{"matchers":[{{"name":"alertname","value":"{}","isRegex":false}}],"startsAt":"{}","endsAt":"{}",)"
            R"("createdBy":"maria","comment":"upgrade"}})",
            name, format_rfc3339(now), format_rfc3339(now + 2 * lasts)));
    believer_.silenced(name, time_, now, now + 2 * lasts);
  }

  void expire_silence(const Fault& fault) {
    // Half of them are left to end by themselves.
    if (world_ && !silence_id_.empty() && fault.detail % 4 < 2) {
      expire_request_ = {last_request_ + 1};
      request("DELETE", "/api/v2/silence/" + silence_id_, "");
      believer_.unsilenced(time_, world_->now().wall);
    }
    silence_id_.clear();
  }

  // ---- faults

  void note(const Fault& fault, std::string_view what) {
    log_ += format("{} -- {} {}\n", format_go_duration(std::chrono::round<seconds>(time_)),
                   to_string(fault.kind), what);
    if (options_.print_as_it_goes)
      std::puts(format("{} -- {} {}", format_go_duration(time_), to_string(fault.kind), what).c_str());
  }

  void begin(const Fault& fault) {
    note(fault, "begins");
    using Crash = testing::VirtualDisk::Crash;
    switch (fault.kind) {
      case FaultKind::killed:
        return crash(Crash::killed);
      case FaultKind::power_lost:
      case FaultKind::clockless_boot:
        return crash(Crash::power_lost);
      case FaultKind::disk_damaged:
        crash(Crash::killed);
        disk_.damage();
        silence_is_lost_ = true;
        return believer_.forget();
      case FaultKind::stopped:
        if (world_) world_->feed(core::ShutdownRequested{});
        return crash(Crash::stopped);
      case FaultKind::reload:
        files_.files["alertmanager.yml"] = alertmanager_yml(model_, ++variant_);
        return reload();
      case FaultKind::bad_reload:
        // Where nobody runs at that moment, the next start goes on with the one that was accepted last.
        files_.files["alertmanager.yml"] = alertmanager_yml(model_, variant_) + "nonsense: 1\n";
        return reload();
      case FaultKind::receiver:
        return receivers_.set(fault.detail % kReceivers,
                              static_cast<Ailment>(1 + fault.detail / kReceivers % (kAilments - 1)));
      case FaultKind::uplink:
        uplink_ = false;
        return;
      case FaultKind::disk_slow:
        disk_is_slow_ = true;
        return disk_.set_latency(std::chrono::milliseconds(50), seconds(5));
      case FaultKind::disk_full:
        disk_is_full_ = true;
        return disk_.set_error("database or disk is full");
      case FaultKind::target_down:
        target_up_ = false;
        return;
      case FaultKind::server_silent:
        silent_server_ = 1 + fault.detail % kServers;
        return;
      case FaultKind::clock_forward:
        return step_clock(minutes(1 + fault.detail % 180));
      case FaultKind::clock_back:
        return step_clock(-minutes(1 + fault.detail % 180));
      case FaultKind::silence:
        return silence(fault);
    }
  }

  void end(const Fault& fault) {
    note(fault, "ends");
    switch (fault.kind) {
      case FaultKind::disk_damaged:
        // Nothing that was accepted once is known any more: it needs a file that can be read.
        files_.files["alertmanager.yml"] = alertmanager_yml(model_, variant_);
        return start_again();
      case FaultKind::killed:
      case FaultKind::power_lost:
      case FaultKind::stopped:
        return start_again();
      case FaultKind::clockless_boot:
        if (world_) return;
        start(kNoClock);
        return at(time_ + seconds(30 + fault.detail % 240), [this] { set_clock(); });
      case FaultKind::reload:
        return;
      case FaultKind::bad_reload:
        files_.files["alertmanager.yml"] = alertmanager_yml(model_, variant_);
        return reload();
      case FaultKind::receiver:
        receivers_.set(fault.detail % kReceivers, Ailment::none);
        // One that refused is asked again only now, or after an hour.
        return reload();
      case FaultKind::uplink:
        uplink_ = true;
        return;
      case FaultKind::disk_slow:
        disk_is_slow_ = false;
        return disk_.set_latency(std::chrono::milliseconds(1), std::chrono::milliseconds(5));
      case FaultKind::disk_full:
        disk_is_full_ = false;
        return disk_.set_error("");
      case FaultKind::target_down:
        target_up_ = true;
        return believer_.blind({0, fault.at, time_});
      case FaultKind::server_silent:
        believer_.blind({silent_server_, fault.at, time_});
        silent_server_ = 0;
        return;
      case FaultKind::clock_forward:
      case FaultKind::clock_back:
        return;
      case FaultKind::silence:
        return expire_silence(fault);
    }
  }

  void reload() {
    if (world_) world_->feed(core::ReloadRequested{});
  }

  void step_clock(Duration by) {
    if (!world_) return;
    wall_error_ += by;
    world_->step_wall_clock(by);
    if (world_->now().wall > kBegin - std::chrono::hours(24)) {
      believer_.clock_stepped(time_, world_->now().wall);
    }
  }

  void set_clock() {
    if (!world_) return;
    const Duration step = true_wall() - world_->now().wall;
    world_->step_wall_clock(step);
    believer_.clock_set(time_, step, world_->now().wall);
  }

  void complain(std::string text) {
    violations_.push_back(
        format("{}: {}", format_go_duration(std::chrono::round<seconds>(time_)), std::move(text)));
  }

  SiteOutcome outcome() {
    SiteOutcome outcome;
    outcome.violations = std::move(violations_);
    for (const std::string& violation : believer_.violations()) outcome.violations.push_back(violation);
    outcome.log = log_ + believer_.log();
    if (options_.keep_action_log && world_) action_log_ += world_->action_log();
    outcome.action_log = std::move(action_log_);
    outcome.messages = believer_.messages();
    outcome.attempts = receivers_.attempts();
    outcome.starts = starts_;
    outcome.bytes_written = disk_.bytes_written();
    return outcome;
  }

  SiteOptions options_;
  Random random_;
  Model model_;
  std::vector<TrueAlert> alerts_;
  config::MemoryFiles files_;
  Receivers receivers_;
  testing::VirtualDisk disk_;
  Believer believer_;
  std::multimap<Duration, std::function<void()>> agenda_;

  Duration time_{};
  Duration mono_base_ = std::chrono::hours(1);
  Duration wall_error_{};
  std::unique_ptr<testing::VirtualWorld> world_;
  bool uplink_ = true;
  bool target_up_ = true;
  bool disk_is_full_ = false;
  bool disk_is_slow_ = false;
  std::size_t silent_server_ = 0;
  std::size_t variant_ = 0;
  std::uint64_t last_request_ = 0;
  core::RequestId silence_request_{};
  core::RequestId expire_request_{};
  bool silence_is_lost_ = false;
  std::string silence_id_;
  std::size_t starts_ = 0;
  std::string log_;
  std::string action_log_;
  std::vector<std::string> violations_;
};

}  // namespace

SiteOutcome play_site(const SiteOptions& options) {
  return Site(options).play();
}

}  // namespace tocsin::sim
