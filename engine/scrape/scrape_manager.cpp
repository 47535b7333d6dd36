#include "engine/scrape/scrape_manager.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

#include "engine/scrape/content_type.hpp"
#include "engine/scrape/http_status.hpp"
#include "engine/scrape/scrape_run.hpp"
#include "promql/format.hpp"
#include "promql/value.hpp"

namespace tocsin::scrape {
namespace {

using ScrapeConfigPtr = std::shared_ptr<const config::ScrapeConfig>;
using FileGroups = std::map<std::string, std::vector<DiscoveredGroup>>;  // by path

auto key_of(const config::RelabelConfig& rule) {
  return std::tie(rule.source_labels, rule.separator, rule.regex, rule.modulus, rule.target_label,
                  rule.replacement, rule.action, rule.names);
}

bool equal_rules(const std::vector<config::RelabelConfig>& a, const std::vector<config::RelabelConfig>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return key_of(x) == key_of(y); });
}

// Whether a line that was read under one configuration means the same series under the other.
bool names_series_alike(const config::ScrapeConfig& a, const config::ScrapeConfig& b) {
  const auto key = [](const config::ScrapeConfig& c) {
    return std::tie(c.honor_labels, c.honor_timestamps, c.track_timestamps_staleness, c.name_validation,
                    c.limits.labels, c.limits.label_name_length, c.limits.label_value_length);
  };
  return key(a) == key(b) && equal_rules(a.metric_relabel_configs, b.metric_relabel_configs);
}

struct Pool {
  std::string name;
  ScrapeConfigPtr config;
  std::map<std::uint64_t, TargetId> active;  // by identity
  std::vector<Labels> dropped;
  std::size_t dropped_count = 0;
};

}  // namespace

std::string_view to_string(Health health) {
  switch (health) {
    case Health::unknown:
      return "unknown";
    case Health::up:
      return "up";
    case Health::down:
      return "down";
  }
  return "unknown";
}

struct ScrapeManager::State {
  explicit State(ManagerOptions o) : options(std::move(o)) {}

  std::vector<std::string> sync(Pool& pool, WallTime now);
  std::vector<DiscoveredGroup> groups_of(const Pool& pool) const;
  ScrapeRun& start(Pool& pool, Target target, WallTime now);
  void depart(TargetId id, WallTime now);
  // Puts a run in the schedule, in place of where it stood.
  void schedule(ScrapeRun& run, WallTime when);
  void forget(TargetId id);
  [[nodiscard]] ScrapeRun* find(TargetId id);
  [[nodiscard]] ScrapeRequest request_for(const ScrapeRun& run) const;
  void fail(ScrapeRun& run, Timestamp time, const ScrapeReport& report, SampleSink& sink);

  ManagerOptions options;
  std::map<std::string, Pool> pools;
  std::map<std::string, FileGroups> files;  // by pattern
  std::map<TargetId, std::unique_ptr<ScrapeRun>> runs;
  std::set<std::pair<WallTime, TargetId>> deadlines;
  std::uint64_t last_id = 0;
  ScrapeStatistics statistics;
};

std::vector<DiscoveredGroup> ScrapeManager::State::groups_of(const Pool& pool) const {
  std::vector<DiscoveredGroup> groups = static_groups(*pool.config);
  for (const config::FileDiscovery& discovery : pool.config->discovery.file_configs) {
    for (const std::string& pattern : discovery.files) {
      const auto found = files.find(pattern);
      if (found == files.end()) continue;
      for (const auto& [path, of_file] : found->second)
        groups.insert(groups.end(), of_file.begin(), of_file.end());
    }
  }
  return groups;
}

std::vector<std::string> ScrapeManager::State::sync(Pool& pool, WallTime now) {
  TargetList list = make_targets(*pool.config, groups_of(pool));
  pool.dropped = std::move(list.dropped);
  pool.dropped_count = list.dropped_count;
  const auto before = std::exchange(pool.active, {});
  for (Target& target : list.active) {
    const std::uint64_t identity = target.identity;
    ScrapeRun* const earlier = before.contains(identity) ? find(before.at(identity)) : nullptr;
    if (earlier && names_series_alike(*earlier->config, *pool.config)) {
      earlier->target = std::move(target);
      earlier->config = pool.config;
      pool.active.emplace(identity, earlier->id);
    } else {
      ScrapeRun& run = start(pool, std::move(target), now);
      if (earlier) run.inherit_status(*earlier);
      pool.active.emplace(identity, run.id);
    }
  }
  for (const auto& [identity, id] : before) {
    const auto kept = pool.active.find(identity);
    if (kept == pool.active.end() || kept->second != id) depart(id, now);
  }
  const std::uint64_t limit = pool.config->limits.targets;
  std::string error;
  if (limit > 0 && pool.active.size() > limit) {
    ++statistics.exceeded_target_limit;
    error = format("target_limit exceeded (number of targets: {}, limit: {})", pool.active.size(), limit);
  }
  for (const auto& [identity, id] : pool.active) find(id)->forced_error = error;

  if (!list.errors.empty()) statistics.sync_failed[pool.name] += list.errors.size();
  for (std::string& text : list.errors) text = format("pool {}: {}", go_quote(pool.name), text);
  return std::move(list.errors);
}

ScrapeRun& ScrapeManager::State::start(Pool& pool, Target target, WallTime now) {
  const TargetId id{++last_id};
  auto run = std::make_unique<ScrapeRun>(id, pool.name, std::move(target), pool.config);
  ScrapeRun& started = *runs.emplace(id, std::move(run)).first->second;
  schedule(started, started.target.next_slot(now, options.seed));
  return started;
}

void ScrapeManager::State::depart(TargetId id, WallTime now) {
  ScrapeRun& run = *find(id);
  run.departed = true;
  // Its series end at the time of the next scrape, but this is written only when the one after that would
  // have been: if the target is back by then, its samples are newer and the markers are refused.
  run.stale_time = run.target.next_slot(now, options.seed);
  schedule(run, run.stale_time + run.target.interval + run.target.interval / 10);
}

void ScrapeManager::State::schedule(ScrapeRun& run, WallTime when) {
  deadlines.erase({run.next, run.id});
  run.next = when;
  deadlines.insert({when, run.id});
}

void ScrapeManager::State::forget(TargetId id) {
  deadlines.erase({find(id)->next, id});
  runs.erase(id);
}

ScrapeRun* ScrapeManager::State::find(TargetId id) {
  const auto found = runs.find(id);
  return found == runs.end() ? nullptr : found->second.get();
}

ScrapeRequest ScrapeManager::State::request_for(const ScrapeRun& run) const {
  const double timeout = std::chrono::duration<double>(run.target.timeout).count();
  const std::uint64_t limit = run.config->limits.body_size;
  return {.target = run.id,
          .url = run.target.url,
          .headers = {{"Accept", accept_header(run.config->scrape_protocols, run.config->name_escaping)},
                      {"User-Agent", options.user_agent},
                      {"X-Prometheus-Scrape-Timeout-Seconds", promql::format_float(timeout)}},
          .client = run.config->http,
          .timeout = run.target.timeout,
          .max_body = limit > 0 ? static_cast<std::size_t>(limit) : kMaxPageBytes,
          .accept_gzip = run.config->enable_compression};
}

void ScrapeManager::State::fail(ScrapeRun& run, Timestamp time, const ScrapeReport& report,
                                SampleSink& sink) {
  ++statistics.failed_scrapes;
  run.settle_failure(time, report, sink);
}

ScrapeManager::ScrapeManager(ManagerOptions options) : state_(std::make_unique<State>(std::move(options))) {}
ScrapeManager::~ScrapeManager() = default;

std::vector<std::string> ScrapeManager::apply(const std::shared_ptr<const config::PrometheusConfig>& config,
                                              WallTime now) {
  std::set<std::string> jobs;
  std::vector<std::string> errors;
  for (const config::ScrapeConfig& scrape_config : config->scrape_configs) {
    jobs.insert(scrape_config.job_name);
    Pool& pool = state_->pools[scrape_config.job_name];
    pool.name = scrape_config.job_name;
    pool.config = ScrapeConfigPtr(config, &scrape_config);
    std::vector<std::string> found = state_->sync(pool, now);
    errors.insert(errors.end(), found.begin(), found.end());
  }
  std::erase_if(state_->pools, [&](const auto& entry) {
    if (jobs.contains(entry.first)) return false;
    for (const auto& [identity, id] : entry.second.active) state_->depart(id, now);
    return true;
  });
  const std::vector<std::string> patterns = watched_patterns();
  std::erase_if(state_->files, [&](const auto& entry) {
    return !std::binary_search(patterns.begin(), patterns.end(), entry.first);
  });
  return errors;
}

std::vector<std::string> ScrapeManager::watched_patterns() const {
  std::set<std::string> patterns;
  for (const auto& [name, pool] : state_->pools) {
    for (const config::FileDiscovery& discovery : pool.config->discovery.file_configs)
      patterns.insert(discovery.files.begin(), discovery.files.end());
  }
  return {patterns.begin(), patterns.end()};
}

std::vector<std::string> ScrapeManager::files_changed(const std::string& pattern, const MatchedFiles& matched,
                                                      WallTime now) {
  std::vector<std::string> errors;
  if (matched.glob_failed) return errors;
  FileGroups& known = state_->files[pattern];
  FileGroups present;
  const auto keep = [&](const std::string& path) {
    if (const auto before = known.find(path); before != known.end()) present[path] = before->second;
  };
  for (const std::string& path : matched.unread) keep(path);
  for (const auto& [path, content] : matched.files) {
    Result<std::vector<DiscoveredGroup>> groups = parse_target_file(path, content);
    if (groups) {
      present[path] = std::move(*groups);
      continue;
    }
    errors.push_back(groups.error().text);
    keep(path);
  }
  known = std::move(present);
  for (auto& [name, pool] : state_->pools) {
    const auto& discoveries = pool.config->discovery.file_configs;
    const bool concerned = std::any_of(discoveries.begin(), discoveries.end(), [&](const auto& discovery) {
      return std::find(discovery.files.begin(), discovery.files.end(), pattern) != discovery.files.end();
    });
    if (!concerned) continue;
    std::vector<std::string> found = state_->sync(pool, now);
    errors.insert(errors.end(), found.begin(), found.end());
  }
  return errors;
}

std::optional<WallTime> ScrapeManager::next_deadline() const {
  if (state_->deadlines.empty()) return std::nullopt;
  return state_->deadlines.begin()->first;
}

std::vector<ScrapeRequest> ScrapeManager::due(WallTime now, SampleSink& sink) {
  State& state = *state_;
  std::vector<ScrapeRequest> requests;
  while (!state.deadlines.empty() && state.deadlines.begin()->first <= now) {
    ScrapeRun& run = *state.find(state.deadlines.begin()->second);
    const WallTime slot = run.next;
    if (run.departed && !run.busy) {
      run.end_series(to_timestamp(run.stale_time), sink);
      state.forget(run.id);
      continue;
    }
    state.schedule(run,
                   run.departed ? now + run.target.interval : run.target.next_slot(now, state.options.seed));
    // The last call is still under way, or its page is: this turn is passed over, as a tick is upstream.
    if (run.busy) continue;
    ++state.statistics.scrapes;
    if (!run.forced_error.empty()) {
      state.fail(run, to_timestamp(slot), {.error = run.forced_error}, sink);
      continue;
    }
    run.busy = true;
    requests.push_back(state.request_for(run));
  }
  return requests;
}

void ScrapeManager::reschedule(WallTime now) {
  for (const auto& [id, run] : state_->runs) {
    const WallTime slot = run->target.next_slot(now, state_->options.seed);
    if (run->departed) {
      run->stale_time = std::min(run->stale_time, slot);
      state_->schedule(*run, std::min(run->next, slot + run->target.interval + run->target.interval / 10));
    } else {
      state_->schedule(*run, slot);
    }
  }
}

std::optional<PageJob> ScrapeManager::reply(ScrapeReply reply, SampleSink& sink) {
  ScrapeRun* const run = state_->find(reply.target);
  if (!run || !run->busy) return std::nullopt;
  if (run->last_started) {
    ScrapeStatistics::IntervalLength& length = state_->statistics.interval_length[run->target.interval];
    ++length.count;
    length.sum += std::chrono::duration<double>(reply.started - *run->last_started).count();
  }
  run->last_started = reply.started;
  const Timestamp time = run->sample_time(reply.started, state_->options.seed);
  ScrapeReport report{.took = reply.took};
  if (reply.failure == ScrapeReply::Failure::call) {
    report.error = reply.error;
  } else if (reply.failure == ScrapeReply::Failure::body_limit) {
    ++state_->statistics.exceeded_body_size_limit;
    report.error = "body size limit exceeded";
    report.body_bytes = -1;
  } else if (reply.status != 200) {
    report.error = "server returned HTTP status " + status_line(reply.status);
  } else {
    return run->begin_page(std::move(reply), time, sink);
  }
  run->busy = false;
  state_->fail(*run, time, report, sink);
  return std::nullopt;
}

void ScrapeManager::parsed(ParsedPage page, SampleSink& sink) {
  ScrapeRun* const run = state_->find(page.target);
  if (!run) return;
  run->busy = false;
  if (page.failure != PageFailure::none) ++state_->statistics.failed_scrapes;
  run->settle_page(std::move(page), sink, state_->statistics);
}

std::vector<PoolView> ScrapeManager::pools() const {
  std::vector<PoolView> views;
  for (const auto& [name, pool] : state_->pools) {
    PoolView& view = views.emplace_back();
    view.name = name;
    view.dropped = &pool.dropped;
    view.dropped_count = pool.dropped_count;
    for (const auto& [identity, id] : pool.active) view.active.push_back(state_->runs.at(id)->view());
    std::sort(view.active.begin(), view.active.end(), [](const TargetView& a, const TargetView& b) {
      return std::tie(a.target->url, a.target->labels) < std::tie(b.target->url, b.target->labels);
    });
  }
  return views;
}

ScrapeStatistics ScrapeManager::statistics() const {
  ScrapeStatistics statistics = state_->statistics;
  statistics.metadata_entries = 0;
  for (const auto& [id, run] : state_->runs) {
    if (!run->departed) statistics.metadata_entries += run->metadata().size();
  }
  return statistics;
}

}  // namespace tocsin::scrape
