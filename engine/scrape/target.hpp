// From what discovery found to what is scraped: labels, relabelling, validity, URL, place in the interval.
// (upstream's scrape/target.go).  Plain values; nothing here keeps time or state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/prometheus_config.hpp"
#include "promql/labels.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::scrape {

// What one source found: addresses and the labels they share. `source` is where it came from, for errors:
// "0" for the first static_config of a job, "targets.yml:0" for the first group of a file.
struct DiscoveredGroup {
  std::string source;
  std::vector<Labels> targets;  // each with __address__
  Labels labels;                // of all of them; a target's own win
};

[[nodiscard]] std::vector<DiscoveredGroup> static_groups(const config::ScrapeConfig& config);

// The content of a file of file_sd_configs, JSON or YAML by the path's extension. Every group carries the
// label __meta_filepath. Errors are positioned.
[[nodiscard]] Result<std::vector<DiscoveredGroup>> parse_target_file(const std::string& path,
                                                                     std::string_view content);

// One endpoint that is scraped.
struct Target {
  Labels discovered;  // before relabelling, for the API
  Labels all;         // after it, __address__ and the like included
  Labels labels;      // those that its series carry
  std::string url;
  Duration interval{};
  Duration timeout{};
  // Of `all` and the url: two targets with one identity are the same target. Equal in every process.
  std::uint64_t identity = 0;

  // The next time after `now` at which it is due: a point of the interval that depends on the identity and on
  // the seed, so that targets spread evenly and each keeps its place over restarts. In (now, now + interval].
  [[nodiscard]] WallTime next_slot(WallTime now, std::uint64_t seed) const;
};

// The labels of a target before relabelling.
[[nodiscard]] Labels discovered_labels(const config::ScrapeConfig& config, const Labels& target,
                                       const Labels& group);

struct TargetList {
  std::vector<Target> active;   // each identity once, in the order found
  std::vector<Labels> dropped;  // by relabelling: what was discovered; at most keep_dropped_targets
  std::size_t dropped_count = 0;
  // instance 0 in group targets.yml:0: no address
  std::vector<std::string> errors;
};
[[nodiscard]] TargetList make_targets(const config::ScrapeConfig& config,
                                      const std::vector<DiscoveredGroup>& groups);

}  // namespace tocsin::scrape
