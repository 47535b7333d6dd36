// What goes into the core and what comes out of it: plain data, one variant each.
//
// The core never performs anything. The server's shell, `tocsin test`, backtest and the simulator all feed
// the same inputs and answer the same actions; they differ only in who answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/api/history.hpp"
#include "engine/api/http.hpp"
#include "engine/core/http_call.hpp"
#include "engine/core/persistence.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::core {

struct ConfigSnapshot;  // engine/core/config_snapshot.hpp
struct KeptConfig;      // engine/core/kept_rows.hpp
class Engine;

// A served request that waits for its answer.
struct RequestId {
  std::uint64_t value = 0;
  friend auto operator<=>(const RequestId&, const RequestId&) = default;
};

// What whoever runs a job knows of time: whether JobTicket::timeout has passed since run() began, and how
// long ago that was.
struct JobClock {
  std::function<bool()> timed_out;
  std::function<Duration()> elapsed;
};

// A piece of work that needs no state of the core: parsing a page, an ad-hoc query over a pinned view.
// run() is called once, on any thread; apply() once, on the owner thread, with the engine that made the job.
// Ordered jobs are applied in the order in which they were made, whatever order they finish in, so that the
// number of worker threads changes nothing. Unordered ones only answer a request.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run(const JobClock& clock) = 0;
  virtual void apply(Engine& engine) = 0;
};

// As an action: run this. As an input: it was run.
struct JobTicket {
  std::uint64_t sequence = 0;
  bool ordered = true;
  Duration timeout{};  // 0: none
  std::unique_ptr<Job> job;
};

enum class LogLevel { debug, info, warn, error };

struct LogRecord {
  LogLevel level = LogLevel::info;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;  // in the order they are printed
};

// ---- inputs

struct Tick {};  // nothing happened but time
struct RequestReceived {
  RequestId id;
  api::HttpRequest request;
};
// Answers LoadConfig. `errors` is the text for a person, one line an error; then `snapshot` is null, or (at
// the start) the one that was kept.
struct ConfigLoaded {
  std::shared_ptr<const ConfigSnapshot> snapshot;
  std::vector<std::string> errors;  // a text each, without a newline at its end; so are warnings
  std::vector<std::string> warnings;
  // At the start: the kept one, where it says something else than the files do now and can still be read.
  std::shared_ptr<const ConfigSnapshot> previous;
  // What was read, as it may be kept. Null: nothing.
  std::shared_ptr<const KeptConfig> text;
};
// The files that match a watched pattern, whenever one of them changed. The shell fills all of it; what could
// not be read says nothing about its targets, which stay as they are until it can be read or is gone.
struct WatchedFiles {
  std::string pattern;
  std::vector<std::pair<std::string, std::string>> files;  // path, content
  // Paths that match but could not be read.
  std::vector<std::string> unread;
  // What matches is not known; `files` and `unread` are empty.
  bool glob_failed = false;
  // Why, for the log: one for each unread path, or the one of the glob.
  std::vector<std::string> errors;
};
struct ReloadRequested {};  // SIGHUP
struct ShutdownRequested {};

// Answers ReadHistory.
struct HistoryRead {
  RequestId id;
  api::HistoryPage page;
};

using Input = std::variant<Tick, HttpReply, JobTicket, RequestReceived, ConfigLoaded, WatchedFiles,
                           ReloadRequested, ShutdownRequested, StateLoaded, Persisted, HistoryRead>;

// ---- actions

struct Respond {
  RequestId id;
  api::HttpResponse response;
};
// Read and validate all files again; answered by ConfigLoaded.
struct LoadConfig {
  std::shared_ptr<const KeptConfig> kept;  // the last one that was accepted; its salt is used again
  bool at_start = false;                   // fall back to it
};
struct WatchFiles {
  std::vector<std::string> patterns;  // all that are watched from now on
};
struct CancelCall {
  CallId id;
};
struct ReadHistory {
  RequestId id;
  api::HistoryQuery query;
};
struct Stop {};  // the last action: everything that had to be said was said

using Action = std::variant<HttpCall, CancelCall, JobTicket, Respond, LoadConfig, WatchFiles, LogRecord,
                            LoadState, Persist, ReadHistory, Stop>;
using Actions = std::vector<Action>;

}  // namespace tocsin::core
