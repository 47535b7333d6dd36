#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/testing/memory_series.hpp"
#include "engine/testing/promql_script.hpp"
#include "engine/testing/script_commands.hpp"
#include "promql/format.hpp"
#include "promql/functions.hpp"
#include "promql/parser.hpp"
#include "promql/printer.hpp"

namespace tocsin::testing {
namespace {

using promql::Expr;
using promql::ExprKind;

// Functions whose result depends on the time of evaluation whatever their arguments do.
constexpr auto kTimeDependent = std::to_array<std::string_view>(
    {"days_in_month", "day_of_month", "day_of_week", "day_of_year", "end", "hour", "minute", "month", "year",
     "predict_linear", "range", "start", "step", "time", "timestamp"});

// Sets @ of all selectors that have none to one time; within a subquery, which gets it itself, nothing
// changes.
class TimeFixer {
 public:
  explicit TimeFixer(Timestamp time) : time_(time) {}

  // False: the expression depends on the time of evaluation all the same.
  bool fix(Expr& expr) {
    switch (expr.kind()) {
      case ExprKind::vector_selector:
        return set(promql::as<promql::VectorSelector>(expr).time);
      case ExprKind::matrix_selector:
        return set(promql::as<promql::MatrixSelector>(expr).selector->time);
      case ExprKind::subquery:
        return set(promql::as<promql::SubqueryExpr>(expr).time);
      case ExprKind::paren:
        return fix(*promql::as<promql::ParenExpr>(expr).expr);
      case ExprKind::unary:
        return fix(*promql::as<promql::UnaryExpr>(expr).expr);
      case ExprKind::binary: {
        auto& binary = promql::as<promql::BinaryExpr>(expr);
        return fix(*binary.lhs) && fix(*binary.rhs);
      }
      case ExprKind::aggregate: {
        auto& aggregate = promql::as<promql::AggregateExpr>(expr);
        return fix(*aggregate.expr) && (aggregate.param == nullptr || fix(*aggregate.param));
      }
      case ExprKind::call: {
        auto& call = promql::as<promql::Call>(expr);
        for (const std::string_view name : kTimeDependent) {
          if (call.function->name == name) return false;
        }
        for (const promql::ExprPtr& argument : call.args) {
          if (!fix(*argument)) return false;
        }
        return true;
      }
      default:
        return true;
    }
  }

 private:
  bool set(promql::TimeModifiers& modifiers) const {
    if (!modifiers.timestamp) modifiers.timestamp = time_;
    return true;
  }

  Timestamp time_;
};

struct InstantQuery {
  std::string expression;
  Timestamp at{};
};

// The query itself, and the same with @ at other times.
std::vector<InstantQuery> instant_queries(const EvalCommand& command) {
  std::vector<InstantQuery> queries{{command.expression, command.at}};
  const auto parsed = promql::parse_expr(command.expression, script_parser_options());
  if (!TimeFixer(command.at).fix(*parsed.value)) return queries;
  const std::string fixed = to_string(*parsed.value);
  const std::int64_t ms = ms_of(command.at);
  std::vector<std::int64_t> times{-10 * ms, 0, ms / 5, ms, 10 * ms};
  if (ms == 0) times = {-1000, 0, 1000};
  for (const std::int64_t time : times) queries.push_back({fixed, timestamp_from_ms(time)});
  return queries;
}

// start(), end(), range() and step() mean something else in a range query.
bool depends_on_query(std::string_view expression) {
  for (const std::string_view call : {"start()", "end()", "range()", "step()"}) {
    if (expression.find(call) != expression.npos) return true;
  }
  return false;
}

class ScriptRunner {
 public:
  explicit ScriptRunner(const ScriptOptions& options) : options_(options) {}

  ScriptReport run(std::string_view text) {
    ScriptReport report;
    const ParsedScript script = parse_script(text);
    if (script.error) {
      report.failures.push_back(*script.error);
      return report;
    }
    for (const ScriptCommand& command : script.commands) {
      std::string wrong;
      if (std::holds_alternative<ClearCommand>(command.action)) {
        series_.emplace();
      } else if (const auto* const load_command = std::get_if<LoadCommand>(&command.action)) {
        if (const Result<void> loaded = load(*load_command); !loaded) {
          report.failures.push_back({command.line, "load: " + loaded.error().text});
          return report;
        }
      } else {
        const auto& eval = std::get<EvalCommand>(command.action);
        ++report.evaluations;
        wrong = eval.is_range ? run_range(eval) : run_instant(eval);
        if (wrong.empty()) {
          ++report.passed;
        } else {
          report.failures.push_back({command.line, std::move(wrong)});
        }
      }
    }
    return report;
  }

 private:
  Result<void> load(const LoadCommand& command) {
    for (const LoadedSeries& series : command.series) {
      Duration since_start{};
      for (std::size_t i = 0; i < series.values.size(); ++i, since_start += command.step) {
        const promql::SequenceValue& value = series.values[i];
        if (value.is_omitted) continue;
        LoadedSample sample{{to_timestamp(WallTime(since_start)), value.value, value.histogram}, {}};
        if (!series.start_offsets.empty() && series.start_offsets[i]) {
          sample.start_time = to_timestamp(WallTime(since_start + *series.start_offsets[i]));
        }
        if (const Result<void> added = series_->load(series.labels, sample); !added) {
          return added.error().wrap(series.labels.to_string());
        }
      }
    }
    return command.with_custom_buckets ? load_custom_buckets(command) : Result<void>();
  }

  Result<void> load_custom_buckets(const LoadCommand& command) {
    const auto converted = convert_classic_histograms(command);
    if (!converted) return converted.error();
    for (const CustomBucketSeries& series : *converted) {
      for (const promql::Sample& sample : series.samples) {
        if (const Result<void> added = series_->load(series.labels, {sample, {}}); !added) {
          return added.error().wrap(series.labels.to_string());
        }
      }
    }
    return {};
  }

  promql::EvalResult<promql::QueryResult> query(const std::string& expression, const promql::TimeRange& range,
                                                bool is_range) {
    auto parsed = promql::parse_expr(expression, script_parser_options());
    const auto fail = [](const Error& error) {
      return promql::EvalError(promql::EvalErrorKind::execution, error.text);
    };
    if (!parsed.ok()) return fail(parsed.error(expression));
    auto plan = promql::Plan::compile(std::move(parsed.value), expression, options_.plan);
    if (!plan) return fail(plan.error());
    promql::RunLimits limits;
    limits.max_samples = options_.max_samples;
    plan->bind(*series_);
    return is_range ? plan->query_range(range, limits) : plan->query_at(range.start, limits);
  }

  // What is wrong with a failure or its absence, or with the annotations. Nothing: the value is to be
  // compared.
  static std::optional<std::string> check_outcome(const EvalCommand& command, const std::string& expression,
                                                  const promql::EvalResult<promql::QueryResult>& result) {
    const Expectation* const failure = command.find(ExpectationKind::fail);
    if (!result) {
      const std::string& text = result.error().text;
      if (failure == nullptr) return format("error evaluating query {}: {}", go_quote(expression), text);
      if (failure->matches(text)) return "";
      return format("expected error matching {} evaluating query {}\n    expected {}\n    found    {}",
                    go_quote(failure->text), go_quote(expression), failure->text, text);
    }
    if (failure != nullptr) {
      return format("expected error evaluating query {} but got none", go_quote(expression));
    }
    std::string wrong = check_annotations(command, expression, result->annotations);
    if (!wrong.empty()) return wrong;
    return std::nullopt;
  }

  // An annotation's text with its position in the query, and without, as older scripts expect it.
  struct AnnotationText {
    std::string with_position;
    std::string alone;
    [[nodiscard]] bool is_matched_by(const Expectation& expectation) const {
      return expectation.matches(with_position) || expectation.matches(alone);
    }
  };

  static std::string check_annotations(const EvalCommand& command, const std::string& expression,
                                       const promql::Annotations& annotations) {
    std::vector<AnnotationText> warnings;
    std::vector<AnnotationText> infos;
    for (const promql::Annotation& annotation : annotations.all()) {
      auto& texts = annotation.level == promql::AnnotationLevel::warning ? warnings : infos;
      texts.push_back({annotation.to_string(expression), annotation.text});
    }
    if (command.wants_warning && warnings.empty()) return "expected warnings but got none";
    if (command.wants_info && infos.empty()) return "expected info annotations but got none";
    std::string wrong = check_level(command, ExpectationKind::warn, ExpectationKind::no_warn, warnings);
    return wrong.empty() ? check_level(command, ExpectationKind::info, ExpectationKind::no_info, infos)
                         : wrong;
  }

  static std::string check_level(const EvalCommand& command, ExpectationKind wanted, ExpectationKind unwanted,
                                 const std::vector<AnnotationText>& texts) {
    const std::string_view noun = wanted == ExpectationKind::warn ? "warn" : "info";
    std::string found;
    for (const AnnotationText& text : texts) found += "\n    found    " + text.with_position;
    if (command.find(unwanted) != nullptr && !texts.empty()) {
      return format("unexpected {} annotations{}", noun, found);
    }
    if (command.find(wanted) == nullptr) return {};
    if (texts.empty()) return format("expected {} annotations but none were found", noun);
    std::vector<const Expectation*> expected;
    for (const Expectation& expectation : command.expectations) {
      if (expectation.kind == wanted) expected.push_back(&expectation);
    }
    for (const Expectation* expectation : expected) {
      const auto matches = [&](const AnnotationText& text) { return text.is_matched_by(*expectation); };
      if (std::ranges::none_of(texts, matches)) {
        return format("expected {} annotation was not found\n    expected {}{}", noun, expectation->text,
                      found);
      }
    }
    for (const AnnotationText& text : texts) {
      const auto matches = [&](const Expectation* expectation) { return text.is_matched_by(*expectation); };
      if (std::ranges::none_of(expected, matches)) {
        return format("unexpected {} annotation\n    found    {}", noun, text.with_position);
      }
    }
    return {};
  }

  std::string run_range(const EvalCommand& command) {
    const auto result = query(command.expression, {command.start, command.end, command.step}, true);
    if (auto wrong = check_outcome(command, command.expression, result)) return *wrong;
    return compare_result(command, result->value);
  }

  std::string run_instant(const EvalCommand& command) {
    for (const InstantQuery& instant : instant_queries(command)) {
      std::string wrong = run_one(command, instant);
      if (wrong.empty()) continue;
      if (instant.expression == command.expression) return wrong;
      return format("as {} at {}ms: {}", instant.expression, ms_of(instant.at), wrong);
    }
    return {};
  }

  std::string run_one(const EvalCommand& command, const InstantQuery& instant) {
    const auto result = query(instant.expression, {instant.at, instant.at, {}}, false);
    if (auto wrong = check_outcome(command, instant.expression, result)) return *wrong;
    if (std::string wrong = compare_result(command, result->value); !wrong.empty()) return wrong;
    if (!command.check_as_range || depends_on_query(instant.expression)) return {};
    std::string wrong =
        check_middle_step(command, instant, std::holds_alternative<promql::Scalar>(result->value));
    return wrong.empty() ? wrong : "in range mode: " + wrong;
  }

  // The same as the middle one of the three steps of a range query.
  std::string check_middle_step(const EvalCommand& command, const InstantQuery& instant, bool is_scalar) {
    constexpr auto kMinute = std::chrono::minutes(1);
    const auto result =
        query(instant.expression, {instant.at - kMinute, instant.at + kMinute, kMinute}, true);
    if (!result) return result.error().text;
    // Range queries are sorted by labels, so there is no order to compare.
    if (command.find(ExpectationKind::ordered) != nullptr) return {};
    promql::Vector vector;
    for (const promql::Series& series : std::get<promql::Matrix>(result->value)) {
      for (const promql::Sample& sample : series.samples) {
        if (sample.time == instant.at) vector.push_back({series.labels, sample});
      }
    }
    if (!is_scalar) return compare_result(command, std::move(vector));
    if (vector.empty()) return "expected scalar result, but got none";
    return compare_result(command, promql::Scalar{instant.at, vector.front().sample.value});
  }

  const ScriptOptions& options_;
  // Emptied by `clear`; optional because it cannot be assigned.
  std::optional<MemorySeries> series_{std::in_place};
};

}  // namespace

std::string ScriptReport::to_string(std::string_view file_name) const {
  std::string out;
  for (const ScriptFailure& failure : failures) {
    out += format("{}:{}: {}\n", file_name, failure.line, failure.text);
  }
  return out + format("{}: {} of {} evaluations passed\n", file_name, passed, evaluations);
}

ScriptReport run_promql_script(std::string_view text, const ScriptOptions& options) {
  return ScriptRunner(options).run(text);
}

}  // namespace tocsin::testing
