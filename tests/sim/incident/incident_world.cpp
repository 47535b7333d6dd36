#include "tests/sim/incident/incident_world.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "examples/cim/model.hpp"
#include "examples/cim/stand_in.hpp"
#include "promql/format.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::sim {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr MonoTime kStart{std::chrono::hours(100)};
constexpr WallTime kWallStart{seconds(1737626400)};

// CIM's files as they lie in examples/cim, under the names the engine is started with.
config::MemoryFiles cim_files(bool slack_hears_resolves) {
  const std::filesystem::path folder = std::filesystem::path(TOCSIN_SOURCE_DIR) / "examples/cim";
  const auto read = [&folder](const char* name) {
    std::ifstream in(folder / name);
    REQUIRE(in.good());
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  };
  config::MemoryFiles files;
  files.files["cim/prometheus.yml"] = read("prometheus.yml");
  files.files["cim/alerts/cim-alerts.yml"] = read("alerts/cim-alerts.yml");
  files.files["cim/alertmanager.yml"] =
      read(slack_hears_resolves ? "alertmanager-resolved.yml" : "alertmanager.yml");
  return files;
}

core::HttpReply reply_of(unsigned status, std::string content_type, std::string body) {
  core::HttpReply reply;
  reply.status = status;
  reply.headers.emplace_back("Content-Type", std::move(content_type));
  reply.body = std::move(body);
  return reply;
}

std::string text_at(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* at = &value;
  for (const std::string_view key : path) {
    if (at->is_array()) at = at->get_array().empty() ? nullptr : &at->get_array().front();
    at = at == nullptr || !at->is_object() ? nullptr : at->get_object().if_contains(key);
    if (at == nullptr) return {};
  }
  return at->is_string() ? std::string(at->get_string().c_str()) : std::string();
}

// Slack shows the summary of an alert, not its name.
std::string alert_of_slack(const std::string& text) {
  static constexpr std::pair<std::string_view, std::string_view> kSummaries[] = {
      {"High event processing error rate", "HighEventProcessingErrorRate"},
      {"NATS connection lost", "NATSDisconnected"},
      {"High memory usage", "HighMemoryUsage"},
      {"Projection lagging", "ProjectionLag"},
      {"Slow query performance", "SlowQueries"}};
  for (const auto& [summary, alert] : kSummaries) {
    if (text.find(summary) != std::string::npos) return std::string(alert);
  }
  return "unknown: " + text;
}

Told told_by(const core::HttpCall& call, MonoTime at) {
  const json::value body = json::parse(call.body);
  if (call.url.find("slack") != std::string::npos) {
    return {at, Service::slack, alert_of_slack(text_at(body, {"attachments", "text"})),
            text_at(body, {"attachments", "color"}) == "good"};
  }
  // "[FIRING:1] NATSDisconnected (cim-production ...)"
  const std::string description = text_at(body, {"description"});
  const std::size_t begin = description.find("] ") + 2;
  return {at, Service::pagerduty, description.substr(begin, description.find(' ', begin) - begin),
          text_at(body, {"event_type"}) == "resolve"};
}

// The network of one world. Every answer is drawn from the seed.
class Network final : public testing::Responder {
 public:
  Network(std::uint64_t seed, std::vector<Outage> outages) : random_(seed), outages_(std::move(outages)) {}

  testing::CallAnswer answer(const core::HttpCall& call, const Now& now) override {
    switch (call.kind) {
      case core::CallKind::scrape:
        return {delay(milliseconds(400)), scraped(call.url, now)};
      case core::CallKind::notify:
        return notified(call, now);
      case core::CallKind::forward:
        break;
    }
    return {delay(milliseconds(50)), reply_of(200, "text/plain", "")};
  }
  void responded(core::RequestId, const api::HttpResponse& response, const Now&) override {
    last_response = response.body;
  }

  std::vector<Told> told;
  std::vector<Told> tried;
  std::string last_response;

 private:
  Duration delay(Duration most) {
    return Duration(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most.count()))));
  }

  static core::HttpReply scraped(const std::string& url, const Now& now) {
    if (url.find(":9091/") != std::string::npos) {
      return reply_of(200, "text/plain; version=0.0.4", examples::cim_metrics(now.mono - kStart));
    }
    if (url.find(":9100/") != std::string::npos) {
      return reply_of(200, "text/plain; version=0.0.4", "node_load1 0.42\n");
    }
    return reply_of(404, "text/plain", "404 page not found\n");
  }

  testing::CallAnswer notified(const core::HttpCall& call, const Now& now) {
    const Service service = call.url.find("slack") != std::string::npos ? Service::slack : Service::pagerduty;
    const bool out = std::any_of(outages_.begin(), outages_.end(), [&](const Outage& outage) {
      return outage.service == service && now.mono >= outage.from && now.mono < outage.to;
    });
    if (out) {
      tried.push_back(told_by(call, now.mono));
      return failure();
    }
    // One in eight answers takes seconds, but comes.
    const Duration after = random_.below(8) == 0 ? delay(seconds(4)) : delay(milliseconds(300));
    // What takes longer than the sender waits did not arrive: whether a service took a notification whose
    // answer was lost, nobody can know, and it is sent again.
    if (after < call.timeout) told.push_back(told_by(call, now.mono));
    const examples::ServiceAnswer taken = examples::service_answer(call.url);
    return {after, reply_of(taken.status, taken.content_type, taken.body)};
  }

  testing::CallAnswer failure() {
    testing::CallAnswer answer;
    switch (random_.below(3)) {
      case 0:
        answer.reply = reply_of(503, "text/plain", "come back later");
        answer.after = delay(milliseconds(500));
        break;
      case 1:
        answer.reply.error = core::CallError::connect;
        answer.reply.error_text = "connect: connection refused";
        answer.after = delay(milliseconds(20));
        break;
      default:
        answer.after = std::chrono::hours(1);  // never: the call's own timeout ends it
        break;
    }
    return answer;
  }

  dispatch::Random random_;
  std::vector<Outage> outages_;
};

std::vector<Outage> outages_of(dispatch::Random& random, Duration length) {
  std::vector<Outage> outages;
  for (const Service service : {Service::slack, Service::pagerduty}) {
    for (std::uint64_t i = random.below(3); i > 0; --i) {
      const auto from = kStart + seconds(random.below(static_cast<std::uint64_t>(length / seconds(1))));
      outages.push_back({service, from, from + seconds(5 + random.below(300))});
    }
  }
  return outages;
}

// ALERTS as the rules wrote it: raw samples, each at its evaluation's slot.
std::vector<Firing> firings_from(const std::string& answer, MonoTime end) {
  constexpr Duration kInterval = seconds(30);
  std::vector<Firing> firings;
  const json::value parsed = json::parse(answer);
  for (const json::value& series : parsed.at("data").at("result").as_array()) {
    std::optional<Firing> firing;
    MonoTime last{};
    for (const json::value& sample : series.at("values").as_array()) {
      const double when = sample.at(0).to_number<double>();
      const WallTime wall(milliseconds(static_cast<std::int64_t>(std::llround(when * 1000))));
      const MonoTime at = kStart + (wall - kWallStart);
      if (firing && at - last > kInterval + seconds(1)) {
        firings.push_back(*firing);
        firing.reset();
      }
      if (!firing) firing = Firing{text_at(series, {"metric", "alertname"}), at, {}, true};
      last = at;
      firing->to = at + kInterval;
    }
    if (!firing) continue;
    firing->ended = firing->to <= end;
    firings.push_back(*firing);
  }
  return firings;
}

}  // namespace

std::string_view to_string(Service service) {
  return service == Service::slack ? "slack" : "pagerduty";
}

IncidentResult play_incident(const IncidentOptions& options) {
  dispatch::Random random(options.seed);
  IncidentResult result;
  result.start = kStart;
  result.end = kStart + options.length;
  result.outages = outages_of(random, options.length);
  config::MemoryFiles files = cim_files(options.slack_hears_resolves);
  Network network(random.next(), result.outages);

  testing::WorldOptions world_options;
  world_options.engine.external_url = "http://localhost:9090";
  world_options.engine.listening = {"0.0.0.0:9090", "0.0.0.0:9093"};
  world_options.engine.seed = random.next();
  world_options.paths = {"cim/prometheus.yml", "cim/alertmanager.yml"};
  world_options.start = {kWallStart, kStart};
  world_options.jobs = options.jobs;
  testing::VirtualWorld world(std::move(world_options), files, network);
  INFO(world.load_errors());
  REQUIRE(world.load_errors().empty());

  result.reloads = random.below(6);
  for (std::size_t i = 0; i < result.reloads; ++i) {
    const auto when = seconds(random.below(static_cast<std::uint64_t>(options.length / seconds(1))));
    world.at(kStart + when, [&world] { world.feed(core::ReloadRequested{}); });
  }
  world.run_until(result.end);
  result.action_log = world.action_log();

  core::RequestReceived request;
  request.id = {1};
  request.request.method = "GET";
  request.request.path = "/api/v1/query";
  request.request.query = {
      {"query", format("ALERTS{{alertstate=\"firing\"}}[{}s]", options.length / seconds(1))}};
  world.feed(std::move(request));
  result.firings = firings_from(network.last_response, result.end);
  result.told = std::move(network.told);
  result.tried = std::move(network.tried);
  return result;
}

}  // namespace tocsin::sim
