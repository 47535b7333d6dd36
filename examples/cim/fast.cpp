// The same incident through the same engine, in virtual time: an hour of it in less than seconds.
//
//   cim-fast PROMETHEUS_FILE ALERTMANAGER_FILE
//
// Only the network is played: CIM's metrics come from the model, node exporter answers a few lines, NATS has
// no /metrics, and what would go to Slack and PagerDuty is printed.
#include <cstdio>
#include <string>
#include <vector>

#include "engine/shell/files.hpp"
#include "engine/testing/virtual_world.hpp"
#include "examples/cim/model.hpp"
#include "examples/cim/stand_in.hpp"
#include "promql/format.hpp"

namespace {

using namespace tocsin;

constexpr MonoTime kStart{std::chrono::hours(1)};
constexpr Duration kNetworkDelay = std::chrono::milliseconds(3);

core::HttpReply page(std::string content_type, std::string body, unsigned status = 200) {
  core::HttpReply reply;
  reply.status = status;
  reply.headers.emplace_back("Content-Type", std::move(content_type));
  reply.body = std::move(body);
  return reply;
}

class Stage final : public testing::Responder {
 public:
  testing::CallAnswer answer(const core::HttpCall& call, const Now& now) override {
    if (call.kind == core::CallKind::notify) {
      say(now, examples::shown_to_person(call.url, call.body));
      ++notifications;
      examples::ServiceAnswer service = examples::service_answer(call.url);
      return {kNetworkDelay, page(service.content_type, service.body, service.status)};
    }
    if (call.kind == core::CallKind::forward) return {kNetworkDelay, page("text/plain", "")};
    if (call.url.find(":9091/") != std::string::npos) {
      return {kNetworkDelay, page("text/plain; version=0.0.4", examples::cim_metrics(now.mono - kStart))};
    }
    if (call.url.find(":9100/") != std::string::npos) {
      return {kNetworkDelay, page("text/plain; version=0.0.4", "# TYPE node_load1 gauge\nnode_load1 0.42\n")};
    }
    return {kNetworkDelay, page("text/plain", "404 page not found\n", 404)};
  }

  void say(const Now& now, std::string_view text) const {
    const auto seconds = (now.mono - kStart) / std::chrono::seconds(1);
    std::fputs(format("[{:02}:{:02}] {}", seconds / 60, seconds % 60, text).c_str(), stdout);
  }

  int notifications = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: cim-fast PROMETHEUS_FILE ALERTMANAGER_FILE\n", stderr);
    return 1;
  }
  shell::Files files;
  Stage stage;
  testing::WorldOptions options;
  options.engine.external_url = "http://localhost:9090";
  options.engine.listening = {"0.0.0.0:9090", "0.0.0.0:9093"};
  options.paths = {argv[1], argv[2]};
  // A Thursday morning; the day does not matter, but two runs have to look the same.
  options.start = {WallTime(std::chrono::seconds(1737626400)), kStart};
  testing::VirtualWorld world(std::move(options), files, stage);
  if (!world.load_errors().empty()) {
    std::fputs(world.load_errors().c_str(), stderr);
    return 1;
  }
  const std::vector<examples::Phase> phases = examples::incident();
  for (const examples::Phase& phase : phases) {
    world.at(kStart + phase.from,
             [&stage, &world, &phase] { stage.say(world.now(), format("CIM: {}\n", phase.what)); });
    world.at(kStart + phase.to,
             [&stage, &world, &phase] { stage.say(world.now(), format("CIM: over: {}\n", phase.what)); });
  }
  world.run_for(examples::incident_length());
  stage.say(world.now(), format("{} notifications in {} of virtual time\n", stage.notifications,
                                format_duration(examples::incident_length())));
  return 0;
}
