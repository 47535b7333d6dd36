// The part of Prometheus' API about the program itself: /api/v1/status/...
#include <algorithm>
#include <array>
#include <map>

#include "engine/api/answers.hpp"
#include "engine/api/routes.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

// Whose API this is. Clients decide by it what they may ask for, so it is not this program's own version.
constexpr std::string_view kPrometheusVersion = "3.14.0";

HttpResponse build_info(const StatusView& status) {
  return answer_success([&status](JsonWriter& json) {
    json.begin_object().key("version").string(kPrometheusVersion).key("revision").string(status.version);
    json.key("branch").string("tocsin").key("buildUser").string("").key("buildDate").string("");
    json.key("goVersion").string("").end_object();
  });
}

// What belongs to Go's runtime or names this machine is there and empty.
HttpResponse runtime_info(const StatusView& status) {
  const WallTime last_reload = status.last_reload == kNoTime
                                   ? kNoTime
                                   : WallTime(std::chrono::floor<std::chrono::seconds>(status.last_reload));
  return answer_success([&](JsonWriter& json) {
    json.begin_object().key("startTime").string(format_rfc3339(status.started));
    json.key("CWD").string("").key("hostname").string("");
    json.key("serverTime").string(format_rfc3339(status.now));
    json.key("reloadConfigSuccess").boolean(status.reload_successful);
    json.key("lastConfigTime").string(format_rfc3339(last_reload)).key("corruptionCount").integer(0);
    json.key("goroutineCount").integer(0).key("GOMAXPROCS").integer(0).key("GOMEMLIMIT").integer(0);
    json.key("GOGC").string("").key("GODEBUG").string("");
    json.key("storageRetention").string(format_duration(status.storage_window)).end_object();
  });
}

HttpResponse flags(const StatusView& status) {
  return answer_success([&status](JsonWriter& json) {
    json.begin_object();
    for (const auto& [name, value] : status.flags) json.key(name).string(value);
    json.end_object();
  });
}

// ---- tsdb: which metrics and labels have the most series

struct ValueCount {
  std::string_view name;
  std::string_view value;
  std::uint64_t series = 0;
};
using Counted = std::pair<std::string, std::uint64_t>;

// Bytes that upstream needs for a label: each text behind its length.
std::uint64_t encoded_size(std::string_view text) {
  return text.size() + (text.size() < 255 ? 1 : 4);
}

void write_greatest(JsonWriter& json, std::string_view key, std::vector<Counted> counts, std::size_t limit) {
  std::sort(counts.begin(), counts.end(), [](const Counted& a, const Counted& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  counts.resize(std::min(counts.size(), limit));
  json.key(key).begin_array();
  for (const auto& [name, count] : counts) {
    json.begin_object().key("name").string(name).key("value");
    json.integer(static_cast<std::int64_t>(count)).end_object();
  }
  json.end_array();
}

// Every label pair once, sorted. The views point into `series`.
std::vector<ValueCount> count_values(const std::vector<Labels>& series) {
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> counts;
  for (const Labels& labels : series) {
    for (const LabelView label : labels) ++counts[{label.name, label.value}];
  }
  std::vector<ValueCount> values;
  values.reserve(counts.size());
  for (const auto& [pair, count] : counts) values.push_back({pair.first, pair.second, count});
  return values;
}

HttpResponse tsdb_status(const HttpRequest& request, const View& view) {
  constexpr std::int64_t kMost = 10'000;
  std::int64_t limit = 10;
  if (const std::string_view text = request.parameter("limit"); !text.empty()) {
    const auto number = parse_integer(text);
    if (!number || *number < 1) {
      return answer_error(ErrorType::bad_data, "limit must be a positive number");
    }
    if (*number > kMost) return answer_error(ErrorType::bad_data, format("limit must not exceed {}", kMost));
    limit = *number;
  }
  const std::vector<Labels> series = view.series({});
  const std::vector<ValueCount> values = count_values(series);
  std::vector<Counted> metrics, names, bytes, pairs;
  for (const ValueCount& one : values) {
    if (one.name == kMetricName) metrics.emplace_back(one.value, one.series);
    if (names.empty() || names.back().first != one.name) {
      names.emplace_back(one.name, 0);
      bytes.emplace_back(one.name, 0);
    }
    ++names.back().second;
    bytes.back().second += (encoded_size(one.name) + encoded_size(one.value)) * one.series;
    pairs.emplace_back(format("{}={}", one.name, one.value), one.series);
  }
  const auto [oldest, newest] = view.sample_times();
  return answer_success([&, oldest = oldest, newest = newest](JsonWriter& json) {
    const auto count = static_cast<std::int64_t>(series.size());
    json.begin_object().key("headStats").begin_object().key("numSeries").integer(count);
    json.key("numLabelPairs").integer(static_cast<std::int64_t>(values.size()));
    // The samples of a series are in one piece.
    json.key("chunkCount").integer(count).key("minTime").integer(ms_of(oldest));
    json.key("maxTime").integer(ms_of(newest)).end_object();
    const auto most = static_cast<std::size_t>(limit);
    write_greatest(json, "seriesCountByMetricName", std::move(metrics), most);
    write_greatest(json, "labelValueCountByLabelName", std::move(names), most);
    write_greatest(json, "memoryInBytesByLabelName", std::move(bytes), most);
    write_greatest(json, "seriesCountByLabelValuePair", std::move(pairs), most);
    json.end_object();
  });
}

}  // namespace

std::optional<Answer> handle_status_api(std::string_view rest, const HttpRequest& request, const View& view) {
  if (rest == "/status/buildinfo") return build_info(view.status());
  if (rest == "/status/runtimeinfo") return runtime_info(view.status());
  if (rest == "/status/flags") return flags(view.status());
  if (rest == "/status/tsdb") return tsdb_status(request, view);
  if (rest == "/status/config") {
    return answer_success([&view](JsonWriter& json) {
      json.begin_object().key("yaml").string(view.status().prometheus_config).end_object();
    });
  }
  // Samples live in memory alone: there are no blocks, and no log to replay.
  if (rest == "/status/tsdb/blocks") {
    return answer_success(
        [](JsonWriter& json) { json.begin_object().key("blocks").begin_array().end_array().end_object(); });
  }
  if (rest == "/status/walreplay") {
    return answer_success([](JsonWriter& json) {
      json.begin_object().key("min").integer(0).key("max").integer(0).key("current").integer(0).end_object();
    });
  }
  return std::nullopt;
}

}  // namespace tocsin::api
