// What a target remembers of its pages, so that a page like the last one costs a comparison a line.
//
// A target answers with the same lines in the same order, only the numbers differ. So each line that was
// read once is kept as the hash and the length of what names it (for a sample: the series as it is written;
// for metadata: the whole line), with the series of the store it stands for and the line that came after it.
// The next page is predicted line by line: if the bytes at the place have the hash of the predicted line,
// its labels need not be parsed, sorted, hashed or looked up. A line that was inserted or removed costs one
// look-up, after which the prediction holds again. 32 bytes a line, and 8 for the look-up table.
//
// The memory also knows which series the last scrape brought, so that those that are gone can be ended.
// Scrapes are counted in rounds; a line remembers the round it was last seen in, and steady pages are told
// from changed ones by counting, without a pass over the lines.
//
// One thread at a time: the owner hands the memory to the job that parses a page, and gets it back.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scrape/exposition.hpp"
#include "promql/series_source.hpp"

namespace tocsin::scrape {

// A line of the memory; stays the same while the line is remembered.
enum class LineId : std::uint32_t {};
inline constexpr LineId kNoLine{std::numeric_limits<std::uint32_t>::max()};

class SeriesMemory {
 public:
  enum class Kind : std::uint8_t { free, series, dropped, type, metadata };

  // ---- reading a page

  // The line that is expected next, if the page has its bytes at `position`. What follows them is for the
  // caller to look at: a longer name may begin with the same bytes.
  [[nodiscard]] LineId predict(std::string_view page, std::size_t position) const;
  // The line with these bytes, or kNoLine.
  [[nodiscard]] LineId find(std::string_view bytes) const;
  // Says that the page's next line is this one. False if this round has seen it before.
  bool advance_to(LineId line);
  LineId add(std::string_view bytes, Kind kind);
  LineId add_metadata(std::string_view bytes, Kind kind, std::string_view family);
  // Counts the series as present, so that it is ended when it is gone from a later page.
  void track(LineId line);

  // The page was read to its end: ends the round, forgets the lines that were not in it (metadata after ten
  // rounds), and returns the series that were tracked in the last round and not in this.
  [[nodiscard]] std::vector<promql::SeriesRef> succeed();
  // There was no page, or it was refused: ends the round and returns all series tracked in the last one.
  // What the page made the memory learn is kept, as it will most likely come again, up to a bound.
  [[nodiscard]] std::vector<promql::SeriesRef> fail();
  // The families whose last line of metadata was forgotten since the last call.
  [[nodiscard]] std::vector<std::string> take_forgotten_families();

  // ---- a line

  [[nodiscard]] Kind kind(LineId line) const { return at(line).kind; }
  [[nodiscard]] std::uint32_t length(LineId line) const { return at(line).length; }
  // True if the last round had it.
  [[nodiscard]] bool in_last_round(LineId line) const { return at(line).seen + 1 == round_; }
  // kNoSeries until the store knows it, and again when the store has dropped it.
  [[nodiscard]] promql::SeriesRef series(LineId line) const { return at(line).series; }
  void set_series(LineId line, promql::SeriesRef series) { at(line).series = series; }
  void set_type(LineId line, MetricType type) { at(line).type = type; }
  [[nodiscard]] MetricType type(LineId line) const { return at(line).type; }

  // Calls `f` with each series that is known to the store.
  template <class F>
  void for_each_series(F f) const {
    for (const Line& line : lines_) {
      if (line.kind == Kind::series && line.series != promql::kNoSeries) f(line.series);
    }
  }
  // Forgets the store's name of the series for which `gone` is true.
  template <class F>
  void forget_series(F gone) {
    for (Line& line : lines_) {
      if (line.kind == Kind::series && line.series != promql::kNoSeries && gone(line.series))
        line.series = promql::kNoSeries;
    }
  }

  [[nodiscard]] std::size_t size() const { return lines_.size() - free_.size(); }

 private:
  struct Line {
    std::uint64_t hash = 0;
    promql::SeriesRef series;
    std::uint32_t length = 0;
    LineId next = kNoLine;
    std::uint32_t seen = 0;     // the round
    std::uint32_t tracked = 0;  // the round; 0 is never
    Kind kind = Kind::free;
    MetricType type = MetricType::unknown;
  };

  [[nodiscard]] const Line& at(LineId line) const { return lines_[static_cast<std::uint32_t>(line)]; }
  [[nodiscard]] Line& at(LineId line) { return lines_[static_cast<std::uint32_t>(line)]; }
  LineId take_slot();
  void end_round();
  void forget_unseen();
  void forget_family_of(LineId line);
  void rebuild_table();
  void insert_into_table(LineId line);

  std::vector<Line> lines_;
  std::vector<LineId> free_;
  std::vector<LineId> table_;  // open addressing by the low bits of the hash; a power of two long
  std::vector<LineId> newly_tracked_;
  std::map<LineId, std::string> families_;  // of the lines of metadata
  std::vector<std::string> forgotten_families_;
  LineId first_ = kNoLine;   // of the page
  LineId last_ = kNoLine;    // the line before the one that comes next; kNoLine at the page's start
  std::uint32_t round_ = 2;  // so that 0 is never the last round
  std::size_t seen_count_ = 0;
  std::size_t tracked_count_ = 0;       // in this round
  std::size_t kept_count_ = 0;          // those of them that the last round tracked too
  std::size_t tracked_last_count_ = 0;  // in the last round
  std::size_t successful_size_ = 0;     // lines after the last page that was read to its end
};

}  // namespace tocsin::scrape
