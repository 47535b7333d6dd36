// One engine in virtual time with its files, its network and, where it is given one, its disk.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/testing/virtual_disk.hpp"
#include "engine/testing/virtual_world.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::testing {

inline constexpr std::string_view kPrometheus = R"(
global: {scrape_interval: 10s, evaluation_interval: 30s, external_labels: {cluster: edge}}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['localhost:9093']}]}]}
scrape_configs:
  - job_name: app
    static_configs: [{targets: ['app:80']}]
)";
inline constexpr std::string_view kRules = R"(
groups:
  - name: g
    rules:
      - record: job:x:sum
        expr: sum by (job) (x)
      - alert: High
        expr: job:x:sum > 5
        for: 1m
        labels: {severity: page}
        annotations: {summary: '{{ $labels.job }} is at {{ $value }}', empty: ''}
)";
inline constexpr std::string_view kAlertmanager = R"(
route: {receiver: hook, group_wait: 10s, group_interval: 1m, repeat_interval: 1h}
receivers:
  - name: hook
    webhook_configs: [{url: 'http://hook/'}]
)";

class Network final : public Responder {
 public:
  std::string page = "x 1\n";
  std::vector<std::string> notified;  // bodies
  std::vector<std::string> forwarded;
  std::map<std::uint64_t, api::HttpResponse> responses;
  std::vector<std::string> keys;  // Idempotency-Key of each
  std::vector<MonoTime> notified_at;
  std::vector<std::string> log;  // messages
  std::vector<core::LogRecord> records;
  std::vector<std::string> urls;  // likewise
  unsigned hook_status = 200;
  std::string hook_answer;
  bool hook_never_answers = false;
  bool target_down = false;

  CallAnswer answer(const core::HttpCall& call, const Now& now) override {
    core::HttpReply reply;
    reply.status = 200;
    if (call.kind == core::CallKind::scrape) {
      reply.headers.emplace_back("Content-Type", "text/plain; version=0.0.4");
      reply.body = page;
      if (target_down) {
        reply.error = core::CallError::connect;
        reply.error_text = "connection refused";
      }
    } else if (call.kind == core::CallKind::notify) {
      notified.push_back(call.body);
      notified_at.push_back(now.mono);
      urls.push_back(call.url);
      keys.push_back(key_of(call));
      reply.status = hook_status;
      reply.body = hook_answer;
      if (hook_never_answers) return {std::chrono::hours(10), std::move(reply)};
    } else {
      forwarded.push_back(call.url);
    }
    return {std::chrono::milliseconds(5), std::move(reply)};
  }
  static std::string key_of(const core::HttpCall& call) {
    for (const auto& [name, value] : call.headers) {
      if (name == "Idempotency-Key") return value;
    }
    return {};
  }
  void logged(const core::LogRecord& record, const Now&) override {
    log.push_back(record.message);
    records.push_back(record);
  }
  void responded(core::RequestId id, const api::HttpResponse& response, const Now&) override {
    responses.insert_or_assign(id.value, response);
  }
};

struct Site {
  config::MemoryFiles files;
  Network network;
  std::unique_ptr<VirtualWorld> world;
  std::uint64_t last_request = 0;
  promql::ParserOptions parser;
  VirtualDisk* disk = nullptr;  // none: nothing is kept
  Now now{WallTime(std::chrono::seconds(1767626400)), MonoTime(std::chrono::seconds(100))};
  Duration commit_wait = std::chrono::seconds(1);
  Duration start_delay{};
  dispatch::Policy policy;
  core::ConfigPaths paths;  // that were read last

  Site() {
    files.files["prometheus.yml"] = kPrometheus;
    files.files["rules.yml"] = kRules;
    files.files["alertmanager.yml"] = kAlertmanager;
  }
  void start(core::ConfigPaths files_to_read = {"prometheus.yml", "alertmanager.yml"}, JobOrder jobs = {}) {
    paths = std::move(files_to_read);
    WorldOptions options;
    options.paths = paths;
    options.start = now;
    options.jobs = jobs;
    options.engine.enable_lifecycle = true;
    options.engine.parser = parser;
    options.engine.external_url = "http://edge:9090";
    options.engine.listening = {"0.0.0.0:9090", "0.0.0.0:9093"};
    options.engine.commit_wait = commit_wait;
    options.engine.start_delay = start_delay;
    options.engine.policy = policy;
    world = std::make_unique<VirtualWorld>(std::move(options), files, network, disk);
  }
  // The process is killed, and the same files are served again after `down`.
  void restart(Duration down, VirtualDisk::Crash crash = VirtualDisk::Crash::killed) {
    now = world->now();
    now.wall += down;
    now.mono += down;
    stop(crash);
    start(paths);
  }
  void stop(VirtualDisk::Crash crash) {
    disk->crash(crash, world->now().mono);
    world.reset();
  }
  api::HttpResponse request(std::string method, std::string path,
                            std::vector<std::pair<std::string, std::string>> query = {},
                            std::string body = {}) {
    api::HttpRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    request.body = std::move(body);
    world->feed(core::RequestReceived{{++last_request}, std::move(request)});
    // What changes the state is answered when it is on the disk.
    for (int i = 0; i < 400 && !network.responses.contains(last_request); ++i)
      world->run_for(std::chrono::milliseconds(5));
    REQUIRE(network.responses.contains(last_request));
    return network.responses[last_request];
  }
};

}  // namespace tocsin::testing
