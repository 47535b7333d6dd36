// All targets of a configuration: which is due when, what came back, what is to be stored, and how each one
// is doing (upstream's scrape/manager.go and scrapeLoop).
//
// The manager decides and others do. due() says which calls are to be made now; the reply to each comes back
// with reply(), which makes a job of a page; the job runs anywhere (parse_page) and its result comes back
// with parsed(), which appends to the sink. A scrape that failed is settled in reply(): its series end and
// `up` is 0. Nothing here reads a clock, performs a call or waits.
//
// A reload is a difference: a target that is in the new configuration too keeps its memory, its place in the
// interval and its last results. One that is gone has its series ended two intervals later, as upstream
// does, so that a target that comes right back is not interrupted.
//
// Owner thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/config/prometheus_config.hpp"
#include "engine/scrape/page.hpp"
#include "engine/scrape/sample_sink.hpp"
#include "engine/scrape/target.hpp"
#include "promql/time.hpp"

namespace tocsin::scrape {

// A GET that is to be made now. Answered by exactly one ScrapeReply, within the timeout.
struct ScrapeRequest {
  TargetId target;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  config::HttpClientPtr client;
  Duration timeout{};
  std::size_t max_body = 0;  // bytes
  bool accept_gzip = false;
};

struct ScrapeReply {
  enum class Failure : std::uint8_t { none, call, body_limit };
  TargetId target;
  Failure failure = Failure::none;
  std::string error;  // of Failure::call
  unsigned status = 0;
  std::string content_type;
  std::string body;
  WallTime started{};
  Duration took{};
};

enum class Health : std::uint8_t { unknown, up, down };
[[nodiscard]] std::string_view to_string(Health health);

struct Metadata {
  MetricType type = MetricType::unknown;
  std::string help;
  std::string unit;
  friend auto operator<=>(const Metadata&, const Metadata&) = default;
};

// One target as the API shows it. Borrowed from the manager until it changes.
struct TargetView {
  const std::string* pool = nullptr;
  const Target* target = nullptr;
  Health health = Health::unknown;
  std::string_view last_error;
  WallTime last_scrape = kNoTime;
  Duration last_duration{};
  const std::map<std::string, Metadata>* metadata = nullptr;
};

struct PoolView {
  std::string_view name;
  std::vector<TargetView> active;  // by url
  const std::vector<Labels>* dropped = nullptr;
  std::size_t dropped_count = 0;
};

// Counters since the start, under the names of upstream's metrics (prometheus_target_...).
struct ScrapeStatistics {
  std::uint64_t exceeded_body_size_limit = 0;
  std::uint64_t exceeded_sample_limit = 0;
  std::uint64_t exceeded_label_limits = 0;
  std::uint64_t exceeded_target_limit = 0;
  std::uint64_t duplicate_timestamp = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t out_of_bounds = 0;
  std::uint64_t scrapes = 0;
  std::uint64_t failed_scrapes = 0;
  std::map<std::string, std::uint64_t> sync_failed;  // by pool
  struct IntervalLength {
    std::uint64_t count = 0;
    double sum = 0;  // seconds
  };
  std::map<Duration, IntervalLength> interval_length;  // by the configured interval
  std::size_t metadata_entries = 0;
};

// A page larger than this fails like one over body_size_limit, where the configuration sets none: a target
// that sends without end must not take the memory of all others. Two million samples have room in it.
inline constexpr std::size_t kMaxPageBytes = std::size_t{256} << 20;

struct ManagerOptions {
  std::string user_agent = "tocsin";
  // Shifts all places in the interval, so that two servers with the same targets scrape at different times.
  std::uint64_t seed = 0;
};

// What a watched pattern matches now. Borrowed for the call.
struct MatchedFiles {
  const std::vector<std::pair<std::string, std::string>>& files;  // path, content
  // Paths that match but could not be read.
  const std::vector<std::string>& unread;
  // What matches is not known; the lists are empty.
  bool glob_failed = false;
};

class ScrapeManager {
 public:
  explicit ScrapeManager(ManagerOptions options);
  ~ScrapeManager();
  ScrapeManager(const ScrapeManager&) = delete;
  ScrapeManager& operator=(const ScrapeManager&) = delete;

  // Takes the scrape configurations of a snapshot. Errors of single targets do not stop anything: they are
  // returned to be logged, `pool "node": instance 0 in group 0: no address`.
  std::vector<std::string> apply(const std::shared_ptr<const config::PrometheusConfig>& config, WallTime now);

  // The files that the jobs' file_sd_configs name: what is to be watched.
  [[nodiscard]] std::vector<std::string> watched_patterns() const;
  // What the files of a watched pattern hold now. A file that could not be read, or holds what it may not,
  // keeps the targets it had, and so do all if the glob failed; the errors are returned to be logged.
  std::vector<std::string> files_changed(const std::string& pattern, const MatchedFiles& matched,
                                         WallTime now);

  // When due() has something to do next.
  [[nodiscard]] std::optional<WallTime> next_deadline() const;
  // The calls to make now. What needs no call is done at once: targets over target_limit fail, and the
  // series of targets that left long enough ago end.
  [[nodiscard]] std::vector<ScrapeRequest> due(WallTime now, SampleSink& sink);
  // Counts every target's next slot anew, after the wall clock was set.
  void reschedule(WallTime now);

  // A page to be parsed, or nothing if the scrape failed or the target is gone.
  [[nodiscard]] std::optional<PageJob> reply(ScrapeReply reply, SampleSink& sink);
  // Appends what a page held, and the report series of its scrape.
  void parsed(ParsedPage page, SampleSink& sink);

  [[nodiscard]] std::vector<PoolView> pools() const;  // by name
  [[nodiscard]] ScrapeStatistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::scrape
