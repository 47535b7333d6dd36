// Drives an Engine in virtual time: the same object that the server runs, with somebody else to answer its
// actions.
//
// A world owns two clocks and an agenda. It hands the engine whatever is due, asks a Responder what the
// network answers and how long that takes, runs jobs, and otherwise jumps to the next instant at which
// something happens. An hour takes as long as the work in it.
//
// Jobs are run before time goes on, in the order that `JobOrder` says: results must not depend on it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/file_source.hpp"
#include "engine/core/config_snapshot.hpp"
#include "engine/core/engine.hpp"
#include "engine/dispatch/random.hpp"

namespace tocsin::testing {

// What a call meets. The reply's `id`, `started` and, unless it timed out, `took` are the world's to fill in.
struct CallAnswer {
  Duration after{};  // until the reply is there; cut at the call's timeout, which is then what happened
  core::HttpReply reply;
};

class Responder {
 public:
  virtual ~Responder() = default;
  [[nodiscard]] virtual CallAnswer answer(const core::HttpCall& call, const Now& now) = 0;
  // Called for each log record and each answered request.
  virtual void logged(const core::LogRecord&, const Now&) {}
  virtual void responded(core::RequestId, const api::HttpResponse&, const Now&) {}
};

// What rows and history are written to.
struct DiskAnswer {
  Duration after{};   // until it is answered
  std::string error;  // "" if it was carried out
};

class Disk {
 public:
  virtual ~Disk() = default;
  [[nodiscard]] virtual core::StateLoaded load() = 0;
  [[nodiscard]] virtual DiskAnswer write(core::Persist persist, const Now& now) = 0;
  [[nodiscard]] virtual api::HistoryPage history(const api::HistoryQuery& query) = 0;
};

// With how many workers the jobs of one instant are run: 0 at once in the step's own order, n so that up to n
// are under way and the one that a seeded generator picks finishes next.
struct JobOrder {
  unsigned workers = 0;
  std::uint64_t seed = 0;
};

struct WorldOptions {
  core::Options engine;
  core::ConfigPaths paths;
  Now start;
  JobOrder jobs;
  bool keep_action_log = true;
};

class VirtualWorld {
 public:
  // Borrows files, responder and disk; without a disk nothing is kept. Loads state and configuration at once.
  VirtualWorld(WorldOptions options, config::FileSource& files, Responder& responder, Disk* disk = nullptr);

  [[nodiscard]] const Now& now() const { return now_; }
  // Runs everything that happens until `time`, and stops there.
  void run_until(MonoTime time);
  void run_for(Duration duration) { run_until(now_.mono + duration); }
  // An input now, and all that follows from it without time going on.
  void feed(core::Input input);
  // Calls `action` when that time comes.
  void at(MonoTime time, std::function<void()> action);
  // The wall clock is set, the monotonic one goes on.
  void step_wall_clock(Duration by);

  // Every action of every step as a line of text, in order; what "the same action log" means.
  [[nodiscard]] const std::string& action_log() const { return action_log_; }
  // Text of the errors of the last load, "" if it succeeded.
  [[nodiscard]] const std::string& load_errors() const { return load_errors_; }

 private:
  void step(core::Input input);
  void settle();
  void take_actions(core::Actions actions);
  void perform(const core::HttpCall& call);
  bool finish_one_job();
  void load(const core::LoadConfig& load);
  void keep(core::Persist persist);
  void read_history(const core::ReadHistory& read);
  void record(const core::Action& action);

  WorldOptions options_;
  Disk* disk_;
  config::FileSource& files_;
  Responder& responder_;
  core::Engine engine_;
  Now now_;
  // By time, then in the order in which they were put there.
  std::multimap<MonoTime, std::function<void()>> agenda_;
  std::vector<core::JobTicket> jobs_;
  dispatch::Random random_;
  std::string action_log_;
  std::string load_errors_;
  std::optional<core::LoadConfig> load_wanted_;
  bool state_wanted_ = false;
};

}  // namespace tocsin::testing
