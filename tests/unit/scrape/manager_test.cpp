#include "engine/scrape/scrape_manager.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/scrape/config_text.hpp"
#include "tests/unit/scrape/fake_sink.hpp"

namespace tocsin::scrape {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kStart = wall_from_ns(1'700'000'000'000'000'000);

// A manager, its store, and time that only the test moves.
class World {
 public:
  explicit World(const std::string& text) : manager({.user_agent = "tocsin/test"}) { apply(text); }

  std::vector<std::string> apply(const std::string& text) { return manager.apply(load_config(text), now); }

  // Moves time to the next deadline; what is to be called then.
  std::vector<ScrapeRequest> next() {
    now = std::max(now, *manager.next_deadline());
    return manager.due(now, sink);
  }
  void answer(const ScrapeRequest& request, const std::string& body, Duration late = {}) {
    ScrapeReply reply;
    reply.target = request.target;
    reply.status = 200;
    reply.content_type = "text/plain";
    reply.body = body;
    reply.started = now + late;
    reply.took = milliseconds(250);
    finish(std::move(reply));
  }
  void finish(ScrapeReply reply) {
    std::optional<PageJob> job = manager.reply(std::move(reply), sink);
    if (job) manager.parsed(parse_page(std::move(*job)), sink);
  }
  void fail(const ScrapeRequest& request, const std::string& error) {
    ScrapeReply reply;
    reply.target = request.target;
    reply.failure = ScrapeReply::Failure::call;
    reply.error = error;
    reply.started = now;
    reply.took = seconds(1);
    finish(std::move(reply));
  }
  // The whole next scrape of a world with one target.
  void scrape(const std::string& body) {
    const std::vector<ScrapeRequest> requests = next();
    REQUIRE(requests.size() == 1);
    answer(requests[0], body);
  }
  // Runs all that is due up to a time; every target answers with this page.
  void run_until(WallTime end, const std::string& body) {
    while (manager.next_deadline() && *manager.next_deadline() <= end) {
      for (const ScrapeRequest& request : next()) answer(request, body);
    }
    now = end;
  }
  std::string latest(const std::string& name, const std::string& instance = "host:80") const {
    return sink.latest(series(name, instance));
  }
  std::string samples(const std::string& name, const std::string& instance = "host:80") const {
    return sink.samples(series(name, instance));
  }
  static Labels series(const std::string& name, const std::string& instance = "host:80") {
    return Labels{{"__name__", name}, {"instance", instance}, {"job", "job"}};
  }
  TargetView only_target() const { return manager.pools().at(0).active.at(0); }

  WallTime now = kStart;
  FakeSink sink;
  ScrapeManager manager;
};

std::string job(const std::string& keys = "", const std::string& targets = "'host:80'") {
  std::string text =
      "global: {scrape_interval: 10s}\nscrape_configs:\n- job_name: job\n  static_configs: [{targets: [" +
      targets + "]}]\n";
  std::istringstream lines(keys);
  for (std::string line; std::getline(lines, line);) text += "  " + line + "\n";
  return text;
}

TEST_CASE("ATargetIsDueOnceAnInterval", "[manager]") {
  World world(job());
  world.scrape("a 1\n");
  const WallTime first = world.now;
  CHECK(first > kStart);
  CHECK(first <= kStart + seconds(10));
  CHECK(world.manager.next_deadline() == first + seconds(10));
  CHECK(world.manager.due(first + seconds(9), world.sink).empty());
  world.scrape("a 2\n");
  CHECK(world.now == first + seconds(10));
}

TEST_CASE("TheRequestIsUpstreams", "[manager]") {
  World world(job("scrape_timeout: 2500ms\nparams: {x: [y]}\nbody_size_limit: 1KB\n"));
  const std::vector<ScrapeRequest> requests = world.next();
  REQUIRE(requests.size() == 1);
  const ScrapeRequest& request = requests[0];
  CHECK(request.url == "http://host:80/metrics?x=y");
  CHECK(request.timeout == milliseconds(2500));
  CHECK(request.max_body == 1024);
  CHECK(request.accept_gzip);
  CHECK(request.client != nullptr);
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"Accept",
       "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
       "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"},
      {"User-Agent", "tocsin/test"},
      {"X-Prometheus-Scrape-Timeout-Seconds", "2.5"}};
  CHECK(request.headers == headers);
}

TEST_CASE("APageHasABoundEvenIfNoneIsConfigured", "[manager]") {
  World world(job());
  CHECK(world.next().at(0).max_body == kMaxPageBytes);
}

TEST_CASE("EveryScrapeIsReported", "[manager]") {
  World world(job("metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]\n"));
  world.scrape("a 1\nb 2\nc 3\n");
  CHECK(world.latest("up") == "1");
  CHECK(world.latest("scrape_duration_seconds") == "0.25");
  CHECK(world.latest("scrape_samples_scraped") == "3");
  CHECK(world.latest("scrape_samples_post_metric_relabeling") == "2");
  CHECK(world.latest("scrape_series_added") == "2");
  CHECK(world.latest("scrape_timeout_seconds") == "none");
  CHECK(world.latest("a") == "1");
}

TEST_CASE("ExtraMetricsAreReportedOnRequest", "[manager]") {
  World world(job("extra_scrape_metrics: true\nsample_limit: 7\n"));
  world.scrape("a 1\n");
  CHECK(world.latest("scrape_timeout_seconds") == "10");
  CHECK(world.latest("scrape_sample_limit") == "7");
  CHECK(world.latest("scrape_body_size_bytes") == "4");
}

TEST_CASE("AFailedScrapeEndsEverySeriesAndSaysWhy", "[manager]") {
  struct Case {
    ScrapeReply::Failure failure;
    unsigned status;
    std::string content_type;
    std::string body;
    std::string error;
  };
  const Case cases[] = {
      {ScrapeReply::Failure::call, 0, "", "", "connection refused"},
      {ScrapeReply::Failure::body_limit, 200, "text/plain", "", "body size limit exceeded"},
      {ScrapeReply::Failure::none, 404, "text/plain", "a 1\n", "server returned HTTP status 404 Not Found"},
      {ScrapeReply::Failure::none, 204, "text/plain", "", "server returned HTTP status 204 No Content"},
      {ScrapeReply::Failure::none, 200, "text/html", "a 1\n",
       "received unsupported Content-Type \"text/html\" and no fallback_scrape_protocol specified for "
       "target"},
      {ScrapeReply::Failure::none, 200, "text/plain", "a",
       "expected value after metric, got \"\\n\" (\"INVALID\") while parsing: \"a\\n\""},
  };
  for (const Case& c : cases) {
    INFO(c.error);
    World world(job());
    world.scrape("a 1\n");
    const std::vector<ScrapeRequest> requests = world.next();
    ScrapeReply reply;
    reply.target = requests.at(0).target;
    reply.failure = c.failure;
    reply.error = "connection refused";
    reply.status = c.status;
    reply.content_type = c.content_type;
    reply.body = c.body;
    reply.started = world.now;
    reply.took = seconds(1);
    world.finish(std::move(reply));
    CHECK(world.latest("a") == "stale");
    CHECK(world.latest("up") == "0");
    CHECK(world.latest("scrape_duration_seconds") == "1");
    CHECK(world.only_target().health == Health::down);
    CHECK(world.only_target().last_error == c.error);
    CHECK(world.only_target().last_scrape == to_wall(to_timestamp(world.now)));
    CHECK(world.manager.statistics().failed_scrapes == 1);
    world.scrape("a 2\n");
    CHECK(world.latest("a") == "2");
    CHECK(world.only_target().health == Health::up);
    CHECK(world.only_target().last_error.empty());
  }
}

TEST_CASE("ATargetThatStaysDownEndsItsSeriesOnce", "[manager]") {
  World world(job());
  world.scrape("a 1\n");
  for (int i = 0; i < 3; ++i) world.fail(world.next().at(0), "timeout");
  const std::string samples = world.samples("a");
  CHECK(samples.find("stale") == samples.rfind("stale"));
}

TEST_CASE("SamplesCarryTheSlotWhenTheCallStartedThere", "[manager]") {
  World world(job());
  const ScrapeRequest first = world.next().at(0);
  const WallTime slot = world.now;
  world.answer(first, "a 1\n", std::chrono::microseconds(1900));
  CHECK(world.samples("a") == std::to_string(ms_of(to_timestamp(slot))) + ":1");
  const ScrapeRequest second = world.next().at(0);
  world.answer(second, "a 2\n", milliseconds(7));
  CHECK(world.only_target().last_scrape == to_wall(to_timestamp(world.now + milliseconds(7))));
}

TEST_CASE("ATargetThatAnswersLateIsNotAskedTwice", "[manager]") {
  World world(job());
  const ScrapeRequest request = world.next().at(0);
  CHECK(world.next().empty());
  world.answer(request, "a 1\n");
  CHECK(world.next().size() == 1);
}

TEST_CASE("ARemovedTargetEndsTwoIntervalsLater", "[manager]") {
  World world(job("", "'host:80', 'other:80'"));
  world.run_until(kStart + seconds(20), "a 1\n");
  const WallTime removed = world.now;
  world.apply(job());
  CHECK(world.manager.pools()[0].active.size() == 1);
  world.run_until(removed + seconds(11), "a 1\n");
  CHECK(world.latest("a", "other:80") == "1");
  CHECK(world.latest("up", "other:80") == "1");
  world.run_until(removed + seconds(22), "a 1\n");
  CHECK(world.latest("a", "other:80") == "stale");
  CHECK(world.latest("up", "other:80") == "stale");
  CHECK(world.latest("a") == "1");
}

TEST_CASE("ATargetThatComesRightBackIsNotInterrupted", "[manager]") {
  World world(job("", "'host:80', 'other:80'"));
  world.run_until(kStart + seconds(20), "a 1\n");
  world.apply(job());
  world.now += seconds(3);
  world.apply(job("", "'host:80', 'other:80'"));
  world.run_until(world.now + seconds(60), "a 1\n");
  CHECK(world.samples("a", "other:80").find("stale") == std::string::npos);
  CHECK(world.latest("a", "other:80") == "1");
}

TEST_CASE("ATargetThatWasNeverScrapedLeavesNothing", "[manager]") {
  World world(job("", "'host:80', 'other:80'"));
  world.apply(job());
  world.run_until(kStart + seconds(60), "a 1\n");
  CHECK(world.latest("up", "other:80") == "none");
}

TEST_CASE("AnUnchangedTargetKeepsItsStateOverAReload", "[manager]") {
  World world(job());
  world.scrape("a 1\n");
  const std::optional<WallTime> deadline = world.manager.next_deadline();
  const int lookups = world.sink.lookups;
  world.now += seconds(1);
  world.apply(job("sample_limit: 10\nscrape_timeout: 10s\n"));
  CHECK(world.manager.next_deadline() == deadline);
  CHECK(world.only_target().health == Health::up);
  world.scrape("a 2\n");
  CHECK(world.sink.lookups == lookups);
  CHECK(world.latest("scrape_series_added") == "0");
}

TEST_CASE("ChangedRelabellingEndsTheSeriesOfBefore", "[manager]") {
  World world(job());
  world.scrape("a 1\n");
  world.apply(job("metric_relabel_configs: [{target_label: x, replacement: y}]\n"));
  CHECK(world.only_target().health == Health::up);
  world.run_until(world.now + seconds(35), "a 1\n");
  CHECK(world.latest("a") == "stale");
  CHECK(world.sink.latest(LabelsBuilder(World::series("a")).set("x", "y").build()) == "1");
  CHECK(world.latest("up") == "1");
  const std::string up = world.samples("up");
  CHECK(up.find("stale") == std::string::npos);
}

TEST_CASE("ARemovedJobEndsToo", "[manager]") {
  World world(job());
  world.scrape("a 1\n");
  world.apply("global: {scrape_interval: 10s}\n");
  CHECK(world.manager.pools().empty());
  world.run_until(world.now + seconds(22), "");
  CHECK(world.latest("a") == "stale");
  CHECK_FALSE(world.manager.next_deadline().has_value());
}

TEST_CASE("AReplyForARemovedTargetStillCounts", "[manager]") {
  World world(job());
  const ScrapeRequest request = world.next().at(0);
  world.apply("global: {scrape_interval: 10s}\n");
  world.answer(request, "a 1\n");
  CHECK(world.latest("a") == "1");
  world.run_until(world.now + seconds(40), "");
  CHECK(world.latest("a") == "stale");
}

TEST_CASE("TooManyTargetsAllFail", "[manager]") {
  World world(job("target_limit: 1\n", "'host:80', 'other:80'"));
  world.run_until(kStart + seconds(10), "a 1\n");
  CHECK(world.latest("up") == "0");
  CHECK(world.latest("up", "other:80") == "0");
  CHECK(world.only_target().last_error == "target_limit exceeded (number of targets: 2, limit: 1)");
  CHECK(world.manager.statistics().exceeded_target_limit == 1);
  world.apply(job("target_limit: 1\n"));
  world.run_until(kStart + seconds(20), "a 1\n");
  CHECK(world.latest("up") == "1");
}

TEST_CASE("BadTargetsAreToldAndTheOthersRun", "[manager]") {
  World world(job());
  const std::vector<std::string> errors = world.apply(
      job("relabel_configs: [{source_labels: [__address__], regex: bad, target_label: __address__, "
          "replacement: ''}]\n",
          "'host:80', bad"));
  CHECK(errors == std::vector<std::string>{"pool \"job\": instance 1 in group 0: no address"});
  CHECK(world.manager.pools()[0].active.size() == 1);
  CHECK(world.manager.statistics().sync_failed.at("job") == 1);
}

TEST_CASE("ASeriesThatTheStoreForgotIsFoundAgain", "[manager]") {
  World world(job());
  world.scrape("a 1\n");
  world.fail(world.next().at(0), "down");
  world.sink.drop(World::series("a"));
  world.sink.drop(World::series("up"));
  world.scrape("a 2\n");
  CHECK(world.latest("a") == "2");
  CHECK(world.latest("up") == "1");
  // One that is forgotten while the target is up misses one sample and no more.
  world.sink.drop(World::series("a"));
  world.scrape("a 3\n");
  world.scrape("a 4\n");
  CHECK(world.latest("a") == "4");
}

TEST_CASE("FilesBringAndTakeTargets", "[manager]") {
  World world(
      "global: {scrape_interval: 10s}\nscrape_configs:\n- job_name: job\n"
      "  file_sd_configs: [{files: ['t/*.yml']}]\n");
  const std::vector<std::string> patterns = world.manager.watched_patterns();
  REQUIRE(patterns.size() == 1);
  const auto changed = [&](std::vector<std::pair<std::string, std::string>> files) {
    return world.manager.files_changed(patterns[0], {files, {}}, world.now);
  };
  CHECK(changed({{"t/a.yml", "- targets: ['host:80']\n"}, {"t/b.yml", "- targets: ['b:80']\n"}}).empty());
  CHECK(world.manager.pools()[0].active.size() == 2);
  // A file that is broken keeps what it had; one that is gone takes its targets along.
  CHECK(changed({{"t/a.yml", "- targets: [\n"}}).size() == 1);
  REQUIRE(world.manager.pools()[0].active.size() == 1);
  CHECK(world.only_target().target->labels.get("instance") == "host:80");
  CHECK(world.only_target().target->discovered.get("__meta_filepath") == "t/a.yml");
  CHECK(changed({}).empty());
  CHECK(world.manager.pools()[0].active.empty());
}

TEST_CASE("WhatCannotBeReadKeepsItsTargets", "[manager]") {
  World world(
      "global: {scrape_interval: 10s}\nscrape_configs:\n- job_name: job\n"
      "  file_sd_configs: [{files: ['t/*.json']}]\n");
  using Files = std::vector<std::pair<std::string, std::string>>;
  using Paths = std::vector<std::string>;
  const auto changed = [&](const Files& files, const Paths& unread, bool glob_failed = false) {
    return world.manager.files_changed("t/*.json", {files, unread, glob_failed}, world.now);
  };
  const auto instances = [&] {
    std::string names;
    const std::vector<PoolView> pools = world.manager.pools();
    for (const TargetView& target : pools[0].active)
      names += std::string(target.target->labels.get("instance")) + " ";
    return names;
  };
  const std::string content = R"([{"targets": ["a:80"]}])";
  CHECK(changed({{"t/a.json", content}, {"t/b.json", R"([{"targets": ["b:80"]}])"}}, {}).empty());
  CHECK(instances() == "a:80 b:80 ");
  CHECK(changed({{"t/a.json", content}}, {"t/b.json", "t/never-read.json"}).empty());
  CHECK(instances() == "a:80 b:80 ");
  // As it is for a moment where a program truncates the file and then writes it.
  CHECK(changed({{"t/a.json", ""}}, {"t/b.json"}).size() == 1);
  CHECK(instances() == "a:80 b:80 ");
  CHECK(changed({}, {}, true).empty());
  CHECK(instances() == "a:80 b:80 ");
  // What was kept is still known when it is kept again, and goes when the file does.
  CHECK(changed({}, {"t/a.json"}).empty());
  CHECK(instances() == "a:80 ");
  CHECK(changed({}, {}).empty());
  CHECK(instances().empty());
}

TEST_CASE("MetadataIsKeptByTarget", "[manager]") {
  World world(job());
  world.scrape("# HELP a some text\n# TYPE a counter\na 1\n");
  const auto& metadata = *world.only_target().metadata;
  REQUIRE(metadata.size() == 1);
  CHECK(metadata.at("a") == Metadata{MetricType::counter, "some text", ""});
  CHECK(world.manager.statistics().metadata_entries == 1);
}

TEST_CASE("ViewsAreInOrderAndShowWhatWasDropped", "[manager]") {
  World world(
      "global: {scrape_interval: 10s}\nscrape_configs:\n"
      "- job_name: z\n  static_configs: [{targets: ['c:1', 'a:1', 'b:1']}]\n"
      "  relabel_configs: [{source_labels: [__address__], regex: 'b.*', action: drop}]\n"
      "- job_name: y\n  static_configs: [{targets: ['d:1']}]\n");
  const std::vector<PoolView> pools = world.manager.pools();
  REQUIRE(pools.size() == 2);
  CHECK(pools[0].name == "y");
  REQUIRE(pools[1].active.size() == 2);
  CHECK(pools[1].active[0].target->url == "http://a:1/metrics");
  CHECK(pools[1].active[0].health == Health::unknown);
  CHECK(pools[1].active[0].last_scrape == kNoTime);
  CHECK(pools[1].active[1].target->url == "http://c:1/metrics");
  CHECK(pools[1].dropped_count == 1);
  CHECK(pools[1].dropped->at(0).get("__address__") == "b:1");
}

TEST_CASE("ASteppedClockMovesTheSlots", "[manager]") {
  World world(job());
  world.scrape("a 1\n");
  world.now -= std::chrono::hours(10);
  world.manager.reschedule(world.now);
  CHECK(*world.manager.next_deadline() <= world.now + seconds(10));
  world.now += std::chrono::hours(20);
  world.manager.reschedule(world.now);
  CHECK(*world.manager.next_deadline() > world.now);
}

TEST_CASE("TheTimeBetweenScrapesIsCounted", "[manager]") {
  World world(job());
  for (int i = 0; i < 4; ++i) world.scrape("a 1\n");
  const auto lengths = world.manager.statistics().interval_length;
  REQUIRE(lengths.size() == 1);
  CHECK(lengths.begin()->first == seconds(10));
  CHECK(lengths.begin()->second.count == 3);
  CHECK(lengths.begin()->second.sum == 30);
}

}  // namespace
}  // namespace tocsin::scrape
