// One page of a target, from bytes to samples: a pure function that a worker runs (upstream's
// scrapeLoop.append).
//
// PageJob goes in, ParsedPage comes out, and the target's memory travels with them. Nothing is appended
// here: the owner applies the result to the store (ScrapeManager::parsed).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/config/prometheus_config.hpp"
#include "engine/scrape/exposition.hpp"
#include "engine/scrape/series_memory.hpp"
#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::scrape {

// A target of one manager. Never used again.
struct TargetId {
  std::uint64_t value = 0;
  friend auto operator<=>(const TargetId&, const TargetId&) = default;
};

struct PageJob {
  TargetId target;
  std::string body;
  std::string content_type;
  Timestamp time;        // of samples that carry none
  Duration took{};       // the HTTP call
  Labels target_labels;  // public ones
  std::shared_ptr<const config::ScrapeConfig> config;
  SeriesMemory memory;
};

struct MetadataUpdate {
  enum class What : std::uint8_t { type, help, unit, gone };
  What what = What::type;
  std::string family;
  MetricType type = MetricType::unknown;
  std::string text;  // help or unit
};

// A sample whose series the store has to name before it can be appended.
struct UnresolvedSeries {
  LineId line = kNoLine;
  Labels labels;
  bool timed = false;     // the sample is one of ParsedPage::timed, else of ParsedPage::series
  std::size_t index = 0;  // its place there
};

struct TimedSample {
  promql::SeriesRef series;
  Timestamp time;
  double value = 0;
};

// Why a page failed, as the counters tell failures apart.
enum class PageFailure : std::uint8_t { none, content_type, syntax, sample_limit, label_limit, labels };

struct ParsedPage {
  TargetId target;
  Timestamp time;
  Duration took{};
  std::size_t body_bytes = 0;

  PageFailure failure = PageFailure::none;
  std::string error;    // in upstream's words; then there are no samples
  std::string warning;  // the content type was not right, and the fallback was used

  // The samples at `time`: column by column, in the order of the page.
  std::vector<promql::SeriesRef> series;
  std::vector<double> values;
  // Those with timestamps of their own.
  std::vector<TimedSample> timed;
  std::vector<UnresolvedSeries> unresolved;
  // Series that the last scrape had and this one has not: they end at `time`.
  std::vector<promql::SeriesRef> vanished;

  std::vector<MetadataUpdate> metadata;
  std::size_t samples_scraped = 0;
  std::size_t samples_after_relabelling = 0;
  std::size_t series_added = 0;
  std::size_t duplicates = 0;     // of a series within the page
  std::size_t out_of_bounds = 0;  // more than ten minutes ahead
  SeriesMemory memory;
};

[[nodiscard]] ParsedPage parse_page(PageJob job);

// The labels of a scraped series: the target's added, by honor_labels, then metric_relabel_configs. Empty
// when it was dropped.
[[nodiscard]] Labels sample_labels(const ParsedLabels& exposed, const Labels& target,
                                   const config::ScrapeConfig& config);

}  // namespace tocsin::scrape
