// Classic histograms as native ones with custom buckets (Prometheus 3.14, util/convertnhcb).
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "engine/testing/script_commands.hpp"
#include "promql/format.hpp"
#include "promql/number_text.hpp"
#include "promql/value.hpp"

namespace tocsin::testing {
namespace {

constexpr std::string_view kBucketLabel = "le";

enum class Part { bucket, sum, count };

struct Suffix {
  std::string_view text;
  Part part;
};
constexpr Suffix kSuffixes[] = {{"_bucket", Part::bucket}, {"_sum", Part::sum}, {"_count", Part::count}};

// The parts of one histogram at one time.
struct ClassicHistogram {
  std::map<double, double> cumulative;  // by upper bound; of a bound given twice the first counts
  double sum = 0;
  std::optional<double> count;

  [[nodiscard]] Result<promql::FloatHistogram> convert() const {
    std::map<double, double> buckets = cumulative;
    const double total = count ? *count : buckets.empty() ? 0 : buckets.rbegin()->second;
    const double infinity = std::numeric_limits<double>::infinity();
    buckets.try_emplace(infinity, total);
    promql::FloatHistogram histogram;
    histogram.schema = promql::kCustomBucketsSchema;
    histogram.count = total;
    histogram.sum = sum;
    histogram.positive.spans = {{0, static_cast<std::uint32_t>(buckets.size())}};
    double below = 0;
    for (const auto& [bound, sum_up_to] : buckets) {
      if (sum_up_to < below) {
        return Error(format("count is not cumulative: {} < {}", promql::format_float_go(sum_up_to),
                            promql::format_float_go(below)));
      }
      histogram.positive.buckets.push_back(sum_up_to - below);
      below = sum_up_to;
      if (bound != infinity) histogram.custom_values.push_back(bound);
    }
    if (below != total) {
      return Error(format("count mismatch: count={} != le=+Inf count={}", promql::format_float_go(total),
                          promql::format_float_go(below)));
    }
    histogram.compact(0);
    return histogram;
  }
};

using HistogramsByTime = std::map<Timestamp, ClassicHistogram>;

void add_series(const LoadedSeries& series, Part part, double bound, Duration step, HistogramsByTime& out) {
  Duration since_start{};
  for (const promql::SequenceValue& value : series.values) {
    if (!value.is_omitted && value.histogram == nullptr) {
      ClassicHistogram& histogram = out[to_timestamp(WallTime(since_start))];
      if (part == Part::bucket) histogram.cumulative.try_emplace(bound, value.value);
      if (part == Part::sum) histogram.sum = value.value;
      if (part == Part::count) histogram.count = value.value;
    }
    since_start += step;
  }
}

}  // namespace

Result<std::vector<CustomBucketSeries>> convert_classic_histograms(const LoadCommand& load) {
  std::map<Labels, HistogramsByTime> histograms;
  for (const LoadedSeries& series : load.series) {
    const std::string_view name = series.labels.metric_name();
    const auto* const suffix =
        std::ranges::find_if(kSuffixes, [name](const Suffix& s) { return name.ends_with(s.text); });
    if (suffix == std::end(kSuffixes)) continue;
    double bound = 0;
    if (suffix->part == Part::bucket) {
      const Result<double> parsed = promql::parse_float(series.labels.get(kBucketLabel));
      if (!parsed || std::isnan(*parsed)) continue;
      bound = *parsed;
    }
    LabelsBuilder base(series.labels);
    base.set(kMetricName, name.substr(0, name.size() - suffix->text.size())).remove(kBucketLabel);
    add_series(series, suffix->part, bound, load.step, histograms[base.build()]);
  }

  std::vector<CustomBucketSeries> out;
  for (const auto& [labels, by_time] : histograms) {
    CustomBucketSeries& series = out.emplace_back();
    series.labels = labels;
    for (const auto& [time, classic] : by_time) {
      Result<promql::FloatHistogram> histogram = classic.convert();
      if (!histogram) return histogram.error();
      series.samples.push_back(
          {time, 0, std::make_shared<const promql::FloatHistogram>(std::move(*histogram))});
    }
  }
  return out;
}

}  // namespace tocsin::testing
