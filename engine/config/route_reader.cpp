#include "engine/config/route_reader.hpp"

#include <algorithm>
#include <utility>

#include "engine/config/matcher_syntax.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"

namespace tocsin::config {
namespace {

using yaml::MapReader;

bool is_label_name(std::string_view name) {
  return !name.empty() && is_valid_utf8(name);
}

// `matchers`: a list of texts, each with one or more matchers.
void read_matchers(MapReader& map, std::string_view key, std::vector<Matcher>& out) {
  for (const yaml::Node* item : map.list(key)) {
    const Result<std::string> text = yaml::to_string(map.scope(), *item);
    Result<ParsedMatchers> parsed = text ? parse_matchers(*text) : Result<ParsedMatchers>(text.error());
    if (!parsed) {
      map.scope().error(*item, format("{}: {}, expected a form such as severity=\"critical\"",
                                      map.subject_of(key), parsed.error().text));
      continue;
    }
    if (!parsed->suggestion.empty()) {
      Diagnostic diagnostic;
      diagnostic.position = item->position;
      diagnostic.severity = Severity::warning;
      diagnostic.text =
          format("{}: read in the classic syntax, which upstream is moving away from", map.subject_of(key));
      diagnostic.fix = parsed->suggestion;
      map.scope().add(std::move(diagnostic));
    }
    for (Matcher& matcher : parsed->matchers) out.push_back(std::move(matcher));
  }
}

// `match` and `match_re`: label names to values.
void read_match(MapReader& map, std::string_view key, MatchType type, std::vector<Matcher>& out) {
  std::map<std::string, std::string> pairs;
  const yaml::Node* node = map.value(key);
  if (node == nullptr || !map.string_map(key, pairs)) return;
  for (const auto& [name, value] : pairs) {
    const yaml::Node* found = node->find(name);
    const yaml::Node* at = found == nullptr ? node : found;
    if (!is_classic_label_name(name)) {
      map.scope().error(*at, format("{}: invalid label name \"{}\"", map.subject_of(key), name));
      continue;
    }
    if (type == MatchType::regex && yaml::is_null(*at, yaml::Dialect::v2)) {
      map.scope().error(
          *at, format("{}: {}: expected a regular expression, found nothing", map.subject_of(key), name));
      continue;
    }
    Result<Matcher> matcher = Matcher::make(type, name, value);
    if (matcher) {
      out.push_back(*std::move(matcher));
    } else {
      map.scope().error(*at, format("{}: {}: {}", map.subject_of(key), name, matcher.error().text));
    }
  }
}

class RouteReader {
 public:
  RouteReader(const yaml::Scope& scope, const RouteNames& names) : scope_(scope), names_(names) {}

  Route read(const yaml::Node& node, const RouteOptions& inherited, bool root) {
    MapReader map(scope_, node, "route");
    Route route;
    route.position = node.position;
    route.options = inherited;
    read_receiver(map, route.options, root);
    read_match(map, "match", MatchType::equal, route.matchers);
    read_match(map, "match_re", MatchType::regex, route.matchers);
    read_matchers(map, "matchers", route.matchers);
    sort_matchers(route.matchers);
    map.boolean("continue", route.continue_matching);
    read_group_by(map, route.options);
    read_waits(map, route.options);
    read_labels(map, route.options);
    read_intervals(map, "mute_time_intervals", route.mute_time_intervals);
    read_intervals(map, "active_time_intervals", route.active_time_intervals);
    if (root) check_root(map, route);
    for (const yaml::Node* child : map.list("routes")) {
      if (yaml::is_null(*child, yaml::Dialect::v2)) {
        scope_.error(*child, "route: routes: expected a route, found nothing");
      } else {
        route.routes.push_back(read(*child, route.options, false));
      }
    }
    map.finish();
    route.index = next_index_++;
    return route;
  }

 private:
  void read_receiver(MapReader& map, RouteOptions& options, bool root) {
    std::string receiver;
    map.string("receiver", receiver);
    if (receiver.empty()) {
      if (root) map.error_here("the root route must have a receiver");
      return;
    }
    options.receiver = receiver;
    if (std::ranges::find(names_.receivers, receiver) == names_.receivers.end()) {
      scope_.error(map.position_of_value("receiver"), format("route: undefined receiver \"{}\"{}", receiver,
                                                             did_you_mean(receiver, names_.receivers)));
    }
  }

  // A list that is given replaces the parent's, an empty one too; "..." groups by all labels.
  void read_group_by(MapReader& map, RouteOptions& options) {
    std::vector<std::string> labels;
    if (map.value("group_by") == nullptr || !map.strings("group_by", labels)) return;
    const bool all = std::erase(labels, "...") > 0;
    if (all && !labels.empty())
      map.error("group_by", "cannot have \"...\" and other labels at the same time");
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (!is_label_name(labels[i])) map.error("group_by", format("invalid label name \"{}\"", labels[i]));
      if (std::find(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(i), labels[i]) !=
          labels.begin() + static_cast<std::ptrdiff_t>(i)) {
        map.error("group_by", format("label \"{}\" is given twice", labels[i]));
      }
    }
    options.group_by_all = all;
    if (all) return;
    std::ranges::sort(labels);
    options.group_by = std::move(labels);
  }

  static void read_waits(MapReader& map, RouteOptions& options) {
    map.value("group_wait") == nullptr ? map.known("group_wait")
                                       : static_cast<void>(map.duration("group_wait", options.group_wait));
    const auto positive = [&](std::string_view key, Duration& out) {
      if (map.value(key) == nullptr) return;
      if (map.duration(key, out) && out == Duration{}) {
        map.error(key, format("{} cannot be zero, expected a form such as \"5m\"", key));
      }
    };
    positive("group_interval", options.group_interval);
    positive("repeat_interval", options.repeat_interval);
  }

  void read_labels(MapReader& map, RouteOptions& options) {
    std::map<std::string, std::string> labels;
    if (!map.string_map("labels", labels)) return;
    for (auto& [name, value] : labels) {
      if (!is_label_name(name)) map.error("labels", format("invalid label name \"{}\"", name));
      options.labels.insert_or_assign(name, std::move(value));
    }
  }

  void read_intervals(MapReader& map, std::string_view key, std::vector<std::string>& out) {
    if (!map.strings(key, out)) return;
    const std::vector<const yaml::Node*>& items = map.value(key)->items;
    for (std::size_t i = 0; i < out.size() && i < items.size(); ++i) {
      if (std::ranges::find(names_.time_intervals, out[i]) == names_.time_intervals.end()) {
        scope_.error(*items[i], format("route: {}: undefined time interval \"{}\"{}", key, out[i],
                                       did_you_mean(out[i], names_.time_intervals)));
      }
    }
  }

  // The root takes every alert, always.
  static void check_root(MapReader& map, const Route& route) {
    for (const std::string_view key : {"match", "match_re", "matchers"}) {
      const yaml::Node* node = map.value(key);
      if (node != nullptr && !(node->entries.empty() && node->items.empty())) {
        map.scope().error(map.position_of_key(key),
                          "route: the root route must not have any matchers, put them into a route below");
      }
    }
    for (const std::string_view key : {"mute_time_intervals", "active_time_intervals"}) {
      const yaml::Node* node = map.value(key);
      if (node != nullptr && !node->items.empty()) {
        map.scope().error(map.position_of_key(key), format("route: the root route must not have {}", key));
      }
    }
    if (route.continue_matching) map.error("continue", "the root route cannot continue");
  }

  const yaml::Scope& scope_;
  const RouteNames& names_;
  int next_index_ = 0;
};

}  // namespace

Route read_root_route(const yaml::Scope& scope, const yaml::Node& node, const RouteNames& names) {
  return RouteReader(scope, names).read(node, RouteOptions(), true);
}

InhibitRule read_inhibit_rule(const yaml::Scope& scope, const yaml::Node& node, const std::string& subject) {
  InhibitRule rule;
  rule.position = node.position;
  if (yaml::is_null(node, yaml::Dialect::v2)) return rule;
  MapReader map(scope, node, subject);
  map.string("name", rule.name);
  if (!rule.name.empty()) map.set_subject(format("{} \"{}\"", subject, rule.name));
  read_match(map, "source_match", MatchType::equal, rule.source_matchers);
  read_match(map, "source_match_re", MatchType::regex, rule.source_matchers);
  read_matchers(map, "source_matchers", rule.source_matchers);
  read_match(map, "target_match", MatchType::equal, rule.target_matchers);
  read_match(map, "target_match_re", MatchType::regex, rule.target_matchers);
  read_matchers(map, "target_matchers", rule.target_matchers);
  map.strings("equal", rule.equal);
  for (const std::string& label : rule.equal) {
    if (!is_label_name(label)) map.error("equal", format("invalid label name \"{}\"", label));
  }
  map.finish();
  return rule;
}

}  // namespace tocsin::config
