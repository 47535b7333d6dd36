#include "engine/scrape/series_memory.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>

namespace tocsin::scrape {
namespace {

constexpr std::uint32_t kMetadataRounds = 10;  // that metadata outlives its last line, as upstream keeps it

std::uint64_t hash_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace

LineId SeriesMemory::predict(std::string_view page, std::size_t position) const {
  const LineId expected = last_ == kNoLine ? first_ : at(last_).next;
  if (expected == kNoLine) return kNoLine;
  const Line& line = at(expected);
  if (line.kind == Kind::free || page.size() - position < line.length) return kNoLine;
  return hash_of(page.substr(position, line.length)) == line.hash ? expected : kNoLine;
}

LineId SeriesMemory::find(std::string_view bytes) const {
  if (table_.empty()) return kNoLine;
  const std::uint64_t hash = hash_of(bytes);
  const std::size_t mask = table_.size() - 1;
  for (std::size_t slot = hash & mask; table_[slot] != kNoLine; slot = (slot + 1) & mask) {
    const Line& line = at(table_[slot]);
    if (line.hash == hash && line.length == bytes.size()) return table_[slot];
  }
  return kNoLine;
}

bool SeriesMemory::advance_to(LineId line) {
  LineId& slot = last_ == kNoLine ? first_ : at(last_).next;
  Line& here = at(line);
  // What was expected in place of a new line most likely follows it.
  if (here.next == kNoLine && slot != line) here.next = slot;
  slot = line;
  last_ = line;
  if (here.seen == round_) return false;
  here.seen = round_;
  ++seen_count_;
  return true;
}

LineId SeriesMemory::take_slot() {
  if (free_.empty()) {
    lines_.emplace_back();
    return LineId(lines_.size() - 1);
  }
  const LineId line = free_.back();
  free_.pop_back();
  at(line) = Line();
  return line;
}

LineId SeriesMemory::add(std::string_view bytes, Kind kind) {
  const LineId line = take_slot();
  at(line).hash = hash_of(bytes);
  at(line).length = static_cast<std::uint32_t>(bytes.size());
  at(line).kind = kind;
  if (size() * 4 > table_.size() * 3) {
    rebuild_table();
  } else {
    insert_into_table(line);
  }
  return line;
}

LineId SeriesMemory::add_metadata(std::string_view bytes, Kind kind, std::string_view family) {
  const LineId line = add(bytes, kind);
  families_.emplace(line, family);
  return line;
}

void SeriesMemory::track(LineId line) {
  Line& here = at(line);
  if (here.tracked == round_) return;
  if (here.tracked + 1 == round_) {
    ++kept_count_;
  } else {
    newly_tracked_.push_back(line);
  }
  here.tracked = round_;
  ++tracked_count_;
}

std::vector<promql::SeriesRef> SeriesMemory::succeed() {
  std::vector<promql::SeriesRef> gone;
  if (kept_count_ != tracked_last_count_) {
    for (const Line& line : lines_) {
      if (line.kind == Kind::series && line.tracked + 1 == round_ && line.series != promql::kNoSeries)
        gone.push_back(line.series);
    }
  }
  if (seen_count_ != size()) forget_unseen();
  successful_size_ = size();
  tracked_last_count_ = tracked_count_;
  end_round();
  return gone;
}

std::vector<promql::SeriesRef> SeriesMemory::fail() {
  std::vector<promql::SeriesRef> gone;
  for (const LineId line : newly_tracked_) at(line).tracked = 0;
  if (tracked_last_count_ > 0) {
    for (Line& line : lines_) {
      const bool was_tracked = line.tracked == round_ || line.tracked + 1 == round_;
      if (line.kind != Kind::series || !was_tracked) continue;
      line.tracked = 0;
      if (line.series != promql::kNoSeries) gone.push_back(line.series);
    }
  }
  // A target whose labels vary and whose pages are refused would make the memory grow without end.
  if (size() > successful_size_ * 2 + 1000) {
    forget_unseen();
    successful_size_ = size();
  }
  tracked_last_count_ = 0;
  end_round();
  return gone;
}

void SeriesMemory::end_round() {
  newly_tracked_.clear();
  last_ = kNoLine;
  seen_count_ = 0;
  tracked_count_ = 0;
  kept_count_ = 0;
  ++round_;
}

void SeriesMemory::forget_unseen() {
  bool forgot = false;
  for (std::uint32_t i = 0; i < lines_.size(); ++i) {
    Line& line = lines_[i];
    if (line.kind == Kind::free || line.seen == round_) continue;
    const bool metadata = line.kind == Kind::metadata || line.kind == Kind::type;
    if (metadata && round_ - line.seen <= kMetadataRounds) continue;
    if (metadata) forget_family_of(LineId(i));
    line = Line();
    free_.push_back(LineId(i));
    forgot = true;
  }
  if (forgot) rebuild_table();
}

void SeriesMemory::forget_family_of(LineId line) {
  const auto found = families_.find(line);
  std::string family = std::move(found->second);
  families_.erase(found);
  const bool has_more = std::any_of(families_.begin(), families_.end(),
                                    [&](const auto& entry) { return entry.second == family; });
  if (!has_more) forgotten_families_.push_back(std::move(family));
}

std::vector<std::string> SeriesMemory::take_forgotten_families() {
  return std::exchange(forgotten_families_, {});
}

void SeriesMemory::rebuild_table() {
  table_.assign(std::bit_ceil(std::max<std::size_t>(size() * 2, 16)), kNoLine);
  for (std::uint32_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].kind != Kind::free) insert_into_table(LineId(i));
  }
}

void SeriesMemory::insert_into_table(LineId line) {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = at(line).hash & mask;
  while (table_[slot] != kNoLine) slot = (slot + 1) & mask;
  table_[slot] = line;
}

}  // namespace tocsin::scrape
