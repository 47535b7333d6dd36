#include "promql/time.hpp"

#include <array>
#include <optional>

#include "promql/ascii.hpp"
#include "promql/format.hpp"
#include "promql/labels.hpp"

namespace tocsin {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
  bool only_if_exact;  // printed only where nothing is left over: 90d reads better than 12w6d
};
constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kSecond = 1000 * kMillisecond;
constexpr std::uint64_t kDay = 86400 * kSecond;
constexpr std::array<Unit, 7> kUnits = {{{"y", 365 * kDay, true},
                                         {"w", 7 * kDay, true},
                                         {"d", kDay, false},
                                         {"h", 3600 * kSecond, false},
                                         {"m", 60 * kSecond, false},
                                         {"s", kSecond, false},
                                         {"ms", kMillisecond, false}}};
constexpr std::uint64_t kLargestDuration = std::uint64_t{1} << 63;  // one more than fits

std::size_t count_while(std::string_view text, bool (*accepts)(char)) {
  std::size_t count = 0;
  while (count < text.size() && accepts(text[count])) ++count;
  return count;
}

std::optional<std::uint64_t> to_uint64(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value)) return std::nullopt;
  }
  return value;
}

std::uint64_t magnitude(Duration duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  return duration < Duration::zero() ? std::uint64_t{0} - count : count;
}

// "1.5" of 1500 thousandths: fraction_digits digits after the point, trailing zeros trimmed.
std::string with_fraction(std::uint64_t value, int fraction_digits) {
  std::uint64_t scale = 1;
  for (int i = 0; i < fraction_digits; ++i) scale *= 10;
  std::string text = format("{}", value / scale);
  if (value % scale == 0) return text;
  text += format(".{:0{}}", value % scale, fraction_digits);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::string format_to_the_second(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  const std::chrono::hh_mm_ss clock(seconds - days);
  return format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                clock.minutes().count(), clock.seconds().count());
}

std::int64_t nanoseconds_within_second(WallTime time) {
  return (time - std::chrono::floor<std::chrono::seconds>(time)).count();
}

// What RFC 3339 can say reaches further than nanoseconds since 1970 can count.
struct Rfc3339Time {
  std::chrono::seconds seconds{};
  std::int64_t nanoseconds = 0;  // behind the second, before 1970 as well
};

// The first second of year 1, Go's zero time, thereby becomes kNoTime.
WallTime saturate(const Rfc3339Time& time) {
  constexpr auto kLast = std::chrono::duration_cast<std::chrono::seconds>(Duration::max());
  if (time.seconds >= kLast) return WallTime::max();
  if (time.seconds <= -kLast) return kNoTime;
  return WallTime(Duration(time.seconds) + Duration(time.nanoseconds));
}

// Reads a text by Go's layout for RFC 3339, element by element; the first error is kept in Go's words.
class Rfc3339Reader {
 public:
  explicit Rfc3339Reader(std::string_view text) : text_(text), rest_(text) {}

  Result<Rfc3339Time> read() {
    const int year = number("2006", 4, 0, 9999, "year");
    literal("-");
    const int month = number("01", 2, 1, 12, "month");
    literal("-");
    const int day = number("02", 2, 0, 99, "day");
    literal("T");
    const int hour = number("15", 2, 0, 23, "hour");
    literal(":");
    const int minute = number("04", 2, 0, 59, "minute");
    literal(":");
    const int second = number("05", 2, 0, 59, "second");
    const std::int64_t nanoseconds = fraction();
    const std::chrono::seconds offset = zone();
    if (error_.empty() && !rest_.empty()) fail(format(": extra text: {}", go_quote(rest_)));
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (error_.empty() && !date.ok()) fail(": day out of range");
    if (!error_.empty()) return Error(error_);
    const auto seconds = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                         std::chrono::minutes(minute) + std::chrono::seconds(second) - offset;
    return Rfc3339Time{seconds, nanoseconds};
  }

 private:
  void fail(std::string_view reason) {
    if (error_.empty()) error_ = format("parsing time {}{}", go_quote(text_), reason);
  }
  void fail_at(std::string_view element) {
    fail(format(" as \"2006-01-02T15:04:05Z07:00\": cannot parse {} as {}", go_quote(rest_),
                go_quote(element)));
  }

  void literal(std::string_view expected) {
    if (!error_.empty()) return;
    if (!rest_.starts_with(expected)) return fail_at(expected);
    rest_.remove_prefix(expected.size());
  }

  int number(std::string_view element, std::size_t digits, int least, int most, std::string_view noun) {
    if (!error_.empty()) return least;
    if (rest_.size() < digits || count_while(rest_.substr(0, digits), is_digit) != digits) {
      fail_at(element);
      return least;
    }
    const int value = static_cast<int>(*to_uint64(rest_.substr(0, digits)));
    rest_.remove_prefix(digits);
    if (value < least || value > most) fail(format(": {} out of range", noun));
    return value;
  }

  std::int64_t fraction() {
    if (!error_.empty() || rest_.size() < 2 || rest_[0] != '.' || !is_digit(rest_[1])) return 0;
    rest_.remove_prefix(1);
    const std::size_t count = count_while(rest_, is_digit);
    std::int64_t value = 0;
    for (std::size_t i = 0; i < 9; ++i) value = value * 10 + (i < count ? rest_[i] - '0' : 0);
    rest_.remove_prefix(count);
    return value;
  }

  std::chrono::seconds zone() {
    if (!error_.empty()) return {};
    if (rest_.starts_with('Z')) {
      rest_.remove_prefix(1);
      return {};
    }
    const bool is_zone = rest_.size() >= 6 && (rest_[0] == '+' || rest_[0] == '-') && is_digit(rest_[1]) &&
                         is_digit(rest_[2]) && rest_[3] == ':' && is_digit(rest_[4]) && is_digit(rest_[5]);
    if (!is_zone) {
      fail_at("Z07:00");
      return {};
    }
    const bool west = rest_[0] == '-';
    rest_.remove_prefix(1);
    const int hours = number("07", 2, 0, 24, "time zone offset hour");
    literal(":");
    const int minutes = number("00", 2, 0, 60, "time zone offset minute");
    const auto offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    return west ? -offset : offset;
  }

  std::string_view text_;
  std::string_view rest_;
  std::string error_;
};

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  if (text.empty()) return Error("empty duration string");
  const auto invalid = [text] { return Error(format("not a valid duration string: {}", go_quote(text))); };
  const Error out_of_range("duration out of range");
  std::uint64_t total = 0;
  std::size_t next_unit = 0;  // units fall in size, so that 1m1d is not taken for a month and a day
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t digits = count_while(rest, is_digit);
    const std::optional<std::uint64_t> count = to_uint64(rest.substr(0, digits));
    if (digits == 0 || !count) return invalid();
    rest.remove_prefix(digits);
    const std::string_view name = rest.substr(0, count_while(rest, [](char c) { return !is_digit(c); }));
    if (name.empty()) return invalid();
    rest.remove_prefix(name.size());
    std::size_t unit = 0;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size()) {
      return Error(format("unknown unit {} in duration {}", go_quote(name), go_quote(text)));
    }
    if (unit < next_unit) return invalid();
    next_unit = unit + 1;
    if (*count > kLargestDuration / kUnits[unit].nanoseconds) return out_of_range;
    total += *count * kUnits[unit].nanoseconds;
    if (total >= kLargestDuration) return out_of_range;
  }
  return Duration(static_cast<std::int64_t>(total));
}

std::string format_duration(Duration duration) {
  std::uint64_t rest = magnitude(duration) / kMillisecond * kMillisecond;
  if (rest == 0) return "0s";
  std::string text = duration < Duration::zero() ? "-" : "";
  for (const Unit& unit : kUnits) {
    if (unit.only_if_exact && rest % unit.nanoseconds != 0) continue;
    if (rest < unit.nanoseconds) continue;
    text += format("{}{}", rest / unit.nanoseconds, unit.name);
    rest %= unit.nanoseconds;
  }
  return text;
}

std::string format_go_duration(Duration duration) {
  const std::uint64_t total = magnitude(duration);
  if (total == 0) return "0s";
  const std::string sign = duration < Duration::zero() ? "-" : "";
  if (total < 1000) return format("{}{}ns", sign, total);
  if (total < kMillisecond) return format("{}{}µs", sign, with_fraction(total, 3));
  if (total < kSecond) return format("{}{}ms", sign, with_fraction(total, 6));
  const std::uint64_t minutes = total / kSecond / 60;
  std::string text = sign;
  if (minutes >= 60) text += format("{}h", minutes / 60);
  if (minutes > 0) text += format("{}m", minutes % 60);
  return text + with_fraction(total % (60 * kSecond), 9) + "s";
}

std::string format_rfc3339(WallTime time) {
  if (time == kNoTime) return "0001-01-01T00:00:00Z";
  std::string text = format_to_the_second(time);
  if (const std::int64_t fraction = nanoseconds_within_second(time); fraction != 0) {
    text += format(".{:09}", fraction);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::string format_rfc3339_milli(WallTime time) {
  if (time == kNoTime) return "0001-01-01T00:00:00.000Z";
  return format("{}.{:03}Z", format_to_the_second(time), nanoseconds_within_second(time) / 1'000'000);
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  const Result<Rfc3339Time> time = Rfc3339Reader(text).read();
  if (!time) return time.error();
  return saturate(*time);
}

Result<Timestamp> parse_rfc3339_timestamp(std::string_view text) {
  const Result<Rfc3339Time> time = Rfc3339Reader(text).read();
  if (!time) return time.error();
  return Timestamp(time->seconds + std::chrono::milliseconds(time->nanoseconds / 1'000'000));
}

}  // namespace tocsin
