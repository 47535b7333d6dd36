#include "tests/unit/rules/rule_world.hpp"

#include <algorithm>

#include "promql/format.hpp"
#include "promql/parser.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::rules::testing {
namespace {

AppendResult result_of(engine::AppendOutcome outcome) {
  switch (outcome) {
    case engine::AppendOutcome::appended:
    case engine::AppendOutcome::duplicate:
      return AppendResult::appended;
    case engine::AppendOutcome::conflicting:
      return AppendResult::conflicting;
    case engine::AppendOutcome::out_of_order:
      return AppendResult::out_of_order;
    case engine::AppendOutcome::out_of_bounds:
    case engine::AppendOutcome::unknown_series:
      break;
  }
  return AppendResult::too_old;
}

}  // namespace

promql::SeriesRef StoreSink::find(OutputSeries& series) {
  if (!store_.alive(series.ref)) series.ref = store_.find_or_create(series.labels);
  return series.ref;
}

AppendResult StoreSink::append(OutputSeries& series, Timestamp time, double value) {
  return result_of(store_.append(find(series), time, value));
}

AppendResult StoreSink::append(OutputSeries& series, Timestamp time, const promql::HistogramPtr& histogram) {
  return result_of(store_.append(find(series), time, histogram));
}

void StoreSink::append_stale(OutputSeries& series, Timestamp time) {
  (void)store_.append_stale(find(series), time);
}

RuleWorld::RuleWorld(RuleSetOptions set_options)
    : options(std::move(set_options)), sink_(store_), rules_(options) {}

ReloadReport RuleWorld::load(const std::vector<std::string>& texts, WallTime now) {
  std::vector<RuleFile> files;
  for (const std::string& text : texts) {
    Diagnostics diagnostics;
    RuleFileOptions file_options;
    file_options.file = std::to_string(files.size()) + ".yml";
    files.push_back(load_rule_file(text, file_options, diagnostics));
    INFO(format_diagnostics(diagnostics.all()));
    REQUIRE_FALSE(diagnostics.has_errors());
  }
  std::vector<const RuleFile*> pointers;
  for (const RuleFile& file : files) pointers.push_back(&file);
  return rules_.load(pointers, options, now);
}

void RuleWorld::append(const Labels& labels, WallTime time, double value) {
  (void)store_.append(store_.find_or_create(labels), to_timestamp(time), value);
}

void RuleWorld::append_stale(const Labels& labels, WallTime time) {
  (void)store_.append_stale(store_.find_or_create(labels), to_timestamp(time));
}

std::vector<Run> RuleWorld::run(WallTime now) {
  std::vector<Run> runs;
  const Surroundings surroundings{store_, sink_, limits_, now};
  while (auto run = rules_.run_next(surroundings)) {
    runs.push_back(
        {run->group.definition().name, run->rule.definition().name, run->slot, std::move(run->outcome)});
  }
  return runs;
}

std::vector<std::string> RuleWorld::query(std::string_view expression, WallTime at) {
  const Evaluation evaluation{store_, sink_, limits_, options.rules, at, at};
  const Result<promql::Vector> result = query_once(expression, to_timestamp(at), evaluation);
  if (!result) return {"error: " + result.error().text};
  std::vector<std::string> lines;
  for (const promql::VectorSample& sample : *result) {
    lines.push_back(sample.labels.to_string() + " " + promql::format_float_go(sample.sample.value));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> RuleWorld::alerts() const {
  std::vector<std::string> lines;
  for (const auto& group : rules_.groups()) {
    for (const auto& rule : group->rules()) {
      const auto* alerting = dynamic_cast<const AlertingRule*>(rule.get());
      if (alerting == nullptr) continue;
      alerting->for_each_active([&](const Labels& labels, const Alert& alert) {
        std::string line = format("{} {} active={}", labels.to_string(), to_string(alert.clock.state),
                                  show(alert.clock.active_at));
        if (alert.clock.fired_at != kNoTime) line += " fired=" + show(alert.clock.fired_at);
        if (alert.clock.keep_firing_since != kNoTime) {
          line += " kept=" + show(alert.clock.keep_firing_since);
        }
        lines.push_back(line + " value=" + promql::format_float_go(alert.value) + show(alert.annotations));
      });
    }
  }
  return lines;
}

std::string show(WallTime time) {
  return time == kNoTime ? "-" : format_duration(time.time_since_epoch());
}

std::string show(const TextMap& texts) {
  std::string out;
  for (const auto& [name, text] : texts) out += " " + name + "=" + go_quote(text);
  return out;
}

std::string show(const OutgoingAlert& alert) {
  return format("{} starts={} ends={}{}", alert.labels.to_string(), show(alert.starts_at),
                show(alert.ends_at), show(alert.annotations));
}

std::string show(const AlertChange& change) {
  std::string line(to_string(change.kind));
  if (change.cause != ResolveCause::none) line += format("({})", to_string(change.cause));
  return line + " " + show(change.alert);
}

}  // namespace tocsin::rules::testing
