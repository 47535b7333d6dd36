// Served requests: what a handler can answer from a view is answered at once, the rest becomes a job or an
// input.
#include "engine/core/query_job.hpp"
#include "engine/core/state.hpp"
#include "engine/core/view.hpp"
#include "promql/format.hpp"

namespace tocsin::core {
namespace {

// maria from 10.0.0.7 (basic auth), or from 10.0.0.7
std::string actor_of(const api::HttpRequest& request) {
  const std::string address = request.remote.substr(0, request.remote.rfind(':'));
  if (request.user.empty()) return "from " + address;
  return format("{} from {} (basic auth)", request.user, address);
}

struct CommandHandler {
  Engine::State& state;
  RequestId id;
  std::string actor;  // who asks, for the event log

  void operator()(api::HttpResponse response) const { respond(std::move(response)); }

  void operator()(api::QueryCommand command) const {
    ++state.counters.queries;
    state.add_query(id, std::move(command));
  }

  void operator()(api::PostAlertsCommand command) const {
    if (!has_alertmanager()) return;
    api::HttpResponse response = api::answer_post_alerts(command);
    std::vector<dispatch::PostedAlert> alerts;
    alerts.reserve(command.alerts.size());
    for (api::PostedAlert& alert : command.alerts) {
      alerts.push_back({std::move(alert.labels), std::move(alert.annotations), std::move(alert.generator_url),
                        alert.starts_at, alert.ends_at});
    }
    state.counters.invalid_alerts += command.invalid;
    state.dispatcher.post(std::move(alerts), state.now, actor);
    state.respond_when_kept(id, std::move(response));
  }

  void operator()(api::SetSilenceCommand command) const {
    if (!has_alertmanager()) return;
    dispatch::Silence silence;
    silence.id = std::move(command.id);
    std::vector<Matcher>& matchers = silence.matcher_sets.emplace_back();
    for (const api::SilenceView::MatcherText& text : command.matchers) {
      auto matcher = Matcher::make(text.type, text.name, text.value);
      if (!matcher) return respond(api::answer_set_silence(matcher.error(), false));
      matchers.push_back(std::move(*matcher));
    }
    silence.starts_at = command.starts_at;
    silence.ends_at = command.ends_at;
    silence.created_by = std::move(command.created_by);
    silence.comment = std::move(command.comment);
    silence.annotations = std::move(command.annotations);
    const Result<std::string> set = state.dispatcher.set_silence(std::move(silence), state.now);
    const bool not_found = !set && set.error().text == dispatch::kSilenceNotFound;
    if (set) state.note_silence(*set, actor, false);
    state.respond_when_kept(id, api::answer_set_silence(set, not_found));
  }

  void operator()(const api::ExpireSilenceCommand& command) const {
    if (!has_alertmanager()) return;
    const Result<void> expired = state.dispatcher.expire_silence(command.id, state.now);
    if (expired) state.note_silence(command.id, actor, true);
    state.respond_when_kept(id, api::answer_expire_silence(static_cast<bool>(expired)));
  }

  void operator()(api::HistoryCommand command) const {
    state.actions.emplace_back(ReadHistory{id, std::move(command.query)});
  }

  void operator()(api::ReloadCommand) const { state.request_load(id); }

  // Else the request is answered.
  bool has_alertmanager() const {
    if (state.config != nullptr && state.config->alertmanager != nullptr) return true;
    api::HttpResponse response;
    response.status = 404;
    response.body = "there is no Alertmanager configuration: alerts and silences are not kept here\n";
    respond(std::move(response));
    return false;
  }

  void respond(api::HttpResponse response) const {
    state.actions.emplace_back(Respond{id, std::move(response)});
  }
};

// When a query that asks now has to be over.
MonoTime deadline_of(const Engine::State& state, const api::QueryCommand& command) {
  const Duration longest = state.options.query_timeout;
  return state.now.mono + std::min(command.timeout.value_or(longest), longest);
}

}  // namespace

void Engine::State::add_query(RequestId id, api::QueryCommand command) {
  const MonoTime deadline = deadline_of(*this, command);
  queries.add({id, std::move(command), now.mono, deadline});
}

void Engine::State::watch_queries() {
  // What has no time at all is not late because it waited: it is started, and told so.
  while (auto query = queries.take_next()) start_query(std::move(*query));
  for (const AskedQuery& query : queries.take_expired(now.mono)) {
    // Upstream's words, which come from its context.
    actions.emplace_back(Respond{query.id, api::answer_bad_query("context deadline exceeded")});
  }
}

void Engine::State::start_query(AskedQuery query) {
  const Duration timeout = query.deadline - now.mono;
  const RequestId id = query.id;
  QueryStart start = make_query_job(std::move(query), now.mono, options, evaluation_interval(), store);
  if (start.job == nullptr) {
    queries.ended();
    actions.emplace_back(Respond{id, std::move(start.refused)});
    return;
  }
  issue_job(std::move(start.job), false, timeout);
}

void Engine::State::handle_request(RequestReceived received) {
  ++counters.http_requests;
  // A post of our own, come back: the Alertmanager it was sent to is this process.
  if (const auto mark = received.request.header(dispatch::kInstanceHeader); !mark.empty()) {
    if (forwarder.came_back(mark)) {
      log(LogLevel::info, "an Alertmanager of the configuration is this process, it gets no posts",
          {{"remote", received.request.remote}});
      actions.emplace_back(Respond{received.id, {}});
      return;
    }
  }
  const CoreView view(*this);
  api::ApiOptions api_options;
  api_options.prometheus = config != nullptr && config->prometheus != nullptr;
  api_options.enable_lifecycle = options.enable_lifecycle;
  api_options.external_url = options.external_url;
  api_options.parser = options.parser;
  std::visit(CommandHandler{*this, received.id, actor_of(received.request)},
             api::handle(received.request, view, api_options));
}

}  // namespace tocsin::core
