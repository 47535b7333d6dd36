// Alertmanager's API v2: what posts alerts and what shows them. Field order is the order of upstream's
// generated code, so that answers compare byte for byte.
#include <algorithm>

#include "engine/api/alertmanager.hpp"
#include "engine/api/answers.hpp"
#include "engine/api/posted_alerts.hpp"
#include "engine/api/routes.hpp"
#include "engine/config/matcher_syntax.hpp"
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

std::optional<HttpResponse> read_filter(const HttpRequest& request, AlertFilter& filter) {
  auto matchers = parse_filter(request.parameters("filter"));
  if (!matchers) return answer_bad(matchers.error().text);
  filter.matchers = std::move(*matchers);
  if (const auto receiver = request.parameter("receiver"); !receiver.empty()) {
    auto regex = AnchoredRegex::compile(receiver);
    if (!regex) return answer_bad(format("failed to parse receiver param: {}", regex.error().text));
    filter.receiver = std::move(*regex);
  }
  auto receiver_matchers = parse_filter(request.parameters("receiver_matchers"));
  if (!receiver_matchers) {
    return answer_bad(format("failed to parse receiver_matchers param: {}", receiver_matchers.error().text));
  }
  filter.receiver_matchers = std::move(*receiver_matchers);
  // Upstream's framework takes whatever is not a form of "true" for false.
  const auto flag = [&request](std::string_view name) {
    const auto value = parse_bool(request.parameter(name), true);
    return value && *value;
  };
  filter.active = flag("active");
  filter.silenced = flag("silenced");
  filter.inhibited = flag("inhibited");
  filter.muted = flag("muted");
  return std::nullopt;
}

bool keeps_alert(const AlertFilter& filter, const AlertView& alert, WallTime now) {
  if (alert.ends_at != kNoTime && alert.ends_at < now) return false;
  if (!matches_labels(filter.matchers, alert.labels)) return false;
  if (!filter.active && alert.state == "active") return false;
  if (!filter.silenced && !alert.silenced_by.empty()) return false;
  return filter.inhibited || alert.inhibited_by.empty();
}

bool keeps_receiver(const AlertFilter& filter, std::string_view name,
                    const std::vector<ReceiverView>& receivers) {
  if (filter.receiver && !filter.receiver->matches(name)) return false;
  if (filter.receiver_matchers.empty()) return true;
  return std::any_of(receivers.begin(), receivers.end(), [&](const ReceiverView& receiver) {
    return receiver.name == name && matches_labels(filter.receiver_matchers, receiver.labels);
  });
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
    const bool wanted =
        std::any_of(alert.receivers.begin(), alert.receivers.end(),
                    [&](const std::string& name) { return keeps_receiver(filter, name, receivers); });
    if (wanted && keeps_alert(filter, alert, now)) write_alert(json, alert);
  }
  json.end_array();
  return answer_json(json.take());
}

Answer get_groups(const HttpRequest& request, const View& view) {
  AlertFilter filter;
  if (auto bad = read_filter(request, filter)) return *bad;
  const WallTime now = view.status().now;
  const auto receivers = view.receivers();
  JsonWriter json;
  json.begin_array();
  for (const AlertGroupView& group : view.alert_groups()) {
    if (!keeps_receiver(filter, group.receiver, receivers) || (group.muted && !filter.muted)) continue;
    JsonWriter alerts;
    bool any = false;
    alerts.begin_array();
    for (const AlertView& alert : group.alerts) {
      if (!keeps_alert(filter, alert, now)) continue;
      write_alert(alerts, alert);
      any = true;
    }
    if (!any) continue;
    json.begin_object().key("alerts").raw(alerts.end_array().text()).key("labels").labels(group.labels);
    json.key("receiver").begin_object().key("name").string(group.receiver).end_object();
    json.key("routeLabels").labels(group.route_labels).end_object();
  }
  json.end_array();
  return answer_json(json.take());
}

Answer get_receivers(const View& view) {
  JsonWriter json;
  json.begin_array();
  for (const ReceiverView& receiver : view.receivers()) {
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

std::optional<Answer> handle_alertmanager_api(std::string_view rest, const HttpRequest& request,
                                              const View& view) {
  const bool read = request.method == "GET" || request.method == "HEAD";
  if (rest == "/alerts") {
    if (read) return get_alerts(request, view);
    if (request.method == "POST") return read_posted_alerts(request);
    return answer_method(request.method, "GET,POST");
  }
  if (rest == "/silences" || rest.starts_with("/silence/")) return handle_silences(rest, request, view);
  const bool known = rest == "/alerts/groups" || rest == "/receivers" || rest == "/status";
  if (!known) return std::nullopt;
  if (!read) return answer_method(request.method, "GET");
  if (rest == "/alerts/groups") return get_groups(request, view);
  if (rest == "/receivers") return get_receivers(view);
  return get_status(view);
}

}  // namespace tocsin::api
