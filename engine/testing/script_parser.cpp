// Source of the format: Prometheus 3.14, promql/promqltest/test.go and README.md.
#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include "engine/testing/script_commands.hpp"
#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/number_text.hpp"
#include "promql/parser.hpp"
#include "promql/quote.hpp"

namespace tocsin::testing {
namespace {

constexpr std::string_view kSpace = " \t\r";

// The first word, dropped from text with the space behind it.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(kSpace), text.size());
  const std::string_view word = text.substr(0, end);
  text = trimmed(text.substr(end), kSpace);
  return word;
}

bool accept_word(std::string_view& text, std::string_view word) {
  std::string_view rest = text;
  if (take_word(rest) != word) return false;
  text = rest;
  return true;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::optional<ExpectationKind> expectation_kind(std::string_view name) {
  if (name == "ordered") return ExpectationKind::ordered;
  if (name == "fail") return ExpectationKind::fail;
  if (name == "warn") return ExpectationKind::warn;
  if (name == "no_warn") return ExpectationKind::no_warn;
  if (name == "info") return ExpectationKind::info;
  if (name == "no_info") return ExpectationKind::no_info;
  return std::nullopt;
}

// A pattern that may match anywhere in a message; `.` stops at a line break in it, as in Go.
Result<AnchoredRegex> compile_search(std::string_view pattern) {
  return AnchoredRegex::compile(format("(?s:.*)(?-s:{})(?s:.*)", pattern));
}

Result<Expectation> make_expectation(ExpectationKind kind, std::string_view form, std::string_view text) {
  Expectation expectation;
  expectation.kind = kind;
  expectation.text = text;
  if (form == "regex") {
    Result<AnchoredRegex> regex = compile_search(text);
    if (!regex) return Error(format("invalid regex {} for expect: {}", text, regex.error().text));
    expectation.regex = std::move(*regex);
  }
  return expectation;
}

// expect KIND [msg:TEXT|regex:PATTERN]
Result<Expectation> parse_expectation(std::string_view line) {
  const Error invalid("invalid expect statement, must match `expect <type> <match_type>: <string>` format");
  take_word(line);
  const std::optional<ExpectationKind> kind = expectation_kind(take_word(line));
  if (!kind) return invalid;
  if (line.empty()) {
    Expectation any;
    any.kind = *kind;
    any.matches_any = true;
    return any;
  }
  const std::size_t colon = line.find(':');
  const std::string_view form = line.substr(0, colon);
  if (colon == line.npos || (form != "msg" && form != "regex")) return invalid;
  return make_expectation(*kind, form, trimmed(line.substr(colon + 1), kSpace));
}

struct Span {
  Duration from{};
  Duration to{};
  Duration step{};
};

// from A to B step C, dropped from text.
Result<Span> take_span(std::string_view& text) {
  const Error invalid("invalid time range, expected from <duration> to <duration> step <duration>");
  Span span;
  const auto take = [&text, &invalid](std::string_view word, Duration& out) -> Result<void> {
    if (!accept_word(text, word)) return invalid;
    const std::string_view value = take_word(text);
    const Result<Duration> duration = parse_duration(value);
    if (!duration)
      return Error(format("invalid {} definition {}: {}", word, go_quote(value), duration.error().text));
    out = *duration;
    return {};
  };
  for (const auto& [word, out] : {std::pair{"from", &span.from}, {"to", &span.to}, {"step", &span.step}}) {
    if (const Result<void> taken = take(word, *out); !taken) return taken.error();
  }
  if (span.to < span.from) return Error("invalid test definition, end timestamp is before start timestamp");
  return span;
}

Timestamp time_at(Duration since_start) {
  return timestamp_from_ms(std::chrono::floor<std::chrono::milliseconds>(since_start).count());
}

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = trimmed(text.substr(0, end), kSpace);
      lines_.push_back(line.starts_with('#') ? std::string_view() : line);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  ParsedScript parse(std::size_t most_commands) {
    ParsedScript script;
    while (next_ < lines_.size() && script.commands.size() < most_commands) {
      const std::size_t first = next_++;
      if (lines_[first].empty()) continue;
      Result<ScriptCommand> command = parse_command(lines_[first]);
      if (!command) {
        script.error = ScriptFailure{next_, command.error().text};
        return script;
      }
      command->line = first + 1;
      script.commands.push_back(std::move(*command));
    }
    script.lines_read = next_;
    return script;
  }

 private:
  // The next line of the command under way; nothing at an empty one or at the end.
  std::optional<std::string_view> next_line() {
    if (next_ >= lines_.size() || lines_[next_].empty()) return std::nullopt;
    return lines_[next_++];
  }

  Result<ScriptCommand> parse_command(std::string_view line) {
    std::string_view rest = line;
    const std::string word = lower_case(take_word(rest));
    if (word == "clear") return ScriptCommand{0, ClearCommand{}};
    if (word == "load" || word == "load_with_nhcb") return parse_load(rest, word != "load");
    if (word.starts_with("eval")) return parse_eval(std::string_view(word).substr(4), rest);
    return Error(format("invalid command {}", go_quote(line)));
  }

  Result<ScriptCommand> parse_load(std::string_view step, bool with_custom_buckets) {
    const Result<Duration> duration = parse_duration(step);
    if (!duration)
      return Error(format("invalid step definition {}: {}", go_quote(step), duration.error().text));
    LoadCommand load;
    load.step = *duration;
    load.with_custom_buckets = with_custom_buckets;
    std::vector<LoadedSeries> given;
    std::unordered_map<Labels, std::size_t, LabelsHash> last_of_labels;
    while (const std::optional<std::string_view> line = next_line()) {
      Result<LoadedSeries> series = parse_loaded_series(*line);
      if (!series) return series.error();
      last_of_labels[series->labels] = given.size();
      given.push_back(std::move(*series));
    }
    // Of a series that is given twice, the later line counts.
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (last_of_labels[given[i].labels] == i) load.series.push_back(std::move(given[i]));
    }
    return ScriptCommand{0, std::move(load)};
  }

  Result<LoadedSeries> parse_loaded_series(std::string_view line) {
    LoadedSeries series;
    std::optional<Labels> start_metric;
    std::string_view offsets = line;
    if (const std::string_view metric = take_word(offsets); metric.ends_with("@st")) {
      const std::string_view name = metric.substr(0, metric.size() - 3);
      const auto parsed = promql::parse_series(name);
      if (!parsed.ok())
        return Error(format("invalid @st line metric {}: {}", go_quote(name), parsed.error(name).text));
      auto values = parse_start_offsets(offsets);
      if (!values) return values.error().wrap("invalid @st sequence");
      start_metric = parsed.value.labels;
      series.start_offsets = std::move(*values);
      const std::optional<std::string_view> next = next_line();
      if (!next) return Error("@st line has no following sample line");
      line = *next;
    }
    auto parsed = promql::parse_series(line);
    if (!parsed.ok()) return parsed.error(line);
    series.labels = std::move(parsed.value.labels);
    series.values = std::move(parsed.value.values);
    if (start_metric && *start_metric != series.labels) {
      return Error("@st metric does not match the following sample line metric");
    }
    if (start_metric && series.start_offsets.size() != series.values.size()) {
      return Error(format("@st line has {} values but sample line has {}", series.start_offsets.size(),
                          series.values.size()));
    }
    return series;
  }

  Result<ScriptCommand> parse_eval(std::string_view suffix, std::string_view rest) {
    EvalCommand eval;
    const std::string_view form = take_word(rest);
    eval.is_range = form == "range";
    if ((form != "instant" && form != "range") || !apply_suffix(suffix, eval)) {
      return Error(
          "invalid evaluation command. Must be either 'eval[_fail|_warn|_ordered] instant [at "
          "<offset:duration>] "
          "<query>' or 'eval[_fail|_warn] range from <from> to <to> step <step> <query>'");
    }
    if (const Result<void> times = parse_times(eval, rest); !times) return times.error();
    eval.expression = rest;
    const auto parsed = promql::parse_expr(eval.expression, script_parser_options());
    if (!parsed.ok()) return parsed.error(eval.expression);
    if (const Result<void> result = parse_expected(eval); !result) return result.error();
    return ScriptCommand{0, std::move(eval)};
  }

  static bool apply_suffix(std::string_view suffix, EvalCommand& eval) {
    eval.wants_warning = suffix == "_warn";
    eval.wants_info = suffix == "_info";
    if (suffix == "_fail" || suffix == "_ordered") {
      Expectation expectation;
      expectation.kind = suffix == "_fail" ? ExpectationKind::fail : ExpectationKind::ordered;
      expectation.matches_any = true;
      eval.expectations.push_back(std::move(expectation));
      return suffix == "_fail" || !eval.is_range;
    }
    return suffix.empty() || eval.wants_warning || eval.wants_info;
  }

  static Result<void> parse_times(EvalCommand& eval, std::string_view& rest) {
    if (eval.is_range) {
      const Result<Span> span = take_span(rest);
      if (!span) return span.error();
      set_span(eval, *span);
      return {};
    }
    const std::string_view at = accept_word(rest, "at") ? take_word(rest) : std::string_view();
    const Result<Duration> time = parse_duration(at);
    if (!time) return Error(format("invalid timestamp definition {}: {}", go_quote(at), time.error().text));
    eval.at = eval.start = eval.end = time_at(*time);
    return {};
  }

  static void set_span(EvalCommand& eval, const Span& span) {
    eval.start = time_at(span.from);
    eval.end = time_at(span.to);
    eval.step = span.step;
  }

  // The lines under an eval.
  Result<void> parse_expected(EvalCommand& eval) {
    bool has_range_vector = false;
    std::size_t position = 1;
    while (const std::optional<std::string_view> line = next_line()) {
      std::string_view rest = *line;
      const std::string_view word = take_word(rest);
      if (word == "expected_fail_message" || word == "expected_fail_regexp") {
        return expect_failure(eval, word == "expected_fail_regexp" ? "regex" : "msg", rest);
      }
      if (word == "expect") {
        const Result<bool> is_range_vector = parse_expect(eval, *line, rest);
        if (!is_range_vector) return is_range_vector.error();
        has_range_vector = has_range_vector || *is_range_vector;
        continue;
      }
      if (const Result<double> number = promql::parse_number(*line)) {
        eval.scalar.emplace().value = *number;
        return {};
      }
      auto parsed = promql::parse_series(*line);
      if (!parsed.ok()) return parsed.error(*line);
      if (parsed.value.values.size() > 1 && !eval.is_range && !has_range_vector) {
        return Error(
            "expecting multiple values in instant evaluation not allowed. consider using 'expect range "
            "vector' "
            "directive to enable a range vector result for an instant query");
      }
      eval.series.push_back({position++, std::move(parsed.value.labels), std::move(parsed.value.values)});
    }
    return {};
  }

  static Result<void> expect_failure(EvalCommand& eval, std::string_view form, std::string_view text) {
    Result<Expectation> expectation = make_expectation(ExpectationKind::fail, form, text);
    if (!expectation) return expectation.error();
    eval.expectations.push_back(std::move(*expectation));
    return {};
  }

  // `line` starts with "expect", `rest` is what follows. True: it says that the result is a range vector.
  static Result<bool> parse_expect(EvalCommand& eval, std::string_view line, std::string_view rest) {
    std::string_view after = rest;
    if (accept_word(after, "range") && accept_word(after, "vector")) {
      const Result<Span> span = take_span(after);
      if (!span) return span.error();
      set_span(eval, *span);
      eval.at = eval.end;
      eval.check_as_range = false;
      return true;
    }
    after = rest;
    if (accept_word(after, "string")) {
      const Result<std::string> text = unquote(after);
      if (!text) return Error("expected string literal not valid - a quoted string literal is required");
      eval.string = *text;
      eval.check_as_range = false;
      return false;
    }
    Result<Expectation> expectation = parse_expectation(line);
    if (!expectation) return expectation.error();
    eval.expectations.push_back(std::move(*expectation));
    if (const Result<void> valid = validate(eval); !valid) return valid.error();
    return false;
  }

  static Result<void> validate(const EvalCommand& eval) {
    const auto count = [&eval](ExpectationKind kind) {
      return std::ranges::count(eval.expectations, kind, &Expectation::kind);
    };
    if (count(ExpectationKind::info) > 0 && count(ExpectationKind::no_info) > 0) {
      return Error("invalid expect lines, info and no_info cannot be used together");
    }
    if (count(ExpectationKind::warn) > 0 && count(ExpectationKind::no_warn) > 0) {
      return Error("invalid expect lines, warn and no_warn cannot be used together");
    }
    if (count(ExpectationKind::fail) > 1) {
      return Error("invalid expect lines, multiple expect fail lines are not allowed");
    }
    return {};
  }

  std::vector<std::string_view> lines_;
  std::size_t next_ = 0;
};

}  // namespace

bool Expectation::matches(std::string_view message) const {
  if (regex) return regex->matches(message);
  return matches_any || message == text;
}

const Expectation* EvalCommand::find(ExpectationKind kind) const {
  // A later one is the more exact: expected_fail_message under eval_fail.
  const auto found = std::ranges::find(expectations.rbegin(), expectations.rend(), kind, &Expectation::kind);
  return found == expectations.rend() ? nullptr : &*found;
}

promql::ParserOptions script_parser_options() {
  return {true, true, true, true};
}

ParsedScript parse_script(std::string_view text) {
  return ScriptParser(text).parse(std::numeric_limits<std::size_t>::max());
}

ParsedScript parse_first_command(std::string_view text) {
  return ScriptParser(text).parse(1);
}

}  // namespace tocsin::testing
