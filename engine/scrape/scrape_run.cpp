#include "engine/scrape/scrape_run.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace tocsin::scrape {
namespace {

// The order is that in which upstream appends them; the last three only with extra_scrape_metrics.
constexpr std::string_view kReportNames[] = {"up",
                                             "scrape_duration_seconds",
                                             "scrape_samples_scraped",
                                             "scrape_samples_post_metric_relabeling",
                                             "scrape_series_added",
                                             "scrape_timeout_seconds",
                                             "scrape_sample_limit",
                                             "scrape_body_size_bytes"};
constexpr std::size_t kPlainReports = 5;

void count(AppendOutcome outcome, ScrapeStatistics& statistics) {
  switch (outcome) {
    case AppendOutcome::conflicting:
      ++statistics.duplicate_timestamp;
      break;
    case AppendOutcome::out_of_order:
      ++statistics.out_of_order;
      break;
    case AppendOutcome::out_of_bounds:
      ++statistics.out_of_bounds;
      break;
    default:
      break;
  }
}

struct LessRef {
  bool operator()(const promql::SeriesRef& a, const promql::SeriesRef& b) const {
    return a.slot != b.slot ? a.slot < b.slot : a.generation < b.generation;
  }
};

}  // namespace

ScrapeRun::ScrapeRun(TargetId target_id, std::string pool_name, Target of,
                     std::shared_ptr<const config::ScrapeConfig> with)
    : id(target_id), pool(std::move(pool_name)), target(std::move(of)), config(std::move(with)) {}

Timestamp ScrapeRun::sample_time(WallTime started, std::uint64_t seed) const {
  using std::chrono::milliseconds;
  const Duration tolerance = std::min<Duration>(target.interval / 100, milliseconds(2));
  const WallTime slot = target.next_slot(started, seed) - target.interval;
  return to_timestamp(started - slot <= tolerance ? slot : started);
}

PageJob ScrapeRun::begin_page(ScrapeReply reply, Timestamp time, const SampleSink& sink) {
  // The store drops what has had no samples for a while, or none in the time that a clock was set to.
  if (std::exchange(dropped_, sink.dropped()) != sink.dropped())
    memory_.forget_series([&](promql::SeriesRef series) { return !sink.alive(series); });
  PageJob job;
  job.target = id;
  job.body = std::move(reply.body);
  job.content_type = std::move(reply.content_type);
  job.time = time;
  job.took = reply.took;
  job.target_labels = target.labels;
  job.config = config;
  job.memory = std::move(memory_);
  return job;
}

void ScrapeRun::settle_page(ParsedPage page, SampleSink& sink, ScrapeStatistics& statistics) {
  memory_ = std::move(page.memory);
  switch (page.failure) {
    case PageFailure::sample_limit:
      ++statistics.exceeded_sample_limit;
      break;
    case PageFailure::label_limit:
      ++statistics.exceeded_label_limits;
      break;
    default:
      break;
  }
  statistics.duplicate_timestamp += page.duplicates;
  statistics.out_of_bounds += page.out_of_bounds;
  update_metadata(page.metadata);
  append_samples(page, sink, statistics);
  for (const promql::SeriesRef series : page.vanished) sink.append_stale(series, page.time);
  append_report(page.time,
                {.error = std::move(page.error),
                 .took = page.took,
                 .samples_scraped = page.samples_scraped,
                 .samples_after_relabelling = page.samples_after_relabelling,
                 .series_added = page.series_added,
                 .body_bytes = static_cast<double>(page.body_bytes)},
                sink);
}

void ScrapeRun::append_samples(ParsedPage& page, SampleSink& sink, ScrapeStatistics& statistics) {
  for (const UnresolvedSeries& unresolved : page.unresolved) {
    const promql::SeriesRef series = sink.find_or_create(unresolved.labels);
    memory_.set_series(unresolved.line, series);
    (unresolved.timed ? page.timed[unresolved.index].series : page.series[unresolved.index]) = series;
  }
  std::set<promql::SeriesRef, LessRef> unknown;
  const auto append = [&](promql::SeriesRef series, Timestamp time, double value) {
    const AppendOutcome outcome = sink.append(series, time, value);
    if (outcome == AppendOutcome::unknown_series) unknown.insert(series);
    count(outcome, statistics);
  };
  for (std::size_t i = 0; i < page.series.size(); ++i) append(page.series[i], page.time, page.values[i]);
  for (const TimedSample& sample : page.timed) append(sample.series, sample.time, sample.value);
  // Their labels are read again from the next page.
  if (!unknown.empty())
    memory_.forget_series([&](promql::SeriesRef series) { return unknown.contains(series); });
}

void ScrapeRun::update_metadata(const std::vector<MetadataUpdate>& updates) {
  for (const MetadataUpdate& update : updates) {
    switch (update.what) {
      case MetadataUpdate::What::type:
        metadata_[update.family].type = update.type;
        break;
      case MetadataUpdate::What::help:
        metadata_[update.family].help = update.text;
        break;
      case MetadataUpdate::What::unit:
        metadata_[update.family].unit = update.text;
        break;
      case MetadataUpdate::What::gone:
        metadata_.erase(update.family);
        break;
    }
  }
}

void ScrapeRun::settle_failure(Timestamp time, const ScrapeReport& report, SampleSink& sink) {
  for (const promql::SeriesRef series : memory_.fail()) sink.append_stale(series, time);
  append_report(time, report, sink);
}

void ScrapeRun::append_report(Timestamp time, const ScrapeReport& report, SampleSink& sink) {
  health_ = report.error.empty() ? Health::up : Health::down;
  last_error_ = report.error;
  last_scrape_ = to_wall(time);
  last_duration_ = report.took;

  const std::array<double, kReportSeries> values = {report.error.empty() ? 1.0 : 0.0,
                                                    seconds_of(report.took),
                                                    static_cast<double>(report.samples_scraped),
                                                    static_cast<double>(report.samples_after_relabelling),
                                                    static_cast<double>(report.series_added),
                                                    seconds_of(target.timeout),
                                                    static_cast<double>(config->limits.samples),
                                                    report.body_bytes};
  const std::size_t reports = config->extra_scrape_metrics ? kReportSeries : kPlainReports;
  for (std::size_t i = 0; i < reports; ++i) {
    promql::SeriesRef& series = report_series_[i];
    const bool known = series != promql::kNoSeries;
    if (known && sink.append(series, time, values[i]) != AppendOutcome::unknown_series) continue;
    series = sink.find_or_create(LabelsBuilder(target.labels).set(kMetricName, kReportNames[i]).build());
    sink.append(series, time, values[i]);
  }
}

void ScrapeRun::end_series(Timestamp time, SampleSink& sink) {
  for (const promql::SeriesRef series : memory_.fail()) sink.append_stale(series, time);
  for (const promql::SeriesRef series : report_series_) {
    if (series != promql::kNoSeries) sink.append_stale(series, time);
  }
}

void ScrapeRun::inherit_status(const ScrapeRun& earlier) {
  health_ = earlier.health_;
  last_error_ = earlier.last_error_;
  last_scrape_ = earlier.last_scrape_;
  last_duration_ = earlier.last_duration_;
  last_started = earlier.last_started;
}

TargetView ScrapeRun::view() const {
  return {.pool = &pool,
          .target = &target,
          .health = health_,
          .last_error = last_error_,
          .last_scrape = last_scrape_,
          .last_duration = last_duration_,
          .metadata = &metadata_};
}

}  // namespace tocsin::scrape
