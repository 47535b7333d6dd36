// Reading a time by one of Go's layouts, with Go's order of checks and Go's error texts.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>

#include "promql/format.hpp"
#include "rules/template/go_time.hpp"
#include "rules/template/time_layout.hpp"

namespace tocsin::templates {
namespace {

using layout::Chunk;
using layout::digit_at;
using layout::kDays;
using layout::kMonths;
using layout::next_chunk;
using layout::OffsetForm;
using layout::Part;

// Package time quotes in its own way: bytes outside ASCII as \x, everything else as it is.
std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte < ' ') {
      out += format("\\x{:02x}", byte);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

// Reads a text by a layout. Every reader of a part takes its text off `value_` and returns false if it is not
// there; range_error_ names a part that is there but impossible.
class LayoutReader {
 public:
  LayoutReader(std::string_view layout, std::string_view value)
      : whole_layout_(layout), whole_value_(value), layout_(layout), value_(value) {}

  Result<GoTime> read();

 private:
  [[nodiscard]] Error mismatch(std::string_view value_part, std::string_view layout_part) const;
  [[nodiscard]] Error complaint(std::string_view message) const;
  bool skip(std::string_view prefix);
  std::optional<int> number(bool fixed);
  std::optional<int> year_day_number(bool fixed);
  std::optional<int> name(std::span<const std::string_view> names, std::size_t length);
  bool ranged(std::optional<int> read, int& target, int smallest, int largest, std::string_view what);
  bool read_part(const Chunk& chunk);
  bool read_year(const Chunk& chunk);
  bool read_second(bool fixed);
  bool read_half(std::string_view before_noon, std::string_view after_noon);
  bool read_offset(const OffsetForm& form);
  bool read_abbreviation();
  bool read_fraction(std::size_t length);
  [[nodiscard]] Result<GoTime> finish();
  [[nodiscard]] std::optional<Error> resolve_year_day();

  std::string_view whole_layout_;
  std::string_view whole_value_;
  std::string_view layout_;
  std::string_view value_;
  std::string range_error_;
  int year_ = 0;
  int month_ = -1;
  int day_ = -1;
  int year_day_ = -1;
  int hour_ = 0;
  int minute_ = 0;
  int second_ = 0;
  int nanosecond_ = 0;
  bool before_noon_ = false;
  bool after_noon_ = false;
  bool utc_ = false;
  std::optional<std::int32_t> offset_;
  std::string abbreviation_;
};

Error LayoutReader::mismatch(std::string_view value_part, std::string_view layout_part) const {
  return Error(format("parsing time {} as {}: cannot parse {} as {}", quote(whole_value_),
                      quote(whole_layout_), quote(value_part), quote(layout_part)));
}

Error LayoutReader::complaint(std::string_view message) const {
  return Error(format("parsing time {}: {}", quote(whole_value_), message));
}

// Literal text; runs of spaces are equal to each other.
bool LayoutReader::skip(std::string_view prefix) {
  const auto cut_spaces = [](std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  };
  while (!prefix.empty()) {
    if (prefix[0] == ' ') {
      if (!value_.empty() && value_[0] != ' ') return false;
      cut_spaces(prefix);
      cut_spaces(value_);
      continue;
    }
    if (value_.empty() || value_[0] != prefix[0]) return false;
    prefix.remove_prefix(1);
    value_.remove_prefix(1);
  }
  return true;
}

std::optional<int> LayoutReader::number(bool fixed) {
  if (!digit_at(value_, 0) || (fixed && !digit_at(value_, 1))) return std::nullopt;
  const std::size_t length = digit_at(value_, 1) ? 2 : 1;
  const int result = length == 2 ? (value_[0] - '0') * 10 + (value_[1] - '0') : value_[0] - '0';
  value_.remove_prefix(length);
  return result;
}

std::optional<int> LayoutReader::year_day_number(bool fixed) {
  int result = 0;
  std::size_t length = 0;
  for (; length < 3 && digit_at(value_, length); ++length) result = result * 10 + (value_[length] - '0');
  if (length == 0 || (fixed && length != 3)) return std::nullopt;
  value_.remove_prefix(length);
  return result;
}

// The index of a name, found without regard to case; `length` 0 takes whole names.
std::optional<int> LayoutReader::name(std::span<const std::string_view> names, std::size_t length) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view wanted = length == 0 ? names[i] : names[i].substr(0, length);
    if (value_.size() < wanted.size()) continue;
    const bool equal = std::equal(wanted.begin(), wanted.end(), value_.begin(), [](char a, char b) {
      return a == b || ((a ^ b) == 0x20 && (a | 0x20) >= 'a' && (a | 0x20) <= 'z');
    });
    if (!equal) continue;
    value_.remove_prefix(wanted.size());
    return static_cast<int>(i);
  }
  return std::nullopt;
}

bool LayoutReader::ranged(std::optional<int> read, int& target, int smallest, int largest,
                          std::string_view what) {
  if (!read) return false;
  target = *read;
  if (target < smallest || target > largest) range_error_ = what;
  return true;
}

bool LayoutReader::read_part(const Chunk& chunk) {
  switch (chunk.part) {
    case Part::short_year:
    case Part::long_year:
      return read_year(chunk);
    case Part::long_month:
    case Part::short_month: {
      const auto index = name(kMonths, chunk.part == Part::short_month ? 3 : 0);
      month_ = index.value_or(-1) + 1;
      return index.has_value();
    }
    case Part::month:
    case Part::padded_month:
      return ranged(number(chunk.part == Part::padded_month), month_, 1, 12, "month");
    case Part::long_weekday:
    case Part::short_weekday:
      return name(kDays, chunk.part == Part::short_weekday ? 3 : 0).has_value();
    case Part::space_padded_day:
    case Part::day:
    case Part::padded_day: {
      if (chunk.part == Part::space_padded_day && value_.starts_with(' ')) value_.remove_prefix(1);
      const auto day = number(chunk.part == Part::padded_day);
      day_ = day.value_or(0);
      return day.has_value();
    }
    case Part::space_padded_year_day:
    case Part::padded_year_day: {
      const bool fixed = chunk.part == Part::padded_year_day;
      for (int i = 0; i < 2 && !fixed && value_.starts_with(' '); ++i) value_.remove_prefix(1);
      const auto day = year_day_number(fixed);
      year_day_ = day.value_or(0);
      return day.has_value();
    }
    case Part::hour:
      return ranged(number(false), hour_, 0, 23, "hour");
    case Part::hour12:
    case Part::padded_hour12:
      return ranged(number(chunk.part == Part::padded_hour12), hour_, 0, 12, "hour");
    case Part::minute:
    case Part::padded_minute:
      return ranged(number(chunk.part == Part::padded_minute), minute_, 0, 59, "minute");
    case Part::second:
    case Part::padded_second:
      return read_second(chunk.part == Part::padded_second);
    case Part::upper_half:
      return read_half("AM", "PM");
    case Part::lower_half:
      return read_half("am", "pm");
    case Part::offset:
      return read_offset(chunk.offset);
    case Part::abbreviation:
      return read_abbreviation();
    case Part::fraction_fixed:
      return read_fraction(static_cast<std::size_t>(chunk.digits) + 1);
    case Part::fraction_trimmed: {
      if (value_.size() < 2 || (value_[0] != '.' && value_[0] != ',') || !digit_at(value_, 1)) return true;
      std::size_t length = 1;
      while (digit_at(value_, length)) ++length;
      return read_fraction(length);
    }
    case Part::none:
      break;
  }
  return true;
}

bool LayoutReader::read_year(const Chunk& chunk) {
  const std::size_t length = chunk.part == Part::long_year ? 4 : 2;
  if (value_.size() < length || (length == 4 && !digit_at(value_, 0))) return false;
  // Go reads the two digits of a short year as a number, which may be "+5" or "-5".
  const bool is_signed = value_[0] == '+' || value_[0] == '-';
  int year = 0;
  for (std::size_t i = is_signed ? 1 : 0; i < length; ++i) {
    if (!digit_at(value_, i)) return false;
    year = year * 10 + (value_[i] - '0');
  }
  year_ = value_[0] == '-' ? -year : year;
  if (length == 2) year_ += year_ >= 69 ? 1900 : 2000;
  value_.remove_prefix(length);
  return true;
}

// A fraction may follow in the text even if the layout has none.
bool LayoutReader::read_second(bool fixed) {
  if (!ranged(number(fixed), second_, 0, 59, "second")) return false;
  const bool fraction = value_.size() >= 2 && (value_[0] == '.' || value_[0] == ',') && digit_at(value_, 1);
  if (!range_error_.empty() || !fraction) return true;
  const Part following = next_chunk(layout_).part;
  if (following == Part::fraction_fixed || following == Part::fraction_trimmed) return true;
  std::size_t length = 2;
  while (digit_at(value_, length)) ++length;
  return read_fraction(length);
}

bool LayoutReader::read_half(std::string_view before_noon, std::string_view after_noon) {
  if (value_.starts_with(after_noon)) {
    after_noon_ = true;
  } else if (value_.starts_with(before_noon)) {
    before_noon_ = true;
  } else {
    return false;
  }
  value_.remove_prefix(2);
  return true;
}

bool LayoutReader::read_offset(const OffsetForm& form) {
  if (form.z_for_utc && value_.starts_with('Z')) {
    value_.remove_prefix(1);
    utc_ = true;
    return true;
  }
  const std::size_t colon = form.colons ? 1 : 0;
  const std::size_t length = 3 + (form.minutes ? 2 + colon : 0) + (form.seconds ? 2 + colon : 0);
  if (value_.size() < length) return false;
  const std::string_view text = value_.substr(0, length);
  if (form.colons && (text[3] != ':' || (form.seconds && text[6] != ':'))) return false;
  value_.remove_prefix(length);
  const auto pair = [&](std::size_t at) -> std::optional<int> {
    if (!digit_at(text, at) || !digit_at(text, at + 1)) return std::nullopt;
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
  };
  // As Go, later parts are read only if the earlier are numbers, but a part out of range is told first.
  const std::optional<int> hours = pair(1);
  const std::optional<int> minutes = !hours ? std::nullopt : form.minutes ? pair(3 + colon) : 0;
  const std::optional<int> seconds = !minutes ? std::nullopt : form.seconds ? pair(5 + 2 * colon) : 0;
  if (hours.value_or(0) > 24) range_error_ = "time zone offset hour";
  if (minutes.value_or(0) > 60) range_error_ = "time zone offset minute";
  if (seconds.value_or(0) > 60) range_error_ = "time zone offset second";
  if (!seconds || (text[0] != '+' && text[0] != '-')) return false;
  const int total = (*hours * 60 + *minutes) * 60 + *seconds;
  offset_ = text[0] == '-' ? -total : total;
  return true;
}

// How many characters of the text look like a zone's abbreviation; 0 if none do.
std::size_t abbreviation_length(std::string_view text) {
  if (text.size() < 3) return 0;
  if (text.starts_with("ChST") || text.starts_with("MeST")) return 4;
  const auto signed_hours = [](std::string_view rest) -> std::size_t {
    if (rest.empty() || (rest[0] != '+' && rest[0] != '-')) return 0;
    std::size_t length = 1;
    int hours = 0;
    while (digit_at(rest, length) && length < 6) hours = hours * 10 + (rest[length++] - '0');
    return length > 1 && hours <= 23 ? length : 0;
  };
  if (text.starts_with("GMT")) return 3 + signed_hours(text.substr(3));
  if (text[0] == '+' || text[0] == '-') return signed_hours(text);
  std::size_t letters = 0;
  while (letters < 6 && letters < text.size() && text[letters] >= 'A' && text[letters] <= 'Z') ++letters;
  if (letters == 3) return 3;
  if (letters == 4 && (text[3] == 'T' || text.starts_with("WITA"))) return 4;
  return letters == 5 && text[4] == 'T' ? 5 : 0;
}

bool LayoutReader::read_abbreviation() {
  if (value_.starts_with("UTC")) {
    value_.remove_prefix(3);
    utc_ = true;
    return true;
  }
  const std::size_t length = abbreviation_length(value_);
  if (length == 0) return false;
  abbreviation_ = value_.substr(0, length);
  value_.remove_prefix(length);
  return true;
}

// A separator and digits; those behind the ninth are cut off.
bool LayoutReader::read_fraction(std::size_t length) {
  if (value_.size() < length || (value_[0] != '.' && value_[0] != ',')) return false;
  nanosecond_ = 0;
  for (std::size_t i = 1; i < std::max<std::size_t>(length, 10); ++i) {
    if (i < length && !digit_at(value_, i)) return false;
    if (i < 10) nanosecond_ = nanosecond_ * 10 + (i < length ? value_[i] - '0' : 0);
  }
  value_.remove_prefix(length);
  return true;
}

std::optional<Error> LayoutReader::resolve_year_day() {
  int remaining = year_day_;
  const int length = is_leap_year(year_) ? 366 : 365;
  if (remaining < 1 || remaining > length) return complaint("day-of-year out of range");
  int month = 1;
  while (remaining > days_in_month(year_, month)) remaining -= days_in_month(year_, month++);
  if (month_ >= 0 && month_ != month) return complaint("day-of-year does not match month");
  month_ = month;
  if (day_ >= 0 && day_ != remaining) return complaint("day-of-year does not match day");
  day_ = remaining;
  return std::nullopt;
}

Result<GoTime> LayoutReader::finish() {
  if (after_noon_ && hour_ < 12) {
    hour_ += 12;
  } else if (before_noon_ && hour_ == 12) {
    hour_ = 0;
  }
  if (year_day_ >= 0) {
    if (const auto error = resolve_year_day()) return *error;
  }
  if (month_ < 0) month_ = 1;
  if (day_ < 0) day_ = 1;
  if (day_ < 1 || day_ > days_in_month(year_, month_)) return complaint("day out of range");
  CivilTime civil;
  civil.year = year_;
  civil.month = month_;
  civil.day = day_;
  civil.hour = hour_;
  civil.minute = minute_;
  civil.second = second_;
  civil.nanosecond = nanosecond_;
  GoTime time = GoTime::from_civil(civil, Zone());
  if (utc_) return time;
  if (offset_) {
    time.unix_seconds -= *offset_;
    if (*offset_ != 0 || (!abbreviation_.empty() && abbreviation_ != "UTC")) {
      time.zone = Zone::fixed(*offset_, abbreviation_);
    }
    return time;
  }
  if (!abbreviation_.empty()) {
    // An abbreviation alone says no offset, but for GMT+3.
    const std::int32_t hours = abbreviation_.size() > 3 && abbreviation_.starts_with("GMT")
                                   ? std::atoi(abbreviation_.c_str() + 3)
                                   : 0;
    time.zone = Zone::fixed(hours * 3600, abbreviation_);
  }
  return time;
}

Result<GoTime> LayoutReader::read() {
  while (true) {
    const Chunk chunk = next_chunk(layout_);
    if (!skip(chunk.before)) return mismatch(value_, chunk.before);
    if (chunk.part == Part::none) {
      if (!value_.empty()) return complaint("extra text: " + quote(value_));
      return finish();
    }
    layout_ = chunk.after;
    const std::string_view before = value_;
    const bool read = read_part(chunk);
    if (!range_error_.empty()) return complaint(range_error_ + " out of range");
    if (!read) return mismatch(before, chunk.text);
  }
}

}  // namespace

Result<GoTime> GoTime::parse(std::string_view layout_text, std::string_view text) {
  return LayoutReader(layout_text, text).read();
}

}  // namespace tocsin::templates
