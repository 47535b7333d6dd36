// kill -9 under load. A client posts alerts and ends, each until it is acknowledged and then never again; a
// real receiver counts what it is told. Whatever was acknowledged must be told, once; only a notification
// that was under way at a kill may come again, under the key that it had.
//
// TOCSIN_KILLS sets how often it is killed; 10 without. When it is killed differs from run to run all the
// same.

#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <map>
#include <set>

#include "engine/dispatch/random.hpp"
#include "engine/shell/http_server.hpp"
#include "promql/format.hpp"
#include "tests/cli/server_process.hpp"

using namespace tocsin;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kBatch = 20;

int kills() {
  const char* const text = std::getenv("TOCSIN_KILLS");
  return text == nullptr ? 10 : std::atoi(text);
}

// What one service was told.
class Counting {
 public:
  Counting(asio::io_context& loop, dispatch::Random& random)
      : loop_(loop), random_(random), server_(loop, {}, [this](auto request, auto answer) {
          hear(request);
          // Some of them are under way when the sender is killed.
          auto timer = std::make_shared<asio::steady_timer>(loop_, milliseconds(random_.below(8)));
          timer->async_wait([timer, answer](auto) { answer({}); });
        }) {
    address_ = server_.listen("127.0.0.1:0").value();
  }

  [[nodiscard]] const std::string& address() const { return address_; }
  // The sender is dead. What it had given to sockets is heard as said in its own life: until the last of its
  // connections has ended, and none waits to be accepted.
  void sender_was_killed() {
    for (int i = 0; i < 5000; ++i) {
      loop_.restart();
      loop_.run_for(milliseconds(1));
      if (loop_.poll() == 0 && server_.connections() == 0) break;
    }
    CHECK(server_.connections() == 0);
    first_heard_in_this_life_.clear();
  }

  // By alert: the keys under which it was told.
  std::map<std::string, std::set<std::string>> firing;
  std::map<std::string, std::set<std::string>> resolved;
  std::size_t messages = 0;
  std::size_t again = 0;  // under a key that was heard before
  std::vector<std::string> wrong;

 private:
  void hear(const api::HttpRequest& request) {
    ++messages;
    const std::string key(request.header("Idempotency-Key"));
    if (key.empty()) wrong.emplace_back("a notification without a key");
    const boost::json::value body = boost::json::parse(request.body);
    std::string what;
    for (const boost::json::value& alert : body.at("alerts").as_array()) {
      const std::string name(alert.at("labels").at("alertname").as_string().c_str());
      const bool fires = alert.at("status").as_string() == "firing";
      what += name + (fires ? "+" : "-");
      (fires ? firing : resolved)[name].insert(key);
    }
    const auto [known, is_new] = contents_.emplace(key, what);
    if (!is_new) ++again;
    if (known->second != what) wrong.push_back(key + " was " + known->second + " and is " + what);
    if (!first_heard_in_this_life_.insert(key).second)
      wrong.push_back(what + " was told twice without a kill");
  }

  asio::io_context& loop_;
  dispatch::Random& random_;
  shell::HttpServer server_;
  std::string address_;
  std::map<std::string, std::string> contents_;  // by key
  std::set<std::string> first_heard_in_this_life_;
};

// Posts changes until each is acknowledged.
class Poster {
 public:
  explicit Poster(test::Server& server) : server_(server) {}

  void fire() {
    const std::string name = format("A{}", ++count_);
    waiting_[name] = true;
  }
  // One of those that were told.
  void end(const std::string& name) {
    if (ended_.insert(name).second) waiting_[name] = false;
  }
  void post() {
    if (under_way_ || waiting_.empty()) return;
    under_way_ = true;
    std::map<std::string, bool> sent;
    std::string body = "[";
    for (const auto& [name, fires] : waiting_) {
      body += format(R"({}{{"labels":{{"alertname":"{}"}},"startsAt":"2026-03-01T00:00:00Z","endsAt":"{}"}})",
                     sent.empty() ? "" : ",", name, fires ? "2099-01-01T00:00:00Z" : "2026-03-01T01:00:00Z");
      sent.emplace(name, fires);
      if (sent.size() == kBatch) break;
    }
    core::HttpCall call;
    call.id = {++server_.calls};
    call.method = "POST";
    call.url = "http://" + server_.address + "/api/v2/alerts";
    call.body = body + "]";
    call.headers = {{"Content-Type", "application/json"}};
    call.timeout = std::chrono::seconds(20);
    server_.client.start(std::move(call), [this, sent = std::move(sent)](const core::HttpReply& reply) {
      under_way_ = false;
      if (reply.status != 200) return;
      for (const auto& [name, fires] : sent) {
        if (fires) acknowledged_.insert(name);
        const auto waits = waiting_.find(name);
        if (waits != waiting_.end() && waits->second == fires) waiting_.erase(waits);
      }
    });
  }
  [[nodiscard]] bool done() const { return waiting_.empty() && !under_way_; }
  [[nodiscard]] const std::set<std::string>& acknowledged() const { return acknowledged_; }
  [[nodiscard]] const std::set<std::string>& ended() const { return ended_; }

 private:
  test::Server& server_;
  int count_ = 0;
  bool under_way_ = false;
  std::map<std::string, bool> waiting_;  // fires, or has ended
  std::set<std::string> acknowledged_;
  std::set<std::string> ended_;
};

void run_for(asio::io_context& loop, Duration time) {
  loop.restart();
  loop.run_for(time);
}

void kill_now(test::Server& server) {
  server.process->signal(SIGKILL);
  CHECK(server.process->wait() == -1);
}

}  // namespace

TEST_CASE("killed again and again under load, it loses nothing and tells nothing twice under another key") {
  dispatch::Random random(7);
  asio::io_context loop;
  Counting receiver(loop, random);
  test::Server server(
      {}, {},
      format("route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: "
             "1s, repeat_interval: 24h}}\nreceivers: [{{name: hook, webhook_configs: [{{url: "
             "'http://{}/in'}}]}}]\n",
             receiver.address()));
  Poster poster(server);
  const auto run_both = [&](Duration time) {
    run_for(loop, time);
    run_for(server.loop, time);
    server.process->drain();
  };
  const int times = kills();
  for (int kill = 0; kill < times; ++kill) {
    const std::uint64_t rounds = 5 + random.below(25);
    for (std::uint64_t round = 0; round < rounds; ++round) {
      for (int i = 0; i < 5; ++i) poster.fire();
      for (const auto& [name, keys] : receiver.firing) {
        if (random.below(8) == 0) poster.end(name);
      }
      poster.post();
      run_both(milliseconds(2 + random.below(4)));
    }
    kill_now(server);
    receiver.sender_was_killed();
    server.start();
  }
  const auto lost = [&] {
    std::string names;
    for (const std::string& name : poster.acknowledged()) {
      if (!receiver.firing.contains(name)) names += " " + name + "+";
    }
    for (const std::string& name : poster.ended()) {
      if (!receiver.resolved.contains(name)) names += " " + name + "-";
    }
    return names;
  };
  for (int i = 0; i < 2000 && !(poster.done() && lost().empty()); ++i) {
    poster.post();
    run_both(milliseconds(10));
  }
  CHECK(poster.done());
  CHECK(lost() == "");
  run_both(std::chrono::seconds(3));  // whatever might still come twice comes at the next look

  std::size_t doubled = 0;
  for (const auto& [name, keys] : receiver.firing) doubled += keys.size() - 1;
  for (const auto& [name, keys] : receiver.resolved) doubled += keys.size() - 1;
  CHECK(doubled == 0);
  for (const std::string& wrong : receiver.wrong) FAIL_CHECK(wrong);
  CHECK(poster.acknowledged().size() > static_cast<std::size_t>(times) * 10);
  CHECK(poster.ended().size() > static_cast<std::size_t>(times));
  // Of each life only what was in flight when it ended.
  WARN(format("{} kills, {} alerts, {} ends, {} messages, {} of them under a key that was heard before",
              times, poster.acknowledged().size(), poster.ended().size(), receiver.messages, receiver.again));
}
