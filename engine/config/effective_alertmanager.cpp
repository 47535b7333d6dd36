#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "engine/config/effective.hpp"
#include "engine/config/matcher_syntax.hpp"
#include "engine/config/receiver_reader.hpp"
#include "engine/config/secrets.hpp"
#include "promql/format.hpp"

namespace tocsin::config {
namespace {

using notifiers::FieldSpec;
using notifiers::FieldType;

YamlValue to_yaml(const templates::Value& boxed) {
  const templates::Value value = boxed.indirect();
  switch (value.kind()) {
    case templates::Kind::boolean:
      return YamlValue::bare(value.boolean() ? "true" : "false");
    case templates::Kind::integer:
      return YamlValue::bare(std::to_string(value.integer()));
    case templates::Kind::unsigned_integer:
      return YamlValue::bare(std::to_string(value.unsigned_integer()));
    case templates::Kind::floating:
      return YamlValue::bare(format("{}", value.floating()));
    case templates::Kind::string:
      return YamlValue::text(value.string());
    case templates::Kind::list: {
      YamlValue out = YamlValue::list();
      for (const templates::Value& element : value.list()) out.add(to_yaml(element));
      return out;
    }
    case templates::Kind::map: {
      YamlValue out = YamlValue::map();
      for (const auto& [key, entry] : value.map()) out.set(key, to_yaml(entry));
      return out;
    }
    default:
      return YamlValue::bare("null");
  }
}

void add_settings(YamlValue& out, const notifiers::Settings& settings, const std::vector<FieldSpec>& fields);

YamlValue object_value(const notifiers::Settings& settings, const std::vector<FieldSpec>& fields) {
  YamlValue out = YamlValue::map();
  add_settings(out, settings, fields);
  return out;
}

void add_field(YamlValue& out, const notifiers::Settings& settings, const FieldSpec& field) {
  // Upstream shows flags and time-outs also when they are off.
  const bool always = field.type == FieldType::boolean || field.type == FieldType::duration;
  if (!settings.has(field.name) && !always) return;
  if (field.is_secret()) {
    if (settings.has_text(field.name)) out.set(field.name, kSecretToken);
    return;
  }
  switch (field.type) {
    case FieldType::boolean:
    case FieldType::optional_boolean:
      out.set_flag(field.name, settings.flag(field.name));
      return;
    case FieldType::duration:
      out.set(field.name, format_go_duration(settings.duration(field.name)));
      return;
    case FieldType::url:
      // Upstream shows a password in these; nothing is lost without it.
      out.set_some(field.name, redacted(settings.text(field.name)));
      return;
    case FieldType::object:
      for (const notifiers::Settings& object : settings.objects(field.name)) {
        out.set(field.name, object_value(object, field.fields));
      }
      return;
    case FieldType::object_list: {
      YamlValue list = YamlValue::list();
      for (const notifiers::Settings& object : settings.objects(field.name))
        list.add(object_value(object, field.fields));
      out.set_some(field.name, std::move(list));
      return;
    }
    default:
      if (settings.has_text(field.name) || field.type == FieldType::data ||
          field.type == FieldType::data_map || field.type == FieldType::text_list ||
          field.type == FieldType::integer || field.type == FieldType::count) {
        out.set(field.name, to_yaml(settings.value(field.name)));
      }
  }
}

void add_settings(YamlValue& out, const notifiers::Settings& settings, const std::vector<FieldSpec>& fields) {
  for (const FieldSpec& field : fields) add_field(out, settings, field);
}

YamlValue http_value(const HttpClientConfig& client) {
  YamlValue out = YamlValue::map();
  add_http_client(out, client);
  return out;
}

YamlValue global_value(const AlertmanagerGlobal& global, const yaml::Node* written) {
  YamlValue out = YamlValue::map();
  out.set("resolve_timeout", format_duration(global.resolve_timeout));
  out.set("http_config", http_value(*global.http));
  const YamlValue masked = written == nullptr ? YamlValue::map() : YamlValue::of(*written, "global");
  for (const std::string_view key : service_global_keys()) {
    const FieldSpec* served = nullptr;
    for (const notifiers::Service& service : notifiers::services()) {
      const auto field = std::ranges::find(service.table.global_fields, key, &FieldSpec::name);
      if (field != service.table.global_fields.end()) served = &*field;
    }
    if (served != nullptr) {
      add_field(out, global.services, *served);
    } else if (const YamlValue* value = masked.find(key)) {
      out.set(key, *value);
    }
  }
  return out;
}

// Upstream's order of a receiver's keys.
constexpr std::array<std::string_view, 18> kReceiverKeys = {
    "discord_configs", "email_configs",      "incidentio_configs", "pagerduty_configs", "slack_configs",
    "webhook_configs", "opsgenie_configs",   "wechat_configs",     "pushover_configs",  "victorops_configs",
    "sns_configs",     "telegram_configs",   "webex_configs",      "msteams_configs",   "msteamsv2_configs",
    "jira_configs",    "rocketchat_configs", "mattermost_configs"};

YamlValue integrations_value(const Receiver& receiver, const notifiers::Service& service) {
  YamlValue list = YamlValue::list();
  for (const Integration& integration : receiver.integrations) {
    if (integration.service != &service) continue;
    YamlValue one = YamlValue::map();
    one.set_flag("send_resolved", integration.send_resolved);
    one.set("http_config", http_value(*integration.http));
    add_settings(one, integration.settings, service.table.fields);
    list.add(std::move(one));
  }
  return list;
}

YamlValue receiver_value(const Receiver& receiver, const yaml::Node* written) {
  YamlValue out = YamlValue::map();
  out.set("name", receiver.name);
  out.set("labels", YamlValue::texts(receiver.labels));
  for (const std::string_view key : kReceiverKeys) {
    const auto service = std::ranges::find_if(
        notifiers::services(),
        [&](const notifiers::Service& candidate) { return candidate.table.config_key == key; });
    const yaml::Node* node = written == nullptr ? nullptr : written->find(key);
    if (service != notifiers::services().end()) {
      out.set_some(key, integrations_value(receiver, *service));
    } else if (node != nullptr) {
      out.set(key, YamlValue::of(*node, key));
    }
  }
  return out;
}

const yaml::Node* written_receiver(const yaml::Node& root, const Receiver& receiver) {
  const yaml::Node* list = root.find("receivers");
  if (list == nullptr) return nullptr;
  const auto found = std::ranges::find(list->items, receiver.position, &yaml::Node::position);
  return found == list->items.end() ? nullptr : *found;
}

// Values that upstream decodes into text, whatever they look like.
YamlValue texts_of(const yaml::Node& node) {
  if (node.kind == yaml::NodeKind::scalar) return YamlValue::text(node.value);
  YamlValue out = node.kind == yaml::NodeKind::sequence ? YamlValue::list() : YamlValue::map();
  for (const yaml::Node* item : node.items) out.add(texts_of(*item));
  std::map<std::string_view, const yaml::Node*> sorted;
  for (const yaml::Entry& entry : node.entries) sorted.emplace(entry.key->value, entry.value);
  for (const auto& [key, value] : sorted) out.set(key, texts_of(*value));
  return out;
}

YamlValue matchers_value(const yaml::Node& node) {
  std::vector<Matcher> matchers;
  for (const yaml::Node* item : node.items) {
    Result<ParsedMatchers> parsed = parse_matchers(item->value);
    if (!parsed) continue;
    for (Matcher& matcher : parsed->matchers) matchers.push_back(std::move(matcher));
  }
  sort_matchers(matchers);
  YamlValue out = YamlValue::list();
  for (const Matcher& matcher : matchers) out.add(YamlValue::text(print_matcher(matcher)));
  return out;
}

// Adds what was written under the keys, in upstream's order and spelling.
void add_texts(YamlValue& out, const yaml::Node& node, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const yaml::Node* value = node.find(key);
    if (value == nullptr || yaml::is_null(*value, yaml::Dialect::v2)) continue;
    out.set_some(key, key.ends_with("matchers") ? matchers_value(*value) : texts_of(*value));
  }
}

YamlValue route_value(const Route& route, const yaml::Node& node) {
  YamlValue out = YamlValue::map();
  add_texts(out, node,
            {"receiver", "group_by", "match", "match_re", "matchers", "mute_time_intervals",
             "active_time_intervals"});
  out.set_flag("continue", route.continue_matching);
  const yaml::Node* children = node.find("routes");
  YamlValue routes = YamlValue::list();
  for (std::size_t i = 0; i < route.routes.size() && children != nullptr; ++i) {
    routes.add(route_value(route.routes[i], *children->items[i]));
  }
  out.set_some("routes", std::move(routes));
  const auto wait = [&](std::string_view key, Duration duration) {
    const yaml::Node* value = node.find(key);
    if (value != nullptr && !yaml::is_null(*value, yaml::Dialect::v2))
      out.set(key, format_duration(duration));
  };
  wait("group_wait", route.options.group_wait);
  wait("group_interval", route.options.group_interval);
  wait("repeat_interval", route.options.repeat_interval);
  add_texts(out, node, {"labels"});
  return out;
}

YamlValue inhibit_rules_value(const yaml::Node& node) {
  YamlValue out = YamlValue::list();
  for (const yaml::Node* item : node.items) {
    YamlValue rule = YamlValue::map();
    add_texts(rule, *item,
              {"name", "source_match", "source_match_re", "source_matchers", "target_match",
               "target_match_re", "target_matchers", "equal"});
    out.add(std::move(rule));
  }
  return out;
}

YamlValue ranges_value(const std::optional<std::vector<InclusiveRange>>& ranges,
                       std::span<const std::string_view> names) {
  YamlValue out = YamlValue::flow_list();
  if (!ranges) return out;
  const auto name = [&](int member) {
    return names.empty() ? std::to_string(member) : std::string(names[static_cast<std::size_t>(member)]);
  };
  for (const InclusiveRange& range : *ranges) {
    out.add(YamlValue::text(range.begin == range.end ? name(range.begin)
                                                     : name(range.begin) + ":" + name(range.end)));
  }
  return out;
}

YamlValue interval_value(const TimeInterval& interval) {
  static constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                                "thursday", "friday", "saturday"};
  YamlValue out = YamlValue::map();
  YamlValue times = YamlValue::list();
  if (interval.times) {
    for (const MinuteRange& range : *interval.times) {
      YamlValue one = YamlValue::map();
      one.set("start_time", format("{:02}:{:02}", range.begin / 60, range.begin % 60));
      one.set("end_time", format("{:02}:{:02}", range.end / 60, range.end % 60));
      times.add(std::move(one));
    }
  }
  out.set_some("times", std::move(times));
  out.set_some("weekdays", ranges_value(interval.weekdays, kWeekdays));
  out.set_some("days_of_month", ranges_value(interval.days_of_month, {}));
  out.set_some("months", ranges_value(interval.months, {}));
  out.set_some("years", ranges_value(interval.years, {}));
  out.set_some("location", interval.location);
  return out;
}

// The intervals that came from one of the two lists: those of mute_time_intervals stand first.
YamlValue intervals_value(std::span<const NamedTimeIntervals> named) {
  YamlValue out = YamlValue::list();
  for (const NamedTimeIntervals& entry : named) {
    YamlValue one = YamlValue::map();
    one.set("name", entry.name);
    YamlValue intervals = YamlValue::list();
    for (const TimeInterval& interval : entry.intervals) intervals.add(interval_value(interval));
    one.set("time_intervals", std::move(intervals));
    out.add(std::move(one));
  }
  return out;
}

void add_time_intervals(YamlValue& out, const AlertmanagerConfig& config, const yaml::Node& root) {
  const yaml::Node* mute = root.find("mute_time_intervals");
  std::size_t muted = 0;
  for (std::size_t i = 0; mute != nullptr && i < mute->items.size(); ++i) {
    if (!yaml::is_null(*mute->items[i], yaml::Dialect::v2)) ++muted;
  }
  const std::span<const NamedTimeIntervals> all = config.time_intervals;
  out.set_some("mute_time_intervals", intervals_value(all.first(std::min(muted, all.size()))));
  out.set_some("time_intervals", intervals_value(all.subspan(std::min(muted, all.size()))));
}

}  // namespace

std::string effective_yaml(const AlertmanagerConfig& config, const yaml::Node* root) {
  if (root == nullptr) return {};
  YamlValue out = YamlValue::map();
  out.set("global", global_value(config.global, root->find("global")));
  if (const yaml::Node* route = root->find("route")) out.set("route", route_value(config.route, *route));
  if (const yaml::Node* rules = root->find("inhibit_rules"))
    out.set_some("inhibit_rules", inhibit_rules_value(*rules));
  YamlValue receivers = YamlValue::list();
  for (const Receiver& receiver : config.receivers)
    receivers.add(receiver_value(receiver, written_receiver(*root, receiver)));
  out.set_some("receivers", std::move(receivers));
  out.set("templates", YamlValue::texts(config.template_patterns));
  add_time_intervals(out, config, *root);
  for (const std::string_view key : {"tracing", "event_recorder"}) {
    const yaml::Node* node = root->find(key);
    if (node != nullptr && !yaml::is_null(*node, yaml::Dialect::v2)) out.set(key, YamlValue::of(*node, key));
  }
  return out.print();
}

}  // namespace tocsin::config
