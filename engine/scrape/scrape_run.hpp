// One target under way: its memory, how it is doing, and what a scrape of it writes. Private to this folder.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/scrape/page.hpp"
#include "engine/scrape/sample_sink.hpp"
#include "engine/scrape/scrape_manager.hpp"
#include "engine/scrape/target.hpp"

namespace tocsin::scrape {

// What a scrape came to, for the report series.
struct ScrapeReport {
  std::string error;  // "" when it succeeded
  Duration took{};
  std::size_t samples_scraped = 0;
  std::size_t samples_after_relabelling = 0;
  std::size_t series_added = 0;
  double body_bytes = 0;  // -1 when it was over the limit
};

class ScrapeRun {
 public:
  ScrapeRun(TargetId id, std::string pool, Target target, std::shared_ptr<const config::ScrapeConfig> config);

  // ---- one scrape

  // The time that samples of a scrape carry: its place in the interval if it started there within 2 ms or
  // 1 % of the interval, so that samples are evenly spaced; else when it started.
  [[nodiscard]] Timestamp sample_time(WallTime started, std::uint64_t seed) const;
  // Lends out the memory until settle().
  [[nodiscard]] PageJob begin_page(ScrapeReply reply, Timestamp time, const SampleSink& sink);
  void settle_page(ParsedPage page, SampleSink& sink, ScrapeStatistics& statistics);
  // A scrape without a page: all series end.
  void settle_failure(Timestamp time, const ScrapeReport& report, SampleSink& sink);
  // The end of a target that left.
  void end_series(Timestamp time, SampleSink& sink);
  // Takes over what is known of the same target under an earlier configuration, but for its series.
  void inherit_status(const ScrapeRun& earlier);

  [[nodiscard]] TargetView view() const;

  const TargetId id;
  const std::string pool;
  Target target;
  std::shared_ptr<const config::ScrapeConfig> config;

  // ---- the schedule, kept by the manager

  WallTime next{};           // when it is to be looked at
  bool busy = false;         // a call or a page is under way
  bool departed = false;     // it is in no pool any more
  WallTime stale_time{};     // of a departed one: when its series end
  std::string forced_error;  // the pool's: every scrape fails
  std::optional<WallTime> last_started;
  const std::map<std::string, Metadata>& metadata() const { return metadata_; }

 private:
  void append_samples(ParsedPage& page, SampleSink& sink, ScrapeStatistics& statistics);
  void update_metadata(const std::vector<MetadataUpdate>& updates);
  void append_report(Timestamp time, const ScrapeReport& report, SampleSink& sink);

  static constexpr std::size_t kReportSeries = 8;

  SeriesMemory memory_;
  std::uint64_t dropped_ = 0;  // by the sink, when the memory was last looked through
  std::map<std::string, Metadata> metadata_;
  std::array<promql::SeriesRef, kReportSeries> report_series_{};
  Health health_ = Health::unknown;
  std::string last_error_;
  WallTime last_scrape_ = kNoTime;
  Duration last_duration_{};
};

}  // namespace tocsin::scrape
