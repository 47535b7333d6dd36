#include "engine/scrape/target.hpp"

#include <xxhash.h>

#include <algorithm>
#include <set>

#include "engine/config/target_file.hpp"
#include "engine/scrape/relabel.hpp"
#include "engine/scrape/target_url.hpp"
#include "promql/format.hpp"

namespace tocsin::scrape {
namespace {

constexpr std::string_view kAddress = "__address__";
constexpr std::string_view kInterval = "__scrape_interval__";
constexpr std::string_view kTimeout = "__scrape_timeout__";
constexpr std::string_view kInstance = "instance";

struct FlagLabel {
  std::string_view name;
  std::string_view what;
};
constexpr FlagLabel kFlagLabels[] = {
    {"__convert_classic_histograms_to_nhcb__", "convert classic histograms to nhcb"},
    {"__always_scrape_classic_histograms__", "always scrape classic histograms"},
    {"__scrape_native_histograms__", "scrape native histograms"}};

// What strconv.ParseBool takes.
bool is_bool(std::string_view text) {
  constexpr std::string_view kWords[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                         "0", "f", "F", "FALSE", "false", "False"};
  return std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords);
}

Result<Duration> positive_duration(const LabelsBuilder& labels, std::string_view label,
                                   std::string_view what) {
  Result<Duration> duration = parse_duration(labels.get(label));
  if (!duration) return Error(format("error parsing scrape {}: {}", what, duration.error().text));
  if (*duration == Duration::zero()) return Error(format("scrape {} cannot be 0", what));
  return duration;
}

// Upstream's PopulateLabels after relabelling.
Result<Target> finish_target(const config::ScrapeConfig& config, LabelsBuilder labels) {
  const std::string address(labels.get(kAddress));
  if (address.empty()) return Error("no address");
  if (address.find('/') != std::string::npos) return Error(go_quote(address) + " is not a valid hostname");
  const Result<Duration> interval = positive_duration(labels, kInterval, "interval");
  if (!interval) return interval.error();
  const Result<Duration> timeout = positive_duration(labels, kTimeout, "timeout");
  if (!timeout) return timeout.error();
  if (*timeout > *interval) {
    return Error(format("scrape timeout cannot be greater than scrape interval ({} > {})",
                        go_quote(labels.get(kTimeout)), go_quote(labels.get(kInterval))));
  }
  for (const FlagLabel& flag : kFlagLabels) {
    const std::string_view value = labels.get(flag.name);
    if (!value.empty() && !is_bool(value)) {
      return Error(format("error parsing {}: strconv.ParseBool: parsing {}: invalid syntax", flag.what,
                          go_quote(value)));
    }
  }
  const auto before = labels.pairs();
  for (const auto& [name, value] : before) {
    if (name.starts_with("__meta_")) labels.remove(name);
  }
  if (labels.get(kInstance).empty()) labels.set(kInstance, address);

  Target target;
  target.all = labels.build();
  LabelsBuilder shown;
  for (const LabelView label : target.all) {
    if (!is_valid_utf8(label.value)) {
      return Error(format("invalid label value for {}: {}", go_quote(label.name), go_quote(label.value)));
    }
    if (!label.name.starts_with("__")) shown.set(label.name, label.value);
  }
  target.labels = shown.build();
  target.url = target_url(target.all, config.params);
  target.interval = *interval;
  target.timeout = *timeout;
  target.identity = XXH64(target.url.data(), target.url.size(), target.all.hash());
  return target;
}

DiscoveredGroup discovered(const config::TargetGroup& group, std::string source) {
  DiscoveredGroup found;
  found.source = std::move(source);
  found.labels = group.labels;
  for (const std::string& address : group.targets) found.targets.push_back(Labels{{kAddress, address}});
  return found;
}

}  // namespace

std::vector<DiscoveredGroup> static_groups(const config::ScrapeConfig& config) {
  std::vector<DiscoveredGroup> groups;
  for (const config::TargetGroup& group : config.discovery.static_configs) {
    groups.push_back(discovered(group, std::to_string(groups.size())));
  }
  return groups;
}

Result<std::vector<DiscoveredGroup>> parse_target_file(const std::string& path, std::string_view content) {
  Diagnostics diagnostics;
  const std::vector<config::TargetGroup> read = config::read_target_file(path, content, diagnostics);
  if (diagnostics.has_errors()) {
    std::string text = format_diagnostics(diagnostics.all());
    while (text.ends_with('\n')) text.pop_back();
    return Error(std::move(text));
  }
  std::vector<DiscoveredGroup> groups;
  for (const config::TargetGroup& group : read) {
    DiscoveredGroup& found = groups.emplace_back(discovered(group, format("{}:{}", path, groups.size())));
    found.labels = LabelsBuilder(group.labels).set("__meta_filepath", path).build();
  }
  return groups;
}

Labels discovered_labels(const config::ScrapeConfig& config, const Labels& target, const Labels& group) {
  LabelsBuilder labels(group);
  for (const LabelView label : target) labels.set(label.name, label.value);
  const auto set_default = [&](std::string_view name, std::string_view value) {
    if (labels.get(name).empty()) labels.set(name, value);
  };
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  set_default("job", config.job_name);
  set_default(kInterval, format_duration(config.scrape_interval));
  set_default(kTimeout, format_duration(config.scrape_timeout));
  set_default("__metrics_path__", config.metrics_path);
  set_default("__scheme__", config.scheme);
  set_default(kFlagLabels[0].name, flag(config.convert_classic_histograms));
  set_default(kFlagLabels[1].name, flag(config.always_scrape_classic_histograms));
  set_default(kFlagLabels[2].name, flag(config.scrape_native_histograms));
  for (const auto& [name, values] : config.params) {
    if (!values.empty()) set_default("__param_" + name, values[0]);
  }
  return labels.build();
}

TargetList make_targets(const config::ScrapeConfig& config, const std::vector<DiscoveredGroup>& groups) {
  TargetList list;
  std::set<std::uint64_t> seen;
  for (const DiscoveredGroup& group : groups) {
    for (std::size_t i = 0; i < group.targets.size(); ++i) {
      Labels discovered = discovered_labels(config, group.targets[i], group.labels);
      LabelsBuilder labels(discovered);
      if (!relabel(config.relabel_configs, labels)) {
        const std::uint64_t kept = config.limits.keep_dropped_targets;
        if (kept == 0 || list.dropped.size() < kept) list.dropped.push_back(std::move(discovered));
        ++list.dropped_count;
        continue;
      }
      Result<Target> target = finish_target(config, std::move(labels));
      if (!target) {
        list.errors.push_back(format("instance {} in group {}: {}", i, group.source, target.error().text));
      } else if (seen.insert(target->identity).second) {
        target->discovered = std::move(discovered);
        list.active.push_back(std::move(*target));
      }
    }
  }
  return list;
}

WallTime Target::next_slot(WallTime now, std::uint64_t seed) const {
  const std::int64_t length = interval.count();
  const auto offset = static_cast<std::int64_t>((identity ^ seed) % static_cast<std::uint64_t>(length));
  const std::int64_t past = now.time_since_epoch().count() % length;
  std::int64_t wait = offset - (past < 0 ? past + length : past);
  if (wait <= 0) wait += length;
  return now + Duration(wait);
}

}  // namespace tocsin::scrape
