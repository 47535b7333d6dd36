#include "engine/shell/server.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <variant>

#include "engine/core/engine.hpp"
#include "engine/shell/addresses.hpp"
#include "engine/shell/asio.hpp"
#include "engine/shell/clock.hpp"
#include "engine/shell/file_watcher.hpp"
#include "engine/shell/files.hpp"
#include "engine/shell/http_client.hpp"
#include "engine/shell/owner.hpp"
#include "engine/shell/process_metrics.hpp"
#include "engine/shell/response_writer.hpp"
#include "engine/shell/signals.hpp"
#include "engine/shell/state_file.hpp"
#include "engine/shell/state_metrics.hpp"
#include "engine/shell/state_writer.hpp"
#include "engine/shell/url.hpp"
#include "engine/shell/web_access.hpp"
#include "engine/shell/worker_pool.hpp"
#include "engine/web/pages.hpp"
#include "promql/format.hpp"

namespace tocsin::shell {

namespace {

constexpr std::string_view kNoStorage = "--storage.path is empty";

// Requests that are at work when the server stops may finish within this time.
constexpr std::chrono::seconds kShutdownGrace{5};

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  if (getentropy(&seed, sizeof seed) != 0) {
    seed = static_cast<std::uint64_t>(read_wall_clock().time_since_epoch().count());
  }
  return seed;
}

// Connections, targets and files need descriptors; the usual soft limit of 1024 is there for select().
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

class Server {
 public:
  // `state`, and what was found in it; none: everything is kept in memory alone.
  Server(ServerOptions options, std::string route_prefix, std::unique_ptr<StateFile> state,
         core::StateLoaded loaded)
      : options_(std::move(options)),
        log_(options_.log, options_.log.format == LogFormat::json ? Logger::Stream::standard_output
                                                                  : Logger::Stream::standard_error),
        workers_(options_.workers),
        query_workers_(options_.workers),
        client_(loop_, files_, {"tocsin/" + options_.engine.version, options_.notify_sink}),
        access_(files_, {options_.web_config,
                         [this](std::function<void()> job) { return workers_.submit(std::move(job)); },
                         [this](std::function<void()> task) { asio::post(loop_, std::move(task)); },
                         [this](const core::LogRecord& record) { log_.write(record); }}),
        http_(loop_, http_options(std::move(route_prefix)),
              [this](api::HttpRequest request, HttpServer::Answer answer) {
                admit(std::move(request), std::move(answer));
              }),
        watcher_(loop_, files_, {}, [this](core::WatchedFiles files) { inbox_.push(std::move(files)); }),
        signals_(loop_, {[this] { inbox_.push(core::ReloadRequested{}); },
                         [this] { inbox_.push(core::ShutdownRequested{}); }, [] { std::_Exit(130); }}),
        state_loaded_(std::move(loaded)) {
    if (state == nullptr) return;
    StateWriterOptions writer;
    writer.persisted = [this](core::Persisted persisted) { inbox_.push(std::move(persisted)); };
    // To read a long log takes as long as a long query does.
    writer.run_job = [this](std::function<void()> job) { return query_workers_.submit(std::move(job)); };
    state_writer_.emplace(std::move(state), std::move(writer));
  }

  [[nodiscard]] Result<void> run(core::LoadedConfig first);

 private:
  [[nodiscard]] HttpServerOptions http_options(std::string route_prefix);
  [[nodiscard]] Result<void> listen(const core::ConfigSnapshot& config);
  void announce(const core::ConfigSnapshot& config);
  void admit(api::HttpRequest request, HttpServer::Answer answer);
  void serve(api::HttpRequest request, HttpServer::Answer answer);
  void perform(core::Actions actions);
  void log(core::LogRecord record);
  void run_job(core::JobTicket ticket);
  void load_config(core::LoadConfig load);
  void persist(core::Persist batch);
  void read_history(core::ReadHistory read);
  void finish_state();
  void perform_on_loop(core::Action action);
  void stop();

  ServerOptions options_;
  Files files_;
  Logger log_;
  asio::io_context loop_{1};
  InputBox inbox_{kMaxWaitingRequests};
  std::atomic<bool> ending_{false};  // jobs that run give up
  WorkerPool workers_;
  // Of the same number: a query that takes long must not hold up the pages that were scraped.
  WorkerPool query_workers_;
  HttpClient client_;
  WebAccess access_;
  HttpServer http_;
  FileWatcher watcher_;
  Signals signals_;
  std::optional<StateWriter> state_writer_;
  // Of the loop's thread:
  bool stopped_ = false;
  std::map<core::RequestId, HttpServer::Answer> waiting_;
  std::uint64_t next_request_ = 1;
  // Of the owner's thread once it runs:
  std::optional<core::LoadedConfig> first_config_;
  core::StateLoaded state_loaded_;
  bool ready_ = false;
};

HttpServerOptions Server::http_options(std::string route_prefix) {
  HttpServerOptions options = options_.http;
  options.route_prefix = std::move(route_prefix);
  options.run_job = [this](std::function<void()> job) { return workers_.submit(std::move(job)); };
  options.tls = [this] { return access_.tls(); };
  return options;
}

Result<void> Server::listen(const core::ConfigSnapshot& config) {
  if (Result<void> access = access_.load(); !access) return access.error();
  std::vector<std::string> wanted = options_.listen;
  if (wanted.empty()) wanted = default_listen(config.prometheus != nullptr, config.alertmanager != nullptr);
  for (const std::string& address : wanted) {
    Result<std::string> bound = http_.listen(address);
    if (!bound) return bound.error();
    options_.engine.listening.push_back(std::move(*bound));
  }
  return {};
}

void Server::announce(const core::ConfigSnapshot& config) {
  const bool rules = config.prometheus != nullptr, dispatch = config.alertmanager != nullptr;
  core::LogRecord start;
  start.message = format("tocsin {} starting", options_.engine.version);
  start.fields.emplace_back("mode", rules && dispatch ? "all-in-one" : rules ? "rule-engine" : "gateway");
  if (!options_.config.prometheus.empty()) start.fields.emplace_back("config", options_.config.prometheus);
  if (!options_.config.alertmanager.empty()) {
    start.fields.emplace_back("alertmanager_config", options_.config.alertmanager);
  }
  log_.write(start);
  for (const std::string& warning : options_.warnings) log_.write({core::LogLevel::warn, warning, {}});
  if (!options_.engine.notify_sink.empty()) {
    log_.write({core::LogLevel::warn,
                "notifications go to the sink and not to their services",
                {{"sink", options_.engine.notify_sink}}});
  }
}

Result<void> Server::run(core::LoadedConfig first) {
  const core::ConfigPtr config = first.snapshot;
  announce(*config);
  if (Result<void> listening = listen(*config); !listening) return listening.error();
  const Result<HostPort> address = split_host_port(options_.engine.listening.front());
  Result<ExternalPlace> place = external_place(options_.external_url, options_.route_prefix, host_name(),
                                               address ? address->port : std::string("9090"));
  if (!place) return place.error();
  options_.engine.external_url = place->url;
  if (const Result<Url> external = parse_url(place->url); external && address) {
    options_.engine.own_address = {address->port, external->scheme, external->authority()};
  }
  options_.engine.read_file = [this](const std::string& path) { return files_.read_value(path); };

  first_config_ = std::move(first);
  core::Engine engine(options_.engine);
  std::thread owner([&] {
    pthread_setname_np(pthread_self(), "owner");
    OwnerParts parts;
    parts.step = [&engine](const Now& now, core::Input input) { return engine.step(now, std::move(input)); };
    parts.next_wakeup = [&engine] { return engine.next_wakeup(); };
    parts.clocks = read_clocks;
    parts.perform = [this](core::Actions actions) { perform(std::move(actions)); };
    run_owner(inbox_, parts);
  });
  const auto keep_running = asio::make_work_guard(loop_);
  loop_.run();
  signals_.end_at_once();
  owner.join();
  finish_state();
  // Nobody waits for what is still asked.
  ending_ = true;
  workers_.stop();
  query_workers_.stop();
  log_.write({core::LogLevel::info, "stopped", {}});
  return {};
}

// On the loop.
void Server::admit(api::HttpRequest request, HttpServer::Answer answer) {
  const auto kept = std::make_shared<api::HttpRequest>(std::move(request));
  auto with_headers = [this, inner = std::move(answer)](api::HttpResponse response) {
    access_.add_headers(response);
    inner(std::move(response));
  };
  access_.admit(*kept, [this, kept, reply = std::move(with_headers)](WebAccess::Verdict verdict) {
    if (verdict.refusal) return reply(std::move(*verdict.refusal));
    kept->user = std::move(verdict.user);
    serve(std::move(*kept), reply);
  });
}

void Server::serve(api::HttpRequest request, HttpServer::Answer answer) {
  if (stopped_) return answer(plain_response(503, "shutting down"));
  if (std::optional<api::HttpResponse> page = web::page(request)) return answer(std::move(*page));
  if (request.path == "/metrics") {
    // The engine knows its own figures, the process's are the shell's.
    answer = [this, inner = std::move(answer)](api::HttpResponse response) {
      if (response.status == 200) response.body += process_metrics();
      if (response.status == 200 && state_writer_) response.body += state_metrics(state_writer_->counters());
      inner(std::move(response));
    };
  }
  const core::RequestId id{next_request_++};
  core::Input input = core::RequestReceived{id, std::move(request)};
  if (!inbox_.try_push(input)) {
    return answer(plain_response(503, format("overloaded: {} requests are waiting", kMaxWaitingRequests)));
  }
  waiting_.emplace(id, std::move(answer));
}

// On the owner's thread: what belongs to the loop goes there in one post, so that a step with many calls
// wakes it once.
void Server::perform(core::Actions actions) {
  core::Actions for_loop;
  for (core::Action& action : actions) {
    if (auto* record = std::get_if<core::LogRecord>(&action)) {
      log(std::move(*record));
    } else if (auto* ticket = std::get_if<core::JobTicket>(&action)) {
      run_job(std::move(*ticket));
    } else if (auto* load = std::get_if<core::LoadConfig>(&action)) {
      load_config(std::move(*load));
    } else if (std::holds_alternative<core::LoadState>(action)) {
      inbox_.push(std::exchange(state_loaded_, {}));
    } else if (auto* batch = std::get_if<core::Persist>(&action)) {
      persist(std::move(*batch));
    } else if (auto* read = std::get_if<core::ReadHistory>(&action)) {
      read_history(std::move(*read));
    } else {
      for_loop.push_back(std::move(action));
    }
  }
  if (for_loop.empty()) return;
  // A handler must be copyable for a post through std::function, and actions are not; Asio's own post takes
  // it.
  asio::post(loop_, [this, batch = std::move(for_loop)]() mutable {
    for (core::Action& action : batch) perform_on_loop(std::move(action));
  });
}

void Server::log(core::LogRecord record) {
  if (record.message == "ready" && !std::exchange(ready_, true)) {
    // Only the shell knows since when the process runs and where it listens.
    const Duration after = read_mono_clock() - options_.process_started;
    const auto ms = std::chrono::round<std::chrono::milliseconds>(after).count();
    record.fields.insert(record.fields.begin(),
                         {{"after", format("{}ms", ms)}, {"listen", joined(options_.engine.listening)}});
  }
  log_.write(record);
}

void Server::run_job(core::JobTicket ticket) {
  const auto shared = std::make_shared<core::JobTicket>(std::move(ticket));
  WorkerPool& pool = shared->ordered ? workers_ : query_workers_;
  const bool taken = pool.submit([this, shared] {
    const MonoTime began = read_mono_clock();
    const Duration limit = shared->timeout;
    const auto elapsed = [began]() -> Duration { return read_mono_clock() - began; };
    shared->job->run({[&] { return ending_ || (limit > Duration::zero() && elapsed() > limit); }, elapsed});
    inbox_.push(std::move(*shared));
  });
  // The core bounds what it asks for, far below the pool's limit; a job it would wait for must not get lost.
  if (!taken) log_.write({core::LogLevel::error, "a job was refused: too many are waiting", {}});
}

void Server::load_config(core::LoadConfig load) {
  if (first_config_) {
    // It was read to learn where to listen, and is not read twice.
    inbox_.push(core::answer_load(std::move(*std::exchange(first_config_, std::nullopt))));
    return;
  }
  const bool taken = workers_.submit([this, load = std::move(load)] {
    inbox_.push(core::answer_load(core::carry_out(load, options_.config, files_)));
  });
  if (!taken) inbox_.push(core::ConfigLoaded{nullptr, {"too many jobs are waiting"}, {}, nullptr, nullptr});
}

void Server::persist(core::Persist batch) {
  if (state_writer_) return state_writer_->persist(std::move(batch));
  inbox_.push(core::Persisted{batch.sequence, std::string(kNoStorage)});
}

void Server::read_history(core::ReadHistory read) {
  const auto take = [this, id = read.id](api::HistoryPage page) {
    inbox_.push(core::HistoryRead{id, std::move(page)});
  };
  if (state_writer_) return state_writer_->read_history(std::move(read.query), take);
  api::HistoryPage none;
  none.error = format("no history is kept: {}", kNoStorage);
  take(std::move(none));
}

void Server::finish_state() {
  if (!state_writer_) return;
  const bool in_time = state_writer_->finish(kLastWrites);
  const StateWriter::Counters counters = state_writer_->counters();
  // Nobody is left who would be told, so it is said here.
  const std::string reason = in_time ? counters.trouble : "the disk is too slow";
  if (reason.empty()) return;
  log_.write({core::LogLevel::error,
              "the last state was not kept",
              {{"reason", reason},
               {"waiting_rows", format("{}", counters.waiting_rows)},
               {"waiting_history", format("{}", counters.waiting_history)}}});
}

void Server::perform_on_loop(core::Action action) {
  if (auto* call = std::get_if<core::HttpCall>(&action)) {
    client_.start(std::move(*call), [this](core::HttpReply reply) { inbox_.push(std::move(reply)); });
  } else if (auto* respond = std::get_if<core::Respond>(&action)) {
    const auto found = waiting_.extract(respond->id);
    if (!found.empty()) found.mapped()(std::move(respond->response));
  } else if (auto* cancel = std::get_if<core::CancelCall>(&action)) {
    client_.cancel(cancel->id);
  } else if (auto* watch = std::get_if<core::WatchFiles>(&action)) {
    watcher_.watch(std::move(watch->patterns));
  } else if (std::holds_alternative<core::Stop>(action)) {
    stop();
  }
}

void Server::stop() {
  // What still waits for the owner, or comes from here on, gets no answer from it any more.
  stopped_ = true;
  for (auto& [id, answer] : std::exchange(waiting_, {})) answer(plain_response(503, "shutting down"));
  http_.shutdown(kShutdownGrace, [this] { loop_.stop(); });
}

}  // namespace

Result<void> run_server(ServerOptions options) {
  raise_file_limit();
  ignore_broken_pipes();
  // The prefix is needed before the listeners are, the port in the external URL only after.
  Result<ExternalPlace> place = external_place(options.external_url, options.route_prefix, "localhost", "0");
  if (!place) return place.error();
  std::unique_ptr<StateFile> state;
  StateFile::Opened opened;
  if (const StorageOptions& storage = options.storage; !storage.path.empty()) {
    StateFileOptions file;
    file.directory = storage.path;
    file.history_bytes = storage.history_bytes;
    file.history_age = storage.history_age;
    state = std::make_unique<StateFile>(std::move(file));
    opened = state->open(read_wall_clock());
    if (opened.held) return Error(opened.loaded.error);
  } else {
    opened.loaded.error = kNoStorage;
    opened.loaded.never = true;
  }
  Files files;
  if (options.engine.seed == 0) options.engine.seed = random_seed();
  core::LoadedConfig first =
      core::load_at_start(options.config, files, core::kept_config(opened.loaded.rows, options.engine.seed));
  if (first.snapshot == nullptr) {
    return Error(format_diagnostics(first.diagnostics) + failed_line(first.diagnostics, first.files));
  }
  Server server(std::move(options), place->route_prefix, std::move(state), std::move(opened.loaded));
  return server.run(std::move(first));
}

}  // namespace tocsin::shell
