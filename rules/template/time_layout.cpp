// Go's layouts: a text in which parts of the reference time "Mon Jan 2 15:04:05 MST 2006" stand for the same
// parts of the time that is written or read. Here they are found and times written; time_reader.cpp reads.
#include "rules/template/time_layout.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "promql/format.hpp"
#include "rules/template/go_time.hpp"

namespace tocsin::templates {
namespace layout {
namespace {

struct Spelling {
  std::string_view text;
  Part part;
  OffsetForm offset{};
};

// Longer spellings come before those they begin with.
constexpr auto kSpellings = std::to_array<Spelling>({
    {"January", Part::long_month},
    {"Jan", Part::short_month},
    {"Monday", Part::long_weekday},
    {"Mon", Part::short_weekday},
    {"MST", Part::abbreviation},
    {"002", Part::padded_year_day},
    {"01", Part::padded_month},
    {"02", Part::padded_day},
    {"03", Part::padded_hour12},
    {"04", Part::padded_minute},
    {"05", Part::padded_second},
    {"06", Part::short_year},
    {"15", Part::hour},
    {"1", Part::month},
    {"2006", Part::long_year},
    {"2", Part::day},
    {"_2", Part::space_padded_day},
    {"__2", Part::space_padded_year_day},
    {"3", Part::hour12},
    {"4", Part::minute},
    {"5", Part::second},
    {"PM", Part::upper_half},
    {"pm", Part::lower_half},
    {"-070000", Part::offset, {false, false, true, true}},
    {"-07:00:00", Part::offset, {false, true, true, true}},
    {"-0700", Part::offset, {false, false, true, false}},
    {"-07:00", Part::offset, {false, true, true, false}},
    {"-07", Part::offset, {false, false, false, false}},
    {"Z070000", Part::offset, {true, false, true, true}},
    {"Z07:00:00", Part::offset, {true, true, true, true}},
    {"Z0700", Part::offset, {true, false, true, false}},
    {"Z07:00", Part::offset, {true, true, true, false}},
    {"Z07", Part::offset, {true, false, false, false}},
});

// A run of zeros or nines after a dot or comma, with no other digit behind it.
std::optional<Chunk> fraction_at(std::string_view layout, std::size_t at) {
  if ((layout[at] != '.' && layout[at] != ',') || at + 1 >= layout.size()) return std::nullopt;
  const char digit = layout[at + 1];
  if (digit != '0' && digit != '9') return std::nullopt;
  const std::size_t end = std::min(layout.find_first_not_of(digit, at + 1), layout.size());
  if (digit_at(layout, end)) return std::nullopt;
  Chunk chunk;
  chunk.part = digit == '0' ? Part::fraction_fixed : Part::fraction_trimmed;
  chunk.digits = static_cast<int>(end - at - 1);
  chunk.separator = layout[at];
  chunk.before = layout.substr(0, at);
  chunk.text = layout.substr(at, end - at);
  chunk.after = layout.substr(end);
  return chunk;
}

}  // namespace

Chunk next_chunk(std::string_view layout) {
  for (std::size_t at = 0; at < layout.size(); ++at) {
    if (auto fraction = fraction_at(layout, at)) return *fraction;
    const std::string_view rest = layout.substr(at);
    // In "_2006" the underscore is itself.
    if (rest.starts_with("_2006"))
      return {layout.substr(0, at + 1), Part::long_year, {}, 0, '.', rest.substr(1, 4), rest.substr(5)};
    for (const Spelling& spelling : kSpellings) {
      if (!rest.starts_with(spelling.text)) continue;
      const std::string_view after = rest.substr(spelling.text.size());
      // "Jan" and "Mon" are no parts of longer words such as "Month".
      const bool short_name = spelling.part == Part::short_month || spelling.part == Part::short_weekday;
      if (short_name && !after.empty() && after[0] >= 'a' && after[0] <= 'z') continue;
      return {layout.substr(0, at), spelling.part, spelling.offset, 0, '.', spelling.text, after};
    }
  }
  return {layout, Part::none, {}, 0, '.', {}, {}};
}

}  // namespace layout

namespace {

using layout::Chunk;
using layout::kDays;
using layout::kMonths;
using layout::OffsetForm;
using layout::Part;

std::string padded(std::int64_t value, int width) {
  return value < 0 ? format("-{:0{}}", -value, width) : format("{:0{}}", value, width);
}

int twelve_hours(int hour) {
  return hour % 12 == 0 ? 12 : hour % 12;
}

std::string format_offset(std::int32_t seconds, OffsetForm form) {
  if (seconds == 0 && form.z_for_utc) return "Z";
  const std::int32_t minutes = seconds / 60;
  const std::int32_t size = std::abs(minutes);
  std::string out = format("{}{:02}", minutes < 0 ? '-' : '+', size / 60);
  if (form.colons) out += ':';
  if (form.minutes) out += format("{:02}", size % 60);
  if (form.seconds) out += format("{}{:02}", form.colons ? ":" : "", std::abs(seconds) % 60);
  return out;
}

std::string format_fraction(int nanosecond, const Chunk& chunk) {
  std::string digits =
      format("{:09}", nanosecond).substr(0, static_cast<std::size_t>(std::min(chunk.digits, 9)));
  if (chunk.part == Part::fraction_trimmed) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.empty()) return {};
  }
  return std::string(1, chunk.separator) + digits;
}

std::string format_zone_part(const Zone::Offset& offset, const Chunk& chunk) {
  if (chunk.part == Part::offset) return format_offset(offset.seconds, chunk.offset);
  if (!offset.abbreviation.empty()) return offset.abbreviation;
  return format_offset(offset.seconds, {});
}

std::string format_part(const CivilTime& civil, const Chunk& chunk) {
  switch (chunk.part) {
    case Part::long_month:
      return std::string(kMonths[static_cast<std::size_t>(civil.month - 1)]);
    case Part::short_month:
      return std::string(kMonths[static_cast<std::size_t>(civil.month - 1)].substr(0, 3));
    case Part::month:
      return padded(civil.month, 0);
    case Part::padded_month:
      return padded(civil.month, 2);
    case Part::long_weekday:
      return std::string(kDays[static_cast<std::size_t>(civil.weekday)]);
    case Part::short_weekday:
      return std::string(kDays[static_cast<std::size_t>(civil.weekday)].substr(0, 3));
    case Part::day:
      return padded(civil.day, 0);
    case Part::space_padded_day:
      return format("{:2}", civil.day);
    case Part::padded_day:
      return padded(civil.day, 2);
    case Part::space_padded_year_day:
      return format("{:3}", civil.year_day);
    case Part::padded_year_day:
      return padded(civil.year_day, 3);
    case Part::hour:
      return padded(civil.hour, 2);
    case Part::hour12:
      return padded(twelve_hours(civil.hour), 0);
    case Part::padded_hour12:
      return padded(twelve_hours(civil.hour), 2);
    case Part::minute:
      return padded(civil.minute, 0);
    case Part::padded_minute:
      return padded(civil.minute, 2);
    case Part::second:
      return padded(civil.second, 0);
    case Part::padded_second:
      return padded(civil.second, 2);
    case Part::long_year:
      return padded(civil.year, 4);
    case Part::short_year:
      return padded(std::abs(civil.year) % 100, 2);
    case Part::upper_half:
      return civil.hour >= 12 ? "PM" : "AM";
    case Part::lower_half:
      return civil.hour >= 12 ? "pm" : "am";
    case Part::fraction_fixed:
    case Part::fraction_trimmed:
      return format_fraction(civil.nanosecond, chunk);
    case Part::none:
    case Part::abbreviation:
    case Part::offset:
      break;
  }
  return {};
}

}  // namespace

std::string GoTime::format(std::string_view layout_text) const {
  const CivilTime fields = civil();
  const Zone::Offset offset = zone.offset_at(unix_seconds);
  std::string out;
  while (!layout_text.empty()) {
    const Chunk chunk = layout::next_chunk(layout_text);
    out += chunk.before;
    if (chunk.part == Part::offset || chunk.part == Part::abbreviation) {
      out += format_zone_part(offset, chunk);
    } else {
      out += format_part(fields, chunk);
    }
    layout_text = chunk.after;
  }
  return out;
}

}  // namespace tocsin::templates
