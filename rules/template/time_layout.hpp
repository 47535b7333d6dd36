// The parts of Go's layouts, for the two files that write and read times by them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tocsin::templates::layout {

enum class Part : std::uint8_t {
  none,
  long_month,
  short_month,
  month,
  padded_month,
  long_weekday,
  short_weekday,
  day,
  space_padded_day,
  padded_day,
  space_padded_year_day,
  padded_year_day,
  hour,
  hour12,
  padded_hour12,
  minute,
  padded_minute,
  second,
  padded_second,
  long_year,
  short_year,
  upper_half,  // PM
  lower_half,  // pm
  abbreviation,
  offset,           // one of the forms in `OffsetForm`
  fraction_fixed,   // .000
  fraction_trimmed  // .999
};

struct OffsetForm {
  bool z_for_utc = false;
  bool colons = false;
  bool minutes = true;
  bool seconds = false;
};

struct Chunk {
  std::string_view before;
  Part part = Part::none;
  OffsetForm offset{};
  int digits = 0;  // of a fraction
  char separator = '.';
  std::string_view text;  // of the part
  std::string_view after;
};

inline constexpr auto kMonths =
    std::to_array<std::string_view>({"January", "February", "March", "April", "May", "June", "July", "August",
                                     "September", "October", "November", "December"});
inline constexpr auto kDays = std::to_array<std::string_view>(
    {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"});

[[nodiscard]] inline bool digit_at(std::string_view text, std::size_t index) {
  return index < text.size() && text[index] >= '0' && text[index] <= '9';
}

// The first part of a layout, with the text before and after it; Part::none if there is none.
[[nodiscard]] Chunk next_chunk(std::string_view layout);

}  // namespace tocsin::templates::layout
