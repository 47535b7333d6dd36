#include "engine/scrape/page.hpp"

#include <random>

#include "tests/support/catch.hpp"
#include "tests/unit/scrape/config_text.hpp"
#include "tests/unit/scrape/fake_sink.hpp"

namespace tocsin::scrape {
namespace {

// Pages of one target, one after the other, as the manager would have them parsed and appended.
class Reader {
 public:
  explicit Reader(const std::string& keys = "") : config_(first_job(one_job(keys))) {}

  ParsedPage read(const std::string& body, const std::string& content_type = "text/plain") {
    PageJob job;
    job.body = body;
    job.content_type = content_type;
    job.time = timestamp_from_ms(++round_ * 1000);
    job.target_labels = Labels{{"instance", "i"}, {"job", "j"}};
    job.config = config_;
    job.memory = std::move(memory_);
    ParsedPage page = parse_page(std::move(job));
    memory_ = std::move(page.memory);
    for (const UnresolvedSeries& unresolved : page.unresolved) {
      const promql::SeriesRef series = sink.find_or_create(unresolved.labels);
      memory_.set_series(unresolved.line, series);
      (unresolved.timed ? page.timed[unresolved.index].series : page.series[unresolved.index]) = series;
    }
    for (std::size_t i = 0; i < page.series.size(); ++i)
      sink.append(page.series[i], page.time, page.values[i]);
    for (const TimedSample& sample : page.timed) sink.append(sample.series, sample.time, sample.value);
    for (const promql::SeriesRef series : page.vanished) sink.append_stale(series, page.time);
    return page;
  }

  // Samples of {__name__="name", instance="i", job="j", further...}.
  std::string samples(const std::string& name, std::initializer_list<LabelView> further = {}) const {
    LabelsBuilder labels(Labels{{"__name__", name}, {"instance", "i"}, {"job", "j"}});
    for (const LabelView label : further) labels.set(label.name, label.value);
    return sink.samples(labels.build());
  }

  FakeSink sink;

 private:
  std::shared_ptr<const config::ScrapeConfig> config_;
  SeriesMemory memory_;
  std::int64_t round_ = 0;
};

std::string counts(const ParsedPage& page) {
  return std::to_string(page.samples_scraped) + " scraped, " +
         std::to_string(page.samples_after_relabelling) + " kept, " + std::to_string(page.series_added) +
         " new";
}

TEST_CASE("AKnownSeriesIsNotLookedUpAgain", "[page]") {
  Reader reader;
  CHECK(counts(reader.read("# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 2\n")) == "2 scraped, 2 kept, 2 new");
  const int lookups = reader.sink.lookups;
  const ParsedPage page = reader.read("# TYPE a counter\na{x=\"1\"} 1.5\na{x=\"2\"} 1e3\n");
  CHECK(counts(page) == "2 scraped, 2 kept, 0 new");
  CHECK(page.unresolved.empty());
  CHECK(reader.sink.lookups == lookups);
  CHECK(reader.samples("a", {{"x", "1"}}) == "1000:1 2000:1.5");
  CHECK(reader.samples("a", {{"x", "2"}}) == "1000:2 2000:1000");
}

TEST_CASE("ASeriesThatIsGoneEnds", "[page]") {
  Reader reader;
  reader.read("a 1\nb 2\nc 3\n");
  reader.read("a 1\nc 3\n");
  CHECK(reader.samples("b") == "1000:2 2000:stale");
  CHECK(counts(reader.read("a 1\nb 4\nc 3\n")) == "3 scraped, 3 kept, 1 new");
  CHECK(reader.samples("b") == "1000:2 2000:stale 3000:4");
  CHECK(reader.samples("a") == "1000:1 2000:1 3000:1");
}

TEST_CASE("OrderDoesNotMatter", "[page]") {
  Reader reader;
  reader.read("a 1\nb 2\nc 3\n");
  CHECK(counts(reader.read("c 30\na 10\nb 20\n")) == "3 scraped, 3 kept, 0 new");
  CHECK(counts(reader.read("b 200\nc 300\na 100\n")) == "3 scraped, 3 kept, 0 new");
  CHECK(reader.samples("a") == "1000:1 2000:10 3000:100");
  CHECK(reader.samples("c") == "1000:3 2000:30 3000:300");
}

TEST_CASE("ALongerNameIsAnotherSeries", "[page]") {
  Reader reader;
  reader.read("a 1\n");
  reader.read("a1 2\n");
  reader.read("a {x=\"y\"} 3\n");
  reader.read("a{x=\"y\"} 4\n");
  CHECK(reader.samples("a") == "1000:1 2000:stale");
  CHECK(reader.samples("a1") == "2000:2 3000:stale");
  CHECK(reader.samples("a", {{"x", "y"}}) == "3000:3 4000:4");
}

TEST_CASE("ARefusedPageEndsEverySeries", "[page]") {
  struct Case {
    std::string body;
    std::string content_type;
    PageFailure failure;
    std::string error;
  };
  const Case cases[] = {
      {"a 1\nb 2\nhalf", "text/plain", PageFailure::syntax,
       "expected value after metric, got \"\\n\" (\"INVALID\") while parsing: \"half\\n\""},
      {"a 1\n", "text/html", PageFailure::content_type,
       "received unsupported Content-Type \"text/html\" and no fallback_scrape_protocol specified for "
       "target"},
      {"a 1\nb 2\n", "application/openmetrics-text", PageFailure::syntax, "data does not end with # EOF"},
      {"a{x=\"1\",x=\"2\"} 1\n", "text/plain", PageFailure::labels,
       "label name \"x\" is not unique: invalid sample"},
      {"a{\"\"=\"1\"} 1\n", "text/plain", PageFailure::labels,
       "invalid metric name or label names: {\"\"=\"1\", __name__=\"a\", instance=\"i\", job=\"j\"}"},
  };
  for (const Case& c : cases) {
    INFO(c.body << " " << c.content_type);
    Reader reader;
    reader.read("a 1\nb 2\n");
    const ParsedPage page = reader.read(c.body, c.content_type);
    CHECK(page.failure == c.failure);
    CHECK(page.error == c.error);
    CHECK(page.series.empty());
    CHECK(reader.samples("a") == "1000:1 2000:stale");
    CHECK(reader.samples("b") == "1000:2 2000:stale");
    // The target comes back: nothing is new, and nothing ends twice.
    CHECK(counts(reader.read("a 5\nb 6\n")) == "2 scraped, 2 kept, 0 new");
    CHECK(reader.samples("a") == "1000:1 2000:stale 3000:5");
  }
}

TEST_CASE("SeriesLearntFromARefusedPageAreNotNewLater", "[page]") {
  Reader reader;
  CHECK(counts(reader.read("a 1\nb 2\nbad\n")) == "2 scraped, 2 kept, 2 new");
  CHECK(reader.samples("a").empty());
  CHECK(counts(reader.read("a 1\nb 2\n")) == "2 scraped, 2 kept, 0 new");
  CHECK(reader.samples("a") == "2000:1");
}

TEST_CASE("AnEmptyPageIsAScrapeWithoutSamples", "[page]") {
  Reader reader;
  reader.read("a 1\n");
  const ParsedPage page = reader.read("", "");
  CHECK(page.failure == PageFailure::none);
  CHECK(page.error.empty());
  CHECK(reader.samples("a") == "1000:1 2000:stale");
}

TEST_CASE("ExplicitTimestampsBypassStaleness", "[page]") {
  Reader reader;
  reader.read("a 1 500\nb 2 600\n");
  reader.read("b 3 700\n");
  CHECK(reader.samples("a") == "500:1");
  CHECK(reader.samples("b") == "600:2 700:3");
  reader.read("");
  CHECK(reader.samples("b") == "600:2 700:3");
}

TEST_CASE("TrackedTimestampsEndLikeOthers", "[page]") {
  Reader reader("track_timestamps_staleness: true\n");
  reader.read("a 1 500\n");
  reader.read("b 1\n");
  CHECK(reader.samples("a") == "500:1 2000:stale");
}

TEST_CASE("TimestampsAreNotHonouredWhereTheConfigurationSays", "[page]") {
  Reader reader("honor_timestamps: false\n");
  reader.read("a 1 500\n");
  reader.read("a 2 600\n");
  reader.read("b 1\n");
  CHECK(reader.samples("a") == "1000:1 2000:2 3000:stale");
}

TEST_CASE("SamplesFarAheadAreLeftOut", "[page]") {
  Reader reader;
  const ParsedPage page = reader.read("a 1 601000\nb 2 601001\n");
  CHECK(page.out_of_bounds == 1);
  CHECK(counts(page) == "2 scraped, 2 kept, 1 new");
  CHECK(reader.samples("a") == "601000:1");
  CHECK(reader.samples("b").empty());
}

TEST_CASE("ASeriesTwiceOnAPageCountsOnce", "[page]") {
  Reader reader;
  const ParsedPage page = reader.read("a 1\na 2\n");
  CHECK(page.duplicates == 1);
  CHECK(page.failure == PageFailure::none);
  CHECK(counts(page) == "2 scraped, 2 kept, 1 new");
  CHECK(reader.samples("a") == "1000:1");
  CHECK(reader.read("a 3\na 4\n").duplicates == 1);
  CHECK(reader.samples("a") == "1000:1 2000:3");
  // With timestamps of their own they are two samples.
  CHECK(reader.read("b 1 100\nb 2 200\n").duplicates == 0);
  CHECK(reader.samples("b") == "100:1 200:2");
}

TEST_CASE("DroppedSeriesAreCountedButNotKept", "[page]") {
  Reader reader("metric_relabel_configs: [{source_labels: [__name__], regex: 'b.*', action: drop}]\n");
  CHECK(counts(reader.read("a 1\nb 2\n")) == "2 scraped, 1 kept, 1 new");
  CHECK(counts(reader.read("a 1\nb 2\n")) == "2 scraped, 1 kept, 0 new");
  CHECK(reader.sink.series_count() == 1);
}

TEST_CASE("RelabellingMayNotTakeTheNameAway", "[page]") {
  Reader reader("metric_relabel_configs: [{regex: '__name__', action: labeldrop}]\n");
  CHECK(reader.read("a 1\n").error == "missing metric name (__name__ label)");
}

TEST_CASE("RelabellingCanMendARepeatedLabel", "[page]") {
  Reader reader("metric_relabel_configs: [{regex: 'x', action: labeldrop}]\n");
  CHECK(reader.read("a{x=\"1\",x=\"2\"} 1\n").failure == PageFailure::none);
  CHECK(reader.samples("a") == "1000:1");
}

TEST_CASE("LimitsFailThePageInUpstreamsWords", "[page]") {
  struct Case {
    std::string keys;
    std::string body;
    PageFailure failure;
    std::string error;
    std::string counted;
  };
  const Case cases[] = {
      {"sample_limit: 2", "a 1\nb 2\nc 3\nd 4\n", PageFailure::sample_limit, "sample limit exceeded",
       "4 scraped, 4 kept, 2 new"},
      {"sample_limit: 2", "a 1\nb 2\n", PageFailure::none, "", "2 scraped, 2 kept, 2 new"},
      {"label_limit: 3", "a{x=\"y\"} 1\n", PageFailure::label_limit,
       "label_limit exceeded (metric: a, number of labels: 4, limit: 3)", "1 scraped, 0 kept, 0 new"},
      {"label_limit: 4", "a{x=\"y\"} 1\n", PageFailure::none, "", "1 scraped, 1 kept, 1 new"},
      {"label_name_length_limit: 8", "a{long_name=\"y\"} 1\n", PageFailure::label_limit,
       "label_name_length_limit exceeded (metric: a, label name: long_name, length: 9, limit: 8)",
       "1 scraped, 0 kept, 0 new"},
      {"label_value_length_limit: 3", "a{x=\"y\\\"y\\\"\"} 1\n", PageFailure::label_limit,
       "label_value_length_limit exceeded (metric: a, label name: x, value: \"y\\\"y\\\"\", length: 4, "
       "limit: 3)",
       "1 scraped, 0 kept, 0 new"},
  };
  for (const Case& c : cases) {
    INFO(c.keys << " " << c.body);
    Reader reader(c.keys + "\n");
    const ParsedPage page = reader.read(c.body);
    CHECK(page.failure == c.failure);
    CHECK(page.error == c.error);
    CHECK(counts(page) == c.counted);
  }
}

TEST_CASE("LabelsOfTheTargetWinAndExposedOnesAreRenamed", "[page]") {
  Reader reader;
  reader.read("a{job=\"own\",exported_job=\"deep\",x=\"y\"} 1\n");
  CHECK(reader.samples("a", {{"exported_exported_job", ""},
                             {"exported_job", "deep"},
                             {"exported_exported_job", "own"},
                             {"x", "y"}}) == "1000:1");
}

TEST_CASE("HonouredLabelsStay", "[page]") {
  Reader reader("honor_labels: true\n");
  reader.read("a{job=\"own\"} 1\nb{instance=\"\"} 2\n");
  CHECK(reader.sink.samples(Labels{{"__name__", "a"}, {"instance", "i"}, {"job", "own"}}) == "1000:1");
  CHECK(reader.sink.samples(Labels{{"__name__", "b"}, {"job", "j"}}) == "1000:2");
}

std::string changes(const ParsedPage& page) {
  std::string out;
  for (const MetadataUpdate& update : page.metadata) {
    if (!out.empty()) out += ", ";
    out += update.family + ' ';
    switch (update.what) {
      case MetadataUpdate::What::type:
        out += to_string(update.type);
        break;
      case MetadataUpdate::What::help:
        out += '"' + update.text + '"';
        break;
      case MetadataUpdate::What::unit:
        out += '[' + update.text + ']';
        break;
      case MetadataUpdate::What::gone:
        out += "gone";
        break;
    }
  }
  return out;
}

TEST_CASE("OnlyChangesOfMetadataAreTold", "[page]") {
  Reader reader;
  CHECK(changes(reader.read("# HELP a b\\nc\n# TYPE a counter\na 1\n")) == "a \"b\nc\", a counter");
  CHECK(changes(reader.read("# HELP a b\\nc\n# TYPE a counter\na 1\n")).empty());
  CHECK(changes(reader.read("# HELP a other\n# TYPE a counter\na 1\n")) == "a \"other\"");
  CHECK(changes(reader.read("# HELP a b\\nc\n# TYPE a counter\na 1\n")) == "a \"b\nc\"");
}

TEST_CASE("MetadataOutlivesItsFamilyByTenScrapes", "[page]") {
  Reader reader;
  reader.read("# TYPE a counter\n# HELP a x\na 1\nb 1\n");
  for (int i = 0; i < 10; ++i) CHECK(changes(reader.read("b 1\n")).empty());
  CHECK(changes(reader.read("b 1\n")) == "a gone");
}

TEST_CASE("TheTypeOfAKnownLineStillCounts", "[page]") {
  Reader reader;
  reader.read("# TYPE h histogram\nh_bucket{le=\"1\"} 1\n");
  reader.read("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 2\n");
  CHECK(reader.samples("h_bucket", {{"le", "1.0"}}) == "1000:1 2000:1");
  CHECK(reader.samples("h_bucket", {{"le", "2.0"}}) == "2000:2");
}

TEST_CASE("TheFallbackProtocolIsUsedWithAWarning", "[page]") {
  Reader reader("fallback_scrape_protocol: PrometheusText0.0.4\n");
  const ParsedPage page = reader.read("a 1\n", "");
  CHECK(page.failure == PageFailure::none);
  CHECK(page.warning ==
        "non-compliant scrape target sending blank Content-Type, using fallback_scrape_protocol "
        "\"text/plain\"");
  CHECK(reader.samples("a") == "1000:1");
}

TEST_CASE("OpenMetricsPagesAreKnownAgainToo", "[page]") {
  const std::string type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  const std::string page =
      "# TYPE a counter\n# UNIT a_seconds seconds\na_total{x=\"y\"} 1\na_created{x=\"y\"} 1.5\nb 2 0.5\n# "
      "EOF\n";
  Reader reader;
  CHECK(counts(reader.read(page, type)) == "3 scraped, 3 kept, 3 new");
  CHECK(counts(reader.read(page, type)) == "3 scraped, 3 kept, 0 new");
  CHECK(reader.samples("a_total", {{"x", "y"}}) == "1000:1 2000:1");
  CHECK(reader.samples("b") == "500:2");
  // A page that is cut is refused, however well it is known.
  CHECK(reader.read(page.substr(0, page.size() - 6), type).failure == PageFailure::syntax);
}

TEST_CASE("KnownNumbersAreReadAsNewOnesAre", "[page]") {
  const char* const numbers[] = {"0",
                                 "-0",
                                 "1",
                                 "-1",
                                 "+1",
                                 "12345678901234567890",
                                 "0.1",
                                 "1.",
                                 ".5",
                                 "-.25",
                                 "123456.789",
                                 "0.000001",
                                 "999999999999999",
                                 "9999999999999999",
                                 "1e300",
                                 "1e-300",
                                 "4.9e-324",
                                 "NaN",
                                 "+Inf",
                                 "-Inf",
                                 "0.30000000000000004",
                                 "179769313486231570000000000000000000000",
                                 "5e-1"};
  for (const char* number : numbers) {
    INFO(number);
    Reader known;
    known.read("a 7\n");
    const ParsedPage page = known.read(std::string("a ") + number + "\n");
    REQUIRE(page.values.size() == 1);
    const double expected = *parse_sample_value(number);
    CHECK(std::bit_cast<std::uint64_t>(page.values[0]) == std::bit_cast<std::uint64_t>(expected));
  }
}

// Whatever a target remembers, a page means what it means to a target that remembers nothing.
TEST_CASE("MemoryChangesNothing", "[page]") {
  const std::string lines[] = {"a 1\n",
                               "a{x=\"1\"} 2\n",
                               "a{x=\"2\"} 3 100\n",
                               "b 4\n",
                               "# TYPE a counter\n",
                               "# HELP a text\n",
                               "a1 5\n",
                               "a {x=\"1\"} 6\n",
                               "b NaN\n",
                               "\n",
                               "# comment\n",
                               "c{x=\"y\"} 1e3 \n",
                               "{\"a.b\"} 7\n",
                               "a_b 8 200\n",
                               "bad\n",
                               "c{x=\"y\"}\t9\n"};
  std::mt19937_64 random(7);
  for (int target = 0; target < 300; ++target) {
    Reader remembering;
    std::vector<std::string> page_lines;
    for (int round = 0; round < 12; ++round) {
      for (std::uint64_t edits = random() % 3 + (round == 0 ? 4 : 0); edits > 0; --edits) {
        const std::string& line = lines[random() % std::size(lines)];
        const std::size_t at = page_lines.empty() ? 0 : random() % page_lines.size();
        if (random() % 2 == 0 || page_lines.empty())
          page_lines.insert(page_lines.begin() + static_cast<std::ptrdiff_t>(at), line);
        else
          page_lines.erase(page_lines.begin() + static_cast<std::ptrdiff_t>(at));
      }
      std::string body;
      for (const std::string& line : page_lines) body += line;
      Reader fresh;
      const ParsedPage a = remembering.read(body);
      const ParsedPage b = fresh.read(body);
      INFO(body);
      REQUIRE(a.error == b.error);
      REQUIRE(a.samples_scraped == b.samples_scraped);
      REQUIRE(a.duplicates == b.duplicates);
      REQUIRE(a.series.size() == b.series.size());
      REQUIRE(a.timed.size() == b.timed.size());
      for (std::size_t i = 0; i < a.values.size(); ++i)
        REQUIRE(std::bit_cast<std::uint64_t>(a.values[i]) == std::bit_cast<std::uint64_t>(b.values[i]));
    }
  }
}

}  // namespace
}  // namespace tocsin::scrape
