// Alertmanager's template functions (its template/template.go) and the execution of a field's text.
#include "notifiers/notification_template.hpp"

#include <algorithm>
#include <set>

#include "notifiers/default_templates.hpp"
#include "promql/format.hpp"
#include "rules/template/base64.hpp"
#include "rules/template/escape.hpp"
#include "rules/template/humanize.hpp"
#include "rules/template/json.hpp"
#include "rules/template/regex.hpp"
#include "rules/template/unicode.hpp"

namespace tocsin::notifiers {
namespace {

using templates::Any;
using templates::FunctionMap;
using templates::GoTime;
using templates::Html;
using templates::List;
using templates::Map;
using templates::Rest;
using templates::TemplateSet;
using templates::Url;
using templates::Value;

// Parameters []interface {}.
struct AnyList {
  List elements;
};

}  // namespace
}  // namespace tocsin::notifiers

template <>
struct tocsin::templates::binding::Convert<tocsin::notifiers::AnyList> {
  static const Type& type() { return anys_type(); }
  static tocsin::notifiers::AnyList from(const Value& value) { return {value.list()}; }
};

namespace tocsin::notifiers {
namespace {

std::string join(const std::string& separator, const std::vector<std::string>& texts) {
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += separator;
    out += texts[i];
  }
  return out;
}

void add_text_functions(FunctionMap& functions) {
  functions.add("toUpper", [](const std::string& text) { return templates::to_upper(text); });
  functions.add("toLower", [](const std::string& text) { return templates::to_lower(text); });
  functions.add("title",
                [](const std::string& text) { return templates::title(text, templates::TitleRest::lower); });
  functions.add("trimSpace",
                [](const std::string& text) { return std::string(templates::trim_space(text)); });
  functions.add("join", join);
  functions.add("match", [](const std::string& pattern, const std::string& text) {
    return templates::regex_match(pattern, text);
  });
  functions.add("reReplaceAll",
                [](const std::string& pattern, const std::string& replacement, const std::string& text) {
                  return templates::regex_replace_all(pattern, replacement, text);
                });
  functions.add("safeHtml", [](std::string text) { return Html{std::move(text)}; });
  functions.add("safeUrl", [](std::string text) { return Url{std::move(text)}; });
  functions.add("urlUnescape", [](const std::string& text) { return templates::query_unescape(text); });
  functions.add("stringSlice", [](const Rest<std::string>& texts) { return texts.values; });
  functions.add("toJson", [](const Any& any) { return templates::to_json(any.value); });
  functions.add("base64encode", [](const std::string& text) { return templates::base64_url_encode(text); });
  functions.add("base64decode", [](const std::string& text) { return templates::base64_url_decode(text); });
}

void add_time_functions(FunctionMap& functions) {
  functions.add("date", [](const std::string& layout, const GoTime& time) { return time.format(layout); });
  functions.add("tz", [](const std::string& name, const GoTime& time) -> Result<Value> {
    const auto zone = templates::Zone::load(name);
    if (!zone) return zone.error();
    return Value(time.in(*zone));
  });
  functions.add("toDate", [](const std::string& layout, const std::string& text) {
    const auto time = GoTime::parse(layout, text);
    return Value(time ? *time : GoTime::zero());
  });
  functions.add("mustToDate", [](const std::string& layout, const std::string& text) -> Result<Value> {
    const auto time = GoTime::parse(layout, text);
    if (!time) return time.error();
    return Value(*time);
  });
  functions.add("humanizeDuration", [](const Any& any) -> Result<std::string> {
    const auto seconds = templates::to_float(any.value);
    if (!seconds) return seconds.error();
    return templates::humanize_duration(*seconds);
  });
}

List unwrap(const Rest<Any>& rest) {
  List list;
  for (const Any& any : rest.values) list.push_back(any.value);
  return list;
}

Result<Value> make_dict(const Rest<Any>& rest) {
  if (rest.values.size() % 2 != 0) return Error("dict requires an even number of arguments");
  Map map;
  for (std::size_t i = 0; i < rest.values.size(); i += 2) {
    const Value& key = rest.values[i].value;
    if (!key.valid() || &key.type() != &templates::string_type()) return Error("dict keys must be strings");
    map.insert_or_assign(key.string(), rest.values[i + 1].value);
  }
  return Value::any_map(std::move(map));
}

void add_list_functions(FunctionMap& functions) {
  functions.add("list", [](const Rest<Any>& rest) { return Value::anys(unwrap(rest)); });
  functions.add("append", [](const AnyList& list, const Rest<Any>& rest) {
    List elements = list.elements;
    for (const Any& any : rest.values) elements.push_back(any.value);
    return Value::anys(std::move(elements));
  });
  functions.add("dict", make_dict);
}

// Known to the parser; what is called is bound for each execution.
void add_bound_names(FunctionMap& functions) {
  functions.add("now", [] { return Value(); });
  functions.add("since", [](const GoTime&) { return Value(); });
  functions.add("routeLabels", [](const std::string&) { return Value(""); });
}

FunctionMap time_bound_functions(WallTime now) {
  FunctionMap functions;
  // time.Now() is a time of the machine's zone.
  functions.add("now", [now] { return Value(GoTime::from_wall(now).in(templates::Zone::local())); });
  functions.add("since", [now](const GoTime& time) { return Value(GoTime::from_wall(now).minus(time)); });
  return functions;
}

Result<std::string> execute_with(const TemplateSet& set, std::string_view text, const Value& data,
                                 const FunctionMap& bound) {
  if (text.empty()) return std::string();
  const auto compiled = set.compile("", text);
  if (!compiled) return compiled.error();
  return compiled->execute(data, &bound);
}

// Renders route labels that refer to each other, each at most once, and finds cycles.
class RouteLabelResolver {
 public:
  RouteLabelResolver(const TemplateSet& set, const std::map<std::string, std::string>& labels,
                     const Value& data, WallTime now)
      : set_(set), labels_(labels), data_(data), bound_(time_bound_functions(now)) {
    bound_.add("routeLabels", [this](const std::string& name) { return resolve(name); });
  }
  RouteLabelResolver(const RouteLabelResolver&) = delete;
  RouteLabelResolver& operator=(const RouteLabelResolver&) = delete;

  Result<std::string> resolve(const std::string& name) {
    const auto label = labels_.find(name);
    if (label == labels_.end()) return std::string();
    if (const auto known = rendered_.find(name); known != rendered_.end()) return known->second;
    const bool cycle = std::find(in_progress_.begin(), in_progress_.end(), name) != in_progress_.end();
    in_progress_.push_back(name);
    if (cycle) {
      const Error error("route label cycle detected: " + join(" -> ", in_progress_));
      in_progress_.pop_back();
      return error;
    }
    auto text = execute_with(set_, label->second, data_, bound_);
    in_progress_.pop_back();
    if (text) rendered_.emplace(name, *text);
    return text;
  }

 private:
  const TemplateSet& set_;
  const std::map<std::string, std::string>& labels_;
  const Value& data_;
  FunctionMap bound_;
  std::map<std::string, std::string> rendered_;
  std::vector<std::string> in_progress_;
};

}  // namespace

TemplateSet notification_templates() {
  FunctionMap functions;
  add_text_functions(functions);
  add_time_functions(functions);
  add_list_functions(functions);
  add_bound_names(functions);
  TemplateSet set(std::move(functions), templates::MissingKey::zero);
  // The defaults are part of the program: that they parse is a matter of its tests.
  set.add("", default_templates()).value();
  return set;
}

Result<std::string> execute_text(const TemplateSet& set, std::string_view text,
                                 const Notification& notification, const Value& data) {
  // Most fields hold no action; what they say is what they are.
  if (text.find("{{") == text.npos) return std::string(text);
  FunctionMap bound = time_bound_functions(notification.now);
  bound.add("routeLabels", [&notification](const std::string& name) {
    const auto found = notification.route_labels.find(name);
    return found == notification.route_labels.end() ? std::string() : found->second;
  });
  return execute_with(set, text, data, bound);
}

std::map<std::string, std::string> render_route_labels(const TemplateSet& set,
                                                       const std::map<std::string, std::string>& labels,
                                                       const Notification& notification,
                                                       std::vector<RouteLabelError>& errors) {
  Notification unrendered = notification;
  unrendered.route_labels = labels;
  unrendered.reason = NotifyReason::unknown;
  const Value data = notification_data(unrendered);
  RouteLabelResolver resolver(set, labels, data, notification.now);
  std::map<std::string, std::string> rendered;
  for (const auto& [name, value] : labels) {
    auto text = resolver.resolve(name);
    if (text) {
      rendered.emplace(name, std::move(*text));
    } else {
      errors.push_back({name, text.error().text});
    }
  }
  return rendered;
}

}  // namespace tocsin::notifiers
