#include "tests/support/dispatch_world.hpp"

#include <algorithm>

#include "engine/config/alertmanager_loader.hpp"
#include "engine/config/file_source.hpp"
#include "notifiers/notification_template.hpp"

namespace tocsin::testworld {
namespace {

notifiers::Reply reply_of(const Answer& answer) {
  notifiers::Reply reply;
  reply.arrived = answer.status != 0;
  if (!reply.arrived) {
    reply.error_text = "context deadline exceeded";
    reply.timed_out = true;
    return reply;
  }
  reply.status = answer.status;
  reply.content_type = "text/plain";
  reply.retry_after = answer.retry_after;
  // What Slack says when all is well; the other services look at the status alone.
  reply.body = answer.status < 300 ? "ok" : "no";
  return reply;
}

}  // namespace

World::World(const dispatch::Policy& policy, const dispatch::Limits& limits, std::uint64_t seed,
             WallTime start)
    : policy_(policy),
      limits_(limits),
      seed_(seed),
      start_(start),
      dispatcher_(std::make_unique<dispatch::Dispatcher>(policy, limits, seed)) {
  dispatcher_->keep(Duration::zero());
}

Now World::now() const {
  return {start_ + time_, MonoTime(time_)};
}

Result<void> World::load(const std::string& yaml) {
  config::MemoryFiles files;
  Diagnostics diagnostics;
  config::LoadOptions options;
  options.file = "alertmanager.yml";
  std::optional<config::AlertmanagerConfig> loaded =
      config::load_alertmanager_config(yaml, options, files, diagnostics);
  if (!loaded) return Error(format_diagnostics(diagnostics.all()));
  dispatch::Setup setup;
  setup.config = std::make_shared<const config::AlertmanagerConfig>(std::move(*loaded));
  setup.templates = std::make_shared<const templates::TemplateSet>(notifiers::notification_templates());
  setup.read_file = [](const std::string& path) -> Result<std::string> { return Error("no file " + path); };
  setup.external_url = "http://tocsin.example:9093";
  setup_ = std::move(setup);
  dispatcher_->reload(setup_, now());
  return {};
}

void World::restart(Duration down) {
  const dispatch::Changes everything = dispatcher_->take_everything(now());
  dispatch::Kept kept;
  kept.last_alive = now().wall;
  kept.alerts = everything.alerts.written;
  kept.ends = everything.ends.written;
  kept.groups = everything.groups.written;
  kept.told = everything.told.written;
  kept.outbox = everything.outbox.written;
  for (const dispatch::KeptSilence& silence : everything.silences.written) {
    kept.silences.push_back({silence.row, silence.silence.clone()});
  }
  answers_.clear();
  time_ += down;
  dispatcher_ = std::make_unique<dispatch::Dispatcher>(policy_, limits_, ++seed_);
  dispatcher_->reload(setup_, now());
  (void)dispatcher_->restore(std::move(kept), now());
  dispatcher_->keep(Duration::zero());
}

void World::step_wall(Duration by) {
  start_ += by;
  dispatcher_->wall_clock_stepped(by, std::chrono::minutes(1), now());
}

void World::send(dispatch::Attempt attempt) {
  Answer given = answer ? answer(attempt, time_) : Answer{};
  Said said;
  said.at = time_;
  if (given.status == 0 || given.takes > attempt.timeout) {
    given.status = 0;
    given.takes = attempt.timeout;
  }
  said.answered = time_ + given.takes;
  said.arrived = given.status >= 200 && given.status < 300;
  said.answer = given;
  said.attempt = std::move(attempt);
  answers_.emplace(std::pair(said.answered, ++sent_), said_.size());
  said_.push_back(std::move(said));
}

// Does everything that is due at this moment, answers that take no time among it.
void World::settle() {
  for (;;) {
    std::vector<dispatch::Attempt> attempts = dispatcher_->step(now());
    for (dispatch::Attempt& attempt : attempts) send(std::move(attempt));
    if (!answers_.empty() && answers_.begin()->first.first <= time_) {
      const Said& said = said_[answers_.begin()->second];
      answers_.erase(answers_.begin());
      dispatcher_->reply(said.attempt.id, reply_of(said.answer), now());
      continue;
    }
    const std::optional<MonoTime> next = dispatcher_->next_deadline();
    if (attempts.empty() && (!next || *next > now().mono)) return;
  }
}

void World::run_until(Duration time) {
  settle();
  for (;;) {
    Duration next = time;
    if (const std::optional<MonoTime> deadline = dispatcher_->next_deadline()) {
      next = std::min(next, std::max(time_, deadline->time_since_epoch()));
    }
    if (!answers_.empty()) next = std::min(next, answers_.begin()->first.first);
    time_ = std::max(time_, next);
    settle();
    if (time_ >= time) return;
  }
}

std::string print_alert(const Labels& labels) {
  const Labels others = labels.without(kAlertName);
  return std::string(labels.get(kAlertName)) + (others.empty() ? "" : others.to_string());
}

Result<Labels> parse_alert(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const std::size_t brace = text.find('{');
  pairs.emplace_back("alertname", text.substr(0, brace));
  std::string_view rest = brace == std::string_view::npos ? std::string_view() : text.substr(brace + 1);
  while (!rest.empty() && rest.front() != '}') {
    const std::size_t equal = rest.find("=\"");
    const std::size_t quote = equal == std::string_view::npos ? equal : rest.find('"', equal + 2);
    if (quote == std::string_view::npos) return Error("not an alert: " + std::string(text));
    pairs.emplace_back(rest.substr(0, equal), rest.substr(equal + 2, quote - equal - 2));
    rest.remove_prefix(quote + 1);
    while (rest.starts_with(',') || rest.starts_with(' ')) rest.remove_prefix(1);
  }
  LabelsBuilder labels;
  for (const auto& [name, value] : pairs) labels.set(name, value);
  return labels.build();
}

std::string print_attempt(const dispatch::Attempt& attempt) {
  std::string firing;
  std::string resolved;
  for (const notifiers::NotifiedAlert& alert : attempt.notification.alerts) {
    std::string& list = alert.resolved ? resolved : firing;
    list += (list.empty() ? "" : ", ") + print_alert(alert.labels);
  }
  std::string text = attempt.receiver + '/' + attempt.integration;
  if (!firing.empty()) text += " firing " + firing;
  if (!resolved.empty()) text += std::string(firing.empty() ? "" : ";") + " resolved " + resolved;
  return text;
}

}  // namespace tocsin::testworld
