// The part of Prometheus' API that shows what the program is doing: targets, rules, alerts, metadata.
#include <algorithm>
#include <map>
#include <set>

#include "engine/api/answers.hpp"
#include "engine/api/routes.hpp"
#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/parser.hpp"

namespace tocsin::api {
namespace {

// ---- targets

void write_target(JsonWriter& json, const TargetView& target) {
  json.begin_object();
  json.key("discoveredLabels").raw_labels(target.discovered_labels);
  json.key("labels").raw_labels(target.labels);
  json.key("scrapePool").string(target.scrape_pool);
  json.key("scrapeUrl").string(target.scrape_url);
  json.key("globalUrl").string(target.global_url);
  json.key("lastError").string(target.last_error);
  json.key("lastScrape").string(format_rfc3339(target.last_scrape));
  json.key("lastScrapeDuration").number(seconds_of(target.last_scrape_duration));
  json.key("health").string(target.health);
  json.key("scrapeInterval").string(target.scrape_interval);
  json.key("scrapeTimeout").string(target.scrape_timeout);
  json.end_object();
}

Answer targets(const HttpRequest& request, const View& view) {
  const std::string state = ascii_lower(request.parameter("state"));
  const std::string_view pool = request.parameter("scrapePool");
  const bool any = state.empty() || state == "any";
  const bool active = any || state == "active";
  const bool dropped = any || state == "dropped";
  return answer_success([&](JsonWriter& json) {
    json.begin_object().key("activeTargets").begin_array();
    if (active) {
      for (const TargetView& target : view.targets()) {
        if (pool.empty() || target.scrape_pool == pool) write_target(json, target);
      }
    }
    json.end_array().key("droppedTargets").begin_array();
    std::map<std::string, std::int64_t> counts;
    if (dropped) {
      for (const TargetView& target : view.targets()) counts.try_emplace(target.scrape_pool, 0);
      for (const DroppedTargetView& target : view.dropped_targets()) {
        ++counts[target.scrape_pool];
        if (!pool.empty() && target.scrape_pool != pool) continue;
        json.begin_object().key("discoveredLabels").raw_labels(target.discovered_labels);
        json.key("scrapePool").string(target.scrape_pool).end_object();
      }
    }
    json.end_array().key("droppedTargetCounts");
    if (dropped) {
      json.begin_object();
      for (const auto& [name, count] : counts) json.key(name).integer(count);
      json.end_object();
    } else {
      json.null();
    }
    json.end_object();
  });
}

Answer scrape_pools(const View& view) {
  std::set<std::string> pools;
  for (const TargetView& target : view.targets()) pools.insert(target.scrape_pool);
  for (const DroppedTargetView& target : view.dropped_targets()) pools.insert(target.scrape_pool);
  return answer_success([&pools](JsonWriter& json) {
    json.begin_object().key("scrapePools").begin_array();
    for (const std::string& pool : pools) json.string(pool);
    json.end_array().end_object();
  });
}

// A number that may be missing or negative, which is no limit.
Result<std::int64_t> read_limit(const HttpRequest& request, std::string_view name) {
  const std::string_view text = request.parameter(name);
  if (text.empty()) return std::int64_t{-1};
  const auto limit = parse_integer(text);
  if (!limit) return Error(format("{} must be a number", name));
  return *limit;
}

Answer metadata(const HttpRequest& request, const View& view) {
  const auto limit = read_limit(request, "limit");
  if (!limit) return answer_error(ErrorType::bad_data, limit.error().text);
  const auto per_metric = read_limit(request, "limit_per_metric");
  if (!per_metric) return answer_error(ErrorType::bad_data, per_metric.error().text);
  const std::string_view wanted = request.parameter("metric");
  using Entry = std::tuple<std::string, std::string, std::string>;
  std::map<std::string, std::set<Entry>> metrics;
  for (const MetadataView& entry : view.metadata()) {
    if (!wanted.empty() && entry.metric != wanted) continue;
    if (*limit >= 0 && !metrics.contains(entry.metric) &&
        static_cast<std::int64_t>(metrics.size()) >= *limit) {
      continue;
    }
    auto& entries = metrics[entry.metric];
    if (*per_metric > 0 && static_cast<std::int64_t>(entries.size()) >= *per_metric) continue;
    entries.emplace(entry.type, entry.unit, entry.help);
  }
  return answer_success([&metrics](JsonWriter& json) {
    json.begin_object();
    for (const auto& [name, entries] : metrics) {
      json.key(name).begin_array();
      for (const auto& [type, unit, help] : entries) {
        json.begin_object()
            .key("type")
            .string(type)
            .key("unit")
            .string(unit)
            .key("help")
            .string(help)
            .end_object();
      }
      json.end_array();
    }
    json.end_object();
  });
}

// The limit is looked at between targets, so an answer may be longer.
Answer target_metadata(const HttpRequest& request, const View& view) {
  const auto limit = read_limit(request, "limit");
  if (!limit) return answer_error(ErrorType::bad_data, limit.error().text);
  std::vector<Matcher> matchers;
  if (const std::string_view text = request.parameter("match_target"); !text.empty()) {
    auto parsed = promql::parse_metric_selector(text);
    if (!parsed.ok()) return answer_bad_parameter("match_target", parsed.error(text).text);
    matchers = std::move(parsed.value);
  }
  const std::string_view wanted = request.parameter("metric");
  const auto matches = [&matchers](const Labels& labels) {
    return std::all_of(matchers.begin(), matchers.end(), [&labels](const Matcher& matcher) {
      return matcher.matches(labels.get(matcher.name()));
    });
  };
  return answer_success([&](JsonWriter& json) {
    json.begin_array();
    std::int64_t written = 0;
    const Labels* target = nullptr;
    const auto entries = view.metadata();
    for (const MetadataView& entry : entries) {
      const bool next_target = target == nullptr || *target != entry.target;
      if (next_target && *limit >= 0 && written >= *limit) break;
      target = &entry.target;
      if ((!wanted.empty() && entry.metric != wanted) || !matches(entry.target)) continue;
      ++written;
      json.begin_object().key("target").raw_labels(entry.target);
      if (wanted.empty()) json.key("metric").string(entry.metric);
      json.key("type").string(entry.type).key("help").string(entry.help).key("unit").string(entry.unit);
      json.end_object();
    }
    json.end_array();
  });
}

// ---- rules and alerts

void write_alert(JsonWriter& json, const RuleAlertView& alert) {
  json.begin_object();
  json.key("labels").raw_labels(alert.labels).key("annotations").raw_texts(alert.annotations);
  json.key("state").string(alert.state);
  if (alert.active_at != kNoTime) json.key("activeAt").string(format_rfc3339(alert.active_at));
  if (alert.keep_firing_since != kNoTime) {
    json.key("keepFiringSince").string(format_rfc3339(alert.keep_firing_since));
  }
  json.key("value").string(scientific_text(alert.value));
  json.end_object();
}

void write_rule(JsonWriter& json, const RuleView& rule, bool with_alerts) {
  json.begin_object();
  if (rule.alerting) json.key("state").string(rule.state);
  json.key("name").string(rule.name).key("query").string(rule.query);
  if (rule.alerting) {
    json.key("duration").number(seconds_of(rule.hold_duration));
    json.key("keepFiringFor").number(seconds_of(rule.keep_firing_for));
  }
  json.key("labels").raw_texts(rule.labels);
  if (rule.alerting) {
    json.key("annotations").raw_texts(rule.annotations).key("alerts");
    if (with_alerts) {
      json.begin_array();
      for (const RuleAlertView& alert : rule.alerts) write_alert(json, alert);
      json.end_array();
    } else {
      json.null();
    }
  }
  json.key("health").string(rule.health);
  if (!rule.last_error.empty()) json.key("lastError").string(rule.last_error);
  json.key("evaluationTime").number(seconds_of(rule.evaluation_time));
  json.key("lastEvaluation").string(format_rfc3339(rule.last_evaluation));
  json.key("type").string(rule.alerting ? "alerting" : "recording").end_object();
}

bool listed(const std::vector<std::string_view>& wanted, std::string_view name) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

bool matches_all(const std::vector<Matcher>& matchers, const TextMap& labels) {
  return std::all_of(matchers.begin(), matchers.end(), [&labels](const Matcher& matcher) {
    const auto label = labels.find(matcher.name());
    return matcher.matches(label == labels.end() ? std::string_view() : std::string_view(label->second));
  });
}

bool matches_any(const std::vector<std::vector<Matcher>>& selectors, const TextMap& labels) {
  return selectors.empty() ||
         std::any_of(selectors.begin(), selectors.end(),
                     [&labels](const auto& matchers) { return matches_all(matchers, labels); });
}

struct RuleFilter {
  std::vector<std::string_view> names;
  std::vector<std::string_view> groups;
  std::vector<std::string_view> files;
  std::vector<std::vector<Matcher>> selectors;
  bool alerting = true;
  bool recording = true;
  bool with_alerts = true;
  std::size_t group_limit = 0;
  std::string_view next_token;

  [[nodiscard]] bool keeps(const RuleView& rule) const {
    return (rule.alerting ? alerting : recording) && listed(names, rule.name) &&
           matches_any(selectors, rule.labels);
  }
};

// Names a group in a paged listing; opaque to the client.
std::string token_of(const RuleGroupView& group) {
  return format("{:016x}", Labels{{"file", group.file}, {"group", group.name}}.hash());
}

std::optional<HttpResponse> read_paging(const HttpRequest& request, RuleFilter& filter) {
  const std::string_view most = request.parameter("group_limit");
  filter.next_token = request.parameter("group_next_token");
  if (!filter.next_token.empty() && most.empty()) {
    return answer_bad_parameter("group_next_token",
                                "group_limit needs to be present in order to paginate over the groups");
  }
  if (most.empty()) return std::nullopt;
  const auto limit = parse_limit(most);
  if (!limit && !most.starts_with('-')) {
    return answer_bad_parameter("group_limit",
                                format("group_limit needs to be a valid number: {}", limit.error().text));
  }
  if (!limit || *limit == 0) {
    return answer_bad_parameter("group_limit", "group_limit needs to be greater than 0");
  }
  filter.group_limit = *limit;
  return std::nullopt;
}

std::optional<HttpResponse> read_rule_filter(const HttpRequest& request, RuleFilter& filter) {
  filter.names = request.parameters("rule_name[]");
  filter.groups = request.parameters("rule_group[]");
  filter.files = request.parameters("file[]");
  auto selectors = parse_selectors(request.parameters("match[]"));
  if (!selectors) return answer_error(ErrorType::bad_data, selectors.error().text);
  filter.selectors = std::move(*selectors);
  const std::string type = ascii_lower(request.parameter("type"));
  if (!type.empty() && type != "alert" && type != "record") {
    return answer_bad_parameter("type", format("not supported value {}", go_quote(type)));
  }
  filter.alerting = type != "record";
  filter.recording = type != "alert";
  const auto exclude = parse_bool(request.parameter("exclude_alerts"), false);
  if (!exclude) {
    return answer_bad_parameter("exclude_alerts",
                                format("error converting exclude_alerts: {}", exclude.error().text));
  }
  filter.with_alerts = !*exclude;
  return read_paging(request, filter);
}

void write_group(JsonWriter& json, const RuleGroupView& group, const std::vector<const RuleView*>& rules,
                 bool with_alerts) {
  json.begin_object().key("name").string(group.name).key("file").string(group.file);
  json.key("rules").begin_array();
  for (const RuleView* rule : rules) write_rule(json, *rule, with_alerts);
  json.end_array();
  json.key("interval").number(seconds_of(group.interval)).key("limit").integer(group.limit);
  json.key("evaluationTime").number(seconds_of(group.evaluation_time));
  json.key("lastEvaluation").string(format_rfc3339(group.last_evaluation)).end_object();
}

Answer rules(const HttpRequest& request, const View& view) {
  RuleFilter filter;
  if (auto bad = read_rule_filter(request, filter)) return *bad;
  const auto groups = view.rule_groups();
  JsonWriter json;
  json.begin_array();
  std::string next;
  std::size_t written = 0;
  bool started = filter.next_token.empty();
  for (const RuleGroupView& group : groups) {
    started = started || token_of(group) == filter.next_token;
    if (!started || !listed(filter.groups, group.name) || !listed(filter.files, group.file)) continue;
    std::vector<const RuleView*> kept;
    for (const RuleView& rule : group.rules) {
      if (filter.keeps(rule)) kept.push_back(&rule);
    }
    if (kept.empty()) continue;
    if (filter.group_limit > 0 && written == filter.group_limit) {
      next = token_of(group);
      break;
    }
    ++written;
    write_group(json, group, kept, filter.with_alerts);
  }
  json.end_array();
  if (!started) {
    return answer_bad_parameter(
        "group_next_token",
        format("invalid group_next_token '{}'. were rule groups changed?", filter.next_token));
  }
  return answer_success([&](JsonWriter& out) {
    out.begin_object().key("groups").raw(json.text());
    if (!next.empty()) out.key("groupNextToken").string(next);
    out.end_object();
  });
}

Answer alerts(const View& view) {
  return answer_success([&view](JsonWriter& json) {
    json.begin_object().key("alerts").begin_array();
    for (const RuleGroupView& group : view.rule_groups()) {
      for (const RuleView& rule : group.rules) {
        for (const RuleAlertView& alert : rule.alerts) write_alert(json, alert);
      }
    }
    json.end_array().end_object();
  });
}

Answer alertmanagers(const View& view) {
  return answer_success([&view](JsonWriter& json) {
    json.begin_object().key("activeAlertmanagers").begin_array();
    for (const std::string& url : view.alertmanagers()) {
      json.begin_object().key("url").string(url).end_object();
    }
    json.end_array().key("droppedAlertmanagers").begin_array().end_array().end_object();
  });
}

}  // namespace

std::optional<Answer> handle_state_api(std::string_view rest, const HttpRequest& request, const View& view,
                                       const ApiOptions&) {
  if (rest == "/targets") return targets(request, view);
  if (rest == "/targets/metadata") return target_metadata(request, view);
  if (rest == "/scrape_pools") return scrape_pools(view);
  if (rest == "/metadata") return metadata(request, view);
  if (rest == "/rules") return rules(request, view);
  if (rest == "/alerts") return alerts(view);
  if (rest == "/alertmanagers") return alertmanagers(view);
  return std::nullopt;
}

}  // namespace tocsin::api
