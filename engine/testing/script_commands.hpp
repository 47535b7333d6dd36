// A test script as commands: what script_parser.cpp reads and script_runner.cpp runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/testing/promql_script.hpp"
#include "promql/matcher.hpp"
#include "promql/series_notation.hpp"
#include "promql/time.hpp"

namespace tocsin::testing {

struct LoadedSeries {
  Labels labels;
  std::vector<promql::SequenceValue> values;
  // Of each value, how far its start time lies from it, where it has one. Empty: none has.
  std::vector<std::optional<Duration>> start_offsets;
};

struct ClearCommand {};

struct LoadCommand {
  Duration step{};
  bool with_custom_buckets = false;  // load_with_nhcb: classic histograms are loaded as native ones, too
  std::vector<LoadedSeries> series;
};

enum class ExpectationKind : std::uint8_t { ordered, fail, warn, no_warn, info, no_info };

struct Expectation {
  ExpectationKind kind = ExpectationKind::ordered;
  std::string text;                    // a message, or a pattern's source
  std::optional<AnchoredRegex> regex;  // finds the pattern anywhere in a message
  bool matches_any = false;            // neither message nor pattern is given

  [[nodiscard]] bool matches(std::string_view message) const;
};

struct ExpectedSeries {
  std::size_t position = 0;  // among the lines of the expectation, from 1
  Labels labels;
  std::vector<promql::SequenceValue> values;
};

struct EvalCommand {
  std::string expression;
  bool is_range = false;
  Timestamp at{};     // of an instant query
  Timestamp start{};  // of a range query, or of the range vector that an instant one is to give
  Timestamp end{};
  Duration step{};
  // Whether the result must be that of a range query as well: not so for strings and range vectors.
  bool check_as_range = true;
  std::vector<Expectation> expectations;
  // What eval_warn and eval_info ask for: at least one, of whatever text.
  bool wants_warning = false;
  bool wants_info = false;
  std::optional<promql::SequenceValue> scalar;
  std::optional<std::string> string;
  std::vector<ExpectedSeries> series;

  [[nodiscard]] const Expectation* find(ExpectationKind kind) const;
};

struct ScriptCommand {
  std::size_t line = 0;
  std::variant<ClearCommand, LoadCommand, EvalCommand> action;
};

struct ParsedScript {
  std::vector<ScriptCommand> commands;
  std::optional<ScriptFailure> error;
  std::size_t lines_read = 0;
};

[[nodiscard]] ParsedScript parse_script(std::string_view text);
// The same, but only as far as the first command goes.
[[nodiscard]] ParsedScript parse_first_command(std::string_view text);

// The switches under which scripts are parsed and evaluated: all of them.
[[nodiscard]] promql::ParserOptions script_parser_options();

// `-1m _x3 30s+15sx4`: how far start times lie from their samples, in the notation of @st lines.
[[nodiscard]] Result<std::vector<std::optional<Duration>>> parse_start_offsets(std::string_view text);

// Compares a result with what the command expects. "" if it holds.
[[nodiscard]] std::string compare_result(const EvalCommand& command, const promql::Value& result);

// Classic histograms among the series (_bucket, _count, _sum) as native ones with custom buckets, as a scrape
// with convert_classic_histograms_to_nhcb makes them.
struct CustomBucketSeries {
  Labels labels;
  std::vector<promql::Sample> samples;
};
[[nodiscard]] Result<std::vector<CustomBucketSeries>> convert_classic_histograms(const LoadCommand& load);

}  // namespace tocsin::testing
