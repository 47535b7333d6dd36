// Notifications and posts to other Alertmanagers: calls out, answers back, and what dispatch decided into the
// log.
#include "engine/core/state.hpp"
#include "promql/format.hpp"

namespace tocsin::core {
namespace {

notifiers::Reply reply_of(HttpReply reply) {
  notifiers::Reply out;
  out.arrived = reply.error == CallError::none;
  // Of an answer that arrived: why its body did not, or not as a whole.
  out.error_text = std::move(out.arrived ? reply.body_error : reply.error_text);
  out.timed_out = reply.error == CallError::timeout;
  out.never_sent =
      reply.error == CallError::resolve || reply.error == CallError::connect || reply.error == CallError::tls;
  out.status = reply.status;
  out.content_type = std::string(header_of(reply, "Content-Type"));
  out.retry_after = std::string(header_of(reply, "Retry-After"));
  out.body = std::move(reply.body);
  return out;
}

// What an answer has beyond this is of no use to anybody.
constexpr std::size_t kMaxAnswer = 1 << 20;

// As upstream's notifiers and its sender of alerts judge: by the status. Whoever took the message may close
// the connection in the middle of the answer's body, and would else be told the same again and again.
void judge_by_status(HttpCall& call) {
  call.status_decides = true;
  call.max_body = kMaxAnswer;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

LogLevel level_of(const dispatch::Event& event) {
  switch (event.kind) {
    case dispatch::EventKind::attempt_failed:
      // While a receiver is down its probes fail again and again, which was said when it went down.
      return event.wait == Duration::zero() ? LogLevel::debug : LogLevel::warn;
    case dispatch::EventKind::template_failed:
    case dispatch::EventKind::warning:
    case dispatch::EventKind::alert_limited:
    case dispatch::EventKind::group_limited:
    case dispatch::EventKind::receiver_down:
    case dispatch::EventKind::receiver_refuses:
    case dispatch::EventKind::dropped_at_start:
    case dispatch::EventKind::end_untold:
      return LogLevel::warn;
    case dispatch::EventKind::receiver_back:
      return LogLevel::info;
    case dispatch::EventKind::finished:
      return event.result == dispatch::SendResult::failed ? LogLevel::error
             : event.result == dispatch::SendResult::held ? LogLevel::debug
                                                          : LogLevel::info;
    default:
      return LogLevel::debug;
  }
}

std::string_view message_of(const dispatch::Event& event) {
  switch (event.kind) {
    case dispatch::EventKind::alert_fired:
      return "alert received";
    case dispatch::EventKind::alert_ended:
      return "alert ended";
    case dispatch::EventKind::group_created:
      return "group created";
    case dispatch::EventKind::group_removed:
      return "group removed";
    case dispatch::EventKind::withheld:
      return "alert withheld";
    case dispatch::EventKind::released:
      return "alert no longer withheld";
    case dispatch::EventKind::decided:
      return "notification due";
    case dispatch::EventKind::attempt_failed:
      return "notification attempt failed, will retry";
    case dispatch::EventKind::finished:
      return event.result == dispatch::SendResult::told       ? "notified"
             : event.result == dispatch::SendResult::not_sent ? "nothing to send"
             : event.result == dispatch::SendResult::failed   ? "notification failed"
             : event.result == dispatch::SendResult::held     ? "notification held, its receiver is down"
                                                          : "notification dropped, its integration is gone";
    case dispatch::EventKind::template_failed:
      return "template failed, the default text was sent";
    case dispatch::EventKind::warning:
      return "notification was shortened";
    case dispatch::EventKind::alert_limited:
      return "alert refused: limit reached";
    case dispatch::EventKind::group_limited:
      return "group refused: limit reached";
    case dispatch::EventKind::receiver_down:
      return "receiver unreachable";
    case dispatch::EventKind::receiver_refuses:
      return "receiver refuses, it is asked again after a reload or an hour";
    case dispatch::EventKind::receiver_back:
      return "receiver back";
    case dispatch::EventKind::dropped_at_start:
      return "unsent notification dropped, its route or receiver is gone";
    case dispatch::EventKind::end_untold:
      return "a receiver that was told is gone, and will not be told that this is over";
  }
  return "dispatch";
}

Fields fields_of(const dispatch::Event& event) {
  Fields fields;
  const auto add = [&fields](std::string_view name, std::string value) {
    if (!value.empty()) fields.emplace_back(name, std::move(value));
  };
  add("receiver", event.receiver);
  add("integration", event.integration);
  add("group", event.group_key);
  if (!event.alert.empty()) add("alert", event.alert.to_string());
  if (event.kind == dispatch::EventKind::decided || event.kind == dispatch::EventKind::finished) {
    add("reason", std::string(to_string(event.reason)));
    add("firing", format("{}", event.firing));
    add("resolved", format("{}", event.resolved));
  }
  if (event.withheld != dispatch::Withheld::no) add("withheld", std::string(to_string(event.withheld)));
  if (event.attempts != 0) add("attempts", format("{}", event.attempts));
  add("cause", event.cause);
  if (event.kind == dispatch::EventKind::receiver_back) {
    add("down_for", format_go_duration(std::chrono::round<std::chrono::seconds>(event.wait)));
    add("firing_now", format("{}", event.firing));
    add("ended_meanwhile", format("{}", event.ended_meanwhile));
  } else if (event.wait != Duration::zero()) {
    add("next_attempt", format_go_duration(std::chrono::round<std::chrono::milliseconds>(event.wait)));
  }
  const bool names_somebody = event.kind == dispatch::EventKind::withheld ||
                              event.kind == dispatch::EventKind::alert_fired ||
                              event.kind == dispatch::EventKind::alert_ended;
  add(names_somebody ? "by" : "err", event.text);
  return fields;
}

}  // namespace

void Engine::State::send_notifications() {
  while (true) {
    std::vector<dispatch::Attempt> attempts = dispatcher.step(now);
    for (dispatch::Attempt& attempt : attempts) {
      HttpCall call = new_call(CallKind::notify, attempt.id);
      call.method = std::move(attempt.request.method);
      call.url = std::move(attempt.request.url);
      call.shown_url = std::move(attempt.request.shown_url);
      for (notifiers::Header& header : attempt.request.headers) {
        call.headers.emplace_back(std::move(header.name), std::move(header.value));
      }
      call.body = std::move(attempt.request.body);
      call.client = std::move(attempt.http);
      call.timeout = attempt.timeout;
      judge_by_status(call);
      actions.emplace_back(std::move(call));
    }
    const auto next = dispatcher.next_deadline();
    if (attempts.empty() || !next || *next > now.mono) break;
  }
  for (dispatch::ForwardRequest& request : forwarder.step(now)) {
    HttpCall call = new_call(CallKind::forward, request.id);
    call.method = "POST";
    call.url = std::move(request.url);
    call.shown_url = call.url;
    call.headers = std::move(request.headers);
    call.body = std::move(request.body);
    call.client = std::move(request.http);
    call.timeout = request.timeout;
    judge_by_status(call);
    actions.emplace_back(std::move(call));
  }
}

void Engine::State::attempt_replied(dispatch::AttemptId attempt, HttpReply reply) {
  dispatcher.reply(attempt, reply_of(std::move(reply)), now);
}

void Engine::State::forward_replied(dispatch::ForwardId forward, HttpReply reply) {
  forwarder.reply(forward, reply_of(std::move(reply)), now);
}

void Engine::State::log_events() {
  for (const dispatch::Event& event : dispatcher.take_events()) {
    log(level_of(event), std::string(message_of(event)), fields_of(event));
    note_event(event);
  }
  for (auto& [url, error] : forwarder.take_errors()) {
    log(LogLevel::error, "Error sending alerts",
        {{"alertmanager", std::move(url)}, {"err", std::move(error)}});
  }
}

}  // namespace tocsin::core
