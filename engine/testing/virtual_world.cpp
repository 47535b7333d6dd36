#include "engine/testing/virtual_world.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "promql/format.hpp"

namespace tocsin::testing {
namespace {

std::string_view name_of(core::CallKind kind) {
  switch (kind) {
    case core::CallKind::scrape:
      return "scrape";
    case core::CallKind::notify:
      return "notify";
    case core::CallKind::forward:
      return "forward";
  }
  return "call";
}

// An engine that asks to be stepped at the same instant forever does not make progress.
constexpr int kMaxStepsAtOneInstant = 100'000;

struct ActionText {
  std::string operator()(const core::HttpCall& call) const {
    return format("{} {} {} {}", name_of(call.kind), call.method, call.url, call.body);
  }
  std::string operator()(const core::CancelCall& cancel) const {
    return format("cancel {}", cancel.id.value);
  }
  std::string operator()(const core::Respond& respond) const {
    return format("respond {} {} {}", respond.id.value, respond.response.status, respond.response.body);
  }
  std::string operator()(const core::LoadConfig&) const { return "load"; }
  std::string operator()(const core::WatchFiles& watch) const {
    return format("watch {}", watch.patterns.size());
  }
  std::string operator()(const core::LoadState&) const { return "load state"; }
  std::string operator()(const core::Persist& persist) const {
    return format("persist {}{} rows {} history {}", persist.sequence, persist.durable ? " durable" : "",
                  persist.rows.size(), persist.history.size());
  }
  std::string operator()(const core::ReadHistory& read) const { return format("history {}", read.id.value); }
  std::string operator()(const core::Stop&) const { return "stop"; }
  std::string operator()(const core::LogRecord& record) const {
    std::string text = format("log {}", record.message);
    for (const auto& [name, value] : record.fields) text += format(" {}={}", name, value);
    return text;
  }
  std::string operator()(const core::JobTicket&) const { return {}; }  // how jobs are run is not a decision
};

}  // namespace

VirtualWorld::VirtualWorld(WorldOptions options, config::FileSource& files, Responder& responder, Disk* disk)
    : options_(std::move(options)),
      disk_(disk),
      files_(files),
      responder_(responder),
      engine_(options_.engine),
      now_(options_.start),
      random_(options_.jobs.seed) {
  feed(core::Tick{});
}

void VirtualWorld::feed(core::Input input) {
  step(std::move(input));
  settle();
}

void VirtualWorld::step(core::Input input) {
  take_actions(engine_.step(now_, std::move(input)));
}

// Everything that happens at this instant: jobs, loads, and steps that the engine asked for.
void VirtualWorld::settle() {
  for (int steps = 0; steps < kMaxStepsAtOneInstant; ++steps) {
    if (finish_one_job()) continue;
    if (std::exchange(state_wanted_, false)) {
      step(disk_ == nullptr ? core::StateLoaded{false, true, {}, {}, "this world has no disk"}
                            : disk_->load());
      continue;
    }
    if (load_wanted_) {
      load(*std::exchange(load_wanted_, std::nullopt));
      continue;
    }
    const auto wakeup = engine_.next_wakeup();
    if (!wakeup || *wakeup > now_.mono) return;
    step(core::Tick{});
  }
  throw std::runtime_error(
      format("at {} the engine asks again and again to be woken at once", format_rfc3339(now_.wall)));
}

bool VirtualWorld::finish_one_job() {
  if (jobs_.empty()) return false;
  const std::uint64_t under_way = std::clamp<std::uint64_t>(options_.jobs.workers, 1, jobs_.size());
  const auto chosen = jobs_.begin() + static_cast<std::ptrdiff_t>(random_.below(under_way));
  core::JobTicket ticket = std::move(*chosen);
  jobs_.erase(chosen);
  ticket.job->run({[] { return false; }, [] { return Duration::zero(); }});
  step(std::move(ticket));
  return true;
}

void VirtualWorld::run_until(MonoTime time) {
  settle();
  while (true) {
    MonoTime next = time;
    if (!agenda_.empty()) next = std::min(next, agenda_.begin()->first);
    if (const auto wakeup = engine_.next_wakeup()) next = std::min(next, *wakeup);
    next = std::max(next, now_.mono);
    now_.wall += next - now_.mono;
    now_.mono = next;
    if (!agenda_.empty() && agenda_.begin()->first <= next) {
      auto entry = agenda_.extract(agenda_.begin());
      entry.mapped()();
    } else if (const auto wakeup = engine_.next_wakeup(); wakeup && *wakeup <= next) {
      step(core::Tick{});
    } else if (next >= time) {
      return;
    }
    settle();
  }
}

void VirtualWorld::at(MonoTime time, std::function<void()> action) {
  agenda_.emplace(time, std::move(action));
}

void VirtualWorld::step_wall_clock(Duration by) {
  now_.wall += by;
  feed(core::Tick{});
}

void VirtualWorld::take_actions(core::Actions actions) {
  for (core::Action& action : actions) {
    record(action);
    if (const auto* call = std::get_if<core::HttpCall>(&action)) {
      perform(*call);
    } else if (auto* ticket = std::get_if<core::JobTicket>(&action)) {
      jobs_.push_back(std::move(*ticket));
    } else if (const auto* respond = std::get_if<core::Respond>(&action)) {
      responder_.responded(respond->id, respond->response, now_);
    } else if (const auto* record = std::get_if<core::LogRecord>(&action)) {
      responder_.logged(*record, now_);
    } else if (auto* load = std::get_if<core::LoadConfig>(&action)) {
      load_wanted_ = std::move(*load);
    } else if (std::holds_alternative<core::LoadState>(action)) {
      state_wanted_ = true;
    } else if (auto* persist = std::get_if<core::Persist>(&action)) {
      keep(std::move(*persist));
    } else if (const auto* read = std::get_if<core::ReadHistory>(&action)) {
      read_history(*read);
    }
  }
}

void VirtualWorld::perform(const core::HttpCall& call) {
  CallAnswer answer = responder_.answer(call, now_);
  answer.reply.id = call.id;
  answer.reply.started = now_.wall;
  if (call.timeout > Duration::zero() && answer.after >= call.timeout) {
    answer.after = call.timeout;
    answer.reply = core::HttpReply{
        call.id, core::CallError::timeout, "context deadline exceeded", 0, {}, {}, now_.wall, {}};
  }
  if (call.max_body != 0 && answer.reply.body.size() > call.max_body) {
    if (call.status_decides) {
      answer.reply.body.resize(call.max_body);
      answer.reply.body_error = format("more than {} bytes", call.max_body);
    } else {
      answer.reply.error = core::CallError::body_limit;
      answer.reply.body.clear();
    }
  }
  answer.reply.took = answer.after;
  at(now_.mono + answer.after, [this, reply = std::move(answer.reply)]() mutable { step(std::move(reply)); });
}

void VirtualWorld::load(const core::LoadConfig& load) {
  core::ConfigPaths paths = options_.paths;
  paths.parser = options_.engine.parser;
  core::ConfigLoaded loaded = core::answer_load(core::carry_out(load, paths, files_));
  load_errors_.clear();
  for (const std::string& error : loaded.errors) load_errors_ += error + "\n";
  step(std::move(loaded));
}

void VirtualWorld::keep(core::Persist persist) {
  const std::uint64_t sequence = persist.sequence;
  if (disk_ == nullptr) return;
  const DiskAnswer answer = disk_->write(std::move(persist), now_);
  at(now_.mono + answer.after, [this, sequence, error = answer.error] {
    step(core::Persisted{sequence, error});
  });
}

void VirtualWorld::read_history(const core::ReadHistory& read) {
  core::HistoryRead answer{read.id, {}};
  if (disk_ == nullptr) {
    answer.page.error = "this world has no disk";
  } else {
    answer.page = disk_->history(read.query);
  }
  at(now_.mono, [this, answer = std::move(answer)]() mutable { step(std::move(answer)); });
}

void VirtualWorld::record(const core::Action& action) {
  if (!options_.keep_action_log) return;
  const std::string text = std::visit(ActionText{}, action);
  if (text.empty()) return;
  action_log_ += format("{} {}\n", format_rfc3339(now_.wall), text);
}

}  // namespace tocsin::testing
