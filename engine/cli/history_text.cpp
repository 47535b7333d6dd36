#include "engine/cli/history_text.hpp"

#include <algorithm>
#include <array>

#include "engine/api/answers.hpp"
#include "engine/api/history_json.hpp"
#include "promql/format.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin::cli {

namespace {

using api::HistoryEntry;
using api::HistoryKind;

// The longest that people who set silences are called, about; a steady place for what follows reads better.
constexpr std::size_t kLeastWho = 33;
constexpr std::string_view kGap = "  ";

// "2026-11-22T03:12:07Z"
std::string to_the_second(WallTime time) {
  return format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
}

std::string date_of(WallTime time) {
  return to_the_second(time).substr(0, 10);
}

std::string date_and_time(WallTime time) {
  std::string text = to_the_second(time).substr(0, 19);
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text;
}

// Text of anybody who may post alerts goes to a terminal: nothing in it may be taken for a command to it.
std::string printable(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return out;
}

// In characters, as far as each takes one place.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t now = width_of(text);
  if (now < width) text.append(width - now, ' ');
  return text;
}

std::string alerts_text(const HistoryEntry& entry) {
  std::string text;
  for (const std::string_view name : api::alert_names(entry)) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

// The receiver of "pagerduty-critical/pagerduty[0]".
std::string receiver_name(const std::string& receiver) {
  return receiver.substr(0, receiver.rfind('/'));
}

}  // namespace

Result<WallTime> parse_history_time(std::string_view text, WallTime now) {
  // Completed from the right: date, minute, second, zone.
  std::string whole(text);
  constexpr std::size_t kDate = 10, kMinute = 16;
  const bool is_date = whole.size() >= kDate && whole[4] == '-' && whole[7] == '-';
  if (is_date) {
    if (whole.size() == kDate) whole += "T00:00";
    const std::size_t zone = std::min(whole.find_first_of("Z+-", kDate), whole.size());
    if (zone == whole.size()) whole += 'Z';
    if (zone == kMinute) whole.insert(kMinute, ":00");
    if (whole[kDate] == ' ') whole[kDate] = 'T';
    if (Result<WallTime> time = parse_rfc3339(whole)) return time;
  } else if (const Result<Duration> ago = parse_duration(text); ago && text != "0") {
    return now - *ago;
  } else if (const Result<Timestamp> seconds = api::parse_time(text)) {
    const Timestamp last = std::chrono::floor<std::chrono::milliseconds>(WallTime::max());
    if (*seconds<last&& * seconds> - last.time_since_epoch() + Timestamp()) return to_wall(*seconds);
  }
  return Error(
      format("cannot read \"{}\" as a time, expected a form such as 2026-11-22T03:00Z, 2026-11-22, "
             "1763780400 (seconds since 1970) or 6h (ago)",
             text));
}

std::string csv_head() {
  return "time,event,alerts,labels,receiver,who,detail\r\n";
}

std::string csv_line(const HistoryEntry& entry) {
  const std::string time = format_rfc3339(entry.at), event = api::event_name(entry),
                    alerts = alerts_text(entry);
  std::string line;
  for (const std::string_view field : std::array<std::string_view, 7>{
           time, event, alerts, entry.labels, entry.receiver, entry.who, entry.detail}) {
    line += (line.empty() ? "" : ",") + csv_field(field);
  }
  return line + "\r\n";
}

std::string json_line(const HistoryEntry& entry) {
  api::JsonWriter json;
  api::write_event(json, entry);
  return json.take() + "\n";
}

// ---- columns

struct HistoryColumns::Texts {
  std::string time, event, alerts, who, detail;
};

HistoryColumns::HistoryColumns(const api::HistoryQuery& query)
    : with_date_(!query.from || !query.to || *query.to <= *query.from ||
                 date_of(*query.from) != date_of(*query.to - Duration(1))),
      with_alerts_(query.alert.empty()) {
  const Texts names{"UTC", "EVENT", "ALERTS", "WHO", "DETAIL"};
  event_width_ = width_of(names.event);
  alerts_width_ = width_of(names.alerts);
  who_width_ = kLeastWho;
}

HistoryColumns::Texts HistoryColumns::texts_of(const HistoryEntry& entry) const {
  Texts texts;
  texts.time = with_date_ ? date_and_time(entry.at) : date_and_time(entry.at).substr(11);
  texts.event = api::event_name(entry);
  texts.alerts = printable(alerts_text(entry));
  texts.who = printable(entry.who.empty() ? entry.receiver : entry.who);
  texts.detail = printable(entry.detail);
  return texts;
}

void HistoryColumns::fit(const HistoryEntry& entry) {
  const Texts texts = texts_of(entry);
  event_width_ = std::max(event_width_, width_of(texts.event));
  alerts_width_ = std::max(alerts_width_, width_of(texts.alerts));
  who_width_ = std::max(who_width_, width_of(texts.who));
}

std::string HistoryColumns::joined(const Texts& texts) const {
  std::string line = padded(texts.time, with_date_ ? 19 : 8);
  line.append(kGap).append(padded(texts.event, event_width_));
  if (with_alerts_) line.append(kGap).append(padded(texts.alerts, alerts_width_));
  line.append(kGap).append(padded(texts.who, who_width_));
  line.append(kGap).append(texts.detail);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string HistoryColumns::head() const {
  return joined({"UTC", "EVENT", "ALERTS", "WHO", "DETAIL"});
}

std::string HistoryColumns::line(const HistoryEntry& entry) const {
  return joined(texts_of(entry));
}

// ---- the last line

void HistorySummary::add(const HistoryEntry& entry) {
  ++events_;
  const bool told = entry.kind == HistoryKind::told;
  if (told) told_.insert(receiver_name(entry.receiver));
  if (told || entry.kind == HistoryKind::not_told || entry.kind == HistoryKind::attempt_failed) {
    unsent_[{entry.receiver, entry.labels}] = !told;
  }
}

std::string HistorySummary::line(const api::HistoryQuery& query, const api::HistoryPage& page) const {
  const auto unsent =
      std::count_if(unsent_.begin(), unsent_.end(), [](const auto& one) { return one.second; });
  std::string text = count_of(events_, "event");
  if (page.truncated) text += ", older ones left out";
  text += format("; {} told", told_.empty() ? "no receiver" : count_of(told_.size(), "receiver"));
  text += unsent == 0 ? ", nothing unsent" : format(", {} unsent", unsent);
  if (page.complete_since) {
    // The time of day matters only where the question reaches back to it.
    const bool covered = query.from && *page.complete_since <= *query.from;
    text += format("; complete since {}",
                   covered ? date_of(*page.complete_since) : date_and_time(*page.complete_since));
  }
  return text + "\n";
}

}  // namespace tocsin::cli
