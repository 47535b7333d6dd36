// The values of @st lines: how far each sample's start time lies from its own time.
//
//   _          none                    _x3        three times none
//   -1m        one                     -1mx3      four times the same
//   -1m+30sx3  four, each 30s later    -1m-30sx3  four, each 30s earlier
#include <charconv>
#include <limits>

#include "engine/testing/script_commands.hpp"
#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/number_text.hpp"

namespace tocsin::testing {
namespace {

using StartOffsets = std::vector<std::optional<Duration>>;

bool is_unit(char c) {
  return c >= 'a' && c <= 'z' && c != 'x';
}

// A duration with an optional sign at the start of text, dropped from it.
Result<Duration> take_duration(std::string_view& text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end == 0) return Error(format("expected digits in duration {}", go_quote(text)));
  while (end < text.size() && is_unit(text[end])) ++end;
  const Result<Duration> duration = parse_duration(text.substr(0, end));
  if (!duration) return duration.error().wrap(format("invalid duration {}", go_quote(text.substr(0, end))));
  text.remove_prefix(end);
  return is_negative ? -*duration : *duration;
}

// xN at the start of text, all of it.
Result<std::uint64_t> repetition(std::string_view text) {
  if (!text.starts_with('x')) return Error("expected 'x<count>'");
  const Result<std::uint64_t> count = promql::parse_uint64(text.substr(1));
  if (!count || *count > promql::kMaxSequenceLength) return Error("invalid repeat count");
  return *count;
}

Result<void> append_item(std::string_view item, StartOffsets& out) {
  if (item.starts_with('_')) {
    const std::string_view rest = item.substr(1);
    const Result<std::uint64_t> count =
        rest.empty() ? Result<std::uint64_t>(std::uint64_t{1}) : repetition(rest);
    if (!count) return count.error();
    if (*count == 0) return Error("invalid repeat count");
    out.resize(out.size() + *count);
    return {};
  }
  const Result<Duration> first = take_duration(item);
  if (!first) return first.error();
  if (item.empty()) {
    out.emplace_back(*first);
    return {};
  }
  Duration change{};
  if (item.front() == '+' || item.front() == '-') {
    const Result<Duration> given = take_duration(item);
    if (!given) return given.error().wrap("invalid step duration");
    change = *given;
  }
  const Result<std::uint64_t> count = repetition(item);
  if (!count) return count.error();
  Duration offset = *first;
  for (std::uint64_t i = 0; i <= *count; ++i) {
    out.emplace_back(offset);
    offset += change;
  }
  return {};
}

}  // namespace

Result<StartOffsets> parse_start_offsets(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  StartOffsets out;
  for (;;) {
    const std::size_t start = text.find_first_not_of(kSpace);
    if (start == text.npos) return out;
    text.remove_prefix(start);
    const std::string_view item = text.substr(0, text.find_first_of(kSpace));
    if (const Result<void> added = append_item(item, out); !added) {
      return added.error().wrap(format("invalid ST item {}", go_quote(item)));
    }
    text.remove_prefix(item.size());
  }
}

}  // namespace tocsin::testing
