#include "tests/sim/site/receivers.hpp"

#include <boost/json.hpp>

#include "promql/format.hpp"

namespace tocsin::sim {
namespace {

namespace json = boost::json;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

testing::CallAnswer with_status(unsigned status, Duration after) {
  testing::CallAnswer answer;
  answer.after = after;
  answer.reply.status = status;
  answer.reply.headers.emplace_back("Content-Type", "text/plain");
  answer.reply.body = status < 300 ? "ok" : "no";
  return answer;
}

testing::CallAnswer with_error(core::CallError error, std::string text, Duration after) {
  testing::CallAnswer answer;
  answer.after = after;
  answer.reply.error = error;
  answer.reply.error_text = std::move(text);
  return answer;
}

Labels labels_of(const json::value& alert) {
  LabelsBuilder labels;
  for (const auto& [name, value] : alert.at("labels").as_object()) labels.set(name, value.as_string());
  return labels.build();
}

}  // namespace

// http://r1.example/hook
void Receivers::receive(const core::HttpCall& call, std::size_t receiver, Duration at, bool acknowledged,
                        bool heard) {
  Message message;
  message.heard = heard;
  message.acknowledged = acknowledged;
  message.at = at;
  message.receiver = receiver;
  for (const auto& [name, value] : call.headers) {
    if (name == "Idempotency-Key") message.key = value;
  }
  const json::value body = json::parse(call.body);
  message.group = std::string(body.at("groupKey").as_string());
  message.reason = std::string(body.at("notification_reason").as_string());
  for (const json::value& alert : body.at("alerts").as_array()) {
    (alert.at("status").as_string() == "resolved" ? message.resolved : message.firing)
        .push_back(labels_of(alert));
  }
  taken_.push_back(std::move(message));
}

testing::CallAnswer Receivers::answer(const core::HttpCall& call, Duration at) {
  ++attempts_;
  const auto receiver = static_cast<std::size_t>(call.url[8] - '0');
  const auto quick = milliseconds(20 + random_.below(200));
  static constexpr unsigned kRefusals[] = {401, 403, 404};
  switch (ailments_[receiver]) {
    case Ailment::none:
      receive(call, receiver, at);
      return with_status(200, quick);
    case Ailment::unreachable:
      return with_error(core::CallError::connect, "connection refused", milliseconds(5));
    case Ailment::unresolved:
      return with_error(core::CallError::resolve, "no such host", milliseconds(30));
    case Ailment::hangs:
      receive(call, receiver, at, false, false);
      return with_status(200, hours(10));
    case Ailment::swallows:
      receive(call, receiver, at, false);
      return with_status(200, hours(10));
    case Ailment::busy:
      return with_status(503, quick);
    case Ailment::proxy_lies:
      receive(call, receiver, at, false);
      return with_status(502, quick);
    case Ailment::limited: {
      testing::CallAnswer answer = with_status(429, quick);
      answer.reply.headers.emplace_back("Retry-After", format("{}", 1 + random_.below(60)));
      return answer;
    }
    case Ailment::forbidden:
      return with_status(kRefusals[random_.below(3)], quick);
    case Ailment::bad_request:
      return with_status(400, quick);
    case Ailment::slow:
      receive(call, receiver, at);
      return with_status(200, seconds(1 + random_.below(9)));
  }
  return with_status(200, quick);
}

}  // namespace tocsin::sim
