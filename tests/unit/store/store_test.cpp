#include "engine/store/store.hpp"

#include <limits>

#include "promql/histogram.hpp"
#include "promql/value.hpp"
#include "tests/support/catch.hpp"

namespace tocsin::engine {
namespace {

Timestamp at(std::int64_t seconds) {
  return timestamp_from_ms(seconds * 1000);
}
Matcher matcher(MatchType type, std::string_view name, std::string_view value) {
  return Matcher::make(type, name, value).value();
}
std::vector<Matcher> only(MatchType type, std::string_view name, std::string_view value) {
  std::vector<Matcher> matchers;
  matchers.push_back(matcher(type, name, value));
  return matchers;
}

std::vector<double> values_in(const promql::SeriesSource& source, SeriesRef series, std::int64_t after,
                              std::int64_t through) {
  promql::Window window;
  source.windows({&series, 1}, at(after), at(through), {}, {&window, 1});
  return {window.values, window.values + window.count};
}

std::optional<double> latest_at(const promql::SeriesSource& source, SeriesRef series, std::int64_t after,
                                std::int64_t time) {
  double value = 0;
  std::uint8_t present = 0;
  promql::LatestColumns out;
  out.values = {&value, 1};
  out.present = {&present, 1};
  source.latest({&series, 1}, at(after), at(time), out);
  if (present == 0) return std::nullopt;
  return value;
}

TEST_CASE("a series is found again by its labels") {
  Store store;
  const Labels labels{{"__name__", "up"}, {"job", "a"}};
  CHECK(store.find(labels) == kNoSeries);
  const SeriesRef series = store.find_or_create(labels);
  CHECK(store.find(labels) == series);
  CHECK(store.find_or_create(labels) == series);
  CHECK(store.labels(series) == labels);
  CHECK(store.alive(series));
}

TEST_CASE("when the clock is set samples move along, and what comes next follows them") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "x"}});
  const SeriesRef own_time = store.find_or_create(Labels{{"__name__", "y"}});
  for (int i = 0; i < 5; ++i) store.append(series, at(1000 + 10 * i), i);
  store.append(own_time, at(100), 1);
  store.append(own_time, at(900), 2);

  // Back: the newest lay ahead of the clock, which shows 345 where it showed 1045.
  CHECK(store.shift(std::chrono::seconds(-700), at(345)) == 5 + 1);
  CHECK(values_in(store, series, 290, 345) == std::vector<double>{0, 1, 2, 3, 4});
  CHECK(latest_at(store, series, 40, 345) == 4);
  CHECK_FALSE(latest_at(store, series, 340, 345));
  CHECK(store.append(series, at(350), 5) == AppendOutcome::appended);

  // On: samples that brought their own times were right all along, and would lie ahead now.
  CHECK(store.append(own_time, at(360), 3) == AppendOutcome::appended);
  CHECK(store.shift(std::chrono::seconds(700), at(1055)) == 0);
  CHECK(values_in(store, series, 1000, 1055) == std::vector<double>{1, 2, 3, 4, 5});
  CHECK(values_in(store, own_time, 0, 2000) == std::vector<double>{1, 2});
  CHECK(store.append(own_time, at(1060), 4) == AppendOutcome::appended);
  CHECK(store.shift(std::chrono::seconds(5000), at(50)) == 6 + 3);
  CHECK_FALSE(store.alive(series));
  CHECK(store.series_dropped() == 2);
}

TEST_CASE("a view that is pinned when the clock is set keeps what it saw, and a marker moves along") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "x"}});
  store.append(series, at(1000), 1);
  store.append_stale(series, at(1010));
  const auto matchers = only(MatchType::equal, "__name__", "x");
  const promql::SelectionRequest request{matchers, at(0), at(2000)};
  auto view = store.pin({&request, 1});
  store.shift(std::chrono::seconds(-500), at(515));
  CHECK_FALSE(latest_at(store, series, 0, 515));
  CHECK(latest_at(store, series, 0, 505) == 1);
  const promql::Selection& pinned = view->acquire(matchers);
  REQUIRE(pinned.series.size() == 1);
  CHECK(latest_at(*view, pinned.series[0], 0, 1005) == 1);
  CHECK_FALSE(latest_at(*view, pinned.series[0], 0, 1015));
  store.release_view(std::move(view));
  CHECK(store.statistics().retired_bytes == 0);
}

TEST_CASE("time only moves forward within a series") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "x"}});
  CHECK(store.append(series, at(10), 1) == AppendOutcome::appended);
  CHECK(store.append(series, at(10), 1) == AppendOutcome::duplicate);
  CHECK(store.append(series, at(10), 2) == AppendOutcome::conflicting);
  CHECK(store.append(series, at(9), 1) == AppendOutcome::out_of_order);
  CHECK(store.append(series, at(11), std::numeric_limits<double>::quiet_NaN()) == AppendOutcome::appended);
  CHECK(store.append(series, at(11), std::numeric_limits<double>::quiet_NaN()) == AppendOutcome::duplicate);
  store.trim(at(10));
  CHECK(store.append(series, at(5), 1) == AppendOutcome::out_of_bounds);
  CHECK(store.append({series.slot, series.generation + 1}, at(20), 1) == AppendOutcome::unknown_series);
  CHECK(store.statistics().appended == 2);
}

TEST_CASE("a histogram and a number at one time are in conflict, an equal histogram is not") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "h"}});
  auto histogram = std::make_shared<promql::FloatHistogram>();
  histogram->count = 3;
  CHECK(store.append(series, at(1), histogram) == AppendOutcome::appended);
  CHECK(store.append(series, at(1), std::make_shared<promql::FloatHistogram>(*histogram)) ==
        AppendOutcome::duplicate);
  CHECK(store.append(series, at(1), 0.0) == AppendOutcome::conflicting);
  promql::Window window;
  store.windows({&series, 1}, at(0), at(1), {}, {&window, 1});
  REQUIRE(window.histograms != nullptr);
  CHECK(window.histograms[0]->count == 3);
}

TEST_CASE("windows are open on the left and closed on the right") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "x"}});
  for (int i = 1; i <= 40; ++i) store.append(series, at(i * 10), i);
  CHECK(values_in(store, series, 10, 40) == std::vector<double>{2, 3, 4});
  CHECK(values_in(store, series, 400, 500).empty());
  CHECK(values_in(store, series, -10, 9).empty());
  CHECK(values_in(store, series, 0, 1000).size() == 40);
}

TEST_CASE("a hint that is wrong, or that a trim made wrong, changes nothing") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "x"}});
  for (int i = 1; i <= 40; ++i) store.append(series, at(i * 10), i);
  std::uint32_t hint = 0;
  promql::Window window;
  for (const std::int64_t after : {0, 100, 150, 390, 50, 0}) {
    store.windows({&series, 1}, at(after), at(after + 20), {&hint, 1}, {&window, 1});
    REQUIRE(window.count == (after == 390 ? 1 : 2));
    CHECK(window.times[0] == at(after + 10));
  }
  hint = 39;
  store.trim(at(300));
  store.windows({&series, 1}, at(300), at(320), {&hint, 1}, {&window, 1});
  REQUIRE(window.count == 2);
  CHECK(window.values[0] == 31);
}

TEST_CASE("the latest sample is looked for within the lookback") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "x"}});
  store.append(series, at(100), 1);
  store.append(series, at(200), 2);
  CHECK(latest_at(store, series, 0, 99) == std::nullopt);
  CHECK(latest_at(store, series, 0, 100) == 1);
  CHECK(latest_at(store, series, 100, 150) == std::nullopt);
  CHECK(latest_at(store, series, 99, 150) == 1);
  CHECK(latest_at(store, series, 0, 1000) == 2);
}

TEST_CASE("a marker ends a series, and a second marker is no news") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "x"}});
  store.append(series, at(100), 1);
  CHECK(store.append_stale(series, at(110)) == AppendOutcome::appended);
  CHECK(store.append_stale(series, at(120)) == AppendOutcome::duplicate);
  CHECK(latest_at(store, series, 0, 109) == 1);
  CHECK(latest_at(store, series, 0, 110) == std::nullopt);
  promql::Window window;
  store.windows({&series, 1}, at(0), at(200), {}, {&window, 1});
  CHECK(window.count == 2);
  CHECK(window.may_hold_markers);
  store.append(series, at(130), 2);
  CHECK(latest_at(store, series, 0, 130) == 2);
}

TEST_CASE("trimming forgets old samples, and series that have none left") {
  Store store;
  const Labels old_labels{{"__name__", "old"}};
  const SeriesRef old_series = store.find_or_create(old_labels);
  const SeriesRef empty_series = store.find_or_create(Labels{{"__name__", "empty"}});
  const SeriesRef new_series = store.find_or_create(Labels{{"__name__", "new"}});
  store.append(old_series, at(10), 1);
  store.append(new_series, at(10), 1);
  store.append(new_series, at(20), 2);
  store.trim(at(20));
  CHECK_FALSE(store.alive(old_series));
  CHECK_FALSE(store.alive(empty_series));
  CHECK(store.find(old_labels) == kNoSeries);
  CHECK(values_in(store, new_series, 0, 100) == std::vector<double>{2});
  CHECK(store.statistics().series == 1);
  CHECK(store.statistics().samples == 1);
  CHECK(store.statistics().label_pairs == 1);
  // The slot is used again, under another name.
  const SeriesRef again = store.find_or_create(old_labels);
  CHECK(again.generation != old_series.generation);
  CHECK_FALSE(store.alive(old_series));
}

struct Selected {
  MatchType type;
  std::string name;
  std::string value;
  std::vector<std::string> found;  // the label `i` of the series
};

TEST_CASE("matchers select by index what they select by looking") {
  Store store;
  const std::vector<Labels> all = {
      Labels{{"__name__", "a"}, {"i", "0"}, {"job", "x"}},
      Labels{{"__name__", "a"}, {"i", "1"}, {"job", "y"}},
      Labels{{"__name__", "b"}, {"i", "2"}, {"job", "x"}},
      Labels{{"__name__", "b"}, {"i", "3"}},
  };
  for (const Labels& labels : all) store.append(store.find_or_create(labels), at(1), 1);
  const std::vector<Selected> cases = {
      {MatchType::equal, "job", "x", {"0", "2"}},
      {MatchType::equal, "job", "none", {}},
      {MatchType::equal, "job", "", {"3"}},
      {MatchType::not_equal, "job", "", {"0", "1", "2"}},
      {MatchType::not_equal, "job", "x", {"1", "3"}},
      {MatchType::regex, "job", "x|y", {"0", "1", "2"}},
      {MatchType::regex, "job", ".*", {"0", "1", "2", "3"}},
      {MatchType::regex, "job", ".+", {"0", "1", "2"}},
      {MatchType::not_regex, "job", "x", {"1", "3"}},
      {MatchType::not_regex, "job", ".+", {"3"}},
      {MatchType::equal, "nowhere", "", {"0", "1", "2", "3"}},
      {MatchType::regex, "nowhere", ".+", {}},
  };
  for (const Selected& one : cases) {
    CAPTURE(one.name, one.value, static_cast<int>(one.type));
    const auto matchers = only(one.type, one.name, one.value);
    const promql::SelectionLease lease(store, matchers);
    std::vector<std::string> found;
    for (const SeriesRef series : lease->series) found.emplace_back(store.labels(series).get("i"));
    CHECK(found == one.found);
  }
}

TEST_CASE("a selection follows the series that come and go") {
  Store store;
  const auto matchers = only(MatchType::equal, "__name__", "x");
  store.append(store.find_or_create(Labels{{"__name__", "x"}, {"i", "0"}}), at(1), 1);
  const promql::SelectionLease lease(store, matchers);
  CHECK(lease->series.size() == 1);
  const SeriesRef second = store.find_or_create(Labels{{"__name__", "x"}, {"i", "1"}});
  store.append(second, at(100), 1);
  store.find_or_create(Labels{{"__name__", "y"}});
  REQUIRE(lease->series.size() == 2);
  CHECK(lease->series[1] == second);
  store.trim(at(50));
  REQUIRE(lease->series.size() == 2);
  CHECK(lease->series[0] == kNoSeries);
  CHECK(lease->gone == 1);
  CHECK(latest_at(store, lease->series[0], 0, 200) == std::nullopt);
}

TEST_CASE("a selection with many gaps closes them and says so") {
  Store store;
  const auto matchers = only(MatchType::equal, "__name__", "x");
  const promql::SelectionLease lease(store, matchers);
  for (int i = 0; i < 200; ++i) {
    store.append(store.find_or_create(Labels{{"__name__", "x"}, {"i", std::to_string(i)}}),
                 at(i < 150 ? 1 : 100), 1);
  }
  const std::uint64_t epoch = lease->epoch;
  store.trim(at(50));
  CHECK(lease->series.size() == 50);
  CHECK(lease->gone == 0);
  CHECK(lease->epoch != epoch);
}

TEST_CASE("equal matchers share a selection until the last lease is gone") {
  Store store;
  const auto matchers = only(MatchType::equal, "__name__", "x");
  promql::SelectionLease first(store, matchers);
  {
    const promql::SelectionLease second(store, matchers);
    CHECK(&*first == &*second);
  }
  store.find_or_create(Labels{{"__name__", "x"}});
  CHECK(first->series.size() == 1);
}

TEST_CASE("a pinned view stays as it was while the store goes on") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "x"}, {"i", "0"}});
  for (int i = 1; i <= 8; ++i) store.append(series, at(i), i);
  const auto matchers = only(MatchType::equal, "__name__", "x");
  const promql::SelectionRequest request{matchers, at(0), at(100)};
  auto view = store.pin({&request, 1});

  for (int i = 9; i <= 200; ++i) {
    store.append(series, at(i), i);
    if (i % 20 == 0) store.trim(at(i - 10));
  }
  store.append(store.find_or_create(Labels{{"__name__", "x"}, {"i", "1"}}), at(200), 1);
  store.trim(at(1000));  // drops all series
  CHECK_FALSE(store.alive(series));
  CHECK(store.statistics().retired_bytes > 0);

  const promql::Selection& pinned = view->acquire(matchers);
  REQUIRE(pinned.series.size() == 1);
  CHECK(view->labels(pinned.series[0]) == Labels{{"__name__", "x"}, {"i", "0"}});
  CHECK(values_in(*view, pinned.series[0], 0, 100) == std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(latest_at(*view, pinned.series[0], 0, 100) == 8);
  CHECK(view->acquire(only(MatchType::equal, "__name__", "y")).series.empty());

  store.release_view(std::move(view));
  CHECK(store.statistics().retired_bytes == 0);
}

TEST_CASE("memory that an older view needs is kept when a newer one is given back") {
  Store store;
  const SeriesRef series = store.find_or_create(Labels{{"__name__", "x"}});
  store.append(series, at(1), 1);
  const auto matchers = only(MatchType::equal, "__name__", "x");
  const promql::SelectionRequest request{matchers, at(0), at(100)};
  auto older = store.pin({&request, 1});
  auto newer = store.pin({&request, 1});
  for (int i = 2; i <= 20; ++i) store.append(series, at(i), i);
  store.release_view(std::move(newer));
  CHECK(store.statistics().retired_bytes > 0);
  CHECK(values_in(*older, older->acquire(matchers).series[0], 0, 100) == std::vector<double>{1});
  store.release_view(std::move(older));
  CHECK(store.statistics().retired_bytes == 0);
}

TEST_CASE("names and values for the API come from series that have samples in the time asked for") {
  Store store;
  store.append(store.find_or_create(Labels{{"__name__", "a"}, {"x", "2"}}), at(10), 1);
  store.append(store.find_or_create(Labels{{"__name__", "a"}, {"x", "1"}}), at(10), 1);
  store.append(store.find_or_create(Labels{{"__name__", "b"}, {"y", "1"}}), at(500), 1);
  CHECK(store.label_names({}) == std::vector<std::string>{"__name__", "x", "y"});
  CHECK(store.label_values("x", {}) == std::vector<std::string>{"1", "2"});
  CHECK(store.label_names({{}, at(100), at(600)}) == std::vector<std::string>{"__name__", "y"});
  std::vector<std::vector<Matcher>> selectors;
  selectors.push_back(only(MatchType::equal, "x", "1"));
  selectors.push_back(only(MatchType::regex, "__name__", "a|none"));
  CHECK(store.series({selectors}).size() == 2);
  CHECK(store.series({selectors}).front() == Labels{{"__name__", "a"}, {"x", "1"}});
}

}  // namespace
}  // namespace tocsin::engine
