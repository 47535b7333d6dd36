#include "engine/dispatch/forwarder.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "engine/dispatch/forwarder_json.hpp"
#include "engine/dispatch/random.hpp"
#include "promql/format.hpp"

namespace tocsin::dispatch {
namespace {

struct Address {
  std::string host;
  std::string port;
};

Address split_address(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || address.find(']', colon) != std::string_view::npos) {
    return {std::string(address), ""};
  }
  std::string host(address.substr(0, colon));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::move(host), std::string(address.substr(colon + 1))};
}

bool is_any(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// Whether a connection to the target would reach a listener of this process, as far as names tell.
bool reaches(const Address& target, const Address& listener) {
  if (target.port.empty() || target.port != listener.port) return false;
  if (target.host == listener.host) return true;
  const bool target_is_here = is_loopback(target.host) || is_any(target.host);
  return target_is_here && (is_any(listener.host) || is_loopback(listener.host));
}

// "/", prefix and path joined as Go's path.Join does for what a configuration may hold.
std::string post_path(std::string_view prefix) {
  std::string path;
  std::string_view rest = prefix;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (!part.empty() && part != ".") path += '/' + std::string(part);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }
  return path + "/api/v2/alerts";
}

constexpr std::string_view kPathLabel = "__alerts_path__";

}  // namespace

struct Forwarder::State {
  // One Alertmanager, known by its URL.
  struct Target {
    std::uint64_t number = 0;
    const config::AlertmanagerTarget* config = nullptr;
    std::deque<rules::OutgoingAlert> queue;
    std::optional<ForwardId> in_flight;
    std::size_t in_flight_alerts = 0;
    std::uint64_t sent = 0;
    std::uint64_t errors = 0;
    std::uint64_t dropped = 0;
  };

  State(const Limits& the_limits, std::uint64_t seed, Relabel the_relabel)
      : limits(the_limits), relabel(std::move(the_relabel)), mark(format("{:016x}", Random(seed).next())) {}

  void add_targets(const config::AlertmanagerTarget& config, const std::vector<std::string>& listening,
                   std::map<std::string, Target>& next, std::vector<std::string>& log);
  void add(Target& target, const std::string& url, const std::vector<rules::OutgoingAlert>& alerts);
  void note_error(const std::string& url, std::string text);
  [[nodiscard]] std::string mark_of(const Target& target) const {
    return mark + '/' + std::to_string(target.number);
  }

  Limits limits;
  Relabel relabel;
  std::string mark;
  std::shared_ptr<const config::PrometheusConfig> config;
  std::map<std::string, Target> targets;  // by URL
  std::set<std::string> own_urls;         // that turned out to be this process
  std::vector<std::pair<std::string, std::string>> errors;
  std::uint64_t last_id = 0;
  std::uint64_t last_number = 0;
  MonoTime last_enqueue{};
};

void Forwarder::State::add_targets(const config::AlertmanagerTarget& target_config,
                                   const std::vector<std::string>& listening,
                                   std::map<std::string, Target>& next, std::vector<std::string>& log) {
  for (const config::TargetGroup& group : target_config.discovery.static_configs) {
    for (const std::string& address : group.targets) {
      LabelsBuilder labels(group.labels);
      labels.set("__address__", address);
      labels.set("__scheme__", target_config.scheme);
      labels.set(kPathLabel, post_path(target_config.path_prefix));
      const std::optional<Labels> relabelled = relabel(target_config.relabel_configs, labels.build());
      if (!relabelled) continue;
      const std::string reached(relabelled->get("__address__"));
      const std::string url =
          format("{}://{}{}", relabelled->get("__scheme__"), reached, relabelled->get(kPathLabel));
      const bool is_self = own_urls.contains(url) ||
                           std::any_of(listening.begin(), listening.end(), [&](const auto& listener) {
                             return reaches(split_address(reached), split_address(listener));
                           });
      if (is_self) {
        log.push_back(
            format("alertmanager \"{}\" is this process: alerts are dispatched here, not sent", url));
        continue;
      }
      const auto [entry, added] = next.try_emplace(url);
      if (!added) continue;
      const auto known = targets.find(url);
      if (known != targets.end()) {
        entry->second = std::move(known->second);
      } else {
        entry->second.number = ++last_number;
      }
      entry->second.config = &target_config;
    }
  }
}

void Forwarder::State::add(Target& target, const std::string& url,
                           const std::vector<rules::OutgoingAlert>& alerts) {
  std::size_t dropped = 0;
  for (const rules::OutgoingAlert& alert : alerts) {
    const std::vector<config::RelabelConfig>& rules = target.config->alert_relabel_configs;
    rules::OutgoingAlert copy = alert;
    if (!rules.empty()) {
      std::optional<Labels> labels = relabel(rules, alert.labels);
      if (!labels) continue;
      copy.labels = std::move(*labels);
    }
    target.queue.push_back(std::move(copy));
    if (target.queue.size() <= limits.forward_queue) continue;
    target.queue.pop_front();
    ++dropped;
  }
  if (dropped == 0) return;
  target.dropped += dropped;
  note_error(url, format("alert notification queue full, {} alerts dropped", dropped));
}

void Forwarder::State::note_error(const std::string& url, std::string text) {
  if (errors.size() >= limits.events) return;
  errors.emplace_back(url, std::move(text));
}

Forwarder::Forwarder(const Limits& limits, std::uint64_t seed, Relabel relabel)
    : state_(std::make_unique<State>(limits, seed, std::move(relabel))) {}
Forwarder::~Forwarder() = default;

std::vector<std::string> Forwarder::reload(std::shared_ptr<const config::PrometheusConfig> config,
                                           const std::vector<std::string>& listening, const Now&) {
  std::vector<std::string> log;
  std::map<std::string, State::Target> next;
  for (const config::AlertmanagerTarget& target : config->alerting.alertmanagers) {
    state_->add_targets(target, listening, next, log);
  }
  state_->targets = std::move(next);
  state_->config = std::move(config);
  return log;
}

bool Forwarder::has_targets() const {
  return !state_->targets.empty();
}

void Forwarder::enqueue(const std::vector<rules::OutgoingAlert>& alerts, const Now& now) {
  state_->last_enqueue = now.mono;
  for (auto& [url, target] : state_->targets) state_->add(target, url, alerts);
}

std::vector<ForwardRequest> Forwarder::step(const Now&) {
  std::vector<ForwardRequest> requests;
  for (auto& [url, target] : state_->targets) {
    if (target.in_flight || target.queue.empty()) continue;
    const std::size_t count = std::min(target.queue.size(), state_->limits.forward_batch);
    const std::vector<rules::OutgoingAlert> batch(
        std::make_move_iterator(target.queue.begin()),
        std::make_move_iterator(target.queue.begin() + static_cast<std::ptrdiff_t>(count)));
    target.queue.erase(target.queue.begin(), target.queue.begin() + static_cast<std::ptrdiff_t>(count));
    ForwardRequest request;
    request.id = ForwardId{++state_->last_id};
    request.url = url;
    request.headers = {{"Content-Type", "application/json"},
                       {std::string(kInstanceHeader), state_->mark_of(target)}};
    request.body = encode_alerts(batch);
    request.http = target.config->http;
    request.timeout = target.config->timeout;
    target.in_flight = request.id;
    target.in_flight_alerts = count;
    requests.push_back(std::move(request));
  }
  return requests;
}

void Forwarder::reply(ForwardId id, const notifiers::Reply& reply, const Now&) {
  for (auto& [url, target] : state_->targets) {
    if (target.in_flight != id) continue;
    target.in_flight.reset();
    const bool sent = reply.arrived && reply.status / 100 == 2;
    if (sent) {
      target.sent += target.in_flight_alerts;
      return;
    }
    target.errors += target.in_flight_alerts;
    target.dropped += target.in_flight_alerts;
    state_->note_error(url,
                       reply.arrived ? format("bad response status {}", reply.status) : reply.error_text);
    return;
  }
}

std::optional<MonoTime> Forwarder::next_deadline() const {
  const bool has_work = std::any_of(state_->targets.begin(), state_->targets.end(), [](const auto& entry) {
    return !entry.second.in_flight && !entry.second.queue.empty();
  });
  if (!has_work) return std::nullopt;
  return state_->last_enqueue;
}

bool Forwarder::came_back(std::string_view mark) {
  for (auto entry = state_->targets.begin(); entry != state_->targets.end(); ++entry) {
    if (state_->mark_of(entry->second) != mark) continue;
    state_->own_urls.insert(entry->first);
    state_->targets.erase(entry);
    return true;
  }
  // A second post of the same target may still have been on its way.
  return mark.substr(0, mark.find('/')) == state_->mark;
}

std::vector<std::string> Forwarder::urls() const {
  std::vector<std::string> all;
  for (const auto& [url, target] : state_->targets) all.push_back(url);
  return all;
}

std::vector<ForwardStatistics> Forwarder::statistics() const {
  std::vector<ForwardStatistics> all;
  for (const auto& [url, target] : state_->targets) {
    all.push_back({url, target.sent, target.errors, target.dropped, target.queue.size()});
  }
  return all;
}

std::size_t Forwarder::capacity() const {
  return state_->limits.forward_queue;
}

std::vector<std::pair<std::string, std::string>> Forwarder::take_errors() {
  return std::exchange(state_->errors, {});
}

}  // namespace tocsin::dispatch
