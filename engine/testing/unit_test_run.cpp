// Source of the rules: Prometheus 3.14, cmd/promtool/unittest.go.
#include "engine/testing/unit_test_run.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "promql/format.hpp"
#include "promql/parser.hpp"

namespace tocsin::testing {
namespace {

// A rule or an expression that holds more while it is evaluated fails under promtool
// (promql/promqltest/test.go, LazyLoader), so it must fail here.
constexpr std::size_t kMostSamples = 10'000;

// Each line but the first gets the indent.
std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += indent;
  }
  return out;
}

std::string promtool_text(const std::vector<FiringAlert>& alerts) {
  if (alerts.empty()) return "[]";
  std::string out = "[";
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    const std::string alert = format("\nLabels:{}\nAnnotations:{}", labels_text(alerts[i].labels),
                                     labels_text(alerts[i].annotations));
    out += format("{}\n{}:{}", i == 0 ? "" : ",", i, indented(alert, "  "));
  }
  return out + "\n]";
}

// Go's FormatFloat(v, 'E', -1, 64).
std::string format_exponent(double value) {
  if (!std::isfinite(value)) return promql::format_float(value);
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string text(buffer, end);
  std::ranges::replace(text, 'e', 'E');
  return text;
}

std::string text_of(const ResultSample& sample) {
  return format("{} {}", sample.labels.to_string(),
                sample.histogram.empty() ? format_exponent(sample.value) : sample.histogram);
}

std::string joined(const std::vector<ResultSample>& samples, std::string_view separator) {
  std::string out;
  for (const ResultSample& sample : samples) {
    if (!out.empty()) out += separator;
    out += text_of(sample);
  }
  return samples.empty() ? "nil" : out;
}

rules::RuleSetOptions rule_set_options(const UnitTestFile& file, const TestGroup& test,
                                       const UnitTestOptions& options) {
  rules::RuleSetOptions out;
  out.schedule = rules::Schedule::evaluation_interval_from_zero;
  out.start = test.start;
  out.evaluation_interval = file.evaluation_interval;
  out.group_order = file.group_order;
  out.rules.external_labels = Labels::from_map(test.external_labels);
  out.rules.external_url = test.external_url;
  out.rules.external_url_functions = false;
  out.rules.send_to_alertmanagers = false;
  out.rules.feed_dispatcher = false;
  out.rules.parser = options.parser;
  out.rules.plan.default_subquery_step = file.evaluation_interval;
  out.rules.plan.delayed_name_removal = options.delayed_name_removal;
  return out;
}

bool has_lesser_labels(const ResultSample& a, const ResultSample& b) {
  return a.labels < b.labels;
}

}  // namespace

std::string labels_text(const rules::TextMap& labels) {
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ", ";
    out += format("{}={}", is_classic_label_name(name) ? name : go_quote(name), go_quote(value));
  }
  return out + "}";
}

std::string metric_text(const Labels& labels) {
  const std::string name(labels.metric_name());
  if (!is_classic_metric_name(name)) return labels.to_string();
  const Labels rest = labels.without(kMetricName);
  return rest.empty() ? name : name + rest.to_string();
}

UnitTestRun::UnitTestRun(const UnitTestFile& file, const TestGroup& test, const LoadedRules& rules,
                         const UnitTestOptions& options)
    : file_(file),
      test_(test),
      loaded_rules_(rules),
      options_(options),
      rules_(rule_set_options(file, test, options)) {
  limits_.max_samples = kMostSamples;
}

std::string UnitTestRun::shown_name() const {
  if (!test_.name.empty()) return go_quote(test_.name);
  return format("test {}", &test_ - file_.tests.data() + 1);
}

void UnitTestRun::abort(UnitTestReport& report, SourcePosition position, const std::string& text,
                        std::vector<std::string> promtool) {
  report.failures.push_back({position, shown_name(), text, "", std::move(promtool)});
}

void UnitTestRun::run(UnitTestReport& report) {
  const std::size_t expectations = test_.alert_tests.size() + test_.expression_tests.size();
  const std::size_t failures_before = report.failures.size();
  if (load_series(report) && load_rules(report) && check_names(report) && evaluate_all(report)) {
    for (const ExpressionTest& expression_test : test_.expression_tests) {
      check_expression(expression_test, report);
    }
  }
  // What was not reached has not passed.
  const std::size_t failed = report.failures.size() - failures_before;
  const std::size_t not_run = expectations - std::min(expectations, checked_);
  report.failed += std::max(failed, failed == 0 ? 0 : std::max<std::size_t>(not_run, 1));
  report.passed += expectations - std::min(expectations, failed + not_run);
}

bool UnitTestRun::load_series(UnitTestReport& report) {
  // The script is the one that promtool makes of the series, line breaks in them included: a second line is a
  // series of its own, and an empty one, which YAML's "|" and ">" leave at the end, ends the list.
  std::string script = format("load {}\n", format_duration(test_.interval));
  std::vector<std::size_t> first_lines;  // of each series; the load command is on line 1
  std::size_t line = 2;
  for (const InputSeries& series : test_.input_series) {
    first_lines.push_back(line);
    const std::string lines = format("  {} {}\n", series.series, series.values);
    line += static_cast<std::size_t>(std::ranges::count(lines, '\n'));
    script += lines;
  }
  const auto begun_by = [&first_lines](std::size_t last_line) {
    return static_cast<std::size_t>(std::ranges::upper_bound(first_lines, last_line) - first_lines.begin());
  };
  ParsedScript parsed = parse_first_command(script);
  if (parsed.error) {
    const std::size_t begun = begun_by(parsed.error->line);
    const SourcePosition position = begun == 0 ? test_.position : test_.input_series[begun - 1].position;
    // Upstream numbers the lines of the load command: the first series is on line 2.
    std::string promtool = parsed.error->text;
    if (promtool.starts_with("1:")) promtool.replace(0, 1, format("{}", parsed.error->line));
    abort(report, position, "input_series: " + parsed.error->text, {promtool});
    return false;
  }
  if (const std::size_t loaded = begun_by(parsed.lines_read); loaded < first_lines.size()) {
    const std::size_t with_empty_line = begun_by(parsed.lines_read + 1) - 1;
    warn_of_dropped_series(test_.input_series[with_empty_line].position, first_lines.size() - loaded, report);
  }
  supply_from(std::move(std::get<LoadCommand>(parsed.commands.front().action).series));
  return true;
}

// promtool says nothing, and tests whatever is left.
void UnitTestRun::warn_of_dropped_series(SourcePosition position, std::size_t dropped,
                                         UnitTestReport& report) const {
  Diagnostic warning;
  warning.file = file_.file;
  warning.position = position;
  warning.severity = Severity::warning;
  warning.code = "T202 series-not-loaded";
  warning.text = format("an empty line in this series ends input_series: {} of {} series are not loaded",
                        dropped, test_.input_series.size());
  warning.fix = "write series and values on one line, or as a block that begins with \">-\"";
  report.diagnostics.push_back(std::move(warning));
}

bool UnitTestRun::load_rules(UnitTestReport& report) {
  if (!loaded_rules_.errors.empty()) {
    abort(report, test_.position, "not run: rule files cannot be loaded", loaded_rules_.errors);
    return false;
  }
  std::vector<const rules::RuleFile*> files;
  for (const rules::RuleFile& file : loaded_rules_.files) files.push_back(&file);
  (void)rules_.load(files, rules_.options(), test_.start);
  return true;
}

bool UnitTestRun::check_names(UnitTestReport& report) {
  const auto nameless = std::ranges::find(test_.alert_tests, "", &AlertTest::alertname);
  if (nameless == test_.alert_tests.end()) return true;
  const std::string text =
      format("an item under alert_rule_test misses required attribute alertname at eval_time {}",
             format_duration(nameless->eval_time));
  abort(report, nameless->position, text,
        {test_.name.empty() ? text : format("{} (in TestGroup {})", text, test_.name)});
  return false;
}

void UnitTestRun::supply_from(std::vector<LoadedSeries> loaded) {
  for (LoadedSeries& series : loaded) {
    Supply& supply = supplies_.emplace_back();
    supply.labels = std::move(series.labels);
    // Values beyond the last time that nanoseconds can count are never asked for.
    const auto countable = static_cast<std::size_t>((WallTime::max() - test_.start) / test_.interval);
    for (std::size_t i = 0; i < std::min(series.values.size(), countable); ++i) {
      const promql::SequenceValue& value = series.values[i];
      if (value.is_omitted) continue;
      const WallTime time = test_.start + static_cast<std::int64_t>(i) * test_.interval;
      LoadedSample sample{{to_timestamp(time), value.value, value.histogram}, {}};
      if (!series.start_offsets.empty() && series.start_offsets[i]) {
        sample.start_time = to_timestamp(time + *series.start_offsets[i]);
      }
      supply.samples.push_back(std::move(sample));
    }
  }
}

Duration UnitTestRun::last_eval_time() const {
  Duration last{};
  for (const AlertTest& alert_test : test_.alert_tests) last = std::max(last, alert_test.eval_time);
  for (const ExpressionTest& expression_test : test_.expression_tests) {
    last = std::max(last, expression_test.eval_time);
  }
  return last;
}

void UnitTestRun::supply_until(WallTime time, UnitTestReport& report) {
  for (Supply& supply : supplies_) {
    while (supply.next < supply.samples.size() &&
           supply.samples[supply.next].sample.time <= to_timestamp(time)) {
      const Result<void> loaded = series_.load(supply.labels, supply.samples[supply.next++]);
      if (loaded) continue;
      abort(report, test_.position,
            format("input_series: {}: {}", supply.labels.to_string(), loaded.error().text),
            {loaded.error().text});
    }
  }
}

bool UnitTestRun::evaluate_all(UnitTestReport& report) {
  std::vector<const AlertTest*> alert_tests;
  for (const AlertTest& alert_test : test_.alert_tests) alert_tests.push_back(&alert_test);
  std::ranges::stable_sort(alert_tests, {}, &AlertTest::eval_time);
  auto next = alert_tests.begin();
  const WallTime last = test_.start + last_eval_time();
  for (WallTime time = test_.start;; time += file_.evaluation_interval) {
    supply_until(time, report);
    if (!evaluate_rules(time, report)) return false;
    // A test between two evaluations sees the earlier one.
    const auto is_seen = [&](const AlertTest& alert_test) {
      return alert_test.eval_time - (time - test_.start) < file_.evaluation_interval;
    };
    for (; next != alert_tests.end() && is_seen(**next); ++next) check_alerts(**next, time, report);
    if (last - time < file_.evaluation_interval) return true;
  }
}

bool UnitTestRun::evaluate_rules(WallTime time, UnitTestReport& report) {
  bool all_well = true;
  while (std::optional<rules::RuleRun> run = rules_.run_next({series_, series_, limits_, time})) {
    if (run->outcome.error.empty()) continue;
    all_well = false;
    const std::string& name = run->rule.definition().name;
    const std::string since_1970 = format_go_duration(time.time_since_epoch());
    abort(report, test_.position,
          format("rule {} at {}: {}", go_quote(name), format_go_duration(time - test_.start),
                 run->outcome.error),
          {format("    rule: {}, time: {}, err: {}", name, since_1970, run->outcome.error)});
  }
  return all_well;
}

std::vector<FiringAlert> UnitTestRun::firing_alerts(const std::string& name) const {
  std::vector<FiringAlert> firing;
  for (const auto& group : rules_.groups()) {
    for (const auto& rule : group->rules()) {
      const auto* const alerting = dynamic_cast<const rules::AlertingRule*>(rule.get());
      if (alerting == nullptr || alerting->definition().name != name) continue;
      alerting->for_each_active([&firing](const Labels& labels, const rules::Alert& alert) {
        if (alert.clock.state != rules::AlertState::firing) return;
        FiringAlert& found = firing.emplace_back();
        for (const LabelView label : labels) found.labels.emplace(label.name, label.value);
        found.annotations = alert.annotations;
      });
    }
  }
  std::ranges::sort(firing);
  return firing;
}

void UnitTestRun::check_alerts(const AlertTest& alert_test, WallTime evaluated_at, UnitTestReport& report) {
  ++checked_;
  std::vector<FiringAlert> expected;
  for (const ExpectedAlert& alert : alert_test.alerts) {
    expected.push_back({alert.labels, alert.annotations});
    expected.back().labels[std::string(kAlertName)] = alert_test.alertname;
  }
  std::ranges::sort(expected);
  const std::vector<FiringAlert> found = firing_alerts(alert_test.alertname);
  if (expected == found) return;
  constexpr std::string_view kIndent = "            ";
  const std::string name = test_.name.empty() ? "" : format("    name: {},\n", test_.name);
  const std::string promtool =
      format("{}    alertname: {}, time: {}, \n        exp:{}, \n        got:{}", name, alert_test.alertname,
             format_duration(alert_test.eval_time), indented(promtool_text(expected), kIndent),
             indented(promtool_text(found), kIndent));
  report.failures.push_back(
      {alert_test.position,
       shown_name(),
       format("alert {} at {}", alert_test.alertname, format_go_duration(alert_test.eval_time)),
       explain_alerts(*this, alert_test, evaluated_at, expected, found),
       {promtool}});
}

Result<std::vector<ResultSample>> UnitTestRun::query(const std::string& expression, WallTime at) {
  auto parsed = promql::parse_expr(expression, options_.parser);
  if (!parsed.ok()) return Error(promql::to_string_with_feature(parsed.errors.front(), expression));
  auto plan = promql::Plan::compile(std::move(parsed.value), expression, rules_.options().rules.plan);
  if (!plan) return plan.error();
  plan->bind(series_);
  auto result = plan->query_at(to_timestamp(at), limits_);
  if (!result) return Error(result.error().text);
  std::vector<ResultSample> samples;
  if (const auto* const scalar = std::get_if<promql::Scalar>(&result->value)) {
    samples.push_back({{}, scalar->value, ""});
  } else if (const auto* const vector = std::get_if<promql::Vector>(&result->value)) {
    for (const auto& [labels, sample] : *vector) {
      const bool is_histogram = sample.histogram != nullptr;
      samples.push_back({labels, sample.value, is_histogram ? sample.histogram->to_test_expression() : ""});
    }
  } else {
    return Error("rule result is not a vector or scalar");
  }
  std::ranges::stable_sort(samples, has_lesser_labels);
  return samples;
}

Result<std::vector<ResultSample>> UnitTestRun::expected_samples(const ExpressionTest& expression_test) const {
  std::vector<ResultSample> samples;
  for (const ExpectedSample& expected : expression_test.samples) {
    const std::string subject = format("labels {}", go_quote(expected.labels));
    auto metric = promql::parse_metric(expected.labels);
    if (!metric.ok()) return metric.error(expected.labels).wrap(subject);
    ResultSample& sample = samples.emplace_back();
    sample.labels = std::move(metric.value);
    sample.value = expected.value;
    if (expected.histogram.empty()) continue;
    const std::string series = "{} " + expected.histogram;
    const auto parsed = promql::parse_series(series);
    if (!parsed.ok()) return parsed.error(series).wrap(subject);
    if (parsed.value.values.size() != 1) {
      return Error(format("{}: expected 1 value, got {}", subject, parsed.value.values.size()));
    }
    const auto& histogram = parsed.value.values.front().histogram;
    if (histogram == nullptr) {
      return Error(format("{}: expected histogram, got {}", subject, expected.histogram));
    }
    sample.histogram = histogram->to_test_expression();
  }
  std::ranges::stable_sort(samples, has_lesser_labels);
  return samples;
}

bool UnitTestRun::same(const ResultSample& expected, const ResultSample& found) const {
  if (expected.labels != found.labels || expected.histogram != found.histogram) return false;
  if (expected.value == found.value) return true;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return file_.fuzzy_compare && (std::nextafter(expected.value, -kInfinity) == found.value ||
                                 std::nextafter(expected.value, kInfinity) == found.value);
}

void UnitTestRun::check_expression(const ExpressionTest& expression_test, UnitTestReport& report) {
  ++checked_;
  const std::string& expression = expression_test.expression;
  const std::string subject =
      format("expression {} at {}", go_quote(expression), format_go_duration(expression_test.eval_time));
  const std::string promtool_head =
      format("    expr: {}, time: {},", go_quote(expression), format_duration(expression_test.eval_time));
  const auto fail = [&](std::string details, const std::string& promtool) {
    report.failures.push_back(
        {expression_test.position, shown_name(), subject, std::move(details), {promtool_head + promtool}});
  };
  const auto found = query(expression, test_.start + expression_test.eval_time);
  if (!found) return fail("  " + found.error().text, " err: " + found.error().text);
  const auto expected = expected_samples(expression_test);
  if (!expected) return fail("  exp_samples: " + expected.error().text, " err: " + expected.error().text);
  const auto is_same = [this](const ResultSample& a, const ResultSample& b) { return same(a, b); };
  if (std::ranges::equal(*expected, *found, is_same)) return;

  std::string details;
  const auto list = [&](std::string_view word, const auto& samples, const auto& others) {
    for (const ResultSample& sample : samples) {
      const auto equals = [&](const ResultSample& other) { return same(sample, other); };
      if (std::ranges::any_of(others, equals)) continue;
      if (!details.empty()) details += "\n";
      details += format("  {} {} {}", word, metric_text(sample.labels),
                        sample.histogram.empty() ? promql::format_float_go(sample.value) : sample.histogram);
    }
  };
  list("expected", *expected, *found);
  list("got     ", *found, *expected);
  if (expected->empty()) details = "  expected no result\n" + details;
  if (found->empty()) details += "\n  got      no result";
  fail(std::move(details),
       format("\n        exp: {}\n        got: {}", joined(*expected, ", "), joined(*found, ", ")));
}

}  // namespace tocsin::testing
