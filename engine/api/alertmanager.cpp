// Alertmanager's API v2: what posts alerts and what shows them. Field order is the order of upstream's
// generated code, so that answers compare byte for byte.
#include <algorithm>
#include <array>
#include <map>

#include "engine/api/alertmanager.hpp"
#include "engine/api/answers.hpp"
#include "engine/api/posted_alerts.hpp"
#include "engine/api/routes.hpp"
#include "engine/config/matcher_syntax.hpp"
#include "promql/ascii.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

// ---- filters

struct AlertFilter {
  std::vector<Matcher> matchers;
  std::vector<Matcher> receiver_matchers;
  std::optional<AnchoredRegex> receiver;
  bool active = true;
  bool silenced = true;
  bool inhibited = true;
  bool muted = true;
};

// An empty value asks whether the label is there at all, which a matcher alone cannot tell.
bool matches_labels(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(), [&labels](const Matcher& matcher) {
    const bool negative = matcher.type() == MatchType::not_equal || matcher.type() == MatchType::not_regex;
    if (matcher.value().empty() && negative == labels.has(matcher.name())) return true;
    return matcher.matches(labels.get(matcher.name()));
  });
}

std::optional<HttpResponse> read_receiver_matchers(const HttpRequest& request, std::vector<Matcher>& out) {
  auto matchers = parse_filter(request.parameters("receiver_matchers"));
  if (!matchers) {
    return answer_bad(format("failed to parse receiver_matchers param: {}", matchers.error().text));
  }
  out = std::move(*matchers);
  return std::nullopt;
}

std::optional<HttpResponse> read_filter(const HttpRequest& request, AlertFilter& filter) {
  auto matchers = parse_filter(request.parameters("filter"));
  if (!matchers) return answer_bad(matchers.error().text);
  filter.matchers = std::move(*matchers);
  if (const auto receiver = request.parameter("receiver"); !receiver.empty()) {
    auto regex = AnchoredRegex::compile(receiver);
    if (!regex) return answer_bad(format("failed to parse receiver param: {}", regex.error().text));
    filter.receiver = std::move(*regex);
  }
  if (auto bad = read_receiver_matchers(request, filter.receiver_matchers)) return bad;
  filter.active = read_flag(request, "active");
  filter.silenced = read_flag(request, "silenced");
  filter.inhibited = read_flag(request, "inhibited");
  filter.muted = read_flag(request, "muted");
  return std::nullopt;
}

bool keeps_alert(const AlertFilter& filter, const AlertView& alert, WallTime now) {
  if (alert.ends_at != kNoTime && alert.ends_at < now) return false;
  if (!matches_labels(filter.matchers, alert.labels)) return false;
  if (!filter.active && alert.state == "active") return false;
  if (!filter.silenced && !alert.silenced_by.empty()) return false;
  return filter.inhibited || alert.inhibited_by.empty();
}

bool keeps_receiver_name(const AlertFilter& filter, std::string_view name) {
  return !filter.receiver || filter.receiver->matches(name);
}

bool keeps_receiver_labels(const AlertFilter& filter, std::string_view name,
                           const std::vector<ReceiverView>& receivers) {
  if (filter.receiver_matchers.empty()) return true;
  return std::any_of(receivers.begin(), receivers.end(), [&](const ReceiverView& receiver) {
    return receiver.name == name && matches_labels(filter.receiver_matchers, receiver.labels);
  });
}

// The groups that a filter leaves, and of their alerts those that it leaves. As receivers of an alert only
// those of such groups count; a group that is muted is one of them, shown or not.
std::vector<AlertGroupView> filtered_groups(const AlertFilter& filter, const View& view) {
  const WallTime now = view.status().now;
  const auto known = view.receivers();
  std::vector<AlertGroupView> groups = view.alert_groups();
  std::erase_if(groups, [&](const AlertGroupView& group) {
    return !keeps_receiver_name(filter, group.receiver) ||
           !keeps_receiver_labels(filter, group.receiver, known);
  });
  std::map<Fingerprint, std::vector<std::string>> receivers;
  for (AlertGroupView& group : groups) {
    std::erase_if(group.alerts, [&](const AlertView& alert) { return !keeps_alert(filter, alert, now); });
    for (const AlertView& alert : group.alerts) receivers[alert.fingerprint].push_back(group.receiver);
  }
  for (auto& [fingerprint, names] : receivers) std::sort(names.begin(), names.end());
  for (AlertGroupView& group : groups) {
    for (AlertView& alert : group.alerts) alert.receivers = receivers.at(alert.fingerprint);
  }
  return groups;
}

// ---- documents

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array();
}

void write_alert(JsonWriter& json, const AlertView& alert) {
  json.begin_object().key("annotations").texts(alert.annotations);
  json.key("endsAt").string(format_rfc3339_milli(alert.ends_at));
  json.key("fingerprint").string(alert.fingerprint.to_hex());
  json.key("receivers").begin_array();
  for (const std::string& name : alert.receivers) json.begin_object().key("name").string(name).end_object();
  json.end_array().key("startsAt").string(format_rfc3339_milli(alert.starts_at));
  json.key("status").begin_object();
  write_names(json, "inhibitedBy", alert.inhibited_by);
  write_names(json, "mutedBy", alert.muted_by);
  write_names(json, "silencedBy", alert.silenced_by);
  json.key("state")
      .string(alert.muted_by.empty() ? std::string_view(alert.state) : "suppressed")
      .end_object();
  json.key("updatedAt").string(format_rfc3339_milli(alert.updated_at));
  if (!alert.generator_url.empty()) json.key("generatorURL").string(alert.generator_url);
  json.key("labels").labels(alert.labels).end_object();
}

Answer get_alerts(const HttpRequest& request, const View& view) {
  AlertFilter filter;
  if (auto bad = read_filter(request, filter)) return *bad;
  const WallTime now = view.status().now;
  const auto receivers = view.receivers();
  JsonWriter json;
  json.begin_array();
  for (const AlertView& alert : view.alerts()) {
    // The two filters may each be met by another receiver.
    const std::vector<std::string>& names = alert.receivers;
    const bool wanted =
        std::any_of(names.begin(), names.end(),
                    [&](const std::string& name) { return keeps_receiver_name(filter, name); }) &&
        std::any_of(names.begin(), names.end(),
                    [&](const std::string& name) { return keeps_receiver_labels(filter, name, receivers); });
    if (wanted && keeps_alert(filter, alert, now)) write_alert(json, alert);
  }
  json.end_array();
  return answer_json(json.take());
}

Answer get_groups(const HttpRequest& request, const View& view) {
  AlertFilter filter;
  if (auto bad = read_filter(request, filter)) return *bad;
  JsonWriter json;
  json.begin_array();
  for (const AlertGroupView& group : filtered_groups(filter, view)) {
    if (group.alerts.empty() || (group.muted && !filter.muted)) continue;
    json.begin_object().key("alerts").begin_array();
    for (const AlertView& alert : group.alerts) write_alert(json, alert);
    json.end_array().key("labels").labels(group.labels);
    json.key("receiver").begin_object().key("name").string(group.receiver).end_object();
    json.key("routeLabels").labels(group.route_labels).end_object();
  }
  json.end_array();
  return answer_json(json.take());
}

Answer get_receivers(const HttpRequest& request, const View& view) {
  std::vector<Matcher> matchers;
  if (auto bad = read_receiver_matchers(request, matchers)) return *bad;
  JsonWriter json;
  json.begin_array();
  for (const ReceiverView& receiver : view.receivers()) {
    if (!matches_labels(matchers, receiver.labels)) continue;
    json.begin_object();
    if (!receiver.labels.empty()) json.key("labels").labels(receiver.labels);
    json.key("name").string(receiver.name).end_object();
  }
  json.end_array();
  return answer_json(json.take());
}

Answer get_status(const View& view) {
  const StatusView status = view.status();
  JsonWriter json;
  json.begin_object().key("cluster").begin_object().key("peers").begin_array().end_array();
  json.key("status").string("disabled").end_object();
  json.key("config").begin_object().key("original").string(status.alertmanager_config).end_object();
  json.key("uptime").string(format_rfc3339_milli(status.started)).key("versionInfo").begin_object();
  for (const std::string_view name : {"branch", "buildDate", "buildUser", "goVersion", "revision"}) {
    json.key(name).string("");
  }
  json.key("version").string(status.version).end_object().end_object();
  return answer_json(json.take());
}

}  // namespace

HttpResponse answer_bad(std::string_view text) {
  JsonWriter json;
  json.string(text);
  return answer_json(json.take(), 400);
}

HttpResponse answer_method(std::string_view method, std::string_view allowed) {
  HttpResponse response = answer_json(
      format(R"({{"code":405,"message":"method {} is not allowed, but [{}] are"}})", method, allowed), 405);
  response.body.pop_back();  // upstream's framework writes this one without a newline
  response.headers.push_back({"Allow", std::string(allowed)});
  return response;
}

Result<std::vector<Matcher>> parse_filter(const std::vector<std::string_view>& texts) {
  std::vector<Matcher> matchers;
  for (const std::string_view text : texts) {
    auto matcher = config::parse_matcher(text);
    if (!matcher) return matcher.error();
    matchers.push_back(std::move(*matcher));
  }
  return matchers;
}

bool read_flag(const HttpRequest& request, std::string_view name) {
  static constexpr auto kYes = std::to_array<std::string_view>(
      {"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"});
  const auto values = request.parameters(name);
  if (values.empty() || values.back().empty()) return true;
  return std::ranges::find(kYes, ascii_lower(values.back())) != kYes.end();
}

std::optional<Answer> handle_alertmanager_api(std::string_view rest, const HttpRequest& request,
                                              const View& view) {
  const bool read = request.method == "GET" || request.method == "HEAD";
  if (rest == "/alerts") {
    if (read) return get_alerts(request, view);
    if (request.method == "POST") return read_posted_alerts(request, view);
    return answer_method(request.method, "GET,POST");
  }
  if (rest == "/silences" || rest.starts_with("/silence/")) return handle_silences(rest, request, view);
  const bool known = rest == "/alerts/groups" || rest == "/receivers" || rest == "/status";
  if (!known) return std::nullopt;
  if (!read) return answer_method(request.method, "GET");
  if (rest == "/alerts/groups") return get_groups(request, view);
  if (rest == "/receivers") return get_receivers(request, view);
  return get_status(view);
}

}  // namespace tocsin::api
