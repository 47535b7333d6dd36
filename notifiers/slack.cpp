#include "notifiers/slack.hpp"

#include <boost/json.hpp>

#include "notifiers/classification.hpp"
#include "notifiers/notification_template.hpp"
#include "notifiers/rendering.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"
#include "rules/template/json.hpp"

namespace tocsin::notifiers {
namespace {

using templates::json_array;
using templates::JsonObject;

// https://api.slack.com/reference/messaging/attachments#legacy_fields: 1024, taken as characters.
constexpr std::size_t kMaxTitle = 1024;
constexpr std::string_view kUpdateUrl = "https://slack.com/api/chat.update";
constexpr std::string_view kPostMessageUrl = "https://slack.com/api/chat.postMessage";
// What is remembered of a message so that it can be updated.
constexpr std::string_view kThread = "threadTs";
constexpr std::string_view kChannel = "channelId";

std::vector<FieldSpec> slack_fields() {
  return {
      {"api_url", FieldType::secret_url, "", false, {}},
      {"api_url_file", FieldType::file, "", false, {}},
      {"app_token", FieldType::secret, "", false, {}},
      {"app_token_file", FieldType::file, "", false, {}},
      {"app_url", FieldType::url, "", false, {}},
      templated("channel"),
      templated("username", R"({{ template "slack.default.username" . }})"),
      templated("color", R"({{ template "slack.default.color" . }})"),
      templated("title", R"({{ template "slack.default.title" . }})"),
      templated("title_link", R"({{ template "slack.default.titlelink" . }})"),
      templated("pretext", R"({{ template "slack.default.pretext" . }})"),
      templated("text", R"({{ template "slack.default.text" . }})"),
      templated("message_text"),
      {"fields",
       FieldType::object_list,
       "",
       true,
       {templated("title"), templated("value"), {"short", FieldType::optional_boolean, "", false, {}}}},
      {"short_fields", FieldType::boolean, "", false, {}},
      templated("footer", R"({{ template "slack.default.footer" . }})"),
      templated("fallback", R"({{ template "slack.default.fallback" . }})"),
      templated("callback_id", R"({{ template "slack.default.callbackid" . }})"),
      templated("icon_emoji", R"({{ template "slack.default.iconemoji" . }})"),
      templated("icon_url", R"({{ template "slack.default.iconurl" . }})"),
      templated("image_url"),
      templated("thumb_url"),
      {"link_names", FieldType::boolean, "", false, {}},
      {"mrkdwn_in", FieldType::text_list, "", false, {}},
      {"actions",
       FieldType::object_list,
       "",
       true,
       {templated("type"),
        templated("text"),
        templated("url"),
        templated("style"),
        templated("name"),
        templated("value"),
        {"confirm",
         FieldType::object,
         "",
         true,
         {templated("text"), templated("title"), templated("ok_text"), templated("dismiss_text")}}}},
      {"update_message", FieldType::boolean, "", false, {}},
      {"timeout", FieldType::duration, "", false, {}},
  };
}

void check_parts(const Settings& settings, std::vector<Problem>& problems) {
  const auto require = [&](const Settings& part, std::string_view list, std::size_t index,
                           std::string_view field, std::string_view what) {
    if (part.has_text(field)) return true;
    problems.push_back({format("{}[{}].{}", list, index, field),
                        format("missing {} in Slack {} configuration", field, what)});
    return false;
  };
  const std::vector<Settings> fields = settings.objects("fields");
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (require(fields[i], "fields", i, "title", "field")) require(fields[i], "fields", i, "value", "field");
  }
  const std::vector<Settings> actions = settings.objects("actions");
  for (std::size_t i = 0; i < actions.size(); ++i) {
    for (const Settings& confirm : actions[i].objects("confirm")) {
      if (confirm.has_text("text")) continue;
      problems.push_back(
          {format("actions[{}].confirm.text", i), "missing text in Slack confirmation configuration"});
    }
    const bool complete = require(actions[i], "actions", i, "type", "action") &&
                          require(actions[i], "actions", i, "text", "action");
    if (complete && !actions[i].has_text("url") && !actions[i].has_text("name")) {
      problems.push_back({format("actions[{}]", i), "missing name or url in Slack action configuration"});
    }
  }
}

std::vector<Problem> check_slack(Settings& settings) {
  std::vector<Problem> problems;
  const bool url = settings.has_text("api_url") || settings.has_text("api_url_file");
  const bool token = settings.has_text("app_token") || settings.has_text("app_token_file");
  if (settings.has_text("api_url") && settings.has_text("api_url_file")) {
    problems.push_back({"api_url_file", "at most one of api_url & api_url_file must be configured"});
  }
  if (settings.has_text("app_token") && settings.has_text("app_token_file")) {
    problems.push_back({"app_token_file", "at most one of app_token & app_token_file must be configured"});
  }
  if (url && token) {
    problems.push_back(
        {"app_token", "at most one of api_url/api_url_file & app_token/app_token_file must be configured"});
  }
  if (settings.flag("update_message") && settings.text("api_url") != kPostMessageUrl) {
    problems.push_back({"update_message",
                        "update_message can only be used with bot tokens. api_url must be set to "
                        "https://slack.com/api/chat.postMessage"});
  }
  check_parts(settings, problems);
  return problems;
}

void take_global(Settings& settings, std::string_view name, const Settings& globals,
                 std::string_view global) {
  if (!settings.has_text(name) && globals.has_text(global)) {
    settings.set(std::string(name), templates::Value(globals.text(global)));
  }
}

std::vector<Problem> apply_slack_globals(Settings& settings, const Globals& globals) {
  const auto has = [&](std::string_view name) { return settings.has_text(name); };
  take_global(settings, "app_url", globals.settings, "slack_app_url");
  if (!has("app_url")) return {{"app_url", "no global Slack App URL set"}};
  const bool own_authorization = globals.own_http_config && globals.http_authorization;
  if (!has("app_token") && !has("app_token_file") && !own_authorization && !has("api_url")) {
    take_global(settings, "app_token", globals.settings, "slack_app_token");
    take_global(settings, "app_token_file", globals.settings, "slack_app_token_file");
  }
  if (!has("api_url") && !has("api_url_file")) {
    take_global(settings, "api_url", globals.settings, "slack_api_url");
    take_global(settings, "api_url_file", globals.settings, "slack_api_url_file");
  }
  const bool token = has("app_token") || has("app_token_file");
  if (!token && !has("api_url") && !has("api_url_file")) {
    return {{"", "no Slack API URL nor App token set either inline or in a file"}};
  }
  if (!token) return {};
  if (globals.http_authorization) {
    return {{"http_config", "http authorization can't be set when using Slack App tokens"}};
  }
  settings.set("api_url", settings.value("app_url"));
  return {};
}

std::vector<Problem> check_slack_globals(const Settings& globals) {
  std::vector<Problem> problems;
  const auto has = [&](std::string_view name) { return globals.has_text(name); };
  if (has("slack_app_token") && has("slack_app_token_file")) {
    problems.push_back(
        {"slack_app_token_file", "at most one of slack_app_token & slack_app_token_file must be configured"});
  }
  if (has("slack_api_url") && has("slack_api_url_file")) {
    problems.push_back(
        {"slack_api_url_file", "at most one of slack_api_url & slack_api_url_file must be configured"});
  }
  const bool token = has("slack_app_token") || has("slack_app_token_file");
  const bool url = has("slack_api_url") || has("slack_api_url_file");
  if (token && url && globals.text("slack_api_url") != globals.text("slack_app_url")) {
    problems.push_back(
        {"slack_app_token",
         "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must "
         "be configured"});
  }
  return problems;
}

FieldTable slack_table() {
  FieldTable table;
  table.kind = "slack";
  table.config_key = "slack_configs";
  table.send_resolved = false;
  table.fields = slack_fields();
  table.global_fields = {
      {"slack_api_url", FieldType::secret_url, "", false, {}},
      {"slack_api_url_file", FieldType::file, "", false, {}},
      {"slack_app_token", FieldType::secret, "", false, {}},
      {"slack_app_token_file", FieldType::file, "", false, {}},
      {"slack_app_url", FieldType::url, std::string(kPostMessageUrl), false, {}},
  };
  table.check = check_slack;
  table.apply_globals = apply_slack_globals;
  table.check_globals = check_slack_globals;
  return table;
}

std::string fields_json(const Settings& settings, FieldRenderer& renderer) {
  std::vector<std::string> rendered;
  const std::vector<Settings> fields = settings.objects("fields");
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string path = format("fields[{}].", i);
    const bool is_short =
        fields[i].value("short").valid() ? fields[i].flag("short") : settings.flag("short_fields");
    JsonObject object;
    object.text_if("title", renderer.nested(path + "title", fields[i].text("title")));
    object.text_if("value", renderer.nested(path + "value", fields[i].text("value")));
    rendered.push_back(object.flag("short", is_short).finish());
  }
  return json_array(rendered);
}

std::string confirm_json(const Settings& confirm, const std::string& path, FieldRenderer& renderer) {
  const std::string title = renderer.nested(path + "title", confirm.text("title"));
  const std::string text = renderer.nested(path + "text", confirm.text("text"));
  const std::string ok_text = renderer.nested(path + "ok_text", confirm.text("ok_text"));
  const std::string dismiss_text = renderer.nested(path + "dismiss_text", confirm.text("dismiss_text"));
  return JsonObject()
      .text_if("text", text)
      .text_if("title", title)
      .text_if("ok_text", ok_text)
      .text_if("dismiss_text", dismiss_text)
      .finish();
}

std::string actions_json(const Settings& settings, FieldRenderer& renderer) {
  std::vector<std::string> rendered;
  const std::vector<Settings> actions = settings.objects("actions");
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const Settings& action = actions[i];
    const std::string path = format("actions[{}].", i);
    JsonObject object;
    object.text_if("type", renderer.nested(path + "type", action.text("type"), FailedField::plain));
    object.text_if("text", renderer.nested(path + "text", action.text("text")));
    object.text_if("url", renderer.nested(path + "url", action.text("url"), FailedField::plain));
    object.text_if("style", renderer.nested(path + "style", action.text("style"), FailedField::plain));
    // A button that opens a page has nothing to send to Slack's own actions.
    if (!action.has_text("url")) {
      object.text_if("name", renderer.nested(path + "name", action.text("name"), FailedField::plain));
      object.text_if("value", renderer.nested(path + "value", action.text("value"), FailedField::plain));
      const std::vector<Settings> confirm = action.objects("confirm");
      if (!confirm.empty()) object.raw("confirm", confirm_json(confirm.front(), path + "confirm.", renderer));
    }
    rendered.push_back(object.finish());
  }
  return json_array(rendered);
}

std::string mrkdwn_json(const Settings& settings) {
  std::vector<std::string> names = settings.texts("mrkdwn_in");
  if (names.empty()) names = {"fallback", "pretext", "text"};
  for (std::string& name : names) name = templates::json_string(name);
  return json_array(names);
}

// Fields are rendered in upstream's order: with upstream's way of errors, those after a failure are empty.
std::string attachment_json(const Settings& settings, FieldRenderer& renderer,
                            std::vector<std::string>& warnings) {
  const auto plain = [&](std::string_view name) {
    return renderer.field(settings, name, FailedField::plain);
  };
  const Truncated title = truncate_characters(renderer.field(settings, "title"), kMaxTitle);
  if (title.cut) warnings.push_back(format("truncated title to {} characters", kMaxTitle));
  const std::string title_link = plain("title_link");
  const std::string pretext = renderer.field(settings, "pretext");
  const std::string text = renderer.field(settings, "text");
  const std::string fallback = renderer.field(settings, "fallback");
  const std::string callback_id = plain("callback_id");
  const std::string image_url = plain("image_url");
  const std::string thumb_url = plain("thumb_url");
  const std::string footer = renderer.field(settings, "footer");
  const std::string color = plain("color");
  JsonObject attachment;
  attachment.text_if("title", title.text).text_if("title_link", title_link).text_if("pretext", pretext);
  attachment.text("text", text).text("fallback", fallback).text("callback_id", callback_id);
  if (!settings.objects("fields").empty()) attachment.raw("fields", fields_json(settings, renderer));
  if (!settings.objects("actions").empty()) attachment.raw("actions", actions_json(settings, renderer));
  attachment.text_if("image_url", image_url).text_if("thumb_url", thumb_url).text("footer", footer);
  return attachment.text_if("color", color).raw("mrkdwn_in", mrkdwn_json(settings)).finish();
}

// Where a message that was sent before is to be changed; empty if a new one is to be sent.
struct MessageAddress {
  std::string thread;
  std::string channel;
};
MessageAddress message_to_update(const Notification& notification, const Settings& settings) {
  if (!settings.flag("update_message")) return {};
  const auto thread = notification.remembered.find(std::string(kThread));
  const auto channel = notification.remembered.find(std::string(kChannel));
  if (thread == notification.remembered.end() || channel == notification.remembered.end()) return {};
  if (thread->second.empty() || channel->second.empty()) return {};
  return {thread->second, channel->second};
}

Result<Rendered> render_slack(const FieldTable& table, const Notification& notification,
                              const Settings& settings, const RenderContext& context) {
  Rendered rendered;
  FieldRenderer renderer(notification, notification_data(notification), context, table);
  const std::string attachment = attachment_json(settings, renderer, rendered.warnings);
  auto url = setting_or_file(settings, "api_url", context, "");
  if (!url) return url.error();
  const std::string channel = renderer.field(settings, "channel", FailedField::plain);
  const std::string username = renderer.field(settings, "username", FailedField::plain);
  const std::string icon_emoji = renderer.field(settings, "icon_emoji", FailedField::plain);
  const std::string icon_url = renderer.field(settings, "icon_url", FailedField::plain);
  const std::string message_text = renderer.field(settings, "message_text");
  const MessageAddress update = message_to_update(notification, settings);
  const std::string& told_channel = update.channel.empty() ? channel : update.channel;
  JsonObject message;
  message.text_if("channel", told_channel).text_if("ts", update.thread);
  message.text_if("username", username).text_if("icon_emoji", icon_emoji).text_if("icon_url", icon_url);
  message.flag_if("link_names", settings.flag("link_names")).text_if("text", message_text);
  message.raw("attachments", json_array({attachment}));
  rendered.request =
      json_request(update.thread.empty() ? *url : std::string(kUpdateUrl), message.finish() + "\n");
  rendered.request.timeout = settings.duration("timeout");
  rendered.request.subject = "channel " + go_quote(told_channel);
  if (settings.has_text("app_token") || settings.has_text("app_token_file")) {
    const auto token = setting_or_file(settings, "app_token", context, "");
    if (!token) return token.error();
    rendered.request.headers.push_back({"Authorization", "Bearer " + *token, true});
  }
  rendered.failures = renderer.take_failures();
  return rendered;
}

// A string of a JSON object, "" if it is not there.
std::string member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

Outcome failed(Verdict verdict, std::string text) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.reason = FailureReason::client_error;
  outcome.text = std::move(text);
  return outcome;
}

// Slack says in the body whether it took the message, under HTTP 200 too.
Outcome classify_body(const Reply& reply) {
  // As upstream: without the whole of it nobody knows, and it is asked again.
  if (!reply.error_text.empty()) {
    return failed(Verdict::retry, "could not read response body: " + reply.error_text);
  }
  if (!reply.content_type.starts_with("application/json")) {
    if (reply.body == "ok") return {};
    return failed(Verdict::failed, "received an error response from Slack: " + reply.body);
  }
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(reply.body, error);
  if (error || !parsed.is_object()) {
    return failed(Verdict::retry, "could not unmarshal JSON response " + go_quote(reply.body));
  }
  const boost::json::object& object = parsed.get_object();
  const boost::json::value* ok = object.if_contains("ok");
  if (ok == nullptr || !ok->is_bool() || !ok->get_bool()) {
    return failed(Verdict::failed, "error response from Slack: " + member(object, "error"));
  }
  Outcome outcome;
  const std::string thread = member(object, "ts");
  const std::string channel = member(object, "channel");
  if (!thread.empty() && !channel.empty()) {
    outcome.remember = {{std::string(kThread), thread}, {std::string(kChannel), channel}};
  }
  return outcome;
}

Outcome classify_slack(const Reply& reply, const Settings&) {
  Outcome outcome = classify_status(reply, {}, body_as_details);
  return outcome.verdict == Verdict::success ? classify_body(reply) : outcome;
}

}  // namespace

Service slack_service() {
  return make_service(slack_table(), render_slack, classify_slack);
}

}  // namespace tocsin::notifiers
