// The core: scrape plan -> sample store -> rule plans -> alert states -> dispatch, behind one function.
//
// Single-threaded and pure: it reads no clock, performs no I/O and has no thread of its own. Every call names
// the time; wall and monotonic time never meet but in `Now`. A step takes one input, does the dispatch work
// that is due, and at most one unit of due rule work (one rule), so that a step stays short; while more is
// left, next_wakeup() lies in the past and the owner calls again after looking at its inbox.
//
// Order: ordered jobs and due rounds stand in one queue. A round that fell due behind an unfinished job waits
// for it, and a job that finished during a round is applied after it. So the same inputs give the same
// actions with any number of workers (contract C4).
#pragma once

#include <memory>
#include <optional>

#include "engine/core/io.hpp"
#include "engine/core/options.hpp"
#include "promql/time.hpp"

namespace tocsin::core {

class Engine {
 public:
  // The engine starts idle: it first asks for its configuration (LoadConfig in the first step's actions).
  explicit Engine(Options options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // REQUIRES: now.mono does not run backwards; now.wall may.
  [[nodiscard]] Actions step(const Now& now, Input input);

  // When to call step again if nothing happens before. No value: only an input can make work.
  [[nodiscard]] std::optional<MonoTime> next_wakeup() const;

  // The rest is for jobs and for the engine's own parts; embedders need only the two functions above.
  struct State;
  [[nodiscard]] State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::core
