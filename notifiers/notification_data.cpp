#include "notifiers/notification_data.hpp"

#include <algorithm>

#include "notifiers/notification_template.hpp"
#include "promql/labels.hpp"
#include "rules/template/functions.hpp"
#include "rules/template/regex.hpp"

namespace tocsin::notifiers {
namespace {

using templates::GoTime;
using templates::Kind;
using templates::List;
using templates::make_method;
using templates::make_type;
using templates::Map;
using templates::Type;
using templates::Value;

const Type& strings_type() {
  static const Type kType = [] {
    Type type = make_type("template.Strings", Kind::list, &templates::string_type());
    type.methods.push_back(make_method("Join", [](const Value& self, const std::string& separator) {
      std::string out;
      for (const Value& text : self.list()) {
        if (&text != &self.list().front()) out += separator;
        out += text.string();
      }
      return Value(std::move(out));
    }));
    return type;
  }();
  return kType;
}

const Type& pair_type() {
  static const Type kType =
      make_type("template.Pair", Kind::structure, nullptr,
                {{"Name", &templates::string_type(), ""}, {"Value", &templates::string_type(), ""}});
  return kType;
}

// One field of each pair.
Value column(const Value& pairs, std::size_t field) {
  List texts;
  for (const Value& pair : pairs.list()) texts.push_back(pair.field(field));
  return Value::of(strings_type(), std::move(texts));
}

std::string join_pairs(const Value& pairs) {
  std::string out;
  for (const Value& pair : pairs.list()) {
    if (!out.empty()) out += ", ";
    out += pair.field(0).string() + "=" + pair.field(1).string();
  }
  return out;
}

const Type& pairs_type() {
  static const Type kType = [] {
    Type type = make_type("template.Pairs", Kind::list, &pair_type());
    type.methods.push_back(make_method("Names", [](const Value& self) { return column(self, 0); }));
    type.methods.push_back(make_method("Values", [](const Value& self) { return column(self, 1); }));
    type.methods.push_back(make_method("String", [](const Value& self) { return Value(join_pairs(self)); }));
    return type;
  }();
  return kType;
}

// By name, but the alert's name first.
Value sorted_pairs(const Value& entries) {
  List pairs;
  const auto add = [&](const std::string& name, const Value& value) {
    pairs.push_back(Value::of(pair_type(), List{Value(name), value}));
  };
  const Map& map = entries.map();
  if (const auto name = map.find(kAlertName); name != map.end()) add(name->first, name->second);
  for (const auto& [name, value] : map) {
    if (name != kAlertName) add(name, value);
  }
  return Value::of(pairs_type(), std::move(pairs));
}

Value without(const Value& entries, const std::vector<std::string>& names) {
  Map map = entries.map();
  for (const std::string& name : names) map.erase(name);
  return Value::of(kv_type(), std::move(map));
}

const Type& alert_list_type() {
  static const Type kType = make_type("[]template.Alert", Kind::list, &alert_type());
  return kType;
}

Value with_status(const Value& alerts, std::string_view status) {
  List matching;
  for (const Value& alert : alerts.list()) {
    if (alert.field(0).string() == status) matching.push_back(alert);
  }
  return Value::of(alert_list_type(), std::move(matching));
}

template <class Pairs>
Value kv_of(const Pairs& pairs) {
  Map map;
  for (const auto& [name, value] : pairs) map.emplace(std::string(name), std::string(value));
  return Value::of(kv_type(), std::move(map));
}

Value label_kv(const Labels& labels) {
  Map map;
  for (const LabelView label : labels) map.emplace(std::string(label.name), std::string(label.value));
  return Value::of(kv_type(), std::move(map));
}

Value alert_value(const NotifiedAlert& alert) {
  return Value::of(
      alert_type(),
      List{alert.resolved ? "resolved" : "firing", label_kv(alert.labels), kv_of(alert.annotations),
           GoTime::from_wall(alert.starts_at), GoTime::from_wall(alert.ends_at), alert.generator_url,
           alert.fingerprint.to_hex(), alert.resolve_reason, alert.resolve_detail});
}

// What all alerts have with the same value.
Map common_entries(const List& alerts, std::size_t field) {
  Map common = alerts.empty() ? Map() : alerts.front().field(field).map();
  for (const Value& alert : alerts) {
    const Map entries = alert.field(field).map();
    std::erase_if(common, [&](const auto& entry) {
      const auto found = entries.find(entry.first);
      const std::string_view value = found == entries.end() ? std::string_view() : found->second.string();
      return value != entry.second.string();
    });
  }
  return common;
}

}  // namespace

const Type& kv_type() {
  static const Type kType = [] {
    Type type = make_type("template.KV", Kind::map, &templates::string_type());
    type.methods.push_back(make_method("SortedPairs", [](const Value& self) { return sorted_pairs(self); }));
    type.methods.push_back(make_method(
        "Remove",
        [](const Value& self, const std::vector<std::string>& names) { return without(self, names); }));
    type.methods.push_back(
        make_method("Names", [](const Value& self) { return column(sorted_pairs(self), 0); }));
    type.methods.push_back(
        make_method("Values", [](const Value& self) { return column(sorted_pairs(self), 1); }));
    type.methods.push_back(
        make_method("String", [](const Value& self) { return Value(join_pairs(sorted_pairs(self))); }));
    return type;
  }();
  return kType;
}

const Type& alert_type() {
  static const Type kType = make_type("template.Alert", Kind::structure, nullptr,
                                      {{"Status", &templates::string_type(), "status"},
                                       {"Labels", &kv_type(), "labels"},
                                       {"Annotations", &kv_type(), "annotations"},
                                       {"StartsAt", &templates::time_type(), "startsAt"},
                                       {"EndsAt", &templates::time_type(), "endsAt"},
                                       {"GeneratorURL", &templates::string_type(), "generatorURL"},
                                       {"Fingerprint", &templates::string_type(), "fingerprint"},
                                       {"ResolveReason", &templates::string_type(), "", true},
                                       {"ResolveDetail", &templates::string_type(), "", true}});
  return kType;
}

const Type& alerts_type() {
  static const Type kType = [] {
    Type type = make_type("template.Alerts", Kind::list, &alert_type());
    type.methods.push_back(
        make_method("Firing", [](const Value& self) { return with_status(self, "firing"); }));
    type.methods.push_back(
        make_method("Resolved", [](const Value& self) { return with_status(self, "resolved"); }));
    return type;
  }();
  return kType;
}

const Type& data_type() {
  static const Type kType =
      make_type("template.Data", Kind::structure, nullptr,
                {{"Receiver", &templates::string_type(), "receiver"},
                 {"Status", &templates::string_type(), "status"},
                 {"Alerts", &alerts_type(), "alerts"},
                 {"NotificationReason", &templates::string_type(), "notification_reason"},
                 {"GroupLabels", &kv_type(), "groupLabels"},
                 {"CommonLabels", &kv_type(), "commonLabels"},
                 {"CommonAnnotations", &kv_type(), "commonAnnotations"},
                 {"RouteLabels", &kv_type(), "routeLabels"},
                 {"ExternalURL", &templates::string_type(), "externalURL"},
                 {"routeLabelsRendered", &templates::bool_type(), ""}});
  return kType;
}

const Type& data_pointer_type() {
  static const Type kType = make_type("*template.Data", Kind::pointer, &data_type());
  return kType;
}

Value notification_data(const Notification& notification, std::size_t max_alerts) {
  const std::size_t count =
      max_alerts == 0 ? notification.alerts.size() : std::min(max_alerts, notification.alerts.size());
  List alerts;
  bool firing = false;
  for (std::size_t i = 0; i < count; ++i) {
    alerts.push_back(alert_value(notification.alerts[i]));
    firing = firing || !notification.alerts[i].resolved;
  }
  Map common_labels = common_entries(alerts, 1);
  Map common_annotations = common_entries(alerts, 2);
  return Value::pointer_to(
      data_pointer_type(),
      Value::of(data_type(),
                List{templates::regex_quote(notification.receiver), firing ? "firing" : "resolved",
                     Value::of(alerts_type(), std::move(alerts)), to_string(notification.reason),
                     label_kv(notification.group_labels), Value::of(kv_type(), std::move(common_labels)),
                     Value::of(kv_type(), std::move(common_annotations)), kv_of(notification.route_labels),
                     notification.external_url, true}));
}

}  // namespace tocsin::notifiers
