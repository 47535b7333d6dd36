// tocsin serve: the command line of the engine, with the flags of prometheus and alertmanager.
#include <algorithm>
#include <optional>
#include <thread>

#include "engine/cli/command_line.hpp"
#include "engine/cli/commands.hpp"
#include "engine/cli/output.hpp"
#include "engine/cli/upstream_flags.hpp"
#include "engine/config/secrets.hpp"
#include "engine/config/url.hpp"
#include "engine/dispatch/policy.hpp"
#include "engine/shell/clock.hpp"
#include "engine/shell/server.hpp"
#include "promql/format.hpp"

namespace tocsin::cli {

namespace {

// What the flags say, as text where it is checked after parsing.
struct Flags {
  std::string config_file;
  std::string alertmanager_file;
  shell::StorageOptions storage{"data/"};
  std::vector<std::string> listen;
  std::string external_url;
  std::string route_prefix;
  std::string web_config;
  std::uint64_t max_connections = 512;
  Duration read_timeout = std::chrono::minutes(5);
  bool enable_lifecycle = false;
  std::string log_level = "info";
  std::string log_format = "logfmt";
  std::string log_environment = "production";
  std::vector<std::string> features;
  std::string compat = "tocsin";
  std::string notify_sink;
  std::uint64_t workers = 0;
  Duration lookback = std::chrono::minutes(5);
  Duration query_timeout = std::chrono::minutes(2);
  std::uint64_t max_samples = 50'000'000;
  std::uint64_t max_concurrency = 20;
  Duration resend_delay = std::chrono::minutes(1);
  std::uint64_t alerts_per_name = 0;
  std::uint64_t max_silences = 0;
  std::uint64_t max_silence_bytes = 0;
  Duration collect_interval = std::chrono::minutes(30);
  Duration retention = std::chrono::hours(120);
  Duration commit_wait = std::chrono::seconds(1);
  Duration start_delay{};
  std::vector<std::string> ignored;
};

void declare(CommandLine& line, Flags& flags, Program program) {
  if (program == Program::alertmanager) {
    line.text("config.file", flags.alertmanager_file, "Alertmanager configuration file.");
  } else {
    line.text("config.file", flags.config_file,
              "Prometheus configuration file; an Alertmanager file is recognised.");
    line.text("alertmanager.config.file", flags.alertmanager_file,
              "Alertmanager configuration file, for both in one process.");
  }
  line.text("storage.path", flags.storage.path,
            "Directory of the state file; empty: everything is kept in memory alone.");
  if (program == Program::prometheus) {
    line.text("storage.tsdb.path", flags.storage.path, "The same as --storage.path.");
  }
  line.bytes("storage.history-size", flags.storage.history_bytes, "How much of the event log is kept.");
  line.duration("storage.history-age", flags.storage.history_age, "How long an event is kept.");
  line.texts("web.listen-address", flags.listen,
             "Address to listen on, repeatable; port 0 picks one. Default: 0.0.0.0:9090 with a Prometheus "
             "configuration, 0.0.0.0:9093 with an Alertmanager configuration.");
  line.text("web.external-url", flags.external_url,
            "The URL under which this is reachable; links start with it.");
  line.text("web.route-prefix", flags.route_prefix,
            "Prefix of all paths. Default: the path of --web.external-url.");
  line.text("web.config.file", flags.web_config,
            "TLS, HTTP headers and basic authentication, as upstream's.");
  line.number("web.max-connections", flags.max_connections, "Simultaneous connections on all listeners.");
  line.duration("web.read-timeout", flags.read_timeout, "How long an idle connection is kept.");
  line.flag("web.enable-lifecycle", flags.enable_lifecycle,
            "Allow POST /-/reload with a Prometheus configuration.");
  line.text("notify.sink", flags.notify_sink, "Send every notification to this URL instead of its service.");
  line.text("compat", flags.compat,
            "Where to follow upstream's ways: \"upstream\", \"upstream,+told_resolved\".");
  line.texts("enable-feature", flags.features, "Feature names of upstream, separated by commas.");
  line.text("log.level", flags.log_level, "debug, info, warn or error.");
  line.text("log.format", flags.log_format, "logfmt (to standard error) or json (to standard output).");
  line.text("log.environment", flags.log_environment, "The field \"environment\" of JSON logs.");
  line.number("workers", flags.workers, "Threads for parsing and queries; 0: by the number of processors.");
  line.duration("query.lookback-delta", flags.lookback, "How far back a query looks for a sample.");
  line.duration("query.timeout", flags.query_timeout, "Longest query.");
  line.number("query.max-samples", flags.max_samples, "Most samples that a query may hold.");
  line.number("query.max-concurrency", flags.max_concurrency,
              "Most queries that run at once, and never more than there are --workers.");
  line.duration("rules.alert.resend-delay", flags.resend_delay, "Least time between two posts of an alert.");
  line.number("alerts.per-alertname-limit", flags.alerts_per_name, "Most alerts with one name; 0: no limit.");
  line.duration("alerts.gc-interval", flags.collect_interval, "How often resolved alerts are removed.");
  line.number("silences.max-silences", flags.max_silences,
              "Most silences, expired ones included; 0: no limit.");
  line.number("silences.max-silence-size-bytes", flags.max_silence_bytes, "Largest silence; 0: no limit.");
  line.duration("storage.commit-wait", flags.commit_wait,
                "How long a notification waits for its record on the disk; then it goes anyway.");
  line.duration("dispatch.start-delay", flags.start_delay,
                "How long a gateway that starts without state tells nobody anything.");
  line.duration("data.retention", flags.retention, "How long expired silences are kept.");
  for (const UpstreamFlag& flag : ignored_upstream_flags()) {
    if (program == Program::prometheus && flag.name == "storage.tsdb.path") continue;
    line.ignored(std::string(flag.name), flag.takes_value, flags.ignored);
  }
}

Result<shell::ServerOptions> server_options(const Flags& flags, const CommandLine& line) {
  shell::ServerOptions options;
  options.config = {flags.config_file, flags.alertmanager_file};
  options.storage = flags.storage;
  if (flags.config_file.empty() && flags.alertmanager_file.empty()) {
    return Error(
        "no configuration, expected --config.file=prometheus.yml, "
        "--alertmanager.config.file=alertmanager.yml "
        "or both");
  }
  const Result<core::LogLevel> level = shell::parse_log_level(flags.log_level);
  if (!level) return level.error().wrap("--log.level");
  const Result<shell::LogFormat> log_format = shell::parse_log_format(flags.log_format);
  if (!log_format) return log_format.error().wrap("--log.format");
  Result<dispatch::Policy> policy = dispatch::parse_policy(flags.compat);
  if (!policy) return policy.error().wrap("--compat");
  if (!flags.notify_sink.empty()) {
    const Result<config::Url> sink = config::parse_http_url(flags.notify_sink);
    if (!sink) return sink.error().wrap("--notify.sink");
  }
  options.log = {*level, *log_format, "tocsin", flags.log_environment, std::string(kVersion)};
  options.listen = flags.listen;
  options.web_config = flags.web_config;
  options.http.max_connections = flags.max_connections;
  options.http.idle_timeout = flags.read_timeout;
  options.external_url = flags.external_url;
  if (line.given("web.route-prefix")) options.route_prefix = flags.route_prefix;
  options.engine.version = kVersion;
  // As upstream: none at all means the usual one.
  options.engine.plan.lookback =
      flags.lookback > Duration::zero() ? flags.lookback : promql::PlanOptions().lookback;
  options.engine.query_timeout = flags.query_timeout;
  options.engine.query_max_samples = flags.max_samples;
  options.engine.resend_delay = flags.resend_delay;
  options.engine.enable_lifecycle = flags.enable_lifecycle;
  options.notify_sink = flags.notify_sink;
  options.engine.notify_sink = config::redacted(flags.notify_sink);
  options.engine.policy = *policy;
  options.engine.commit_wait = flags.commit_wait;
  options.engine.start_delay = flags.start_delay;
  options.engine.dispatch_limits.alerts_per_name = flags.alerts_per_name;
  options.engine.dispatch_limits.silences = flags.max_silences;
  options.engine.dispatch_limits.silence_bytes = flags.max_silence_bytes;
  options.engine.dispatch_limits.collect_interval = flags.collect_interval;
  options.engine.dispatch_limits.silence_retention = flags.retention;
  options.engine.dispatch_limits.told_retention = flags.retention;
  options.engine.flags = line.values();
  for (auto& [name, value] : options.engine.flags) {
    if (name == "notify.sink") value = options.engine.notify_sink;
  }
  options.workers =
      flags.workers != 0 ? flags.workers : std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  // More could only wait for a thread, where they no longer give up when their time is over.
  options.engine.query_concurrency = std::min<std::uint64_t>(flags.max_concurrency, options.workers);
  for (const std::string& name : flags.ignored) {
    options.warnings.push_back(format("--{} is not used by tocsin and was ignored", name));
  }
  for (const std::string& name :
       enable_features(flags.features, options.engine.parser, options.engine.plan)) {
    options.warnings.push_back(format("--enable-feature={} is not used by tocsin and was ignored", name));
  }
  options.config.parser = options.engine.parser;
  return options;
}

}  // namespace

int serve(const Invocation& invocation) {
  const MonoTime started = shell::read_mono_clock();
  Flags flags;
  if (invocation.program == Program::prometheus) flags.config_file = "prometheus.yml";
  if (invocation.program == Program::alertmanager) flags.alertmanager_file = "alertmanager.yml";
  CommandLine line(invocation.command, "Scrapes, evaluates rules, groups, routes and notifies.");
  declare(line, flags, invocation.program);
  if (const std::optional<int> ended = line.parse(invocation.arguments)) return *ended;
  Result<shell::ServerOptions> options = server_options(flags, line);
  if (!options) return fail(invocation, options.error().text);
  options->process_started = started;
  const Result<void> result = shell::run_server(std::move(*options));
  if (result) return 0;
  std::string text = result.error().text;
  if (text.empty() || text.back() != '\n') text += '\n';
  put_error(text);
  return 1;
}

}  // namespace tocsin::cli
